"""Tools that are written for asyncio, for callers that are not."""

import asyncio
import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cache
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool


def usable_without_asyncio(tool: BaseTool) -> BaseTool:
    """The tool, able to be called without asyncio too where it has only a coroutine."""
    if not isinstance(tool, StructuredTool) or tool.func is not None or tool.coroutine is None:
        return tool
    return tool.model_copy(update={"func": _waiting(tool.coroutine)})


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
            return done.result()
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
