"""Checkpoints of the original layout, made here: loaded, refused, converted, opened by others."""

import json
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from groundglm.chatglm3 import convert_checkpoint, load_model
from groundglm.errors import CheckpointError

from ..tiny_model import CONFIG, original_tensors, write_original

IDS = torch.tensor([[5, 9, 200, 31, 7]])


@pytest.fixture
def original(tmp_path):
    return write_original(tmp_path / "original")


def logits_of(model):
    with torch.no_grad():
        return model(input_ids=IDS).logits


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@pytest.mark.parametrize("shards", [1, 3])
def test_every_kind_of_file_gives_the_same_model(tmp_path, kind, shards):
    folder = write_original(tmp_path / "other", kind=kind, shards=shards)
    plain = write_original(tmp_path / "plain")

    assert torch.equal(logits_of(load_model(folder)), logits_of(load_model(plain)))


def test_a_dtype_is_taken_by_name_and_the_frequencies_stay_exact(original):
    model = load_model(original, dtype="bfloat16")

    assert {one.dtype for one in model.parameters()} == {torch.bfloat16}
    assert model.model.rotary_emb.inv_freq.dtype == torch.float32
    with pytest.raises(ValueError, match="dtype must be"):
        load_model(original, dtype="int8")


def change(folder, **values):
    config = json.loads((folder / "config.json").read_text())
    for key, value in values.items():
        if value is KeyError:
            del config[key]
        else:
            config[key] = value
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rmsnorm": False}, "rmsnorm = False"),
        ({"post_layer_norm": False}, "post_layer_norm = False"),
        ({"multi_query_attention": False}, "multi_query_attention = False"),
        ({"add_bias_linear": True}, "add_bias_linear = True"),
        ({"quantization_bit": 4}, "quantization_bit = 4.*not quantized"),
        ({"model_type": "llama"}, "type 'llama', not ChatGLM3"),
        ({"_name_or_path": "THUDM/chatglm2-6b"}, "chatglm2-6b, not ChatGLM3"),
        ({"num_layers": KeyError}, "a whole number num_layers"),
        ({"layernorm_epsilon": "x"}, "a number layernorm_epsilon"),
        ({"rope_ratio": 0}, "a number rope_ratio"),
        ({"num_layers": 3}, r"incomplete: model\.layers\.2"),
        ({"num_layers": 1}, r"no place for: model\.layers\.1"),
        ({"hidden_size": 48}, "has the shape"),
        ({"kv_channels": 8}, "but config.json asks for"),
    ],
)
def test_what_cannot_be_expressed_is_refused_by_name(original, values, said):
    change(original, **values)

    with pytest.raises(CheckpointError, match=said):
        load_model(original)


