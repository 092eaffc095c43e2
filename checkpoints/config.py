"""ChatGLM3's config.json, read as plain data, and what it means in transformers' `glm` model."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ..errors import CheckpointError
from ..wire.tokenizer import STOP_IDS

Layout = Literal["original", "glm"]
Variant = Literal["6b", "base", "32k", "128k", "unknown"]

_KEYS = {
    "padded_vocab_size": "vocab_size",
    "hidden_size": "hidden_size",
    "ffn_hidden_size": "intermediate_size",
    "num_layers": "num_hidden_layers",
    "num_attention_heads": "num_attention_heads",
    "multi_query_group_num": "num_key_value_heads",
    "kv_channels": "head_dim",
    "seq_length": "max_position_embeddings",
}
# What the `glm` model does, by the key that would ask for something else.
_EXPRESSED: Mapping[str, tuple[object, ...]] = {
    "rmsnorm": (True,),
    "post_layer_norm": (True,),
    "add_bias_linear": (False,),
    "apply_residual_connection_post_layernorm": (False,),
    "fp32_residual_connection": (False,),
    "multi_query_attention": (True,),
    "original_rope": (True,),
    "quantization_bit": (0, None),
}
_MOST, _MOST_LAYERS = 100_000_000, 1_000  # far beyond any model, and no machine hangs on it
_OTHER_MODELS = ("chatglm2", "codegeex", "glm-4", "glm4")
_SIX_B = {
    "vocab_size": 65024,
    "hidden_size": 4096,
    "intermediate_size": 13696,
    "num_hidden_layers": 28,
    "num_attention_heads": 32,
    "num_key_value_heads": 2,
    "head_dim": 128,
}
_MARK = "groundglm"  # our own notes in a converted config.json


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """What a checkpoint's config.json says.

    `glm` holds the arguments of transformers' `GlmConfig`; `dtype` is the name of the dtype that
    the weights are said to have ("float16"), empty where nothing is said.
    """

    layout: Layout
    glm: Mapping[str, Any]
    variant: Variant
    dtype: str = ""

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and reply together."""
        return int(self.glm["max_position_embeddings"])

    @property
    def is_six_b(self) -> bool:
        """Whether it has the size of ChatGLM3-6B; other models may borrow its network."""
        return all(self.glm[key] == count for key, count in _SIX_B.items())

    @property
    def trained_for_tools(self) -> bool | None:
        """Whether the variant was trained to call tools; None where the variant is unknown."""
        return None if self.variant == "unknown" else self.variant == "6b"


def read_config(folder: Path, *, variant: Variant | None = None) -> CheckpointConfig:
    """Read the config.json of an original ChatGLM3 folder or of a converted one.

    Args:
        folder: The checkpoint.
        variant: Which ChatGLM3 it is, where its config does not show it.

    Raises:
        CheckpointError: it is missing, of another model, or asks for what cannot be expressed.
        ValueError: the variant does not exist, or is not the one that the config shows.
    """
    if variant is not None and variant not in get_args(Variant):
        raise ValueError(f"variant must be one of {get_args(Variant)}, not {variant!r}")
    data = _read_json(folder / "config.json")
    kind = data.get("model_type")
    if kind == "chatglm":
        glm, layout = _from_original(data, folder), cast("Layout", "original")
    elif kind == "glm":
        glm, layout = _from_converted(data, folder), cast("Layout", "glm")
    else:
        raise CheckpointError(
            f"{folder} holds a model of type {kind!r}, not ChatGLM3 (chatglm; glm once converted)"
        )
    shown = _shown_variant(data, glm)
    if variant is not None and shown not in ("unknown", variant):
        raise ValueError(f"{folder} is the variant {shown!r} by its config.json, not {variant!r}")
    named = str(data.get("dtype") or data.get("torch_dtype") or "").removeprefix("torch.")
    return CheckpointConfig(layout, glm, variant or shown, named)


def converted_config(config: CheckpointConfig, dtype: str) -> dict[str, Any]:
    """The config.json of the converted checkpoint."""
    return {
        "architectures": ["GlmForCausalLM"],
        "model_type": "glm",
        **config.glm,
        "dtype": dtype,
        _MARK: {"model": "ChatGLM3", "variant": config.variant},
    }


