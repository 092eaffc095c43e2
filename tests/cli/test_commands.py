import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from groundglm.cli.app import run
from groundglm.knowledge import KnowledgeBase
from groundglm.settings import load_settings


@pytest.fixture
def base(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "kb"
    assert run(["init", str(folder), "--embeddings", "hash"]) == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDGLM_KB", str(folder))
    capsys.readouterr()
    return folder


def call(capsys, *arguments):
    """The exit code and the JSON on stdout."""
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def write(folder: Path, **files) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_init_makes_a_base_with_a_commented_settings_file(base):
    text = (base / "groundglm.toml").read_text()
    assert "# mode = " in text
    assert load_settings(base).values.embeddings.model == "hash"


def test_add_reports_skips_and_reads_again(base, tmp_path, capsys):
    docs = write(tmp_path / "docs", a__txt="Alpha is first.", b__md="# B\n\nBeta is second.")
    code, data = call(capsys, "add", str(docs))
    assert code == 0
    assert len(data["added"]) == 2
    code, data = call(capsys, "add", str(docs))
    assert (data["added"], len(data["unchanged"])) == ([], 2)
    write(docs, a__txt="Alpha has changed.")
    code, data = call(capsys, "add", str(docs))
    assert [Path(id_).name for id_ in data["updated"]] == ["a.txt"]


def test_bad_files_are_refused_one_by_one_and_the_rest_is_kept(base, tmp_path, capsys):
    docs = write(
        tmp_path / "docs", empty__txt="", binary__txt=bytes(range(256)) * 4, good__txt="Good.",
        broken__json="{", big__txt="x" * 2000,
    )  # fmt: skip
    files = [*sorted(map(str, docs.iterdir())), str(docs / "gone.txt")]
    code, data = call(capsys, "add", *files, "--max-bytes", "1500")
    assert code == 3
    assert [Path(id_).name for id_ in data["added"]] == ["good.txt"]
    reasons = {Path(one["id"]).name: one["reason"] for one in data["refused"]}
    assert "empty" in reasons["empty.txt"]
    assert "binary" in reasons["binary.txt"]
    assert "JSON" in reasons["broken.json"]
    assert "--max-bytes" in reasons["big.txt"]
    assert "does not exist" in reasons["gone.txt"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_text_in_any_usual_encoding_is_read(base, tmp_path, capsys, encoding):
    write(tmp_path / "docs", a__txt="紅樓夢的作者是曹雪芹，他生活在清代。".encode(encoding))
    call(capsys, "add", str(tmp_path / "docs"))
    _, found = call(capsys, "search", "曹雪芹")
    assert "曹雪芹" in found[0]["text"]


def test_ask_answers_with_evidence_and_declines_with_exit_code_zero(base, tmp_path, capsys):
    call(capsys, "add", str(write(tmp_path / "docs", a__txt="The office opens at nine.")))
    code, data = call(capsys, "ask", "When does the office open?")
    assert code == 0
    assert "nine" in data["text"]
    assert data["citations"][0]["supported"]
    code, data = call(capsys, "ask", "Who invented the telephone?")
    assert code == 0
    assert data["declined"]
    assert data["reason"]["code"]


def test_facts_are_added_shown_and_removed(base, tmp_path, capsys):
    table = "主语,谓语,宾语\n苏轼,弟弟,苏辙\n苏辙,,x\n"
    file = write(tmp_path / "f", facts__csv=table) / "facts.csv"
    code, data = call(capsys, "add-facts", str(file))
    assert code == 3  # one row has no predicate
    _, facts = call(capsys, "facts", "苏轼")
    assert facts[0]["object"] == "苏辙"
    _, shown = call(capsys, "graph", "show", "苏轼")
    assert shown[0]["predicate"] == "弟弟"
    code, data = call(capsys, "remove", *data["added"])
    assert code == 0
    assert call(capsys, "facts", "苏轼")[1] == []


def test_a_table_without_the_columns_names_them(base, tmp_path, capsys):
    file = write(tmp_path / "f", x__csv="name,age\na,3\n") / "x.csv"
    code, data = call(capsys, "add-facts", str(file))
    assert code == 1
    assert "subject" in data["error"]["message"]


def test_list_and_remove_name_the_nearest(base, tmp_path, capsys):
    call(capsys, "add", str(write(tmp_path / "docs", a__txt="Alpha.")))
    _, listed = call(capsys, "list")
    assert len(listed) == 1
    assert run(["remove", listed[0]["id"] + "x"]) == 1
    assert "nearest" in capsys.readouterr().err


def test_what_is_no_base_an_empty_question_and_an_unknown_command_fail_clearly(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GROUNDGLM_KB", raising=False)
    code, data = call(capsys, "ask", "x")
    assert code == 1
    assert "groundglm init" in data["error"]["message"]
    code, data = call(capsys, "ask", "x", "--kb", str(tmp_path / "typo"))
    assert data["error"]["type"] == "NotABaseError"
    assert not (tmp_path / "typo").exists()
    assert run(["nonsense"]) == 2


def test_an_empty_question_is_refused(base, capsys):
    code, data = call(capsys, "ask", "  ")
    assert code == 1
    assert "empty" in data["error"]["message"]


def test_an_unknown_setting_names_the_nearest(base, capsys):
    (base / "groundglm.toml").write_text("[grounding]\nkk = 3\n")
    code, data = call(capsys, "ask", "x")
    assert code == 1
    assert "grounding.k" in data["error"]["message"]


def test_another_embedding_model_in_the_settings_is_refused(base, capsys):
    (base / "groundglm.toml").write_text('[embeddings]\nmodel = "hash-64"\n')
    code, data = call(capsys, "list", "--kb", str(base))
    assert code == 0  # listing needs no vectors
    code, data = call(capsys, "add", "x.txt")
    assert data["error"]["type"] == "EmbeddingMismatchError"


def test_a_busy_base_gives_its_own_exit_code(base, tmp_path, capsys, monkeypatch):
    import groundglm.knowledge.base as module

    write(tmp_path / "docs", a__txt="Alpha.")
    opening = module.KnowledgeBase.open.__func__
    monkeypatch.setattr(opening, "__kwdefaults__", {**opening.__kwdefaults__, "busy_seconds": 0.2})
    with KnowledgeBase.open(base) as other, other.database.connections.writing():
        code, data = call(capsys, "add", str(tmp_path / "docs"))
    assert code == 4
    assert data["error"]["type"] == "BaseBusyError"


def test_doctor_ends_with_the_next_command(base, tmp_path, capsys):
    assert run(["doctor"]) == 0
    assert "groundglm add" in capsys.readouterr().out.splitlines()[-1]
    call(capsys, "add", str(write(tmp_path / "docs", a__txt="北京是中国的首都。")))
    code, report = call(capsys, "doctor")
    assert code == 0
    assert report["problems"] == []
    assert report["base"]["documents"] == 1
    assert "groundglm ask" in report["next"]


def test_calibrate_writes_the_threshold_with_its_origin(base, tmp_path, capsys):
    cities = ["Paris", "Rome", "Oslo", "Cairo", "Lima", "Quito", "Delhi", "Tokyo", "Seoul", "Hanoi",
              "Accra", "Dakar", "Tunis", "Sofia", "Riga"]  # fmt: skip
    files = {f"{c}__txt": f"{c} celebrates its harvest festival with lanterns near the {c} river."
             for c in cities}  # fmt: skip
    call(capsys, "add", str(write(tmp_path / "docs", **files)))
    code, data = call(capsys, "calibrate")
    assert code == 0
    text = (base / "groundglm.toml").read_text()
    assert f"en = {data['thresholds'][0]['threshold']:.4f}" in text
    assert "calibrated" in text
    assert "# mode = " in text
    assert load_settings(base).values.thresholds.en == pytest.approx(
        data["thresholds"][0]["threshold"], abs=1e-4
    )


def test_calibrate_refuses_too_few_questions(base, capsys):
    code, data = call(capsys, "calibrate")
    assert code == 1
    assert "at least" in data["error"]["message"]


def test_the_demo_answers_all_eight_as_expected(tmp_path, capsys):
    code, data = call(capsys, "demo", "--path", str(tmp_path))
    assert code == 0
    assert data["failed"] == []
    assert [answer["needs"] for answer in data["answers"]] == 2 * [
        "passage", "fact", "two hops", "not answerable",
    ]  # fmt: skip


def test_the_program_runs_as_a_process_and_reads_a_question_from_stdin(base, tmp_path):
    environment = {**os.environ, "GROUNDGLM_KB": str(base)}
    done = subprocess.run(
        [sys.executable, "-m", "groundglm", "ask", "-"],
        input="12 乘以 7 等于多少？", capture_output=True, encoding="utf-8", env=environment,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "84" in done.stdout
    version = subprocess.run([sys.executable, "-m", "groundglm", "--version"], capture_output=True)
    assert version.stdout.startswith(b"groundglm ")


def test_a_model_that_is_not_there_leaves_no_base_and_doctor_says_what_to_do(tmp_path, capsys):
    folder = tmp_path / "kb"
    assert run(["init", str(folder), "--embeddings", "nobody/nothing"]) != 0
    assert not folder.exists()
    capsys.readouterr()

    code, data = call(capsys, "doctor", "--kb", str(folder))

    assert code != 0
    assert data["next"] == f"groundglm init {folder}"


def test_doctor_says_what_a_model_needs_and_what_is_missing(base, tmp_path, capsys, monkeypatch):
    from ..tiny_model import write_original

    code, report = call(capsys, "doctor")
    assert report["engine"]["is_chatglm3"] is False
    assert {one["dtype"] for one in report["engine"]["chatglm3_6b_fits"]} == {"bfloat16", "float32"}

    folder = write_original(tmp_path / "tiny")
    monkeypatch.setenv("GROUNDGLM_ENGINE_MODEL", str(folder))
    code, report = call(capsys, "doctor")
    assert code == 1
    assert "neither tokenizer.model nor tokenizer.json" in report["problems"][0]
    (folder / "tokenizer.json").write_text(
        '{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 3}, "merges": []}}'
    )
    code, report = call(capsys, "doctor")
    assert code == 0
    engine = report["engine"]
    # The network alone does not make it ChatGLM3.
    assert (engine["name"], engine["is_chatglm3"], engine["variant"]) == ("tiny", False, "unknown")
    assert all(one["fits"] for one in engine["fits"])
    monkeypatch.setattr("groundglm.cli.engine_report.memory_gib", lambda: 0.00001)
    code, report = call(capsys, "doctor")
    assert any("more than the memory" in notice for notice in report["notices"])
    assert run(["doctor"]) == 0
    assert "does not fit main memory" in capsys.readouterr().out


def test_doctor_names_the_setting_to_correct_and_not_init(base, capsys):
    (base / "groundglm.toml").write_text("[grounding]\nk = 'many'\n")

    code, data = call(capsys, "doctor")

    assert code != 0
    assert "init" not in data["next"]
    assert "correct the setting" in data["next"]


@pytest.mark.parametrize("model", ["my\\models", 'a "quoted" one', "中文\t模型", "a\x7fb"])
def test_any_name_of_a_model_makes_a_readable_settings_file(model):
    import tomllib

    from groundglm.settings import new_settings

    assert tomllib.loads(new_settings(model))["embeddings"]["model"] == model


def test_calibrate_names_the_model_that_the_base_was_made_with(base, tmp_path, capsys):
    write(tmp_path / "docs", **{
        f"d{n}__txt": f"Town {n} lies at river {n}. Its mayor number {n} is called Ann{n}. "
        f"The town {n} was founded in {1500 + n} by count {n}." for n in range(30)
    })  # fmt: skip
    run(["add", str(tmp_path / "docs")])
    (base / "groundglm.toml").unlink()
    capsys.readouterr()

    code, _ = call(capsys, "calibrate")

    assert code == 0
    assert load_settings(base).values.embeddings.model == "hash"
    assert run(["doctor"]) == 0


def test_doctor_names_the_small_model_without_making_it(base, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GROUNDGLM_ENGINE_NAME", "small")
    monkeypatch.setenv("GROUNDGLM_CACHE", str(tmp_path / "cache"))
    code, report = call(capsys, "doctor")
    engine = report["engine"]
    assert code == 0 and engine["is_chatglm3"] is False and engine["made"] is False
    assert engine["name"].startswith("groundglm-small (SmolLM2-135M-Instruct, adapter ")
    assert run(["doctor"]) == 0
    assert "English only, not ChatGLM3" in capsys.readouterr().out
    assert not (tmp_path / "cache" / "models").exists()


def test_the_small_engine_takes_no_other_model(base, capsys):
    assert run(["ask", "x", "--engine", "small", "--model", "chatglm3-6b"]) == 1
    assert "takes no other model" in capsys.readouterr().err


def test_chinese_questions_go_to_the_engine_that_reads_chinese(tmp_path):
    from langchain_core.documents import Document

    from groundglm import ChatGLM3, build_agent
    from groundglm.assembly import ByLanguage
    from groundglm.engines.scripted_engine import ScriptedEngine
    from groundglm.retrieval import HashEmbeddings

    kb = KnowledgeBase.open(tmp_path / "kb", HashEmbeddings())
    kb.add_documents(
        [Document("图书馆九点开门。", id="a"), Document("The shop opens at ten.", id="b")]
    )
    small = ScriptedEngine(["The shop opens at ten.[1]"], name="groundglm-small")
    english = build_agent(kb, model=ChatGLM3(engine=small))
    both = ByLanguage(english, build_agent(kb, model=ChatGLM3(engine="extractive")))
    answer = both.ask("图书馆几点开门？")
    assert "九点" in answer.text and answer.model == "groundglm-extractive"
    assert answer.notes[-1].startswith("groundglm-small 只懂英文") and not small.requests
    assert both.ask("When does the shop open?").model == "groundglm-small"


def test_the_command_line_starts_without_the_slow_libraries():
    slow = {"langchain_core", "torch", "networkx", "fastapi", "numpy", "jieba"}
    program = "import groundglm.cli.app, sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert not slow & set(done.stdout.split())
