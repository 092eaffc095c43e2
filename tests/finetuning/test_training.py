"""Training on a tiny checkpoint: the loss falls, a killed run goes on, the adapter is used."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from groundglm import ChatGLM3
from groundglm.chatglm3 import load_model
from groundglm.errors import CheckpointError, DatasetError, SettingsError
from groundglm.finetuning.batches import collate, rows_of
from groundglm.finetuning.config import TrainingConfig, read_config
from groundglm.finetuning.dataset import read_dataset
from groundglm.finetuning.encoding import Encoded
from groundglm.finetuning.training import adapted, train
from groundglm.wire.tokenizer import load_tokenizer

from ..tiny_model import TINY, original_tensors, write_byte_vocabulary, write_original

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    tensors = {name: one * 0.3 for name, one in original_tensors(TINY).items()}
    folder = tmp_path_factory.mktemp("model") / "tiny"
    write_original(folder, tensors=tensors, config=TINY)
    write_byte_vocabulary(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    rows = [
        {"conversations": [{"role": "user", "content": f"{letter}?"},
                           {"role": "assistant", "content": letter * 3}]}
        for letter in "abcdefgh" * 4
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def config(model_folder, data, output, **changes):
    asked = {
        "model": {"path": model_folder, "dtype": "float32", "device": "cpu"},
        "data": {"train": [data], "evaluate": [data], "max_length": 64},
        "output": output,
        "lora": {"rank": 4, "alpha": 8},
        "control_tokens": True,
        "training": {"max_steps": 12, "batch_size": 4, "learning_rate": 0.02, "log_every": 1,
                     "save_every": 4, "evaluate_every": 6, "seed": 3},
    }  # fmt: skip
    for key, value in changes.items():
        asked[key] = {**asked.get(key, {}), **value} if isinstance(value, dict) else value
    return TrainingConfig.model_validate(asked)


def losses(output):
    entries = map(json.loads, (output / "losses.jsonl").read_text().splitlines())
    return {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}


def test_the_loss_falls_and_the_run_is_described(model_folder, data, tmp_path):
    seen = []
    report = train(
        config(model_folder, data, tmp_path / "run"),
        progress=lambda step, steps, told: seen.append((step, steps)),
    )
    found = losses(tmp_path / "run")
    assert found[12] < found[1] - 0.1
    assert report.evaluation_loss < found[1]
    assert (report.steps, report.examples, report.problems) == (12, 32, [])
    assert seen[0] == (1, 12)
    run = json.loads((tmp_path / "run/run.json").read_text())
    assert len(run["data_sha256"]) == 64 and "peft" in run["versions"]
    assert (tmp_path / "run/losses.png").stat().st_size > 1000
    assert (report.adapter / "adapter_model.safetensors").stat().st_size < 100_000


def test_the_adapter_is_used_as_it_was_trained(model_folder, data, tmp_path):
    import peft

    asked = config(model_folder, data, tmp_path / "run")
    report = train(asked)
    ids = torch.tensor([[64790, 64792, 64795, 13, 70, 64796, 13, 71]])
    merged = load_model(model_folder, dtype="float32", lora=report.adapter)
    theirs = peft.PeftModel.from_pretrained(
        load_model(model_folder, dtype="float32"), report.adapter
    )
    plain = load_model(model_folder, dtype="float32")
    with torch.no_grad():
        ours, wanted = merged(input_ids=ids).logits, theirs(input_ids=ids).logits
        before = plain(input_ids=ids).logits
    torch.testing.assert_close(ours, wanted, atol=1e-4, rtol=0)
    assert (ours - before).abs().max() > 0.1
    chat = ChatGLM3(model=str(model_folder), adapter=str(report.adapter), device="cpu",
                    dtype="float32", max_tokens=8)  # fmt: skip
    assert chat.invoke("a?").content


@pytest.mark.parametrize("packing", [True, False])
def test_batches_give_the_loss_of_each_example_alone(model_folder, data, packing):
    tokenizer = load_tokenizer(model_folder)
    examples = read_dataset([data]).encoded(tokenizer, max_length=64, mask="assistant")[:7]
    model = load_model(model_folder, dtype="float32")
    batch = collate(rows_of(examples, max_length=64, packing=packing), packing=packing)
    if packing:
        assert len(batch["input_ids"]) < 7
    with torch.no_grad():
        logits = model(**{key: one for key, one in batch.items() if key != "labels"}).logits
        total = _total_loss(logits, batch["labels"])
        alone = sum(
            _total_loss(model(input_ids=torch.tensor([one.input_ids])).logits,
                        torch.tensor([one.labels]))
            for one in examples
        )  # fmt: skip
    assert float(total) == pytest.approx(float(alone), rel=1e-5)


@given(st.lists(st.integers(1, 16), min_size=1, max_size=60))
def test_packing_keeps_each_example_once_in_rows_that_fit(sizes):
    examples = [Encoded([number] * size, [number] * size) for number, size in enumerate(sizes)]
    rows = rows_of(examples, max_length=16, packing=True)
    assert all(len(row["input_ids"]) <= 16 for row in rows)
    held = Counter(id_ for row in rows for id_ in row["input_ids"])
    assert held == Counter(dict(enumerate(sizes)))
    starts = sum(place == 0 for row in rows for place in row["position_ids"])
    assert starts == len(sizes)
    # No two rows are half empty: they would have been one.
    assert sum(2 * len(row["input_ids"]) <= 16 for row in rows) <= 1


def _total_loss(logits, labels):
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100, reduction="sum"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"packing": True}},
        {"training": {"gradient_checkpointing": True, "accumulate": 2}},
        {"model": {"dtype": "bfloat16"}},
        {"lora": {"rank": 0}},
    ],
    ids=["packing", "checkpointing", "bfloat16", "rows alone"],
)
def test_other_ways_to_train_learn_as_well(model_folder, data, tmp_path, changes):
    asked = config(model_folder, data, tmp_path / "run", **changes)
    report = train(asked)
    found = losses(tmp_path / "run")
    assert found[12] < found[1]
    if changes.get("lora"):
        assert report.trained_numbers == 9 * TINY["hidden_size"]
        merged = load_model(model_folder, dtype="float32", lora=report.adapter)
        plain = load_model(model_folder, dtype="float32")
        layer = "layers.0.self_attn.q_proj"
        assert torch.equal(
            merged.model.get_submodule(layer).weight, plain.model.get_submodule(layer).weight
        )


def test_training_leaves_all_other_weights_alone(model_folder, data, tmp_path):
    asked = config(model_folder, data, tmp_path / "run")
    model = adapted(load_model(model_folder, dtype="float32"), asked)
    trained = {name for name, one in model.named_parameters() if one.requires_grad}
    assert all("lora_" in name or "trainable_tokens_delta" in name for name in trained)


WORKER = """
import sys
from pathlib import Path
from groundglm.finetuning.config import read_config
from groundglm.finetuning.training import train
train(read_config(sys.argv[1]), resume=sys.argv[2] == "resume",
      progress=lambda step, *_: print(step, flush=True))
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_nothing_had_happened(model_folder, data, tmp_path):
    def write(name):
        text = f'''
output = "{name}"
control_tokens = true
[model]
path = "{model_folder}"
dtype = "float32"
device = "cpu"
[data]
train = ["{data}"]
max_length = 64
[lora]
rank = 4
dropout = 0.1
[training]
max_steps = 60
learning_rate = 0.01
log_every = 1
save_every = 5
'''
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        return path

    whole = train(read_config(write("whole")))
    broken = write("broken")
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(broken), "new"], stdout=subprocess.PIPE, text=True
    )
    try:
        for line in worker.stdout:
            if int(line) >= 23:
                os.kill(worker.pid, signal.SIGKILL)
                break
        worker.wait(60)
    finally:
        worker.kill()
    assert not (tmp_path / "broken/adapter").exists()

    went_on = train(read_config(broken), resume=True)

    assert went_on.steps == 60
    assert went_on.loss == pytest.approx(whole.loss, rel=1e-4)
    first, second = losses(tmp_path / "whole"), losses(tmp_path / "broken")
    later = [step for step in second if step > 25]
    assert len(later) == 35
    assert [second[step] for step in later] == pytest.approx(
        [first[step] for step in later], rel=1e-3
    )


