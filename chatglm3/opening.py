"""From what `ChatGLM3` was given to the engine that answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from ..engines.engine import Engine
from ..wire.tokenizer import (
    ByteTokenizer,
    ChatGLM3Tokenizer,
    JsonTokenizer,
    Tokenizer,
    load_tokenizer,
)

# Without `generate_batch`, replies are written one after another.
_NEEDED = ("name", "tokenizer", "max_context", "generate", "agenerate")


def open_engine(
    engine: Any,
    model: str | None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    adapter: str | None = None,
    tokenizer: Any = None,
) -> Engine:
    """An open engine, the one of a name, or that of a checkpoint; "small" is made where it is not.

    Raises:
        ValueError: nothing was named, or something that does not go with an open engine.
        CheckpointError: the model cannot be loaded.
        MissingExtraError: the small model has to be made, and the extra `small` is not installed.
    """
    if tokenizer is not None:
        raise ValueError(
            "tokenizer= goes with base_url=; a checkpoint and an engine have their own"
        )
    if engine is not None:
        given = {"device": device, "dtype": dtype, "adapter": adapter}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"{name}= goes with model=, not with an engine that is open")
        return _as_engine(engine)
    if model is None:
        raise ValueError(
            "say what shall answer: ChatGLM3(model=FOLDER), model='small', engine='extractive', "
            "an Engine, or base_url= of a server"
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


def open_remote(
    base_url: str,
    tokenizer: Any,
    *,
    given: Mapping[str, Any],
    model: str | None = None,
    api_key: SecretStr | None = None,
    max_retries: int = 2,
) -> Engine:
    """The model of a server that gives token ids, tried before it is used.

    Args:
        base_url: Its address.
        tokenizer: A `Tokenizer`, the folder of a checkpoint, a file of a vocabulary, or "bytes".
        given: What does not go with it.
        model: What it is called there.
        api_key: The server's key.
        max_retries: How often a request that could not begin is sent again.

    Raises:
        ValueError: there is no tokenizer, or something is given that does not go with it.
        CheckpointError: there is no vocabulary where the tokenizer is said to be.
        EngineError: the server cannot be reached, or gives no ids.
    """
    from ..engines.http_engine import HTTPEngine

    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name}= does not go with base_url=: the model runs elsewhere")
    if tokenizer is None:
        raise ValueError(
            "base_url= needs tokenizer=, the vocabulary of the model there: the folder of its "
            'checkpoint, or "bytes" for a groundglm server without weights'
        )
    vocabulary = _tokenizer(tokenizer)
    secret = api_key.get_secret_value() if api_key is not None else None
    return HTTPEngine.open(
        base_url, vocabulary, model=model, api_key=secret, max_retries=max_retries
    )


def _tokenizer(given: Any) -> Tokenizer:
    if given == "bytes":
        return ByteTokenizer()
    if not isinstance(given, str | Path):
        return cast("Tokenizer", given)
    path = Path(given)
    if path.is_dir():
        return load_tokenizer(path)
    return JsonTokenizer(path) if path.suffix == ".json" else ChatGLM3Tokenizer(path)


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
