"""From the original layout to a standard `glm` checkpoint that opens without remote code."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch

from ..errors import CheckpointError
from ..wire.tokenizer import ChatGLM3Tokenizer
from ..wire.tokenizer_files import write_tokenizer
from .checkpoint import (
    checked_tensors,
    checkpoint_folder,
    dtype_of,
    expected_shapes,
    load_model,
    renamed_tensors,
)
from .config import CheckpointConfig, Variant, converted_config, generation_config, read_config
from .shards import weight_files

#: How much of the model is in memory at once: no file of the converted checkpoint is larger.
SHARD_BYTES = 1_000_000_000
_save: Callable[..., None] = cast("Any", safetensors.torch).save_file
_PLAN = "groundglm-conversion.json"

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class ConversionReport:
    """What a conversion wrote; `notices` say what a user should know about it."""

    path: Path
    variant: Variant
    dtype: str
    files: list[str] = field(default_factory=list[str])
    bytes: int = 0
    notices: list[str] = field(default_factory=list[str])


def convert_checkpoint(
    src: str | Path,
    dst: str | Path,
    *,
    dtype: torch.dtype | str | None = None,
    variant: Variant | None = None,
    lora: str | Path | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Progress | None = None,
) -> ConversionReport:
    """Write an original ChatGLM3 checkpoint as a standard `glm` one, or one with its adapter.

    The new folder appears whole or not at all; a conversion that was interrupted goes on where it
    stopped. `AutoModelForCausalLM` and `AutoTokenizer` open it without remote code.

    Args:
        src: The original folder.
        dst: The new folder; it must not exist, or be empty.
        dtype: A floating dtype or its name; None keeps what is stored.
        variant: Which ChatGLM3 it is, where its config does not show it.
        lora: A LoRA adapter to merge into the weights; the whole model is then in memory, and the
            source may be a converted checkpoint.
        shard_bytes: The size of a file of the new checkpoint, and of what is held in memory.
        progress: Called with the bytes of weights done and in all.

    Raises:
        CheckpointError: the source is no ChatGLM3 checkpoint, or the target is taken.
    """
    source, target = checkpoint_folder(src), Path(dst)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CheckpointError(f"{target} is there already; name a folder that does not exist yet")
    config = read_config(source, variant=variant)
    if config.layout == "glm" and lora is None:
        raise CheckpointError(f"{source} is a converted checkpoint already")
    wanted = None if dtype is None else dtype_of(dtype)
    partial = target.with_name(f"{target.name}.partial")
    plan = _plan(source, config, wanted, shard_bytes, lora)
    report = ConversionReport(target, config.variant, plan.dtype)
    _prepare(partial, plan)
    merged = _merged(source, plan, lora, variant) if lora is not None else None
    _write_weights(source, config, plan, partial, report, progress, merged)
    _write_json(partial / "config.json", converted_config(config, plan.dtype))
    _write_json(partial / "generation_config.json", generation_config())
    _write_tokenizer(source, config, partial, report)
    if config.variant == "unknown":
        report.notices.append(
            "config.json does not show which ChatGLM3 this is (6b, base, 32k, 128k); name it with "
            "variant=... (--variant), for only 6b was trained to call tools"
        )
    for left in (*partial.glob("*.new"), *partial.glob(".tmp*")):  # of a process that was killed
        left.unlink()
    (partial / _PLAN).unlink()
    if target.exists():
        target.rmdir()  # refuses, should something lie in it by now
    os.replace(partial, target)
    return report


# --- the plan ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which tensors go into which file; the key tells one conversion from another."""

    key: str
    dtype: str
    shards: list[list[str]]
    bytes: int


def _plan(
    source: Path,
    config: CheckpointConfig,
    wanted: torch.dtype | None,
    shard_bytes: int,
    lora: str | Path | None,
) -> _Plan:
    stored = _stored_dtype(source, config)
    dtype = wanted or stored
    shapes = expected_shapes(config)
    shards: list[list[str]] = []
    room = total = 0
    for name in _in_order(shapes):
        size = dtype.itemsize
        for extent in shapes[name]:
            size *= extent
        if not shards or size > room:
            shards.append([])
            room = shard_bytes
        shards[-1].append(name)
        room -= size
        total += size
    adapted = sorted(Path(lora).iterdir()) if lora is not None and Path(lora).is_dir() else []
    states = [(path.name, path.stat()) for path in (*weight_files(source), *adapted)]
    files = [(name, state.st_size, state.st_mtime_ns) for name, state in states]
    named = str(dtype).removeprefix("torch.")
    told = [str(source.resolve()), files, config.glm, config.variant, named, shard_bytes]
    return _Plan(hashlib.sha256(json.dumps(told).encode()).hexdigest(), named, shards, total)