def test_damage_is_named(tmp_path):
    folder = write_original(tmp_path / "a", shards=3)
    file = folder / "model-00002-of-00003.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="model-00002.*not downloaded whole"):
        load_model(folder)
    file.unlink()
    with pytest.raises(CheckpointError, match="model-00002-of-00003.safetensors.*is missing"):
        load_model(folder)

    folder = write_original(tmp_path / "b", kind="bin")
    (folder / "pytorch_model.bin").write_bytes((folder / "pytorch_model.bin").read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_model(folder)

    tensors = original_tensors()
    del tensors["transformer.encoder.layers.1.mlp.dense_4h_to_h.weight"]
    folder = write_original(tmp_path / "c", tensors=tensors)
    with pytest.raises(
        CheckpointError, match=r"model\.layers\.1\.mlp\.down_proj\.weight is missing"
    ):
        load_model(folder)
    tensors["transformer.strange.weight"] = torch.zeros(2)
    folder = write_original(tmp_path / "d", tensors=tensors)
    with pytest.raises(CheckpointError, match="does not have: transformer.strange.weight"):
        load_model(folder)


def test_a_pickle_that_would_run_code_is_not_run(tmp_path, original):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (original / "model.safetensors").unlink()
    with (original / "pytorch_model.bin").open("wb") as file:
        pickle.dump({"a": Evil()}, file)

    with pytest.raises(CheckpointError, match="holds more than tensors|damaged"):
        load_model(original)
    assert not (tmp_path / "ran").exists()


def test_an_index_reaches_no_file_outside_of_its_folder(tmp_path):
    folder = write_original(tmp_path / "a", shards=2)
    index = folder / "model.safetensors.index.json"
    data = json.loads(index.read_text())
    data["weight_map"]["transformer.output_layer.weight"] = "../secret.safetensors"
    index.write_text(json.dumps(data))

    with pytest.raises(CheckpointError, match="outside of its folder"):
        load_model(folder)


def test_the_name_of_a_model_on_a_hub_says_how_to_download_it(tmp_path):
    with pytest.raises(CheckpointError, match=r"(?s)hf download.*modelscope download"):
        load_model("THUDM/chatglm3-6b")
    with pytest.raises(CheckpointError, match="no folder"):
        load_model(tmp_path / "nothing")


# --- conversion ---


def test_a_converted_checkpoint_is_the_same_model_for_us_and_for_transformers(tmp_path, original):
    from transformers import AutoModelForCausalLM

    told = []
    report = convert_checkpoint(
        original, tmp_path / "new", shard_bytes=40_000, progress=lambda *done: told.append(done)
    )

    assert len(report.files) > 2
    assert told[-1] == (report.bytes, report.bytes)
    assert any("tokenizer is missing" in notice for notice in report.notices)
    assert any("which ChatGLM3" in notice for notice in report.notices)
    wanted = logits_of(load_model(original))
    assert torch.equal(logits_of(load_model(tmp_path / "new")), wanted)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "new", dtype=torch.float32)
    assert type(theirs).__name__ == "GlmForCausalLM"
    assert torch.allclose(logits_of(theirs.eval()), wanted, atol=1e-5)
    assert theirs.generation_config.eos_token_id == [2, 64795, 64797]
    assert not list(tmp_path.glob("*.partial"))


def test_a_conversion_goes_on_where_it_stopped(tmp_path, original):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done > total // 2:
            raise Stop

    with pytest.raises(Stop):
        convert_checkpoint(original, tmp_path / "new", shard_bytes=40_000, progress=stop)
    assert not (tmp_path / "new").exists()
    kept = {one: one.stat().st_mtime_ns for one in (tmp_path / "new.partial").glob("model-*")}
    assert kept

    convert_checkpoint(original, tmp_path / "new", shard_bytes=40_000)

    for one, when in kept.items():
        assert (tmp_path / "new" / one.name).stat().st_mtime_ns == when
    assert torch.equal(logits_of(load_model(tmp_path / "new")), logits_of(load_model(original)))


def test_a_conversion_of_something_else_does_not_go_on(tmp_path, original):
    with pytest.raises(ZeroDivisionError):
        convert_checkpoint(
            original, tmp_path / "new", shard_bytes=40_000, progress=lambda *_: 1 / 0
        )
    other = write_original(tmp_path / "other", tensors=original_tensors(seed=2))

    convert_checkpoint(other, tmp_path / "new", shard_bytes=40_000)

    assert torch.equal(logits_of(load_model(tmp_path / "new")), logits_of(load_model(other)))


