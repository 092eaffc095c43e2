"""Loaded checkpoints against the network written out by hand; the hand against the original."""

import json

import pytest
import torch
from safetensors.torch import load_file

from groundglm.chatglm3 import GenerationRequest, load_model, load_prefix
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.wire.tokenizer import ByteTokenizer

from .. import reference_glm
from ..tiny_model import CONFIG, original_tensors, write_original

SHAPES = {
    "as it is": {},
    "one group": {"multi_query_group_num": 1},
    "a group for each head": {"multi_query_group_num": 4},
    "long context": {"rope_ratio": 50},
    "wide heads": {"kv_channels": 32},
    "another epsilon": {"layernorm_epsilon": 1e-2},
    "no bias": {"add_qkv_bias": False},
}
ROWS = [[5, 9, 200, 31, 7, 7, 301, 12, 8], [44, 45, 3]]


def random_model(**changes):
    config = {**CONFIG, **changes}
    tensors = {name: one * 0.6 for name, one in original_tensors(config).items()}
    if not config["add_qkv_bias"]:
        tensors = {name: one for name, one in tensors.items() if not name.endswith("bias")}
    return config, tensors


def engine_of(folder, **options):
    model = load_model(folder, dtype="float32", **options)
    return TransformersEngine(model, ByteTokenizer(), name="tiny")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_loaded_checkpoint_computes_chatglm3s_network(tmp_path, shape):
    config, tensors = random_model(**SHAPES[shape])
    engine = engine_of(write_original(tmp_path / "tiny", tensors=tensors, config=config))
    for ids in ROWS:
        with torch.no_grad():
            found = engine.model(input_ids=torch.tensor([ids])).logits[0]
        wanted = reference_glm.logits(config, tensors, ids)
        torch.testing.assert_close(found.double(), wanted, atol=1e-4, rtol=0)
    requests = [GenerationRequest(tuple(ids), 32, stop_ids=()) for ids in ROWS]
    wanted = [reference_glm.greedy(config, tensors, ids, 32) for ids in ROWS]
    assert [list(one.ids) for one in engine.generate_batch(requests)] == wanted


def test_a_lora_adapter_adds_to_the_fused_weight(tmp_path):
    config, tensors = random_model()
    folder = write_original(tmp_path / "tiny", tensors=tensors, config=config)
    random = torch.Generator().manual_seed(5)
    adapter = tmp_path / "lora"
    adapter.mkdir()
    settings = {
        "peft_type": "LORA", "r": 4, "lora_alpha": 16, "target_modules": ["query_key_value"],
    }  # fmt: skip
    (adapter / "adapter_config.json").write_text(json.dumps(settings))
    state, added = {}, []
    for layer in range(config["num_layers"]):
        at = f"base_model.model.transformer.encoder.layers.{layer}.self_attention.query_key_value"
        rows = len(tensors[at.removeprefix("base_model.model.") + ".weight"])
        down = torch.randn(4, config["hidden_size"], generator=random) * 0.3
        up = torch.randn(rows, 4, generator=random) * 0.3
        state |= {f"{at}.lora_A.weight": down, f"{at}.lora_B.weight": up}
        added.append(up @ down * 16 / 4)
    torch.save(state, adapter / "adapter_model.bin")

    engine = engine_of(folder, lora=adapter)

    wanted = reference_glm.logits(config, tensors, ROWS[0], lora=added)
    with torch.no_grad():
        found = engine.model(input_ids=torch.tensor(ROWS[:1])).logits[0]
    torch.testing.assert_close(found.double(), wanted, atol=1e-4, rtol=0)
    plain = reference_glm.logits(config, tensors, ROWS[0])
    assert (plain - wanted).abs().max() > 0.01


def test_a_prefix_stands_in_front_of_every_prompt(tmp_path):
    config, tensors = random_model()
    length = 5
    changed = {**config, "pre_seq_len": length, "prefix_projection": False}
    folder = write_original(tmp_path / "tiny", tensors=tensors, config=config)
    adapter = tmp_path / "prefix"
    adapter.mkdir()
    (adapter / "config.json").write_text(json.dumps(changed))
    groups, width = config["multi_query_group_num"], config["kv_channels"]
    random = torch.Generator().manual_seed(6)
    rows = torch.randn(length, 2 * config["num_layers"] * groups * width, generator=random)
    name = "transformer.prefix_encoder.embedding.weight"
    torch.save({name: rows}, adapter / "pytorch_model.bin")
    prefix = rows.view(length, 2 * config["num_layers"], groups, width)

    engine = engine_of(folder)
    engine = TransformersEngine(
        engine.model, ByteTokenizer(), name="tiny", prefix=load_prefix(adapter, engine.model)
    )

    requests = [GenerationRequest(tuple(ids), 16, stop_ids=()) for ids in ROWS]
    wanted = [reference_glm.greedy(config, tensors, ids, 16, prefix=prefix) for ids in ROWS]
    assert [list(one.ids) for one in engine.generate_batch(requests)] == wanted
    assert wanted != [reference_glm.greedy(config, tensors, ids, 16) for ids in ROWS]
    with torch.no_grad():
        found = engine.forward(
            torch.tensor(ROWS[:1]), None, torch.arange(len(ROWS[0]))[None], engine.start(1),
            keep=len(ROWS[0]),
        )[0]  # fmt: skip
    theirs = reference_glm.logits(config, tensors, ROWS[0], prefix=prefix)
    torch.testing.assert_close(found.double(), theirs, atol=1e-4, rtol=0)


def test_the_hand_written_network_is_the_originals(shared_folder):
    folder = shared_folder / "golden/tiny_a_small"
    config = json.loads((folder / "config.json").read_text("utf-8"))
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(file)
    expected = json.loads((folder / "expected.json").read_text("utf-8"))["cases"]
    short = [case for case in expected.values() if max(map(len, case["input_ids"])) < 100]
    assert short
    for case in short:
        for ids, wanted in zip(case["input_ids"], case["greedy_32"], strict=True):
            assert reference_glm.greedy(config, tensors, ids, 8) == wanted[:8]