def _stored_dtype(source: Path, config: CheckpointConfig) -> torch.dtype:
    for _, tensor in renamed_tensors(source, config):
        return tensor.dtype
    raise CheckpointError(f"{source} holds no tensors")


def _in_order(shapes: dict[str, tuple[int, ...]]) -> list[str]:
    """The names in the order in which the original stores them: embedding, layers, the end."""

    def place(name: str) -> tuple[int, int, str]:
        parts = name.split(".")
        if parts[0] == "model" and parts[1] == "layers":
            return (1, int(parts[2]), name)
        return (0 if "embed" in name else 2, 0, name)

    return sorted(shapes, key=place)


def _prepare(partial: Path, plan: _Plan) -> None:
    """Keep what an interrupted conversion of the same kind left; throw anything else away."""
    note = partial / _PLAN
    try:
        same = json.loads(note.read_text("utf-8"))["key"] == plan.key
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        if partial.exists() and not note.exists() and any(partial.iterdir()):
            raise CheckpointError(f"{partial} is in the way and was not made by a conversion")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _write_json(note, {"key": plan.key})


def _merged(
    source: Path, plan: _Plan, lora: str | Path, variant: Variant | None
) -> Mapping[str, torch.Tensor]:
    """The weights of the model with its adapter in them."""
    model = load_model(source, dtype=plan.dtype, lora=lora, variant=variant)
    return {name: one.detach() for name, one in model.state_dict().items()}


# --- writing -------------------------------------------------------------------------------------


def _write_weights(
    source: Path,
    config: CheckpointConfig,
    plan: _Plan,
    partial: Path,
    report: ConversionReport,
    progress: Progress | None,
    merged: Mapping[str, torch.Tensor] | None,
) -> None:
    placed: dict[str, str] = {}
    done = 0
    shapes = expected_shapes(config)
    dtype = dtype_of(plan.dtype)
    count = len(plan.shards)
    for number, names in enumerate(plan.shards, start=1):
        file = (
            "model.safetensors" if count == 1 else f"model-{number:05d}-of-{count:05d}.safetensors"
        )
        if not (partial / file).exists():
            tensors = merged.items() if merged is not None else checked_tensors(source, config)
            _write_shard(source, tensors, names, dtype, partial / file)
        placed |= dict.fromkeys(names, file)
        report.files.append(file)
        for name in names:
            size = dtype.itemsize
            for extent in shapes[name]:
                size *= extent
            done += size
        if progress is not None:
            progress(done, plan.bytes)
    report.bytes = done
    if count > 1:
        index = {"metadata": {"total_size": done}, "weight_map": placed}
        _write_json(partial / "model.safetensors.index.json", index)


def _write_shard(
    source: Path,
    tensors: Iterable[tuple[str, torch.Tensor]],
    names: list[str],
    dtype: torch.dtype,
    path: Path,
) -> None:
    wanted = set(names)
    found: dict[str, torch.Tensor] = {}
    for name, tensor in tensors:
        if name in wanted:
            found[name] = tensor.to(dtype).contiguous()
    missing = sorted(wanted - found.keys())
    if missing:
        raise CheckpointError(f"{source} is incomplete: {missing[0]} is missing")
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    _save(found, temporary, metadata={"format": "pt"})
    os.replace(temporary, path)


def _write_json(path: Path, data: Any) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    temporary.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(temporary, path)


def _write_tokenizer(
    source: Path, config: CheckpointConfig, partial: Path, report: ConversionReport
) -> None:
    if (source / "tokenizer.json").is_file() and not (source / "tokenizer.model").is_file():
        shutil.copyfile(source / "tokenizer.json", partial / "tokenizer.json")
        report.notices.append(
            "tokenizer.json was copied as it is; it has no chat template and no control tokens, "
            "which ChatGLM3(model=...) adds itself"
        )
        return
    if not (source / "tokenizer.model").is_file():
        report.notices.append(
            f"{source} holds no tokenizer.model: the weights were converted, the tokenizer is "
            "missing. Put the tokenizer.model of the original beside them"
        )
        return
    tokenizer = ChatGLM3Tokenizer(source / "tokenizer.model")
    write_tokenizer(tokenizer, partial, context_length=config.context_length)
    shutil.copyfile(source / "tokenizer.model", partial / "tokenizer.model")