def generation_config() -> dict[str, Any]:
    """The generation_config.json of a converted checkpoint."""
    return {"eos_token_id": list(STOP_IDS), "pad_token_id": 0, "do_sample": False}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path.parent} holds no config.json, so it is no checkpoint"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} is no JSON object")
    return cast("dict[str, Any]", data)


def _from_original(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    name = str(data.get("_name_or_path", "")).lower()
    if any(other in name for other in _OTHER_MODELS):
        raise CheckpointError(f"{folder} is {data['_name_or_path']}, not ChatGLM3")
    refused = [
        f"{key} = {data[key]!r}"
        for key, fitting in _EXPRESSED.items()
        if key in data and data[key] not in fitting
    ]
    if refused:
        hint = (
            "; load the checkpoint that was not quantized"
            if any(one.startswith("quantization_bit") for one in refused)
            else ""
        )
        raise CheckpointError(
            f"{folder} cannot be expressed as transformers' glm model: {', '.join(refused)}{hint}"
        )
    glm: dict[str, Any] = {ours: _count(data, theirs, folder) for theirs, ours in _KEYS.items()}
    if glm["num_attention_heads"] % glm["num_key_value_heads"]:
        raise CheckpointError(
            f"{folder}: num_attention_heads = {glm['num_attention_heads']} is no multiple of "
            f"multi_query_group_num = {glm['num_key_value_heads']}"
        )
    ratio = _number(data, "rope_ratio", folder, default=1.0)
    return glm | {
        "rms_norm_eps": _number(data, "layernorm_epsilon", folder),
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0 * ratio,
            "partial_rotary_factor": 0.5,
        },
        "attention_bias": bool(data.get("add_qkv_bias", False)),
        "tie_word_embeddings": bool(data.get("tie_word_embeddings", False)),
        "hidden_act": "silu",
        "attention_dropout": 0.0,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": list(STOP_IDS),
    }


def _count(data: Mapping[str, Any], key: str, folder: Path) -> int:
    value: object = data.get(key)
    most = _MOST_LAYERS if key in ("num_layers", "num_hidden_layers") else _MOST
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise CheckpointError(
            f"{folder}: config.json needs a whole number {key} from 1 to {most:,}, not {value!r}"
        )
    return value


def _number(
    data: Mapping[str, Any], key: str, folder: Path, *, default: float | None = None
) -> float:
    value: object = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise CheckpointError(f"{folder}: config.json needs a number {key}, not {value!r}")
    return float(value)


def _from_converted(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    dropped = {"architectures", "model_type", "dtype", "torch_dtype", "auto_map", _MARK}
    glm = {key: value for key, value in data.items() if key not in dropped}
    for key in _KEYS.values():
        glm[key] = _count(data, key, folder)
    glm["rms_norm_eps"] = _number(data, "rms_norm_eps", folder)
    rope: object = data.get("rope_parameters")
    if not isinstance(rope, dict):
        raise CheckpointError(f"{folder}: config.json needs rope_parameters, not {rope!r}")
    _number(cast("dict[str, Any]", rope), "rope_theta", folder)
    for key in ("attention_bias", "tie_word_embeddings"):
        if not isinstance(data.get(key), bool):
            raise CheckpointError(f"{folder}: config.json needs {key} true or false")
    return glm


def _shown_variant(data: Mapping[str, Any], glm: Mapping[str, Any]) -> Variant:
    own: object = data.get(_MARK)
    if isinstance(own, dict):
        noted = str(cast("dict[str, object]", own).get("variant", "unknown"))
        return cast("Variant", noted) if noted in get_args(Variant) else "unknown"
    length = glm.get("max_position_embeddings")
    if length == 32768:
        return "32k"
    if length == 131072:
        return "128k"
    name = str(data.get("_name_or_path", "")).lower().rstrip("/")
    if name.endswith("chatglm3-6b-base"):
        return "base"
    return "6b" if name.endswith("chatglm3-6b") else "unknown"
