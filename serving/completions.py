"""`/v1/completions`: a prompt gone on with, ids in and ids out, as other machines' adapters ask it.

What `engines.http_engine` speaks, and what vLLM answers in the same way.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..engines.async_chunks import written
from ..engines.engine import Engine, GenerationRequest, check_grammar, holds_grammars
from ..grammar.grammar import Grammar
from ..wire.tokenizer import STOP_IDS
from .access import Asker, server_of
from .failures import EVENTS, RequestError, documented
from .openai_types import CompletionReply, CompletionRequest, OwnCompletionOptions
from .pieces import Finished, new_id, usage_of
from .replies import EventStream, WholeReply
from .served_base import ServedBase

if TYPE_CHECKING:
    from .server import Server

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_STREAM: dict[str, Any] = {
    "content": EVENTS,
    "description": "The continuations, or their pieces as server-sent events.",
}
_DEFAULT_TOKENS = 16  # OpenAI's


@router.post(
    "/completions",
    response_model=CompletionReply,
    responses={**documented(404, 504), 200: _STREAM},
    summary="Prompts gone on with",
)
async def completions(request: CompletionRequest, key: Asker, http: Request) -> Response:
    """Go on with prompts. Text is encoded as text: no control token is ever read in it."""
    server = server_of(http)
    target = server.model(request.model)
    engine = target.engine if isinstance(target, ServedBase) else target.writer
    if engine is None:
        raise RequestError(
            "the model behind this base speaks text, not ids; ask it by /v1/chat/completions",
            param="model",
            code="unsupported_model",
        )
    work = _Completions(server, request, engine)
    if request.stream:
        return EventStream(work.chunks, server.bounds)
    return WholeReply(work.whole, server.bounds)


@dataclass(slots=True)
class _Row:
    """One continuation as far as it has come."""

    prompt: Sequence[int]
    ids: list[int]
    text: str = ""
    reason: str | None = None
    settled: int = 0  # ids before which the text is certain
    told: int = 0  # ids whose text was given


class _Completions:
    """The continuations that a request asks for.

    Raises:
        RequestError: it asks for what cannot be.
    """

    def __init__(self, server: "Server", request: CompletionRequest, engine: Engine) -> None:
        for name in ("echo", "suffix", "logprobs"):
            if getattr(request, name):
                raise RequestError(
                    f"{name} is not supported", param=name, code="unsupported_parameter"
                )
        if request.best_of not in (None, 1, request.n):
            raise RequestError("best_of is not supported", param="best_of")
        self._server = server
        self._request = request
        self._engine = engine
        self._head = {
            "id": new_id("cmpl"),
            "object": "text_completion",
            "created": int(time.time()),
            "model": request.model,
        }
        prompts = [prompt for prompt in self._prompts() for _ in range(request.n or 1)]
        self._rows = [_Row(prompt, []) for prompt in prompts]
        self._asked = [self._generation(row, place) for place, row in enumerate(self._rows)]

    def _prompts(self) -> list[Sequence[int]]:
        prompt = self._request.prompt
        encode = self._engine.tokenizer.encode
        if isinstance(prompt, str):
            return [encode(prompt)]
        found: list[Sequence[int]] = []
        if prompt and isinstance(prompt[0], int):
            return [[one for one in prompt if isinstance(one, int)]]
        for one in prompt:
            if isinstance(one, str):
                found.append(encode(one))
            elif isinstance(one, list):
                found.append(one)
        return found

    def _generation(self, row: _Row, place: int) -> GenerationRequest:
        request, engine = self._request, self._engine
        own = request.groundglm or OwnCompletionOptions()
        room = engine.max_context - len(row.prompt)
        if room < 1:
            raise RequestError(
                f"the prompt has {len(row.prompt)} tokens, {engine.name} takes "
                f"{engine.max_context} in all",
                code="context_length_exceeded",
            )
        stops = STOP_IDS if request.stop_token_ids is None else tuple(request.stop_token_ids)
        return GenerationRequest(
            tuple(row.prompt),
            max_tokens=min(request.max_tokens or _DEFAULT_TOKENS, room),
            stop_ids=stops,
            temperature=request.temperature or 0.0,
            top_p=request.top_p or 1.0,
            seed=None if request.seed is None else request.seed + place,
            grammar=self._grammar(own),
            tool_choice=own.tool_choice,
            question_holds_evidence=own.question_holds_evidence,
        )

    def _grammar(self, own: OwnCompletionOptions) -> Grammar | None:
        held = self._request.structured_outputs
        if held is None or held.grammar is None:
            return None
        if not holds_grammars(self._engine):
            raise RequestError(
                f"{self._engine.name} cannot be held to a grammar",
                param="structured_outputs",
                code="unsupported_parameter",
            )
        quote = own.quote if own.quote in ('"', "'") else '"'
        grammar = Grammar(held.grammar, own.reserve, quote)
        check_grammar(self._engine, grammar)
        return grammar

    async def whole(self) -> dict[str, Any]:
        """All of them at once."""
        async for _ in self._pieces():
            pass
        return {
            **self._head,
            "choices": [self._choice(place, row) for place, row in enumerate(self._rows)],
            "usage": self._usage(),
        }

    async def chunks(self) -> AsyncGenerator[dict[str, Any]]:
        """Their pieces, and at the end what they took where that was asked for."""
        begun: set[int] = set()
        async for place, ids, text in self._pieces():
            row = self._rows[place]
            piece = _Row(row.prompt, ids, text, row.reason)
            choice = self._choice(place, piece, with_prompt=place not in begun)
            begun.add(place)
            yield {**self._head, "choices": [choice]}
        options = self._request.stream_options
        if options is not None and options.include_usage:
            yield {**self._head, "choices": [], "usage": self._usage()}

    async def _pieces(self) -> AsyncGenerator[tuple[int, list[int], str]]:
        """Place, new ids and new text, one continuation after another."""
        async with self._server.queue.turn():
            for place, (row, asked) in enumerate(zip(self._rows, self._asked, strict=True)):
                async with aclosing(self._one(row, asked)) as pieces:
                    async for ids, text in pieces:
                        yield place, ids, text
                self._server.count(
                    self._engine.name, row.reason or "stop", len(row.prompt), len(row.ids)
                )

    async def _one(
        self, row: _Row, asked: GenerationRequest
    ) -> AsyncGenerator[tuple[list[int], str]]:
        stops = self._request.stops
        async with written(self._engine, asked) as chunks:
            async for chunk in chunks:
                row.ids += chunk.ids
                fresh = self._fresh_text(row, is_last=chunk.finish_reason is not None)
                if chunk.finish_reason is not None:
                    row.reason = "length" if chunk.finish_reason == "length" else "stop"
                ends = [place for stop in stops if (place := (row.text + fresh).find(stop)) >= 0]
                if ends:
                    row.reason = "stop"
                    fresh = fresh[: max(0, min(ends) - len(row.text))]
                    row.text = row.text[: min(ends)]
                row.text += fresh
                yield list(chunk.ids), fresh
                if row.reason is not None:
                    return

    def _fresh_text(self, row: _Row, *, is_last: bool) -> str:
        """What new ids add to the text; half of a character waits for the rest of it."""
        decode = self._engine.tokenizer.decode
        ids = [id_ for id_ in row.ids[row.settled :] if id_ not in STOP_IDS]
        seen = [id_ for id_ in row.ids[row.settled : row.told] if id_ not in STOP_IDS]
        text, before = decode(ids), decode(seen)
        if text.endswith("\ufffd") and not is_last:
            return ""
        row.settled, row.told = row.told, len(row.ids)
        return text[len(before) :]

    def _choice(self, place: int, row: _Row, *, with_prompt: bool = True) -> dict[str, Any]:
        told: dict[str, Any] = {
            "index": place,
            "text": row.text,
            "finish_reason": row.reason,
            "logprobs": None,
        }
        if self._request.return_token_ids:
            told["token_ids"] = row.ids
            told["prompt_token_ids"] = list(row.prompt) if with_prompt else None
        return told

    def _usage(self) -> dict[str, int]:
        return usage_of([Finished("", len(row.prompt), len(row.ids)) for row in self._rows])
