"""A base that is served, with and without keys, by an engine without weights."""

import pytest
from langchain_core.documents import Document

from groundglm import KnowledgeBase
from groundglm.facts import Fact
from groundglm.retrieval.embeddings import HashEmbeddings
from groundglm.serving import KeyFile, Server, ServerOptions
from groundglm.tools import tool

from .running_server import running

SETTINGS = '[embeddings]\nmodel = "hash"\n'


@tool(read_only=True)
def get_forecast(city: str) -> str:
    """Get the weather forecast of a city. 查询城市的天气预报。"""
    return f"{city}: rain, 9 degrees"


@tool(approval=True)
def delete_booking(number: int) -> str:
    """Delete a booking. 删除一个预订。"""
    return f"the booking {number} is gone"


def fill(folder):
    """A small base in two languages, with a document that few may see."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "groundglm.toml").write_text(SETTINGS, encoding="utf-8")
    with KnowledgeBase.open(folder, HashEmbeddings()) as base:
        base.add_documents(
            [
                Document(
                    "The Alder library opens at half past eight. It holds two thousand maps.",
                    id="library.txt",
                    metadata={"title": "The Alder library"},
                ),
                Document(
                    "青石桥建于1652年，由工匠顾南主持修建。桥长八十米。",
                    id="bridge.txt",
                    metadata={"title": "青石桥"},
                ),
                Document(
                    "The vault code of the Alder library is 7731.",
                    id="vault.txt",
                    metadata={"title": "The vault", "labels": ["staff"]},
                ),
            ]
        )
        base.add_facts(
            [
                Fact("Alder library", "director", "Petra Holm"),
                Fact("Petra Holm", "birthplace", "Aarhus"),
                Fact("Aarhus", "country", "Denmark"),
            ],
            document_id="facts.csv",
            title="facts",
        )
    return folder


def make_server(folder, **options):
    keys = options.pop("keys", None)
    tools = options.pop("tools", [get_forecast, delete_booking])
    model = options.pop("model", None)
    told = {"allow_changing_tools": True, **options}
    return Server(
        {folder.name: folder},
        tools=tools,
        model=model,
        keys=keys,
        options=ServerOptions(**told),
    )


@pytest.fixture(scope="session")
def served_folder(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("served") / "kb")


@pytest.fixture(scope="session")
def open_server(served_folder):
    """Without keys."""
    with running(lambda: make_server(served_folder)) as found:
        yield found


@pytest.fixture(scope="session")
def keyed(tmp_path_factory):
    """With keys: the server, and a key of each kind."""
    folder = fill(tmp_path_factory.mktemp("keyed") / "kb")
    file = KeyFile(folder / "keys.json")
    keys = {
        "admin": file.add("root", ["admin"])[1],
        "asker": file.add("ann", ["ask"])[1],
        "reader": file.add("ben", ["ask", "read"])[1],
        "writer": file.add("eva", ["ask", "read", "write"])[1],
        "public": file.add("guest", ["ask", "read", "write"], labels=[])[1],
        "staff": file.add("staff", ["ask", "read", "write"], labels=["staff"])[1],
        "slow": file.add("slow", ["ask"], rate=3)[1],
    }
    with running(lambda: make_server(folder, keys=file)) as found:
        yield found, keys
