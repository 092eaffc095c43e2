"""`groundglm serve` before it listens, `groundglm keys`, and `ask` through a server."""

import json
import os
import subprocess
import sys

import pytest

from groundglm import KnowledgeBase
from groundglm.cli.app import run
from groundglm.cli.quick import ask_quickly
from groundglm.retrieval.embeddings import HashEmbeddings
from groundglm.serving import KeyFile

from ..serving.conftest import fill, make_server
from ..serving.running_server import running


@pytest.fixture
def folder(tmp_path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()):
        return tmp_path / "kb"


def test_keys_are_made_listed_and_taken_back(folder, capsys):
    add = ["keys", "add", "ann", "--kb", str(folder), "--scope", "ask", "--label", "staff"]
    assert run(add) == 0
    shown = capsys.readouterr()
    secret = shown.out.strip()
    assert secret.startswith("gglm-") and "staff" in shown.err
    file = KeyFile(folder / "keys.json")
    assert file.find(secret).labels == ("staff",) and file.find(secret).scopes == ("ask",)
    assert run(["keys", "add", "guest", "--kb", str(folder), "--only-public", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["labels"] == [] and file.find(told["key"]).name == "guest"
    assert run(["keys", "list", "--kb", str(folder)]) == 0
    listed = capsys.readouterr().out
    assert "ann: ask; sees documents without labels and of staff" in listed
    assert secret not in listed
    assert run(["keys", "remove", "ann", "--kb", str(folder)]) == 0
    assert file.find(secret) is None
    assert run(["keys", "remove", "ann", "--kb", str(folder)]) == 1
    assert run(["keys", "add", "x", "--kb", str(folder), "--scope", "fly"]) == 1
    assert run(["keys", "add", "x", "--kb", str(folder), "--label", "a", "--only-public"]) == 2


def test_a_server_is_not_open_to_others_without_keys(folder, capsys):
    assert run(["serve", str(folder), "--host", "0.0.0.0"]) == 1
    assert "groundglm keys add" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--keys", "nowhere.json"], "keys add"),
        (["--tools", "nowhere.py"], "no file"),
        (["--origin", "*"], "one by one"),
        (["--demo"], "base of its own"),
    ],
)
def test_what_cannot_be_is_said_before_it_listens(folder, capsys, more, says):
    assert run(["serve", str(folder), *more]) in (1, 2)
    assert says in capsys.readouterr().err


SERVE = """
import sys
import uvicorn
assert "numpy" not in sys.modules, "loaded too early to be told its threads"
async def serve(self, *given, **named):
    from threadpoolctl import threadpool_info
    print([one["num_threads"] for one in threadpool_info() if "numpy" in one["filepath"]])
uvicorn.Server.serve = serve
from groundglm.cli.app import run
run(["serve", sys.argv[1], "--port", "0"])
"""


def test_threads_of_numpy_do_not_wait_for_each_other(folder):
    known = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(folder)],
        env=known, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "[1]" in done.stdout, done.stderr


def test_a_missing_package_is_named_with_its_extra(folder, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("groundglm.serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert run(["serve", str(folder)]) == 1
    assert "groundglm[serve]" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "x = 1", "raise RuntimeError('no')", "TOOLS = [3]"])
def test_a_file_without_tools_is_refused(folder, tmp_path, capsys, text):
    (tmp_path / "tools.py").write_text(text)
    assert run(["serve", str(folder), "--tools", str(tmp_path / "tools.py")]) == 1
    assert "tools.py" in capsys.readouterr().err


def test_ask_goes_to_the_server_of_the_base_and_is_the_same_answer(tmp_path, capsys, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GROUNDGLM_")]:
        monkeypatch.delenv(name)
    folder = fill(tmp_path / "kb")
    ask = ["ask", "When does the Alder library open?", "--kb", str(folder)]
    assert ask_quickly(ask) is None  # no server runs
    assert run(ask) == 0
    here = capsys.readouterr().out
    with running(lambda: make_server(folder, tools=[])) as found:
        note = {"url": found.url, "base": "kb", "secret": found.server.local_secret}
        pid = os.getpid()
        (folder / "server.json").write_text(json.dumps({**note, "pid": pid}))
        assert ask_quickly(ask) == 0
        assert capsys.readouterr().out == here
        assert ask_quickly([*ask, "--json"]) == 0
        assert "half past eight" in json.loads(capsys.readouterr().out)["text"]
        for changed in (["-k", "3"], ["--model", "x"], ["--no-server"], ["--trace", "x"]):
            assert ask_quickly([*ask, *changed]) is None
        assert ask_quickly(["ask", " ", "--kb", str(folder)]) == 1
        assert "empty" in capsys.readouterr().err
        monkeypatch.setenv("GROUNDGLM_GROUNDING_K", "3")
        assert ask_quickly(ask) is None
    monkeypatch.delenv("GROUNDGLM_GROUNDING_K")
    assert ask_quickly(ask) is None  # it runs no more
