"""Turns of one conversation, one after another: for threads, for asyncio, and for streams."""

import asyncio
import contextvars
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from langgraph.checkpoint.base import BaseCheckpointSaver

from ..errors import ConversationError

T = TypeVar("T")

# The turns that the running code is a part of.
_within: contextvars.ContextVar[frozenset[object]] = contextvars.ContextVar(
    "groundglm_turns", default=frozenset()
)


@dataclass(frozen=True, eq=False, slots=True)
class _Turn:
    """A turn that is taken; of a task, with its event loop: blocking that would wait for ever."""

    loop: asyncio.AbstractEventLoop | None


class Turns:
    """Who may take the next turn of a conversation: first come, first served.

    Threads and tasks of any event loop wait in one queue; nothing is kept of a conversation in
    which nobody takes a turn.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: dict[str, deque[Future[None]]] = {}
        self._turns: dict[str, _Turn] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def turn(self, thread_id: str) -> Generator[None]:
        """Wait for the turn and take it.

        Raises:
            ConversationError: the turn would wait for itself.
        """
        loop = _running_loop()
        ready = self._enter(thread_id, blocks=loop)
        if ready is not None:
            try:
                ready.result()
            except BaseException:
                self._give_up(thread_id, ready)
                raise
        with self._taken(thread_id, None):
            yield

    @asynccontextmanager
    async def aturn(self, thread_id: str) -> AsyncGenerator[None]:
        """The same for asyncio; the loop runs on meanwhile."""
        ready = self._enter(thread_id, blocks=None)
        if ready is not None:
            try:
                await asyncio.wrap_future(ready)
            except BaseException:
                self._give_up(thread_id, ready)
                raise
        with self._taken(thread_id, _running_loop()):
            yield

    @contextmanager
    def _taken(self, thread_id: str, loop: asyncio.AbstractEventLoop | None) -> Generator[None]:
        turn = self._turns[thread_id] = _Turn(loop)
        token = _within.set(_within.get() | {turn})
        try:
            yield
        finally:
            _within.reset(token)
            self._leave(thread_id)

    def _enter(
        self, thread_id: str, *, blocks: asyncio.AbstractEventLoop | None
    ) -> "Future[None] | None":
        """Join the queue; None where the turn is ours at once."""
        with self._guard:
            if thread_id not in self._waiting:
                self._waiting[thread_id] = deque()
                return None
            turn = self._turns.get(thread_id)
            if turn in _within.get():
                raise ConversationError(
                    f"the conversation {thread_id!r} is asked from within its own turn, by a tool "
                    "or a middleware; ask without a thread_id there, or in another one"
                )
            if blocks is not None and turn is not None and turn.loop is blocks:
                raise ConversationError(
                    f"a turn of the conversation {thread_id!r} runs in this event loop, which "
                    "ask() or stream() would block; await aask() instead"
                )
            ready: Future[None] = Future()
            self._waiting[thread_id].append(ready)
            return ready

    def _leave(self, thread_id: str) -> None:
        with self._guard:
            waiting = self._waiting[thread_id]
            while waiting:
                ready = waiting.popleft()
                self._turns.pop(thread_id, None)
                if ready.set_running_or_notify_cancel():
                    ready.set_result(None)
                    return
            del self._waiting[thread_id]
            self._turns.pop(thread_id, None)

    def _give_up(self, thread_id: str, ready: "Future[None]") -> None:
        """Whoever waited is gone: hand the turn on if it came all the same."""
        if not ready.cancel():
            self._leave(thread_id)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


# --- checkpointers --------------------------------------------------------------------------------


def check_sync(checkpointer: BaseCheckpointSaver[Any]) -> None:
    """Refuse a checkpointer that cannot be used without asyncio.

    Raises:
        ConversationError: it is asynchronous, and would wait for ever or fail in the middle.
    """
    # LangGraph's asynchronous checkpointers keep the loop that they work in; its own thread must
    # not wait for it, and a loop that does not run never answers.
    loop: object = getattr(checkpointer, "loop", None)
    blocked = isinstance(loop, asyncio.AbstractEventLoop) and (
        not loop.is_running() or _running_loop() is loop
    )
    if blocked:
        raise ConversationError(
            f"the checkpointer {type(checkpointer).__name__} is asynchronous: await aask(), or "
            "give build_agent a synchronous one, such as SqliteSaver, for ask() and stream()"
        )


async def check_async(checkpointer: BaseCheckpointSaver[Any], thread_id: str) -> None:
    """Refuse a checkpointer that cannot be used with asyncio, by asking it for a conversation.

    Raises:
        ConversationError: it is synchronous.
    """
    try:
        await checkpointer.aget_tuple(
            {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
        )
    except NotImplementedError:
        raise ConversationError(
            f"the checkpointer {type(checkpointer).__name__} is synchronous: call ask(), or give "
            "build_agent an asynchronous one, such as AsyncSqliteSaver, for aask()"
        ) from None


# --- streams --------------------------------------------------------------------------------------

_END = object()


def run_ahead(items: Callable[[], Iterator[T]]) -> Generator[T]:
    """The items of an iterator that runs in a thread of its own, to its end, however they are read.

    So a stream that is read by half holds nothing up. Closing this generator stops the other one at
    its next item.
    """
    read: queue.SimpleQueue[tuple[object, BaseException | None]] = queue.SimpleQueue()
    stopped = threading.Event()

    def run() -> None:
        error: BaseException | None = None
        source = items()
        try:
            for item in source:
                read.put((item, None))
                if stopped.is_set():
                    break
            close = getattr(source, "close", None)
            if close is not None:
                close()
        except BaseException as raised:  # goes to whoever reads
            error = raised
        read.put((_END, error))

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True, name="groundglm-stream").start()
    try:
        while True:
            item, error = read.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item  # pyright: ignore[reportReturnType]
    finally:
        stopped.set()


async def arun_ahead(items: Callable[[], AsyncIterator[T]]) -> AsyncGenerator[T]:
    """The same for asyncio: a task of its own; closing this generator cancels it."""
    read: asyncio.Queue[tuple[object, BaseException | None]] = asyncio.Queue()

    async def run() -> None:
        error: BaseException | None = None
        try:
            async for item in items():
                read.put_nowait((item, None))
        except BaseException as raised:  # goes to whoever reads
            error = raised
        read.put_nowait((_END, error))

    task = asyncio.create_task(run())
    try:
        while True:
            item, error = await read.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item  # pyright: ignore[reportReturnType]
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
