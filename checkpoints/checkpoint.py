"""ChatGLM3's checkpoints: the original layout in, transformers' own `GlmForCausalLM` out.

The network of ChatGLM3 is that of `glm` after renaming tensors and splitting the fused attention
projection; no remote code is run and nothing is unpickled but tensors.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..errors import CheckpointError
from ..wire.tokenizer import STOP_IDS
from .adapters import merge_lora
from .config import CheckpointConfig, Variant, read_config
from .shards import listed, stored_tensors

if TYPE_CHECKING:
    from transformers import GlmForCausalLM

_NAMES: Mapping[str, str] = {
    "transformer.embedding.word_embeddings.weight": "model.embed_tokens.weight",
    "transformer.encoder.final_layernorm.weight": "model.norm.weight",
    "transformer.output_layer.weight": "lm_head.weight",
}
_IN_LAYER: Mapping[str, str] = {
    "input_layernorm.weight": "input_layernorm.weight",
    "post_attention_layernorm.weight": "post_attention_layernorm.weight",
    "self_attention.dense.weight": "self_attn.o_proj.weight",
    "mlp.dense_h_to_4h.weight": "mlp.gate_up_proj.weight",
    "mlp.dense_4h_to_h.weight": "mlp.down_proj.weight",
}
_LAYER = re.compile(r"transformer\.encoder\.layers\.(\d{1,4})\.(.+)")
_FUSED = "self_attention.query_key_value."
# Always of base 10000, whatever the rope ratio says; the model computes its own.
_DROPPED = frozenset({"transformer.rotary_pos_emb.inv_freq"})
_PREFIX = "transformer.prefix_encoder."

DOWNLOADS = (
    "hf download {id} --local-dir chatglm3-6b",
    "modelscope download --model {modelscope} --local_dir chatglm3-6b",
)


def load_model(
    path: str | Path,
    *,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    lora: str | Path | None = None,
    variant: Variant | None = None,
) -> "GlmForCausalLM":
    """Load a ChatGLM3 checkpoint as transformers' `GlmForCausalLM`, ready for evaluation.

    Tensors are mapped while they stream in: in the dtype that they are stored in they stay mapped
    from the file on a CPU, else one at a time is converted.

    Args:
        path: An original folder (safetensors or .bin, sharded or single) or a converted one.
        dtype: A floating dtype or its name; None keeps what is stored.
        device: Where the model goes; the CPU if None.
        lora: A folder with a LoRA adapter of ChatGLM3's fine-tuning demo, merged into the weights.
        variant: Which ChatGLM3 it is, where its config does not show it.

    Raises:
        CheckpointError: there is no checkpoint, it is incomplete, damaged, of another model, or
            cannot be expressed; the message names the tensor, file or key.
        ValueError: the dtype does not exist.
    """
    from transformers import GlmConfig, GlmForCausalLM

    folder = checkpoint_folder(path)
    wanted = None if dtype is None else dtype_of(dtype)
    config = read_config(folder, variant=variant)
    glm = GlmConfig(**config.glm)
    glm.name_or_path = str(folder)
    with torch.device("meta"):
        model = GlmForCausalLM(glm)
    target = torch.device(device or "cpu")
    for name, tensor in checked_tensors(folder, config):
        _assign(model, name, tensor.to(device=target, dtype=wanted or tensor.dtype))
    if glm.tie_word_embeddings:
        model.tie_weights()
    # Not stored: the frequencies, which must stay float32 whatever the weights are.
    rotary = model.model.rotary_emb
    model.model.rotary_emb = type(rotary)(config=glm).to(target)
    model.generation_config.eos_token_id = list(STOP_IDS)
    model.generation_config.pad_token_id = 0
    model.eval()
    if lora is not None:
        merge_lora(model, Path(lora))
    return model


def checkpoint_folder(path: str | Path) -> Path:
    """The folder of a checkpoint.

    Raises:
        CheckpointError: there is none; for the name of a model on a hub, with the lines that
            download it.
    """
    folder = Path(path)
    if folder.is_dir():
        return folder
    if re.fullmatch(r"[\w.-]+/[\w.-]+", str(path)) and not folder.exists():
        lines = "\n  ".join(
            line.format(id=path, modelscope=str(path).replace("THUDM/", "ZhipuAI/"))
            for line in DOWNLOADS
        )
        raise CheckpointError(
            f"{path} is no folder here. Nothing is downloaded by itself; fetch it with one of\n"
            f"  {lines}\nand pass the folder."
        )
    raise CheckpointError(f"{path} is no folder, so it is no checkpoint")


def dtype_of(name: torch.dtype | str) -> torch.dtype:
    """A floating dtype by its name, such as "bfloat16".

    Raises:
        ValueError: there is none of that name.
    """
    found = getattr(torch, name, None) if isinstance(name, str) else name
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ValueError(f"dtype must be float32, bfloat16 or float16, not {name!r}")
    return found


# --- names and shapes ----------------------------------------------------------------------------


def expected_shapes(config: CheckpointConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor that the model needs, by the name that `glm` gives it."""
    glm = config.glm
    hidden, wide = glm["hidden_size"], glm["intermediate_size"]
    heads, groups, width = glm["num_attention_heads"], glm["num_key_value_heads"], glm["head_dim"]
    rows = {"q_proj": heads * width, "k_proj": groups * width, "v_proj": groups * width}
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (glm["vocab_size"], hidden),
        "model.norm.weight": (hidden,),
    }
    if not glm["tie_word_embeddings"]:
        found["lm_head.weight"] = (glm["vocab_size"], hidden)
    for layer in range(glm["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name, count in rows.items():
            found[f"{at}self_attn.{name}.weight"] = (count, hidden)
            if glm["attention_bias"]:
                found[f"{at}self_attn.{name}.bias"] = (count,)
        found[f"{at}self_attn.o_proj.weight"] = (hidden, heads * width)
        found[f"{at}mlp.gate_up_proj.weight"] = (2 * wide, hidden)
        found[f"{at}mlp.down_proj.weight"] = (hidden, wide)
        found[f"{at}input_layernorm.weight"] = (hidden,)
        found[f"{at}post_attention_layernorm.weight"] = (hidden,)
    return found


def checked_tensors(folder: Path, config: CheckpointConfig) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a checkpoint under `glm`'s names, each once, with the shape it must have.

    Raises:
        CheckpointError: one is missing, left over, of another shape, or quantized.
    """
    expected = expected_shapes(config)
    seen: set[str] = set()
    for name, tensor in renamed_tensors(folder, config):
        _check(name, tensor, expected, seen, folder)
        seen.add(name)
        yield name, tensor
    missing = sorted(expected.keys() - seen)
    if missing:
        raise CheckpointError(f"{folder} is incomplete: {listed(missing)} missing")


def renamed_tensors(folder: Path, config: CheckpointConfig) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a checkpoint under `glm`'s names, file after file."""
    for name, tensor in stored_tensors(folder):
        if config.layout == "glm":
            yield name, tensor
        else:
            yield from _renamed(name, tensor, config, folder)


def _renamed(
    name: str, tensor: torch.Tensor, config: CheckpointConfig, folder: Path
) -> Iterator[tuple[str, torch.Tensor]]:
    if name in _DROPPED or name.startswith(_PREFIX):
        return
    if name in _NAMES:
        if name != "transformer.output_layer.weight" or not config.glm["tie_word_embeddings"]:
            yield _NAMES[name], tensor
        return
    layer = _LAYER.fullmatch(name)
    if layer is not None and layer[2] in _IN_LAYER:
        yield f"model.layers.{int(layer[1])}.{_IN_LAYER[layer[2]]}", tensor
    elif layer is not None and layer[2].startswith(_FUSED):
        kind = layer[2].removeprefix(_FUSED)
        for part, rows in zip(("q", "k", "v"), split_rows(tensor, config, name), strict=True):
            yield f"model.layers.{int(layer[1])}.self_attn.{part}_proj.{kind}", rows
    else:
        raise CheckpointError(f"{folder} holds a tensor that ChatGLM3 does not have: {name}")


def split_rows(
    tensor: torch.Tensor, config: CheckpointConfig, name: str
) -> tuple[torch.Tensor, ...]:
    """The rows of queries, keys and values of the fused projection; views, nothing is copied."""
    glm = config.glm
    groups = glm["num_key_value_heads"] * glm["head_dim"]
    sizes = [glm["num_attention_heads"] * glm["head_dim"], groups, groups]
    if tensor.shape[0] != sum(sizes):
        raise CheckpointError(
            f"{name} has {tensor.shape[0]} rows, but config.json asks for {sum(sizes)}"
        )
    return torch.split(tensor, sizes)


def _check(
    name: str,
    tensor: torch.Tensor,
    expected: Mapping[str, tuple[int, ...]],
    seen: set[str],
    folder: Path,
) -> None:
    if name not in expected:
        raise CheckpointError(f"{folder} holds a tensor that its config has no place for: {name}")
    if name in seen:
        raise CheckpointError(f"{folder} holds {name} twice")
    if tuple(tensor.shape) != expected[name]:
        raise CheckpointError(
            f"{folder}: {name} has the shape {tuple(tensor.shape)}, but config.json asks for "
            f"{expected[name]}"
        )
    if not tensor.is_floating_point():
        raise CheckpointError(
            f"{folder}: {name} is {str(tensor.dtype).removeprefix('torch.')}, as in a quantized "
            "checkpoint; load the one that was not quantized"
        )


def _assign(model: torch.nn.Module, name: str, tensor: torch.Tensor) -> None:
    module, _, leaf = name.rpartition(".")
    model.get_submodule(module)._parameters[leaf] = torch.nn.Parameter(tensor)  # pyright: ignore[reportPrivateUsage]
