"""A model elsewhere answers on the command line: over token ids, and over OpenAI's chat API."""

import json

import pytest

from groundglm import ChatGLM3
from groundglm.cli.app import run
from groundglm.engines.scripted_engine import ScriptedEngine

from ..serving.conftest import fill, make_server
from ..serving.running_server import running


@pytest.fixture
def served(tmp_path):
    folder = fill(tmp_path / "served")
    with running(lambda: make_server(folder, tools=[])) as found:
        yield found


def test_over_token_ids(served, tmp_path, capsys):
    folder = fill(tmp_path / "kb")
    ask = ["ask", "When does the Alder library open?", "--kb", str(folder), "--json"]
    assert run([*ask, "--base-url", served.url, "--tokenizer", "bytes"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "half past eight" in told["text"] and told["model"] == "groundglm-extractive"
    assert run([*ask, "--base-url", served.url]) == 1
    assert "tokenizer" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert run([*ask, "--base-url", "http://127.0.0.1:9", "--tokenizer", "bytes"]) == 1
    assert "cannot be reached" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_over_the_chat_api_of_any_server(tmp_path, capsys, monkeypatch):
    # The model there does not know our evidence; it cites what it is shown.
    model = ChatGLM3(engine=ScriptedEngine(["The Alder library opens at half past eight.[1]"]))
    served = fill(tmp_path / "served")
    folder = fill(tmp_path / "kb")
    with running(lambda: make_server(served, tools=[], model=model)) as found:
        monkeypatch.setenv("GROUNDGLM_ENGINE_OPENAI_BASE_URL", found.api)
        monkeypatch.setenv("GROUNDGLM_ENGINE_MODEL", "groundglm-scripted")
        ask = ["ask", "When does the Alder library open?", "--kb", str(folder), "--json"]
        assert run(ask) == 0
        told = json.loads(capsys.readouterr().out)
    assert told["citations"][0]["supported"] and told["model"] == "groundglm-scripted"
    monkeypatch.delenv("GROUNDGLM_ENGINE_MODEL")
    assert run(ask) == 1
    assert "--model" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_doctor_tries_a_model_elsewhere(served, tmp_path, capsys, monkeypatch):
    folder = fill(tmp_path / "kb")
    monkeypatch.setenv("GROUNDGLM_ENGINE_BASE_URL", served.url)
    monkeypatch.setenv("GROUNDGLM_ENGINE_TOKENIZER", "bytes")
    monkeypatch.setenv("GROUNDGLM_ENGINE_API_KEY", "a-secret-key")
    assert run(["doctor", "--kb", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"groundglm-extractive at {served.url}" in said and "a-secret-key" not in said
    monkeypatch.setenv("GROUNDGLM_ENGINE_BASE_URL", "http://127.0.0.1:9")
    assert run(["doctor", "--kb", str(folder)]) == 1
    assert "cannot be reached" in capsys.readouterr().out
