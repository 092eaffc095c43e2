"""ChatGLM3's network written out in float64 after its definition, without transformers.

The goldens of the original implementation are not part of the project. This is checked against
them where they are at hand, and stands for them where they are not.
"""

import torch


def logits(config, tensors, ids, *, lora=None, prefix=None):
    """The logits of one row of ids.

    Args:
        config: The original's config.json.
        tensors: Its weights by their names.
        ids: A list of ids.
        lora: By layer, what is added to the fused weight.
        prefix: Rows `[length, 2 * layers, groups, width]` of keys and values in front.
    """
    weights = {name: one.double() for name, one in tensors.items()}
    eps = config["layernorm_epsilon"]
    hidden = weights["transformer.embedding.word_embeddings.weight"][ids]
    for layer in range(config["num_layers"]):
        at = f"transformer.encoder.layers.{layer}."
        part = {n.removeprefix(at): one for n, one in weights.items() if n.startswith(at)}
        fused = part["self_attention.query_key_value.weight"]
        if lora is not None:
            fused = fused + lora[layer].double()
        ahead = None if prefix is None else prefix.double()[:, 2 * layer : 2 * layer + 2]
        seen = _norm(hidden, part["input_layernorm.weight"], eps)
        qkv = seen @ fused.T + part.get("self_attention.query_key_value.bias", 0)
        hidden = hidden + _attention(config, qkv, ahead) @ part["self_attention.dense.weight"].T
        seen = _norm(hidden, part["post_attention_layernorm.weight"], eps)
        gate, up = (seen @ part["mlp.dense_h_to_4h.weight"].T).chunk(2, dim=-1)
        hidden = hidden + (gate * gate.sigmoid() * up) @ part["mlp.dense_4h_to_h.weight"].T
    hidden = _norm(hidden, weights["transformer.encoder.final_layernorm.weight"], eps)
    return hidden @ weights["transformer.output_layer.weight"].T


def greedy(config, tensors, ids, count, **options):
    """The likeliest ids, one after another."""
    ids = list(ids)
    start = len(ids)
    while len(ids) < start + count:
        ids.append(int(logits(config, tensors, ids, **options)[-1].argmax()))
    return ids[start:]


def _norm(x, weight, eps):
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * weight


def _attention(config, qkv, ahead):
    heads, groups = config["num_attention_heads"], config["multi_query_group_num"]
    width, count = config["kv_channels"], len(qkv)
    queries, keys, values = qkv.split([heads * width, groups * width, groups * width], dim=-1)
    queries = _rotated(config, queries.view(count, heads, width))
    keys = _rotated(config, keys.view(count, groups, width))
    values = values.view(count, groups, width)
    before = 0
    if ahead is not None:  # neither rotated nor hidden from any position
        before = len(ahead)
        keys, values = torch.cat([ahead[:, 0], keys]), torch.cat([ahead[:, 1], values])
    out = torch.empty(count, heads, width, dtype=torch.float64)
    for head in range(heads):
        group = head // (heads // groups)
        for place in range(count):
            end = before + place + 1
            fit = keys[:end, group] @ queries[place, head] / width**0.5
            out[place, head] = fit.softmax(0) @ values[:end, group]
    return out.reshape(count, heads * width)


def _rotated(config, x):
    """Pairs (2j, 2j + 1) of the first half of each head, turned by its position."""
    half = config["kv_channels"] // 2
    base = 10_000 * config.get("rope_ratio", 1)
    turns = base ** -(torch.arange(0, half, 2, dtype=torch.float64) / half)
    angle = torch.arange(len(x), dtype=torch.float64)[:, None] * turns
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    first, second = x[..., 0:half:2], x[..., 1:half:2]
    turned = torch.stack([first * cos - second * sin, second * cos + first * sin], dim=-1)
    return torch.cat([turned.flatten(-2), x[..., half:]], dim=-1)
