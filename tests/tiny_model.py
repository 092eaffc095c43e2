"""A random model in ChatGLM3's original layout, small enough to make in a test."""

import json

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

CONFIG = {
    "model_type": "chatglm",
    "padded_vocab_size": 512,
    "hidden_size": 32,
    "ffn_hidden_size": 48,
    "num_layers": 2,
    "num_attention_heads": 4,
    "multi_query_group_num": 2,
    "kv_channels": 16,
    "seq_length": 256,
    "layernorm_epsilon": 1e-5,
    "add_qkv_bias": True,
    "add_bias_linear": False,
    "rmsnorm": True,
    "post_layer_norm": True,
    "multi_query_attention": True,
    "original_rope": True,
    "torch_dtype": "float32",
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def original_tensors(config=CONFIG, *, seed=1):
    """Random weights under the original's names."""
    random = torch.Generator().manual_seed(seed)

    def matrix(*shape):
        return torch.randn(*shape, generator=random) * 0.4

    hidden, wide = config["hidden_size"], config["ffn_hidden_size"]
    heads = config["num_attention_heads"] * config["kv_channels"]
    fused = heads + 2 * config["multi_query_group_num"] * config["kv_channels"]
    found = {
        "transformer.embedding.word_embeddings.weight": matrix(config["padded_vocab_size"], hidden),
        "transformer.encoder.final_layernorm.weight": 1 + matrix(hidden),
        "transformer.output_layer.weight": matrix(config["padded_vocab_size"], hidden),
        "transformer.rotary_pos_emb.inv_freq": torch.ones(config["kv_channels"] // 4),
    }
    for layer in range(config["num_layers"]):
        at = f"transformer.encoder.layers.{layer}."
        found |= {
            f"{at}input_layernorm.weight": 1 + matrix(hidden),
            f"{at}post_attention_layernorm.weight": 1 + matrix(hidden),
            f"{at}self_attention.query_key_value.weight": matrix(fused, hidden),
            f"{at}self_attention.query_key_value.bias": matrix(fused),
            f"{at}self_attention.dense.weight": matrix(hidden, heads),
            f"{at}mlp.dense_h_to_4h.weight": matrix(2 * wide, hidden),
            f"{at}mlp.dense_4h_to_h.weight": matrix(hidden, wide),
        }
    return found


def write_original(folder, *, kind="safetensors", shards=1, tensors=None, config=CONFIG):
    """Write a checkpoint of the original layout, and give its folder."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    tensors = original_tensors(config) if tensors is None else tensors
    suffix = "safetensors" if kind == "safetensors" else "bin"
    stem = "model" if kind == "safetensors" else "pytorch_model"

    def save(part, path):
        if kind == "safetensors":
            save_file(part, path)
        else:
            torch.save(part, path)

    if shards == 1:
        save(tensors, folder / f"{stem}.{suffix}")
        return folder
    names = sorted(tensors)
    placed = {}
    for number in range(shards):
        file = f"{stem}-{number + 1:05d}-of-{shards:05d}.{suffix}"
        part = {name: tensors[name] for name in names[number::shards]}
        save(part, folder / file)
        placed |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": placed}
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index))
    return folder


TINY = {
    **CONFIG, "padded_vocab_size": 65024, "hidden_size": 16, "ffn_hidden_size": 24,
    "seq_length": 2048,
}  # fmt: skip


def write_byte_vocabulary(folder):
    """A vocabulary of single bytes, so that any text has ids and random ids are mostly text."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    names = ["<pad>", "<s>", "</s>", *sorted(alphabet)]
    tokenizer = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
