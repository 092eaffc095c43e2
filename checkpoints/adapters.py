"""Adapters: LoRA of ChatGLM3's fine-tuning demo and of our own, and P-tuning v2 prefixes."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from ..errors import CheckpointError
from .shards import open_shard

if TYPE_CHECKING:
    from transformers import DynamicCache, GlmForCausalLM

_LORA_FILES = ("adapter_model.safetensors", "adapter_model.bin")
_PREFIX_FILES = ("pytorch_model.bin", "model.safetensors", "prefix.safetensors")
_LORA = re.compile(
    r"base_model\.model\.transformer\.encoder\.layers\.(\d{1,4})\."
    r"(self_attention\.query_key_value|self_attention\.dense|mlp\.dense_h_to_4h|mlp\.dense_4h_to_h)"
    r"\.lora_([AB])(?:\.default)?\.weight"
)
_TARGETS: Mapping[str, tuple[str, ...]] = {
    "self_attention.query_key_value": (
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
    ),
    "self_attention.dense": ("self_attn.o_proj",),
    "mlp.dense_h_to_4h": ("mlp.gate_up_proj",),
    "mlp.dense_4h_to_h": ("mlp.down_proj",),
}
# What `groundglm finetune` writes: the same matrices under transformers' names, and whole rows of
# the embedding and the output.
_GLM_LORA = re.compile(
    r"base_model\.model\.model\.layers\.(\d{1,4})\."
    r"(self_attn\.[qkvo]_proj|mlp\.gate_up_proj|mlp\.down_proj)"
    r"\.lora_([AB])(?:\.default)?\.weight"
)
_ROWS = re.compile(
    r"base_model\.model\.(?:model\.)?(embed_tokens|lm_head)"
    r"\.token_adapter\.trainable_tokens_delta(?:\.default)?"
)
_PREFIX = re.compile(
    r"(?:transformer\.)?prefix_encoder\.(embedding|trans\.0|trans\.2)\.(weight|bias)"
)


# --- LoRA ----------------------------------------------------------------------------------------


def merge_lora(model: "GlmForCausalLM", folder: Path) -> None:
    """Merge a LoRA adapter (Hu et al. 2021) into the weights.

    Under ChatGLM3's original names, as its fine-tuning demo writes it, or under transformers', as
    `groundglm finetune` does, with rows of control ids. W + B A · alpha / r, the rows of B divided
    among queries, keys and values where they are fused; alpha / √r where the adapter was trained
    with rank-stabilised LoRA.

    Raises:
        CheckpointError: it is no such adapter, or does not fit the model.
    """
    settings = _settings(folder / "adapter_config.json")
    if settings.get("peft_type") != "LORA" or settings.get("use_dora"):
        raise CheckpointError(f"{folder} is no plain LoRA adapter: {settings.get('peft_type')!r}")
    if settings.get("bias", "none") != "none" or settings.get("modules_to_save"):
        raise CheckpointError(f"{folder} changes more than LoRA's matrices, which is not supported")
    halves: dict[tuple[int, str], dict[str, torch.Tensor]] = {}
    for name, tensor in _tensors_of(folder, _LORA_FILES).items():
        rows = _ROWS.fullmatch(name)
        if rows is not None:
            _set_rows(model, rows[1], tensor, settings)
            continue
        match = _LORA.fullmatch(name) or _GLM_LORA.fullmatch(name)
        if match is None:
            raise CheckpointError(f"{folder}: {name} is no LoRA weight of ChatGLM3")
        halves.setdefault((int(match[1]), match[2]), {})[match[3]] = tensor
    if not halves:
        raise CheckpointError(f"{folder} holds no LoRA weights")
    for (layer, target), pair in sorted(halves.items()):
        if set(pair) != {"A", "B"}:
            raise CheckpointError(f"{folder}: layer {layer} lacks one half of {target}")
        _merge(model, layer, target, pair["A"], pair["B"], _scale(settings, pair["A"].shape[0]))


def _settings(path: Path) -> dict[str, Any]:
    try:
        data: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.parent} is no adapter: {path.name}: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} is no JSON object")
    return cast("dict[str, Any]", data)


def _scale(settings: Mapping[str, Any], rank: int) -> float:
    alpha: object = settings.get("lora_alpha")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        raise CheckpointError(f"adapter_config.json needs a number lora_alpha, not {alpha!r}")
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


@torch.no_grad()
def _merge(
    model: "GlmForCausalLM",
    layer: int,
    target: str,
    a: torch.Tensor,
    b: torch.Tensor,
    scale: float,
) -> None:
    if layer >= len(model.model.layers):
        raise CheckpointError(f"the adapter has a layer {layer}, which the model does not have")
    modules = [
        cast("torch.nn.Linear", model.model.layers[layer].get_submodule(name))
        for name in _TARGETS.get(target, (target,))
    ]
    rows = [module.weight.shape[0] for module in modules]
    if (
        b.shape[0] != sum(rows)
        or a.shape[1] != modules[0].weight.shape[1]
        or a.shape[0] != b.shape[1]
    ):
        raise CheckpointError(
            f"the adapter does not fit layer {layer}: {target} is {sum(rows)} x "
            f"{modules[0].weight.shape[1]}, its A is {tuple(a.shape)} and its B {tuple(b.shape)}"
        )
    for module, part in zip(modules, torch.split(b, rows), strict=True):
        weight = module.weight
        change = scale * (part.float() @ a.float()).to(weight.device)
        # A new tensor: the old one may be mapped from the file.
        module.weight = torch.nn.Parameter((weight.float() + change).to(weight.dtype))


@torch.no_grad()
def _set_rows(
    model: "GlmForCausalLM", place: str, rows: torch.Tensor, settings: Mapping[str, Any]
) -> None:
    """Put trained rows of control ids into the embedding or the output."""
    indices: object = settings.get("trainable_token_indices")
    given: object = (
        cast("dict[str, object]", indices).get(place) if isinstance(indices, dict) else None
    )
    listed = cast("list[object]", given) if isinstance(given, list) else []
    module: Any = model.model.embed_tokens if place == "embed_tokens" else model.lm_head
    ids = [id_ for id_ in listed if isinstance(id_, int) and 0 <= id_ < len(module.weight)]
    if len(ids) != len(listed) or rows.shape != (len(ids), module.weight.shape[1]):
        raise CheckpointError(f"the adapter's rows of {place} do not fit its list, or the model")
    # A new tensor: the old one may be mapped from the file.
    weight = module.weight.detach().clone()
    weight[torch.tensor(ids)] = rows.to(weight)
    module.weight = torch.nn.Parameter(weight)


# --- P-tuning v2 ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prefix:
    """A P-tuning v2 prefix (Liu et al. 2021): keys and values in front of every layer.

    `states` has the shape [2 · layers, groups, length, head width], keys and values by turns. Pass
    `cache()` as `past_key_values` (`cache` since transformers 5.24), with `length` ones in front of
    the attention mask, and position ids that count from 0 at the first token.
    """

    states: torch.Tensor

    @property
    def length(self) -> int:
        """How many positions the prefix takes."""
        return self.states.shape[2]

    def cache(self, batch_size: int = 1) -> "DynamicCache":
        """A fresh cache that holds the prefix for each row of a batch."""
        from transformers import DynamicCache

        cache: Any = DynamicCache()
        for layer in range(self.states.shape[0] // 2):
            keys, values = (
                self.states[2 * layer + part].expand(batch_size, -1, -1, -1).clone()
                for part in (0, 1)
            )
            cache.update(keys, values, layer)
        return cache


@torch.no_grad()
def load_prefix(path: str | Path, model: "GlmForCausalLM") -> Prefix:
    """Load a P-tuning v2 prefix of ChatGLM3's fine-tuning demo for a model.

    Args:
        path: The folder, with or without a projection.
        model: The model that it was trained for.

    Raises:
        CheckpointError: it is no prefix, or does not fit the model.
    """
    folder = Path(path)
    found: dict[str, torch.Tensor] = {}
    for name, tensor in _tensors_of(folder, _PREFIX_FILES).items():
        match = _PREFIX.fullmatch(name)
        if match is not None:
            found[f"{match[1]}.{match[2]}"] = tensor.float()
    if "embedding.weight" not in found:
        raise CheckpointError(
            f"{folder} holds no prefix: prefix_encoder.embedding.weight is missing"
        )
    rows = found["embedding.weight"]
    if any(name.startswith("trans.") for name in found):
        needed = ("trans.0.weight", "trans.0.bias", "trans.2.weight", "trans.2.bias")
        lacking = [name for name in needed if name not in found]
        if lacking:
            raise CheckpointError(f"{folder}: the projection lacks prefix_encoder.{lacking[0]}")
        inner = torch.tanh(rows @ found["trans.0.weight"].T + found["trans.0.bias"])
        rows = inner @ found["trans.2.weight"].T + found["trans.2.bias"]
    config: Any = model.config
    groups, width = int(config.num_key_value_heads), int(config.head_dim)
    shape = (2 * int(config.num_hidden_layers), groups, width)
    if rows.shape[1] != math.prod(shape):
        raise CheckpointError(
            f"{folder}: a prefix for this model is {math.prod(shape)} wide, not {rows.shape[1]}"
        )
    weight = model.model.embed_tokens.weight
    states = rows.view(rows.shape[0], *shape).permute(1, 2, 0, 3).contiguous()
    return Prefix(states.to(device=weight.device, dtype=weight.dtype))


def _tensors_of(folder: Path, names: tuple[str, ...]) -> dict[str, torch.Tensor]:
    for name in names:
        if (folder / name).is_file():
            with open_shard(folder / name) as shard:
                return {key: shard.get(key).clone() for key in shard.names()}
    raise CheckpointError(f"{folder} is no adapter: none of {', '.join(names)} is there")
