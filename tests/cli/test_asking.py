"""The asking side of the command line: help, places of sources, lines of JSON, paths."""

import json

import pytest

from groundglm.agent.answer_lines import Places
from groundglm.cli.app import run
from groundglm.evidence import Evidence, Source

WRAPPED = (
    "Harbour rules\n\nThe harbour master opens the gate every morning at six and closes it\n"
    "again when the last boat has come in.\n\nDogs are allowed on the western pier only.\n"
)
FACTS = (
    "subject,predicate,object,time\nHamlet,author,William Shakespeare,\n"
    "William Shakespeare,birthplace,Stratford,\nRome,population,2.6 million,2001\n"
    "Rome,population,2.8 million,2017\nMumbai,former name,Bombay,\n"
)


@pytest.fixture
def base(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GROUNDGLM_KB", raising=False)
    assert run(["init", "kb", "--embeddings", "hash"]) == 0
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/harbour.txt").write_text(WRAPPED, "utf-8")
    (tmp_path / "docs/facts.csv").write_text(FACTS, "utf-8")
    run(["add", "--kb", "kb", "docs/harbour.txt"])
    run(["add-facts", "--kb", "kb", "docs/facts.csv"])
    monkeypatch.setenv("GROUNDGLM_KB", "kb")
    capsys.readouterr()
    return tmp_path / "kb"


def said(capsys, *arguments):
    code = run(list(arguments))
    return code, capsys.readouterr().out


def test_without_a_command_the_help_is_shown_and_nothing_is_wrong(capsys):
    code = run([])
    out, err = capsys.readouterr()
    assert code == 0
    assert "Usage: groundglm" in out and "ask" in out
    assert "Error" not in err


def test_a_source_reads_as_its_file_and_line_with_the_sentence(base, capsys):
    code, out = said(capsys, "ask", "Where are dogs allowed?")
    assert code == 0
    assert "docs/harbour.txt, line 6: Dogs are allowed on the western pier only." in out
    assert "score" not in out and ".." not in out.split("answered by")[0].split("line 6")[1]


def test_a_wrapped_sentence_is_found_in_the_file_as_it_stands_there(base, capsys):
    _, out = said(capsys, "ask", "When does the harbour master open the gate?")
    assert "docs/harbour.txt, line 3: The harbour master opens the gate" in out


def test_more_is_shown_on_request(base, capsys):
    _, out = said(capsys, "ask", "-v", "Where are dogs allowed?")
    assert "passage" in out and "bm25" in out.lower()


def test_citations_are_numbered_from_one(base, capsys):
    _, out = said(capsys, "ask", "What is the population of Rome?")
    assert "2.6 million (2001)[1], 2.8 million (2017)[2]." in out
    assert "not supported" not in out


def test_chat_prints_a_line_of_json_for_each_answer(base, capsys, monkeypatch):
    lines = iter(["Where are dogs allowed?", "", "What is the population of Rome?", "/exit"])
    monkeypatch.setattr("groundglm.cli.asking.console.input", lambda *_, **__: next(lines))
    code, out = said(capsys, "chat", "--json")
    assert code == 0
    assert [json.loads(line)["declined"] for line in out.splitlines()] == [False, False]


def test_paths_between_two_entities(base, capsys):
    code, out = said(capsys, "graph", "paths", "Hamlet", "Stratford")
    assert code == 0
    assert "Hamlet —author→ William Shakespeare —birthplace→ Stratford" in out
    assert "docs/facts.csv" in out
    _, out = said(capsys, "graph", "paths", "Hamlet", "Rome")
    assert "no chain of at most 3 facts" in out
    _, out = said(capsys, "graph", "paths", "Hamlet", "Stratfort")
    assert "no fact about 'Stratfort' is known; the nearest is 'Stratford'" in out
    _, out = said(capsys, "graph", "paths", "Hamlet", "Stratford", "--json")
    assert json.loads(out)[0]["entities"] == ["Hamlet", "William Shakespeare", "Stratford"]


def test_a_base_in_a_folder_below_is_suggested(base, capsys, monkeypatch):
    monkeypatch.delenv("GROUNDGLM_KB")
    code = run(["ask", "x"])
    assert code == 1
    message = " ".join(capsys.readouterr().err.split())
    assert "There is one below: --kb kb" in message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("k = 99", "grounding.k = 99: it must be at most 50"),
        ('k = "many"', "grounding.k = 'many': it must be a whole number"),
        ('mode = "fast"', "it must be 'vector', 'bm25', 'hybrid' or 'graph'"),
    ],
)
def test_a_wrong_setting_is_told_in_plain_words(base, capsys, line, reason):
    (base / "groundglm.toml").write_text(f"[grounding]\n{line}\n", "utf-8")
    assert run(["ask", "x"]) == 1
    assert reason in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("id_", ["../secret.txt", "docs/../../secret.txt", "gone.txt", "a\0b"])
def test_no_file_outside_is_read_for_a_line(base, tmp_path, id_):
    (tmp_path.parent / "secret.txt").write_text("The password is hunter2.\n", "utf-8")
    piece = Evidence("p", "passage", "The password is hunter2.", 1.0, sources=(Source(id_),))
    assert "line" not in Places(base).line(1, piece, ["The password is hunter2."])


def test_an_interrupted_add_says_what_was_kept(base, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("groundglm.knowledge.base.KnowledgeBase.add_files", stop)
    assert run(["add", "docs"]) == 130
    assert "the base holds 2 whole documents" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", [["ask", "Where does the otter live?"], ["search", "otter"]])
def test_a_command_loads_no_torch_without_weights(tmp_path, command):
    import subprocess
    import sys

    from langchain_core.documents import Document

    from groundglm.knowledge import KnowledgeBase

    with KnowledgeBase.open(tmp_path) as base:
        base.add_documents([Document("The otter lives by the river.", id="a")])
    code = (
        "import sys\nfrom groundglm.cli.app import run\n"
        f"assert run({[*command, '--kb', str(tmp_path)]!r}) == 0\n"
        "loaded = {'torch', 'transformers', 'sentence_transformers', 'jieba'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_device_of_the_settings_reaches_the_model_of_the_base(base, monkeypatch):
    from groundglm.knowledge import reading

    asked = []
    original = reading.load_embeddings

    def load(name, *, device=None):
        asked.append(device)
        return original(name)

    monkeypatch.setattr(reading, "load_embeddings", load)
    monkeypatch.setenv("GROUNDGLM_EMBEDDINGS_DEVICE", "cpu")
    assert run(["search", "tea"]) == 0 and run(["ask", "tea?"]) == 0
    assert asked == ["cpu", "cpu"]
