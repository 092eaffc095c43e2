"""The engine protocol: token ids in, token ids out, streamed and cancellable."""

import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from ..grammar.grammar import Grammar
from ..wire.tokenizer import STOP_IDS, Tokenizer

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What an engine is asked for: prompt ids, an end, and how to sample.

    `temperature` 0 means greedy. `grammar` holds the reply to a form where the engine
    `supports_grammar`. `tool_choice` is "auto", "none", "any" or a tool's name, for
    engines without a grammar that must know that a call is forced. `question_holds_evidence` says
    that the last user turn was written by `evidence.format_question`. Once `cancelled` is set, the
    reply ends within a token, with that reason; it is no part of what requests are compared by.
    """

    prompt_ids: Sequence[int]
    max_tokens: int = 1024
    stop_ids: tuple[int, ...] = STOP_IDS
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    grammar: Grammar | None = None
    tool_choice: str = "auto"
    question_holds_evidence: bool = False
    cancelled: threading.Event | None = field(default=None, compare=False, repr=False)

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the reply any more."""
        return self.cancelled is not None and self.cancelled.is_set()


@dataclass(frozen=True, slots=True)
class TokenChunk:
    """New ids of a reply; the last chunk says why it ended and may hold the id that ended it."""

    ids: tuple[int, ...] = field(default=())
    finish_reason: FinishReason | None = None


@runtime_checkable
class Engine(Protocol):
    """Something that continues token ids. Closing the iterator cancels the generation."""

    @property
    def name(self) -> str:
        """What answers report as the model's name."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer whose ids this engine speaks."""
        ...

    @property
    def max_context(self) -> int:
        """The most ids of prompt and reply together."""
        ...

    @property
    def supports_grammar(self) -> bool:
        """Whether `GenerationRequest.grammar` is obeyed."""
        ...

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        """Stream the reply's ids; the last chunk has a finish reason."""
        ...

    def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio."""
        ...

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole reply to each of several requests, with its finish reason."""
        ...

    def score(
        self, prompt_ids: Sequence[int], continuations: Sequence[Sequence[int]]
    ) -> list[float]:
        """The log-probability of each continuation; NotImplementedError where there is none."""
        ...


def one_by_one(engine: Engine, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
    """A batch for an engine that gains nothing by computing replies together."""
    found: list[TokenChunk] = []
    for request in requests:
        ids: list[int] = []
        reason: FinishReason | None = "cancelled"
        for chunk in () if request.is_cancelled else engine.generate(request):
            ids.extend(chunk.ids)
            reason = chunk.finish_reason
            if reason is None and request.is_cancelled:
                reason = "cancelled"
                break
        found.append(TokenChunk(tuple(ids), reason))
    return found


def check_grammar(engine: Engine, grammar: Grammar) -> None:
    """Have an engine refuse a grammar before it is used, if it can tell.

    Raises:
        EngineError: no reply fits the grammar, or the engine cannot read it.
    """
    check = getattr(engine, "check_grammar", None)
    if check is not None:
        check(grammar)


def holds_grammars(engine: Engine) -> bool:
    """Whether an engine can hold replies to a grammar; one that does not say cannot."""
    return bool(getattr(engine, "supports_grammar", False))
