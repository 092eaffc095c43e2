"""Turns at the engine: so many at once, so many waiting, and everybody else told to come back."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from .failures import RequestError


class TurnQueue:
    """Lets so many run at once, in the order in which they came; for one event loop.

    Args:
        concurrent: How many run at once.
        waiting: How many may wait.
        seconds: How long one waits.
    """

    def __init__(self, concurrent: int, waiting: int, seconds: float) -> None:
        self.concurrent = concurrent
        self.most_waiting = waiting
        self.seconds = seconds
        self.running = 0
        self.stopping = asyncio.Event()
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn, and hold it.

        Raises:
            RequestError: too many wait, it took too long, or the server is going down.
        """
        await self._enter()
        try:
            yield
        finally:
            self.running -= 1
            self._next()

    def stop(self) -> None:
        """Let nobody in any more, and send away who waits; what runs goes on."""
        self.stopping.set()
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(_busy("the server is going down", "stopping"))

    async def _enter(self) -> None:
        if self.stopping.is_set():
            raise _busy("the server is going down", "stopping")
        if self.running < self.concurrent and not self._waiting:
            self.running += 1
            return
        if len(self._waiting) >= self.most_waiting:
            raise _busy(
                f"{self.running} requests are being answered and {self.waiting} wait; try again",
                "queue_full",
            )
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await asyncio.wait_for(asyncio.shield(place), self.seconds)
        except BaseException as error:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.running -= 1  # the turn came while it was given up
                self._next()
            elif place in self._waiting:
                self._waiting.remove(place)
            place.cancel()
            if isinstance(error, TimeoutError):
                raise _busy(f"no turn came up in {self.seconds:g} seconds", "queue_full") from None
            raise

    def _next(self) -> None:
        while self._waiting and self.running < self.concurrent:
            place = self._waiting.popleft()
            if not place.done():
                self.running += 1
                place.set_result(None)


def _busy(message: str, code: str) -> RequestError:
    return RequestError(message, status=503, code=code, headers={"Retry-After": "2"})