def test_nothing_that_is_there_is_overwritten(tmp_path, original):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="there already"):
        convert_checkpoint(original, tmp_path / "new")
    (tmp_path / "next.partial").mkdir()
    (tmp_path / "next.partial" / "mine.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="in the way"):
        convert_checkpoint(original, tmp_path / "next")
    converted = convert_checkpoint(original, tmp_path / "ok").path
    with pytest.raises(CheckpointError, match="converted checkpoint already"):
        convert_checkpoint(converted, tmp_path / "again")


def test_a_converted_checkpoint_that_lost_a_tensor_is_refused(tmp_path, original):
    convert_checkpoint(original, tmp_path / "new")
    file = tmp_path / "new" / "model.safetensors"
    tensors = load_file(file)
    del tensors["lm_head.weight"]
    save_file(tensors, file)

    with pytest.raises(CheckpointError, match=r"lm_head\.weight is missing"):
        load_model(tmp_path / "new")


@pytest.mark.parametrize(
    ("values", "given", "variant", "tools"),
    [
        ({}, None, "unknown", None),
        ({}, "6b", "6b", True),
        ({"_name_or_path": "THUDM/chatglm3-6b"}, None, "6b", True),
        ({"_name_or_path": "THUDM/chatglm3-6b-base"}, None, "base", False),
        ({"seq_length": 32768}, None, "32k", False),
        ({"seq_length": 131072}, None, "128k", False),
    ],
)
def test_the_variant_is_read_named_or_unknown(tmp_path, original, values, given, variant, tools):
    from groundglm.checkpoints.config import read_config

    change(original, **values)
    config = read_config(original, variant=given)
    assert (config.variant, config.trained_for_tools) == (variant, tools)
    convert_checkpoint(original, tmp_path / "new", variant=given)
    assert read_config(tmp_path / "new").variant == variant


def test_a_variant_that_the_config_denies_is_refused(original):
    change(original, seq_length=32768)
    with pytest.raises(ValueError, match="is the variant '32k'"):
        load_model(original, variant="6b")
    assert CONFIG["seq_length"] != 32768


# --- the tokenizer of a converted checkpoint ---


def test_auto_tokenizer_gives_the_ids_of_the_original(tmp_path, original, shared_folder):
    from transformers import AutoTokenizer

    shutil.copy(shared_folder / "golden/official_data/tokenizer.model", original)
    report = convert_checkpoint(original, tmp_path / "new", variant="6b")
    assert report.notices == []
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "new")
    golden = json.loads((shared_folder / "golden/tokenizer_golden_a.json").read_text("utf-8"))

    for row in golden["raw"]:
        if not any(
            name in row["text"] for name in ("[MASK]", "MASK]", "<|", "<s>", "</s>", "<unk>")
        ):
            assert tokenizer(row["text"])["input_ids"] == row["with_prefix"], row["text"]
    for row in golden["padding"]:
        if not any("<|" in text for text in row["texts"]):
            padded = tokenizer(row["texts"], padding=True)
            assert padded["input_ids"] == row["input_ids"]
            assert padded["attention_mask"] == row["attention_mask"]
    for row in golden["conversations"]:
        turns = [*(row["history"] or []), {"role": row["role"], "content": row["query"]}]
        if any("tools" in turn for turn in turns[1:]) or any(
            "tools" in t and not t["tools"] for t in turns
        ):
            continue
        tools = turns[0].get("tools")
        if tools is not None and not isinstance(tools, list):
            continue
        ids = tokenizer.apply_chat_template(
            turns, tools=tools, add_generation_prompt=True, return_dict=False
        )
        assert ids == row["ids"], row["name"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"hidden_size": KeyError}, "hidden_size"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"rms_norm_eps": None}, "rms_norm_eps"),
        ({"rope_parameters": 5}, "rope_parameters"),
        ({"attention_bias": "yes"}, "attention_bias"),
    ],
)
def test_a_broken_config_of_a_converted_checkpoint_is_named(tmp_path, original, values, said):
    folder = convert_checkpoint(original, tmp_path / "new").path
    change(folder, **values)
    with pytest.raises(CheckpointError, match=said):
        load_model(folder)


def test_a_config_without_end_is_refused_at_once(original):
    change(original, num_layers=10**9)
    with pytest.raises(CheckpointError, match="num_layers from 1 to 1,000"):
        load_model(original)


def test_what_a_killed_conversion_left_is_not_shipped(tmp_path, original):
    with pytest.raises(ZeroDivisionError):
        convert_checkpoint(original, tmp_path / "new", progress=lambda *_: 1 / 0)
    for name in ("model.safetensors.4711.new", ".tmp90ehf9"):  # ours, and one of safetensors
        (tmp_path / "new.partial" / name).write_bytes(b"half")
    convert_checkpoint(original, tmp_path / "new")
    assert sorted(one.name for one in (tmp_path / "new").iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
    ]
