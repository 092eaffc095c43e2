"""One model for many at once: replies that are asked for meanwhile join those under way.

Continuous batching (Yu et al. 2022, "Orca"): a step computes the next token of every reply that is
under way; a new prompt is read alone and joins them, and who has ended leaves.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .engine import FinishReason, GenerationRequest, TokenChunk
from .reply_rows import ReplyRows

if TYPE_CHECKING:
    from .transformers_engine import TransformersEngine

#: Replies that are computed together at most.
MOST_ROWS = 16

Told = TokenChunk | BaseException


@dataclass(eq=False, slots=True)
class _Ticket:
    """A reply that somebody waits for."""

    request: GenerationRequest
    tell: Callable[[Told], None]
    given_up: threading.Event = field(default_factory=threading.Event)

    def refresh(self) -> None:
        """Give it up where the one that asked has done so by the request's own event."""
        if self.request.is_cancelled:
            self.given_up.set()


class SharedEngine:
    """A `TransformersEngine` that computes the replies of all callers together.

    Everything else of the engine is as it was. One thread computes; it begins with the first
    request and ends with the process.

    Args:
        engine: The engine.
        most_rows: How many replies are computed together; more wait.
    """

    def __init__(self, engine: "TransformersEngine", *, most_rows: int = MOST_ROWS) -> None:
        self.engine = engine
        self.most_rows = most_rows
        #: How many replies are being written, and how many wait to begin.
        self.writing = 0
        self._new: queue.SimpleQueue[_Ticket] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the engine's own
        return getattr(self.engine, name)

    @property
    def waiting(self) -> int:
        """How many replies have not begun."""
        return self._new.qsize()

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        """Stream a reply, one token a chunk; closing the iterator gives it up.

        Raises:
            ValueError: a prompt id is not in the vocabulary, or there is no prompt.
            EngineError: the model failed, as when memory runs out.
        """
        told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        ticket = self._ask(request, told.put)
        try:
            while True:
                chunk = told.get()
                if isinstance(chunk, BaseException):
                    raise chunk
                yield chunk
                if chunk.finish_reason is not None:
                    return
        finally:
            ticket.given_up.set()

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio; a cancelled task gives the reply up.

        Raises:
            ValueError: as for `generate`.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Told] = asyncio.Queue()

        def tell(chunk: Told) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(told.put_nowait, chunk)

        ticket = self._ask(request, tell)
        try:
            while True:
                chunk = await told.get()
                if isinstance(chunk, BaseException):
                    raise chunk
                yield chunk
                if chunk.finish_reason is not None:
                    return
        finally:
            ticket.given_up.set()

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole replies to several prompts.

        Raises:
            ValueError: as for `generate`.
        """
        told: list[queue.SimpleQueue[Told]] = [queue.SimpleQueue() for _ in requests]
        tickets = [self._ask(one, line.put) for one, line in zip(requests, told, strict=True)]
        try:
            return [_whole(line) for line in told]
        finally:
            for ticket in tickets:
                ticket.given_up.set()

    def _ask(self, request: GenerationRequest, tell: Callable[[Told], None]) -> _Ticket:
        ticket = _Ticket(request, tell)
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, daemon=True, name="groundglm-shared-engine"
                )
                self._thread.start()
        self._new.put(ticket)
        return ticket

    # --- the thread that computes ---------------------------------------------------------------

    def _run(self) -> None:
        rows: ReplyRows | None = None
        tickets: list[_Ticket] = []
        while True:
            for ticket in self._arrived(len(tickets)):
                begun = self._begin(ticket)
                if begun is None:
                    continue
                tickets.append(ticket)
                if rows is None:
                    rows = begun
                else:
                    rows.join(begun)
            self.writing = len(tickets)
            if rows is None or not tickets:
                continue
            rows, tickets = self._step(rows, tickets)
            self.writing = len(tickets)

    def _arrived(self, under_way: int) -> Iterator[_Ticket]:
        """Those that may begin now; waits for one where nothing is under way."""
        if not under_way:
            yield self._new.get()
            under_way += 1
        while under_way < self.most_rows:
            try:
                yield self._new.get_nowait()
            except queue.Empty:
                return
            under_way += 1

    def _begin(self, ticket: _Ticket) -> ReplyRows | None:
        """Read a prompt and give the first token; None where the reply ends with it."""
        ticket.refresh()
        if ticket.given_up.is_set():
            ticket.tell(TokenChunk((), "cancelled"))
            return None
        try:
            rows = ReplyRows(self.engine, [replace(ticket.request, cancelled=ticket.given_up)])
            (chunk,) = rows.step()
        except Exception as error:  # a request that cannot be must not end those of others
            ticket.tell(error)
            return None
        ticket.tell(chunk)
        if chunk.finish_reason is not None:
            rows.keep()
            return None
        return rows

    def _step(
        self, rows: ReplyRows, tickets: list[_Ticket]
    ) -> tuple[ReplyRows | None, list[_Ticket]]:
        for ticket in tickets:
            ticket.refresh()
        try:
            chunks = rows.step()
        except Exception as error:  # of the model itself: all of them end
            for ticket in tickets:
                ticket.tell(error)
            return None, []
        ended = [place for place, chunk in enumerate(chunks) if chunk.finish_reason is not None]
        left = [ticket for place, ticket in enumerate(tickets) if place not in ended]
        if ended:  # before anybody is told: the next turn finds what was read
            rows.leave(ended)
            self.writing = len(left)
        for ticket, chunk in zip(tickets, chunks, strict=True):
            ticket.tell(chunk)
        return (rows, left) if left else (None, [])


def _whole(told: "queue.SimpleQueue[Told]") -> TokenChunk:
    """All that is told of one reply."""
    ids: list[int] = []
    reason: FinishReason | None = None
    while reason is None:
        chunk = told.get()
        if isinstance(chunk, BaseException):
            raise chunk
        ids += chunk.ids
        reason = chunk.finish_reason
    return TokenChunk(tuple(ids), reason)
