"""The network against numbers that the original implementation gave: logits, tokens, gradients."""

import json

import numpy as np
import pytest
import torch

from groundglm.checkpoints.adapters import load_prefix
from groundglm.checkpoints.checkpoint import load_model

CASES = {
    "tiny_a": ("tiny_a", None),
    "tiny_a_small": ("tiny_a_small", None),
    "tiny_a_small_lora": ("tiny_a_small", "lora"),
    "tiny_a_small_ptuning": ("tiny_a_small", "prefix"),
    "tiny_a_small_ptuning_proj": ("tiny_a_small", "prefix"),
}
ATOL = 1e-4


def padded(rows):
    width = max(map(len, rows))
    pads = [width - len(row) for row in rows]
    ids = torch.tensor([[0] * pad + row for pad, row in zip(pads, rows, strict=True)])
    mask = torch.tensor([[0] * pad + [1] * len(row) for pad, row in zip(pads, rows, strict=True)])
    return ids, mask, (mask.cumsum(1) - 1).clamp(min=0)


@pytest.mark.parametrize("name", CASES)
def test_logits_and_greedy_tokens_are_those_of_the_original(shared_folder, name):
    folder = shared_folder / "golden"
    base, adapter = CASES[name]
    model = load_model(
        folder / base, dtype="float32", lora=folder / name if adapter == "lora" else None
    )
    prefix = load_prefix(folder / name, model) if adapter == "prefix" else None
    expected = json.loads((folder / name / "expected.json").read_text("utf-8"))
    arrays = np.load(folder / name / "expected.npz")
    for case, data in expected["cases"].items():
        ids, mask, positions = padded(data["input_ids"])
        whole = mask
        options = {"position_ids": positions}
        if prefix is not None:
            whole = torch.cat([torch.ones(len(ids), prefix.length, dtype=mask.dtype), mask], dim=1)
            options["past_key_values"] = prefix.cache(len(ids))
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=whole, **options).logits
        np.testing.assert_allclose(
            logits[:, -1].numpy(), arrays[f"{case}__last_logits"], atol=ATOL, rtol=0
        )
        real = mask.bool().numpy()
        if f"{case}__logits" in arrays:
            theirs = arrays[f"{case}__logits"]
            np.testing.assert_allclose(logits.numpy()[real], theirs[real], atol=ATOL, rtol=0)
        if f"{case}__logits_subset" in arrays:
            ours = logits[..., arrays[f"{case}__vocab_subset"]].numpy()
            theirs = arrays[f"{case}__logits_subset"]
            np.testing.assert_allclose(ours[real], theirs[real], atol=ATOL, rtol=0)
        if f"{case}__logits_last8" in arrays:
            theirs = arrays[f"{case}__logits_last8"]
            np.testing.assert_allclose(logits[:, -8:].numpy(), theirs, atol=ATOL, rtol=0)
        assert greedy(model, ids, whole, positions, prefix) == data["greedy_32"], case


def greedy(model, ids, mask, positions, prefix, count=32):
    cache = prefix.cache(len(ids)) if prefix is not None else None
    found, position = [], positions[:, -1:]
    with torch.no_grad():
        out = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache,
            use_cache=True,
        )  # fmt: skip
        for _ in range(count):
            token = out.logits[:, -1].argmax(-1, keepdim=True)
            found.append(token)
            mask = torch.cat([mask, torch.ones_like(token)], dim=1)
            position = position + 1
            out = model(
                input_ids=token, attention_mask=mask, position_ids=position,
                past_key_values=out.past_key_values, use_cache=True,
            )  # fmt: skip
    return torch.cat(found, dim=1).tolist()


def test_loss_and_gradients_are_those_of_the_original(shared_folder):
    folder = shared_folder / "golden/tiny_a_small"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    check = expected["train_check"]
    model = load_model(folder, dtype="float32")
    ids = torch.tensor(expected["cases"][check["case"]]["input_ids"])
    labels = ids.clone()
    labels[:, :40] = -100

    loss = model(input_ids=ids, labels=labels).loss
    loss.backward()

    assert loss.item() == pytest.approx(check["loss"], abs=1e-5)
    norms = check["grad_norm"]
    attention = model.model.layers[0].self_attn
    fused = torch.cat([getattr(attention, f"{part}_proj").weight.grad for part in ("q", "k", "v")])
    assert fused.norm().item() == pytest.approx(
        norms["layers.0.self_attention.query_key_value.weight"], rel=1e-4
    )
    assert model.model.embed_tokens.weight.grad.norm().item() == pytest.approx(
        norms["embedding.word_embeddings.weight"], rel=1e-4
    )
    assert model.lm_head.weight.grad.norm().item() == pytest.approx(
        norms["output_layer.weight"], rel=1e-4
    )
