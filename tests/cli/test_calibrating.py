"""`groundglm calibrate`: a user's file of questions, read whole or refused by its line."""

import json

import pytest

from groundglm.cli.app import run

TOWNS = "Paris Rome Oslo Cairo Lima Quito Delhi Tokyo Seoul Hanoi Accra Dakar Tunis Sofia".split()


@pytest.fixture
def base(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "kb"
    monkeypatch.setenv("GROUNDGLM_KB", str(folder))
    assert run(["init", str(folder), "--embeddings", "hash"]) == 0
    for town in TOWNS:
        (tmp_path / f"{town}.txt").write_text(f"{town} celebrates its harvest with paper lanterns.")
    assert run(["add", *(str(tmp_path / f"{town}.txt") for town in TOWNS)]) == 0
    capsys.readouterr()
    return folder


def calibrate(capsys, path):
    code = run(["calibrate", "--questions", str(path), "--dry-run", "--json"])
    return code, json.loads(capsys.readouterr().out)


def lines(kinds):
    return "\n".join(
        json.dumps({"question": question, "answerable": answerable})
        for question, answerable in kinds
    )


ASKED = [(f"What does {town} celebrate?", True) for town in TOWNS]
ASKED += [(f"Which submarine does {town} export?", False) for town in TOWNS]


def test_a_file_of_questions_is_read_and_nothing_is_written_on_a_dry_run(base, tmp_path, capsys):
    path = tmp_path / "questions.jsonl"
    path.write_text("\ufeff" + lines(ASKED) + "\n\n", encoding="utf-8")
    before = (base / "groundglm.toml").read_text()
    code, data = calibrate(capsys, path)
    assert code == 0 and not data["written"]
    assert data["thresholds"][0]["answered"] > 0.5
    assert (base / "groundglm.toml").read_text() == before


@pytest.mark.parametrize(
    "line",
    [
        '{"question": "What?", "answerable": "false"}',  # a string, which would count as true
        '{"question": "What?"}',
        '{"question": 7, "answerable": true}',
        '{"question": " ", "answerable": true}',
        "not JSON",
        '["What?", true]',
    ],
)
def test_a_line_that_says_something_else_is_refused_by_its_number(base, tmp_path, capsys, line):
    path = tmp_path / "questions.jsonl"
    path.write_text(lines(ASKED) + "\n" + line)
    code, data = calibrate(capsys, path)
    assert code == 1
    assert f"line {len(ASKED) + 1}" in data["error"]["message"]


def test_a_file_that_is_missing_or_in_another_encoding_is_named(base, tmp_path, capsys):
    code, data = calibrate(capsys, tmp_path / "none.jsonl")
    assert code == 1 and "none.jsonl" in data["error"]["message"]
    path = tmp_path / "questions.jsonl"
    path.write_bytes(lines([("什么？", True)]).encode() + "巴黎".encode("gbk"))
    code, data = calibrate(capsys, path)
    assert code == 1 and "questions.jsonl" in data["error"]["message"]
