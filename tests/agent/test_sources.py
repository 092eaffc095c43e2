"""Retrievers and vector stores behind an agent: as many as are asked for, each under its number."""

import pytest
from langchain_core.documents import Document
from langchain_core.messages import ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent.sources import as_source
from groundglm.retrieval import HashEmbeddings
from groundglm.tools.results import bounded, failed

TEXTS = [f"The tower number {n} of the town has {n} bells." for n in range(30)]


class Fixed(BaseRetriever):
    """Gives the same documents for each question, or those of the question."""

    found: dict[str, list[Document]]

    def _get_relevant_documents(self, query, *, run_manager):
        return next(some for word, some in self.found.items() if word in query)


def shown(agent, question):
    return agent.ask(question).evidence


def test_an_agent_is_shown_as_many_passages_as_were_asked_for(tmp_path):
    store = InMemoryVectorStore(HashEmbeddings())
    store.add_texts(TEXTS)
    model = ChatGLM3(engine="extractive")
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        base.add_documents([Document(text, id=str(n)) for n, text in enumerate(TEXTS)])
        question = "How many bells has the tower number 7 of the town?"
        for source in (store, base):
            agent = build_agent(source, model=model, k=15, threshold=0)
            assert len(shown(agent, question)) == 15


def test_texts_without_ids_from_one_file_have_numbers_of_their_own():
    found = {
        "red": [Document("The red tower was built in 1910.", metadata={"source": "a.pdf"})],
        "blue": [Document("The blue tower was built in 1950.", metadata={"source": "a.pdf"})],
    }
    agent = build_agent(Fixed(found=found), model=ChatGLM3(engine="extractive"), threshold=0)
    first = agent.ask("When was the red tower built?", thread_id="t")
    second = agent.ask("When was the blue tower built?", thread_id="t")
    assert "1910" in first.text
    assert "1950" in second.text
    (one,), (other,) = first.evidence, second.evidence
    assert one.id != other.id


def test_an_id_that_several_texts_bear_names_none_of_them():
    same = [Document(text, id="x") for text in ("One.", "Two.", "One.")]
    found = as_source(Fixed(found={"": same})).search("q", k=5)
    assert [piece.text for piece in found] == ["One.", "Two."]
    assert len({piece.id for piece in found}) == 2


def test_the_artifact_of_another_tool_is_not_taken_for_a_search():
    from langchain_core.messages import HumanMessage, ToolMessage

    from groundglm.agent.conversation import Conversation

    messages = [
        HumanMessage("q"),
        ToolMessage("3", tool_call_id="a", name="count", artifact={"sufficient": False}),
        ToolMessage("", tool_call_id="b", name="search_knowledge", artifact={"sufficient": True}),
    ]
    assert Conversation.read(messages, {}).search == {"sufficient": True}


BIG = "x" * 50_000


@pytest.mark.parametrize(
    "content",
    [
        BIG,
        [BIG],
        [{"type": "text", "text": BIG}, {"type": "text", "text": "end"}],
        [{"type": "text", "text": "start"}, {"type": "image", "base64": BIG}],
        ["a" * 9_000, "b" * 9_000, "c" * 9_000],
    ],
)
def test_a_result_of_any_shape_is_cut(content):
    result = bounded(ToolMessage(content, tool_call_id="a"))
    assert len(str(result.content)) < 21_000
    assert "characters in all)" in str(result.content)
    assert type(result.content) is type(content)


def test_what_is_short_stays_as_it_is():
    for content in ("short", ["a", {"type": "text", "text": "b"}], [], ""):
        assert bounded(ToolMessage(content, tool_call_id="a")).content == content
    told = bounded(ToolMessage(["no"], tool_call_id="a", status="error"))
    assert "failed" in str(told.content[0])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no /home/ann/key.pem here", "no <path> here"),
        (r"no C:\Users\Ann B\key.pem here", "no <path> here"),
        (r"'C:\Users\ann\key.pem': denied", "'<path>': denied"),
        (r"no \\server\share\key.pem here", "no <path> here"),
        (r"C:\tmp not found in D:\data", "<path> not found in <path>"),
        ("3 of 4 parts: 75 %", "3 of 4 parts: 75 %"),
    ],
)
def test_a_failure_tells_no_path_of_this_machine(said, told):
    class Request:
        tool_call = {"id": "a", "name": "read"}

    message = failed({"id": "a", "name": "read", "args": {}}, OSError(said))
    assert str(message.content).endswith(told)
