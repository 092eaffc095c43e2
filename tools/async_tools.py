"""Tools for callers of the other kind: of asyncio for those without, and the other way round."""

import asyncio
import contextvars
import functools
import os
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cache
from typing import Any, ClassVar

from langchain_core.tools import BaseTool, StructuredTool

_MOST_IDLE = 32  # threads that wait for further calls

#: When whoever waits for a tool gives it up, on the clock of `time.monotonic`; None for never.
deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar(
    "groundglm_tool_deadline", default=None
)


class _Worker:
    """A thread that does one thing after another, and may be left behind in the middle of one."""

    _idle: ClassVar[list["_Worker"]] = []

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name="groundglm-tool").start()

    @classmethod
    def take(cls) -> "_Worker":
        """One that has nothing to do, or a new one."""
        try:
            return cls._idle.pop()
        except IndexError:
            return cls()

    @classmethod
    def forget(cls) -> None:
        """Count on none of them any more."""
        cls._idle.clear()

    def give(self, work: Callable[[], None]) -> None:
        """Have it do something, which must not raise."""
        self._work.put(work)

    def _run(self) -> None:
        while True:
            self._work.get()()
            if len(self._idle) >= _MOST_IDLE:
                return
            self._idle.append(self)


# The threads stay behind where a process is forked.
os.register_at_fork(after_in_child=_Worker.forget)


def run_in_worker(work: Callable[[], None]) -> None:
    """Do something in a thread of its own: one that hangs keeps nobody else from theirs."""
    _Worker.take().give(work)


def usable_everywhere(tool: BaseTool) -> BaseTool:
    """The tool, able to be called with and without asyncio.

    Where it has only a coroutine, callers without asyncio wait for it; where it has only a
    function, asyncio runs it in a thread of its own: one that hangs takes nobody's place.
    """
    if not isinstance(tool, StructuredTool):
        return tool
    if tool.func is None and tool.coroutine is not None:
        coroutine = _staying(tool.coroutine)
        return tool.model_copy(update={"func": _waiting(coroutine), "coroutine": coroutine})
    if tool.coroutine is None and tool.func is not None:
        return tool.model_copy(update={"coroutine": _threaded(tool.func)})
    return tool


def _staying(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def call(*args: Any, **options: Any) -> Any:
        try:
            return await function(*args, **options)
        except SystemExit as error:  # it would end the event loop of everybody
            raise RuntimeError(f"SystemExit: {error}") from error

    return call


def _threaded(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)  # LangChain looks for injected arguments in the signature
    async def call(*args: Any, **options: Any) -> Any:
        done: Future[Any] = Future()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                result = context.run(function, *args, **options)
            except BaseException as raised:
                # The one asyncio cannot carry, and would hang; the other would end its loop.
                is_carried = not isinstance(raised, StopIteration | SystemExit)
                error = raised if is_carried else RuntimeError(f"{type(raised).__name__}: {raised}")
                if done.set_running_or_notify_cancel():
                    done.set_exception(error)
            else:
                if done.set_running_or_notify_cancel():
                    done.set_result(result)

        run_in_worker(work)
        return await asyncio.wrap_future(done)

    return call


async def _awaited(
    function: Callable[..., Awaitable[Any]], args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    return await function(*args, **options)


def _waiting(coroutine: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    @functools.wraps(coroutine)  # LangChain looks for injected arguments in the signature
    def call(*args: Any, **options: Any) -> Any:
        done: Future[Any] = Future()
        context = contextvars.copy_context()

        def start() -> None:
            task = loop.create_task(_awaited(coroutine, args, options), context=context)
            task.add_done_callback(lambda task: _hand_over(task, done))
            done.add_done_callback(
                lambda done: loop.call_soon_threadsafe(task.cancel) if done.cancelled() else None
            )

        loop = _loop()
        if _is_running_in(loop):
            raise RuntimeError(
                "an asynchronous tool was called without await from within another one, which "
                "would wait for ever; await it (ainvoke, aask)"
            )
        loop.call_soon_threadsafe(start)
        try:
            ends = deadline.get()
            return done.result(None if ends is None else max(0.0, ends - time.monotonic()))
        except BaseException:
            done.cancel()
            raise

    return call


def _is_running_in(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _hand_over(task: "asyncio.Task[Any]", done: "Future[Any]") -> None:
    if not done.set_running_or_notify_cancel():
        return
    if task.cancelled():
        done.set_exception(asyncio.CancelledError("the tool was cancelled"))
    elif (error := task.exception()) is not None:
        done.set_exception(error)
    else:
        done.set_result(task.result())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop for all such tools, in a thread of its own: their clients keep connections."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="groundglm-tools").start()
    return loop
