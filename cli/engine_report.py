"""What `groundglm doctor` says of the engine: what answers, what is missing, what fits."""

import os
from collections.abc import Mapping
from typing import Any

from ..errors import SettingsError
from ..settings import EngineSettings

_GIB = 2**30
# The published size of ChatGLM3-6B's weights in half precision.
_SIX_B_NUMBERS = 12_487_168_064 // 2
_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}
_ROOM = 0.9  # of the memory; the rest is for replies, vectors and everything else


def memory_gib() -> float | None:
    """The main memory of this machine in GiB, None where the system does not say."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB, 1)
    return None


def describe_engine(settings: EngineSettings, notices: list[str]) -> dict[str, Any]:
    """What would answer, whether its files are whole, and in which dtypes it fits into memory.

    Raises:
        SettingsError: the engine needs a model, and none is named.
        CheckpointError: the model's files are not whole.
    """
    if settings.kind == "extractive":
        fits = _fitting(_SIX_B_NUMBERS)
        return {"name": "groundglm-extractive", "is_chatglm3": False, "chatglm3_6b_fits": fits}
    if settings.kind == "small":
        return _describe_small(settings)
    if settings.kind == "http":
        return _describe_remote(settings)
    if settings.kind == "openai":
        return {"name": settings.model or "", "is_chatglm3": False, "at": settings.openai_base_url}
    from ..checkpoints.checkpoint import checkpoint_folder
    from ..checkpoints.config import read_config
    from ..checkpoints.shards import weight_files
    from ..wire.tokenizer import load_tokenizer

    if not settings.model:
        raise SettingsError("engine.name is 'transformers', but engine.model names no folder")
    folder = checkpoint_folder(settings.model)
    config = read_config(folder)
    load_tokenizer(folder)
    size = sum(path.stat().st_size for path in weight_files(folder))
    numbers = size // _BYTES.get(config.dtype, 2)
    fits = _fitting(numbers)
    wanted = settings.dtype or config.dtype or "float16"
    if not any(one["fits"] for one in fits if one["dtype"] == _either(wanted)):
        notices.append(
            f"The weights take {numbers * _BYTES.get(wanted, 2) / _GIB:.1f} GiB in {wanted}: "
            "more than the memory of this machine or its GPU has room for."
        )
    return {
        "name": folder.resolve().name,
        # The small model speaks through the same network; its size tells.
        "is_chatglm3": config.is_six_b,
        "layout": config.layout,
        "variant": config.variant,
        "trained_for_tools": config.trained_for_tools,
        "context": config.context_length,
        "weights_gib": round(size / _GIB, 2),
        "fits": fits,
    }


def _describe_remote(settings: EngineSettings) -> dict[str, Any]:
    """The model on another machine, tried as it would be before a question.

    Raises:
        SettingsError: its tokenizer is not named.
        EngineError: it cannot be reached, or gives no ids.
    """
    from ..assembly import make_model
    from ..chatglm3.chat_model import ChatGLM3
    from ..settings import Settings

    model = make_model(Settings(engine=settings))
    assert isinstance(model, ChatGLM3)
    return {
        "name": model.model_name,
        "is_chatglm3": False,  # nobody can tell from here
        "at": settings.base_url,
        "context": model.writer.max_context,
        "holds_grammars": model.writer.supports_grammar,
    }


def _describe_small(settings: EngineSettings) -> dict[str, Any]:
    from ..checkpoints.small_model import is_small_model_made, small_model_name

    return {
        "name": small_model_name(settings.adapter),
        "is_chatglm3": False,
        "languages": ["en"],
        "made": is_small_model_made(),
        "chatglm3_6b_fits": _fitting(_SIX_B_NUMBERS),
    }


def engine_line(engine: Mapping[str, Any]) -> str:
    """The engine in one line for a reader."""
    if "made" in engine:
        made = "" if engine["made"] else "; it is made on the first use, from a package of 93 MB"
        return f"{engine['name']} (English only, not ChatGLM3{made})"
    if "at" in engine:
        return f"{engine['name']} at {engine['at']}"
    if "layout" not in engine:
        return f"{engine['name']} (not ChatGLM3)"
    kind = (
        "ChatGLM3" if engine["is_chatglm3"] else "ChatGLM3's network, but not of ChatGLM3-6B's size"
    )
    return (
        f"{engine['name']} ({kind}, {engine['layout']} layout, variant {engine['variant']}, "
        f"{engine['weights_gib']} GiB, {engine['context']} tokens)"
    )


def fitting_line(engine: Mapping[str, Any]) -> str:
    """What fits where, in one line for a reader; nothing of a model elsewhere."""
    if "at" in engine:
        return "the model runs elsewhere"
    fits = engine.get("fits") or engine["chatglm3_6b_fits"]
    who = "it" if "fits" in engine else "ChatGLM3-6B"
    said = [
        f"{one['dtype']} {one['gib']} GiB {'fits' if one['fits'] else 'does not fit'} "
        f"{one['where']} ({one['room_gib']} GiB)"
        for one in fits
    ]
    return f"{who}: " + "; ".join(said)


def _either(dtype: str) -> str:
    return "float32" if dtype == "float32" else "bfloat16"


def _fitting(numbers: int) -> list[dict[str, Any]]:
    import torch

    places: list[tuple[str, float]] = []
    main = memory_gib()
    if main is not None:
        places.append(("main memory", main))
    if torch.cuda.is_available():
        cuda: Any = torch.cuda
        total = int(cuda.get_device_properties(0).total_memory)
        places.append(("the GPU", round(total / _GIB, 1)))
    found: list[dict[str, Any]] = []
    for where, room in places:
        for dtype in ("bfloat16", "float32"):
            needed = numbers * _BYTES[dtype] / _GIB
            found.append(
                {
                    "dtype": dtype,
                    "gib": round(needed, 2),
                    "where": where,
                    "room_gib": room,
                    "fits": needed <= _ROOM * room,
                }
            )
    return found
