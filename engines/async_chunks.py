"""Chunks of a reply for asyncio: read beside the event loop, and ended with whoever reads them."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from .engine import Engine, GenerationRequest, TokenChunk


@asynccontextmanager
async def written(
    engine: Engine, request: GenerationRequest
) -> AsyncGenerator[AsyncIterator[TokenChunk]]:
    """The chunks of a reply, which ends at once where they are not read to their end."""
    chunks = engine.agenerate(request)
    try:
        yield chunks
    finally:
        close = getattr(chunks, "aclose", None)  # of an engine of the user's it may be any iterator
        if close is not None:
            await close()


async def in_thread(items: Callable[[], Iterator[TokenChunk]]) -> AsyncGenerator[TokenChunk]:
    """The chunks of an iterator that runs in a thread of its own, beside the event loop."""
    loop = asyncio.get_running_loop()
    read: asyncio.Queue[TokenChunk | BaseException | None] = asyncio.Queue()
    stopped = threading.Event()

    def tell(item: TokenChunk | BaseException | None) -> None:
        # The loop may be closed by the time that the last token comes.
        if not loop.is_closed():
            loop.call_soon_threadsafe(read.put_nowait, item)

    def run() -> None:
        try:
            for chunk in items():
                if stopped.is_set():
                    return
                tell(chunk)
            tell(None)
        except BaseException as error:  # goes to whoever reads
            tell(error)

    threading.Thread(target=run, daemon=True, name="groundglm-engine").start()
    try:
        while (item := await read.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