def test_a_folder_that_is_taken_and_a_changed_config_are_refused(model_folder, data, tmp_path):
    asked = config(model_folder, data, tmp_path / "run", training={"max_steps": 2})
    with pytest.raises(CheckpointError, match="holds no run to go on with"):
        train(asked, resume=True)
    train(asked)
    with pytest.raises(CheckpointError, match="holds a run already"):
        train(asked)
    other = config(model_folder, data, tmp_path / "run", training={"max_steps": 3})
    with pytest.raises(CheckpointError, match="begun with another config: training"):
        train(other, resume=True)


def test_what_is_wrong_is_said_before_anything_is_written(model_folder, data, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"a": 1}')
    asked = config(model_folder, bad, tmp_path / "run")
    with pytest.raises(DatasetError, match="bad.jsonl, line 1"):
        train(asked)
    long = tmp_path / "long.jsonl"
    turns = [{"role": "user", "content": "q" * 90}, {"role": "assistant", "content": "a"}]
    long.write_text(json.dumps({"conversations": turns}))
    short = config(model_folder, long, tmp_path / "run")
    with pytest.raises(DatasetError, match="longer than max_length = 64"):
        train(short)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "model: Field required"),
        ("x = [", "cannot be read"),
        ('output = "o"\n[model]\npath = "m"\n[data]\ntrain = []', "data.train: List should have"),
        ('output = "o"\n[model]\npath = "m"\nkind = 1\n[data]\ntrain = ["d"]', "model.kind: Extra"),
        ('output = "o"\n[lora]\nrank = 0\n[model]\npath = "m"\n[data]\ntrain = ["d"]',
         "nothing would be trained"),
    ],
)  # fmt: skip
def test_a_wrong_config_names_the_key(tmp_path, text, said):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_config(path)


