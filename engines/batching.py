"""Replies that an engine computed together, handed to the calls that ask for them one by one.

LangChain's `batch` makes a call of its own for each input, with its own callbacks, traces and
errors. So the replies are computed before, and each call finds its own.
"""

import contextvars
import logging
import threading
from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from ..errors import EngineError, GroundGLMError
from .engine import Engine, GenerationRequest, TokenChunk

_log = logging.getLogger(__name__)

#: Prompts that are computed together at most, where nothing else is said.
LARGEST_BATCH = 16


class PreparedReplies:
    """Whole replies by the request that they answer; equal requests have one each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: defaultdict[GenerationRequest, deque[TokenChunk]] = defaultdict(deque)

    def compute(self, engine: Engine, requests: Sequence[GenerationRequest], *, size: int) -> None:
        """Have the replies computed, in batches of prompts of similar length."""
        ordered = list(requests)
        if len(ordered) > size:
            ordered.sort(key=lambda request: len(request.prompt_ids))
        for start in range(0, len(ordered), size):
            together = ordered[start : start + size]
            if any(request.is_cancelled for request in together):
                return
            try:
                found = engine.generate_batch(together)
            except (EngineError, ValueError) as error:
                # Too large for the memory, say. Each call then writes its own reply, or says itself
                # what is wrong with it.
                _log.warning("%d prompts could not be computed together: %s", len(together), error)
                continue
            for request, chunk in zip(together, found, strict=True):
                self._waiting[request].append(chunk)

    def take(self, request: GenerationRequest) -> TokenChunk | None:
        """The reply to a request, if one was computed that nobody took yet."""
        with self._lock:
            waiting = self._waiting.get(request)
            return waiting.popleft() if waiting else None


_prepared: contextvars.ContextVar[PreparedReplies | None] = contextvars.ContextVar(
    "groundglm_prepared", default=None
)


@contextmanager
def prepared(replies: PreparedReplies) -> Generator[None]:
    """Let the calls made inside find these replies."""
    token = _prepared.set(replies)
    try:
        yield
    finally:
        _prepared.reset(token)


def chunks_of(engine: Engine, request: GenerationRequest) -> Iterator[TokenChunk]:
    """The chunks of a reply: the one that was prepared, else those that the engine writes now."""
    chunk = prepared_chunk(request)
    return iter([chunk]) if chunk is not None else engine.generate(request)


def prepared_chunk(request: GenerationRequest) -> TokenChunk | None:
    """The prepared reply to a request, if there is one."""
    replies = _prepared.get()
    return replies.take(request) if replies is not None else None


class BatchedModel(Protocol):
    """What of the chat model a batch needs."""

    cache: Any
    rate_limiter: Any
    timeout: float | None

    @property
    def writer(self) -> Engine:
        """What answers."""
        ...

    def read_input(self, given: LanguageModelInput) -> Sequence[BaseMessage]:
        """An input as messages."""
        ...

    def make_request(
        self, messages: Sequence[BaseMessage], options: Mapping[str, Any]
    ) -> GenerationRequest:
        """The request of a call."""
        ...


def together(
    model: BatchedModel,
    inputs: Sequence[LanguageModelInput],
    config: RunnableConfig | list[RunnableConfig] | None,
    options: Mapping[str, Any],
    cancelled: threading.Event | None = None,
) -> tuple[list[GenerationRequest], int] | None:
    """What can be computed together, and how much at once; None where nothing is gained."""
    alone = model.cache or model.rate_limiter or options.get("timeout", model.timeout)
    if len(inputs) < 2 or alone or not getattr(model.writer, "has_weights", True):
        return None
    if not hasattr(model.writer, "generate_batch"):
        return None
    first = config[0] if isinstance(config, list) and config else config
    most = cast("RunnableConfig", first or {}).get("max_concurrency") or LARGEST_BATCH
    requests: list[GenerationRequest] = []
    for one in inputs:
        try:
            request = model.make_request(model.read_input(one), options)
        except (ValueError, GroundGLMError):
            continue  # its own call says so
        requests.append(replace(request, cancelled=cancelled))
    return (requests, most) if len(requests) > 1 and most > 1 else None
