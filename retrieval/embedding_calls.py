"""Calls of an embedding model: tried again where a remote one fails for a moment, and checked."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from langchain_core.embeddings import Embeddings

from ..errors import EngineError

logger = logging.getLogger(__name__)

_TRIES = 6
_FIRST_WAIT = 1.0  # seconds; doubled each time
_LONGEST_WAIT = 60.0
_MOMENTARY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_NAMES = ("Timeout", "Connection", "RateLimit", "ServiceUnavailable", "RemoteProtocol")

T = TypeVar("T")


def embedded(embeddings: Embeddings, texts: Sequence[str]) -> np.ndarray:
    """The vectors of texts, float32, of shape [len(texts), dimensions].

    Raises:
        EngineError: the model gave another number of vectors, or one that is no vector.
    """
    rows = tried(lambda: embeddings.embed_documents(list(texts)))
    return _checked(rows, len(texts), embeddings)


def embedded_query(embeddings: Embeddings, text: str) -> np.ndarray:
    """The vector of a question, float32.

    Raises:
        EngineError: what the model gave is no vector.
    """
    return _checked([tried(lambda: embeddings.embed_query(text))], 1, embeddings)[0]


def tried(call: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """What a call gives, tried again where it failed for what may pass: a busy or lost server.

    Waits 1, 2, 4 ... seconds, or as long as the server says; what still fails is raised.
    """
    wait = _FIRST_WAIT
    for left in reversed(range(_TRIES)):
        try:
            return call()
        except Exception as error:
            if not left or not is_momentary(error):
                raise
            pause = _told_wait(error) or wait * random.uniform(0.8, 1.2)
            logger.warning(
                "The embedding model did not answer (%s); again in %.0f s, %d times more",
                error,
                pause,
                left,
            )
            sleep(min(pause, _LONGEST_WAIT))
            wait *= 2
    raise AssertionError("the last try gives or raises")


def is_momentary(error: BaseException) -> bool:
    """Whether the same call may succeed later: lost connections, timeouts, busy servers."""
    status = getattr(error, "status_code", None)
    if status is None:
        status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return status in _MOMENTARY
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    return any(
        name in kind.__name__
        for kind in type(error).__mro__
        for name in _NAMES
        if kind.__module__.split(".")[0] not in ("builtins", "groundglm")
    )


def _told_wait(error: BaseException) -> float:
    headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        return max(0.0, float(headers["retry-after"])) if headers is not None else 0.0
    except (KeyError, TypeError, ValueError):
        return 0.0


def _checked(rows: object, count: int, embeddings: Embeddings) -> np.ndarray:
    try:
        array = np.asarray(rows, dtype="<f4")
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or len(array) != count or not array.size:
        raise EngineError(
            f"the embedding model {type(embeddings).__name__} was asked for {count} vectors and "
            f"gave something else (shape {array.shape}); nothing was stored"
        )
    if not np.isfinite(array).all():
        raise EngineError(
            f"the embedding model {type(embeddings).__name__} gave a vector that is not finite; "
            "nothing was stored"
        )
    return array