def test_paths_start_from_the_folder_of_the_config(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('output = "o"\n[model]\npath = "m"\n[data]\ntrain = ["d"]\n')
    asked = read_config(path)
    assert asked.output == tmp_path / "o"
    assert asked.model.path == tmp_path / "m"
    assert asked.data.train == [tmp_path / "d"]


@pytest.mark.parametrize("name", ["finetuning.md", "finetuning.zh-CN.md"])
def test_the_page_on_fine_tuning_runs(repository, model_folder, data, tmp_path, capsys, name):
    import re
    import shutil

    from groundglm.cli.app import run

    text = (repository / "docs" / name).read_text("utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "run.toml").write_text(block + "max_steps = 2\n")
    shutil.copytree(model_folder, tmp_path / "chatglm3-6b")
    shutil.copy(data, tmp_path / "train.jsonl")
    assert run(["finetune", str(tmp_path / "run.toml"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["steps"] == 2 and report["examples"] == 32
    assert run(["finetune", str(tmp_path / "run.toml")]) == 1
    assert "holds a run already" in capsys.readouterr().err
    keys = set(re.findall(r"`([a-z_.]+)`", text))
    for section, info in TrainingConfig.model_fields.items():
        for key in getattr(info.annotation, "model_fields", {}):
            assert {key, f"{section}.{key}"} & keys or f"{key} =" in block, (section, key)


def test_a_merged_checkpoint_opens_without_the_adapter(model_folder, data, tmp_path):
    from transformers import AutoModelForCausalLM

    from groundglm.chatglm3 import convert_checkpoint

    report = train(config(model_folder, data, tmp_path / "run", training={"max_steps": 3}))
    merged = convert_checkpoint(model_folder, tmp_path / "merged", lora=report.adapter)
    ids = torch.tensor([[64790, 64792, 64795, 13, 70, 64796, 13, 71]])
    with torch.no_grad():
        theirs = AutoModelForCausalLM.from_pretrained(merged.path)(input_ids=ids).logits
        ours = load_model(model_folder, dtype="float32", lora=report.adapter)(input_ids=ids).logits
    torch.testing.assert_close(theirs, ours, atol=1e-5, rtol=0)
    # A converted checkpoint takes an adapter as well.
    convert_checkpoint(model_folder, tmp_path / "plain")
    again = convert_checkpoint(tmp_path / "plain", tmp_path / "again", lora=report.adapter)
    with torch.no_grad():
        found = load_model(again.path, dtype="float32")(input_ids=ids).logits
    torch.testing.assert_close(found, ours, atol=1e-5, rtol=0)
    with pytest.raises(CheckpointError, match="is no adapter"):
        convert_checkpoint(model_folder, tmp_path / "bad", lora=tmp_path / "run")
    assert not (tmp_path / "bad").exists()


def test_a_finished_run_gives_its_report_again_and_half_files_are_no_run(
    model_folder, data, tmp_path
):
    asked = config(model_folder, data, tmp_path / "run", training={"max_steps": 8})
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json.new").write_text("{")  # of a process that was killed
    first = train(asked)
    again = train(asked, resume=True)
    assert again.steps == 8
    assert again.loss == pytest.approx(first.loss, rel=1e-3)
    cut = max((tmp_path / "run").glob("checkpoint-*"), key=lambda path: path.name)
    (cut / "trainer_state.json").write_text('{"best')
    assert train(asked, resume=True).steps == 8


def test_control_ids_without_rows_get_some_to_begin_with(model_folder):
    from groundglm.finetuning.training import fill_empty_rows
    from groundglm.wire.tokenizer import ASSISTANT, EOS, USER

    model, tokenizer = load_model(model_folder, dtype="float32"), load_tokenizer(model_folder)
    embedding, output = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    with torch.no_grad():
        embedding[USER] = output[USER] = 0
    kept = embedding[ASSISTANT].clone()
    fill_empty_rows(model, tokenizer)
    torch.testing.assert_close(embedding[USER], embedding[tokenizer.encode("user")].mean(0))
    torch.testing.assert_close(output[USER], output[EOS])
    assert torch.equal(embedding[ASSISTANT], kept)


def test_a_model_that_knows_no_control_ids_can_be_taught(data, tmp_path):
    # Through forty layers the gradient of a row of zeros is no number any more.
    deep = {**TINY, "num_layers": 40}
    tensors = original_tensors(deep)
    for name in ("embedding.word_embeddings", "output_layer"):
        tensors[f"transformer.{name}.weight"][64000:] = 0
    write_original(tmp_path / "deep", tensors=tensors, config=deep)
    write_byte_vocabulary(tmp_path / "deep")
    asked = config(tmp_path / "deep", data, tmp_path / "run", training={"max_steps": 2})
    assert 0 < train(asked).evaluation_loss < 100
