"""Staying what it was on plain text, and going on from an adapter of an earlier run."""

import shutil

import pytest
import torch

from groundglm.chatglm3 import load_model
from groundglm.errors import CheckpointError, DatasetError
from groundglm.finetuning.config import read_config
from groundglm.finetuning.keeping import blocks_at, blocks_of, drift
from groundglm.finetuning.training import adapted, train
from groundglm.wire.tokenizer import load_tokenizer

from .test_training import config, data, losses, model_folder  # noqa: F401 - fixtures

peft = pytest.importorskip("peft")
PLAIN = "The harbour lies quiet in the morning, and gulls sit on the wall. " * 12


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.txt"
    path.write_text(PLAIN)
    return path


def drifted(model_folder, adapter, plain):  # noqa: F811
    model = peft.PeftModel.from_pretrained(load_model(model_folder, dtype="float32"), adapter)
    blocks = blocks_of([plain], load_tokenizer(model_folder), length=32)
    with torch.no_grad():
        return float(drift(model, blocks))


def test_a_new_adapter_has_not_drifted(model_folder, data, plain, tmp_path):  # noqa: F811
    model = adapted(
        load_model(model_folder, dtype="float32"), config(model_folder, data, tmp_path / "run")
    )
    blocks = blocks_of([plain], load_tokenizer(model_folder), length=32)
    assert drift(model, blocks).item() == pytest.approx(0, abs=1e-6)


def test_keeping_text_lessens_the_drift(model_folder, data, plain, tmp_path):  # noqa: F811
    kept = {"text": [plain], "weight": 5, "length": 32, "batch_size": 4}
    free = train(config(model_folder, data, tmp_path / "free"))
    held = train(config(model_folder, data, tmp_path / "held", keep=kept))
    assert losses(tmp_path / "held")[12] < losses(tmp_path / "held")[1]
    assert held.evaluation_loss < free.evaluation_loss * 1.5
    far, near = (drifted(model_folder, one.adapter, plain) for one in (free, held))
    assert near < far / 2


def test_a_run_that_keeps_goes_on_as_if_unbroken(model_folder, data, plain, tmp_path):  # noqa: F811
    kept = {"text": [plain], "length": 32, "batch_size": 2}
    asked = config(model_folder, data, tmp_path / "run", keep=kept, training={"accumulate": 2})
    train(asked)
    whole = losses(tmp_path / "run")
    shutil.rmtree(tmp_path / "run/checkpoint-12")
    train(asked, resume=True)
    again = losses(tmp_path / "run")
    assert [again[step] for step in range(9, 13)] == pytest.approx(
        [whole[step] for step in range(9, 13)], abs=1e-5
    )


def test_training_goes_on_from_an_adapter(model_folder, data, tmp_path):  # noqa: F811
    first = train(config(model_folder, data, tmp_path / "first"))
    on = {"path": model_folder, "adapter": first.adapter}
    second = train(config(model_folder, data, tmp_path / "second", model=on))
    assert losses(tmp_path / "second")[1] == pytest.approx(first.evaluation_loss, abs=0.05)
    assert second.evaluation_loss < first.evaluation_loss
    assert second.trained_numbers == first.trained_numbers
    loaded = load_model(model_folder, dtype="float32", lora=second.adapter)
    assert loaded.lm_head.weight.isfinite().all()


def test_no_adapter_of_this_model_is_told(model_folder, data, tmp_path):  # noqa: F811
    (tmp_path / "empty").mkdir()
    asked = config(model_folder, data, tmp_path / "run",
                   model={"path": model_folder, "adapter": tmp_path / "empty"})  # fmt: skip
    with pytest.raises(CheckpointError, match="is no adapter of this model"):
        train(asked)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read"), (b"\xff\xfe\xff", "cannot be read"), (b"short", "fewer than")],
)
def test_texts_that_cannot_be_kept_are_told(model_folder, content, told, tmp_path):  # noqa: F811
    path = tmp_path / "plain.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=told):
        blocks_of([path], load_tokenizer(model_folder), length=32)


def test_the_blocks_of_a_step_are_always_the_same():
    blocks = [[number] for number in range(50)]
    first = blocks_at(blocks, 4, seed=1, step=7)
    assert first == blocks_at(blocks, 4, seed=1, step=7) != blocks_at(blocks, 4, seed=1, step=8)
    assert len(blocks_at(blocks, 99, seed=1, step=7)) == 50


def test_paths_of_the_file_start_from_its_folder(tmp_path):
    (tmp_path / "run.toml").write_text(
        'output = "run"\n[model]\npath = "m"\nadapter = "a"\n[data]\ntrain = ["t.jsonl"]\n'
        '[keep]\ntext = ["plain.txt"]\n'
    )
    read = read_config(tmp_path / "run.toml")
    assert (read.model.adapter, read.keep.text) == (tmp_path / "a", [tmp_path / "plain.txt"])
