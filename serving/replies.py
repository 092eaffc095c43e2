"""Replies that end when their reader goes away: whole ones, and streams of events."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from .failures import RequestError, as_request_error, error_object, error_response

_QUIET_SECONDS = 10.0  # then a stream says that it is alive
_END = object()

Ending = Literal["gone", "late", "stopped"]


class Bounds:
    """How long a reply may take, and what ends it before.

    Args:
        seconds: The most that it may take.
        stopped: Set when the server cannot wait any longer; None never is.
    """

    def __init__(self, seconds: float, stopped: asyncio.Event | None = None) -> None:
        self.seconds = seconds
        self.stopped = stopped

    def failure(self, ending: Ending) -> RequestError:
        """What is told of a reply that was ended."""
        if ending == "late":
            return RequestError(f"no answer in {self.seconds:g} seconds", status=504)
        said = "the server went down before the answer was whole; ask again"
        return RequestError(said, status=503, code="stopping", headers={"Retry-After": "2"})


class WholeReply(Response):
    """A reply of JSON that is worked out while its reader waits, and given up when it leaves."""

    def __init__(
        self,
        work: Callable[[], Awaitable[Any]],
        bounds: Bounds,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._work = work
        self._bounds = bounds
        self._status = status
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def one() -> AsyncGenerator[Any]:
            yield await self._work()

        try:
            async for result in until_gone(one(), receive, self._bounds):
                if result is _QUIET:
                    continue
                response = JSONResponse(result, self._status, self._headers)
                await response(scope, receive, send)
        except _Gone:
            return
        except Exception as error:
            await error_response(as_request_error(error))(scope, receive, send)


class EventStream(Response):
    """A stream of server-sent events; an error before the first is a whole reply with its status.

    Args:
        events: What each event holds, as JSON; begun when the reply is.
        bounds: How long it may take.
        ends_with: The last line, such as OpenAI's "[DONE]".
        named: Whether each item is a pair of the event's name and its data.
    """

    def __init__(
        self,
        events: Callable[[], AsyncGenerator[Any]],
        bounds: Bounds,
        *,
        ends_with: str | None = "[DONE]",
        named: bool = False,
    ) -> None:
        super().__init__(media_type="text/event-stream")
        self._events = events
        self._bounds = bounds
        self._ends_with = ends_with
        self._named = named
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            async for item in until_gone(self._events(), receive, self._bounds):
                if not self._begun:
                    await self._begin(send)
                await self._send(send, ": waiting\n\n" if item is _QUIET else self._written(item))
            if not self._begun:
                await self._begin(send)
            await self._end(send)
        except _Gone:
            return
        except OSError:  # the reader left while something was on its way
            return
        except Exception as error:
            await self._fail(error, scope, receive, send)

    async def _begin(self, send: Send) -> None:
        self._begun = True
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _end(self, send: Send) -> None:
        last = f"data: {self._ends_with}\n\n" if self._ends_with is not None else ""
        await self._send(send, last, more=False)

    async def _fail(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        told = as_request_error(error)
        if not self._begun:
            await error_response(told)(scope, receive, send)
            return
        data = error_object(told)
        with suppress(OSError):
            await self._send(send, self._written(("error", data) if self._named else data))
            await self._end(send)

    def _written(self, item: Any) -> str:  # noqa: ANN401 - any JSON
        if self._named:
            name, data = item
            return f"event: {name}\ndata: {_json(data)}\n\n"
        return f"data: {_json(item)}\n\n"

    async def _send(self, send: Send, text: str, *, more: bool = True) -> None:
        await send({"type": "http.response.body", "body": text.encode("utf-8"), "more_body": more})


def _json(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    # A half of a character, which a model may write, is no UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8")


class _Gone(Exception):
    """The reader went away."""


_QUIET = object()


async def until_gone(
    items: AsyncGenerator[Any], receive: Receive, bounds: Bounds
) -> AsyncIterator[Any]:
    """The items, until the reader goes away, the time is over, or the server goes down.

    Then the generator is closed, which stops what it does. While nothing comes for a while,
    `_QUIET` is given.

    Raises:
        RequestError: the time is over, or the server goes down.
    """
    read: asyncio.Queue[tuple[object, BaseException | None]] = asyncio.Queue()

    async def run() -> None:
        error: BaseException | None = None
        try:
            async for item in items:
                read.put_nowait((item, None))
        except BaseException as raised:  # goes to the reader
            error = raised
        finally:
            await items.aclose()
        read.put_nowait((_END, error))

    def end(ending: Ending) -> None:
        error = _Gone() if ending == "gone" else bounds.failure(ending)
        read.put_nowait((_END, error))

    async def watch_reader() -> None:
        await _until_left(receive)
        end("gone")

    async def watch_server() -> None:
        if bounds.stopped is not None:
            await bounds.stopped.wait()
            end("stopped")

    work = asyncio.create_task(run())
    watching = [asyncio.create_task(watch_reader())]
    if bounds.stopped is not None:
        watching.append(asyncio.create_task(watch_server()))
    alarm = asyncio.get_running_loop().call_later(bounds.seconds, end, "late")
    try:
        while True:
            try:
                async with asyncio.timeout(_QUIET_SECONDS):
                    item, error = await read.get()
            except TimeoutError:
                yield _QUIET
                continue
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        alarm.cancel()
        for task in (work, *watching):
            task.cancel()
        await asyncio.gather(work, *watching, return_exceptions=True)


async def _until_left(receive: Receive) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
