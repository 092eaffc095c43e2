"""A random checkpoint in ChatGLM3's original layout that vLLM opens once it is converted."""

import json

from groundglm.wire.tokenizer import CONTROL_TOKENS, MASK

from ..tiny_model import CONFIG, original_tensors, write_original

SHAPE = {
    **CONFIG, "padded_vocab_size": 65024, "hidden_size": 256, "ffn_hidden_size": 256,
    "num_layers": 2, "num_attention_heads": 4, "kv_channels": 64, "seq_length": 2048,
}  # fmt: skip


def write_checkpoint(folder, *, seed=1):
    """Write it, with a vocabulary of bytes that fills all of ChatGLM3's ids."""
    tensors = original_tensors(SHAPE, seed=seed)
    tensors["transformer.output_layer.weight"][3:259] *= 6  # it writes bytes, for the most part
    write_original(folder, tensors=tensors, config=SHAPE)
    write_vocabulary(folder)
    return folder


def write_vocabulary(folder):
    """A `tokenizer.json`: bytes at 3 to 258, fillers up to the control tokens, these as special."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = pre_tokenizers.ByteLevel.alphabet()
    shown = sorted(letters)
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2}
    vocabulary |= {letter: place for place, letter in enumerate(shown, start=3)}
    vocabulary |= {f"<filler-{id_}>": id_ for id_ in range(len(vocabulary), MASK)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    names = [name if name.startswith(("<", "[")) else f"<{name}>" for name in CONTROL_TOKENS]
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    assert [made.token_to_id(name) for name in names] == list(CONTROL_TOKENS.values())
    made.save(str(folder / "tokenizer.json"))


def write_tokenizer_config(folder):
    """What `AutoTokenizer` wants beside it."""
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
        "pad_token": "<unk>",
        "eos_token": "</s>",
        "model_max_length": SHAPE["seq_length"],
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(told), encoding="utf-8")
