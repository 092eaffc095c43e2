"""From what `ChatGLM3` was given to the engine that answers."""

from typing import Any, cast

from ..engines.engine import Engine

# Without `generate_batch`, replies are written one after another.
_NEEDED = ("name", "tokenizer", "max_context", "generate", "agenerate")


def open_engine(
    engine: Any,
    model: str | None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    adapter: str | None = None,
) -> Engine:
    """An open engine, the one of a name, or that of a checkpoint; "small" is made where it is not.

    Raises:
        ValueError: nothing was named, or something that does not go with an open engine.
        CheckpointError: the model cannot be loaded.
        MissingExtraError: the small model has to be made, and the extra `small` is not installed.
    """
    if engine is not None:
        given = {"device": device, "dtype": dtype, "adapter": adapter}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"{name}= goes with model=, not with an engine that is open")
        return _as_engine(engine)
    if model is None:
        raise ValueError(
            "say what shall answer: ChatGLM3(model=FOLDER), model='small', engine='extractive', "
            "or an Engine"
        )
    # They load torch, which no other engine needs.
    from ..checkpoints.small_model import (
        SMALL,
        cached_small_model,
        small_adapter,
        small_model_name,
    )
    from ..engines.transformers_engine import TransformersEngine

    if model != SMALL:
        return TransformersEngine.open(model, device=device, dtype=dtype, adapter=adapter)
    small = TransformersEngine.open(
        cached_small_model(),
        device=device,
        dtype=dtype,
        adapter=adapter or small_adapter(),
        name=small_model_name(adapter),
    )
    small.copies_arguments = True  # it misspells now and then what it copies
    small.holds_changing_tools = True  # and calls now and then what nobody asked for
    small.declines_itself = True
    return small


def _as_engine(engine: object) -> Engine:
    """An engine by its name, or the given one.

    Raises:
        ValueError: there is no engine of that name.
        TypeError: the object is no engine; what it lacks is named.
    """
    if engine == "extractive":
        from ..engines.extractive_engine import ExtractiveEngine

        return ExtractiveEngine()
    if isinstance(engine, str):
        raise ValueError(f"there is no engine {engine!r}; pass 'extractive' or an Engine")
    lacking = [name for name in _NEEDED if not hasattr(engine, name)]
    if lacking:
        raise TypeError(
            f"{type(engine).__name__} is no Engine (see groundglm.chatglm3.Engine): it lacks "
            f"{lacking[0]}"
        )
    return cast("Engine", engine)
