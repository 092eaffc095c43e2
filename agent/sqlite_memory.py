"""Conversations in one SQLite file, with and without asyncio, many at once written together."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.sqlite import SqliteSaver

from ..errors import StorageError

T = TypeVar("T")

_MOST_AT_ONCE = 500


class SqliteMemory(SqliteSaver):
    """LangGraph's SqliteSaver, for callers of either kind, whose writes are committed in groups.

    One thread reads and writes the file. What comes in while a commit is under way is done in the
    next one, so that a thousand conversations do not wait for a thousand commits; a call returns
    when its own commit is done. Other processes may read and write the file at the same time. A
    killed process loses nothing that was returned; after a power cut the last commits may be gone
    (`synchronous="full"` waits for the disk at each).

    >>> with SqliteMemory(":memory:") as memory:
    ...     memory.get_tuple({"configurable": {"thread_id": "1"}}) is None
    True
    """

    def __init__(self, path: str | Path, *, synchronous: str = "normal") -> None:
        """Open or make the file.

        Raises:
            StorageError: it cannot be opened, or is no SQLite file.
            ValueError: there is no such way of writing.
        """
        if synchronous not in ("normal", "full"):
            raise ValueError(f'synchronous is "normal" or "full", not {synchronous!r}')
        self.path = str(path)
        self._work: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._depth = 0
        self._closed = False
        try:
            connection = sqlite3.connect(self.path, check_same_thread=False, timeout=30)
            super().__init__(connection)
            self.setup()
            connection.execute(f"pragma synchronous={synchronous}")
        except sqlite3.Error as error:
            raise StorageError(f"{self.path} cannot be opened: {error}") from error
        self._thread = threading.Thread(target=self._run, daemon=True, name="groundglm-memory")
        self._thread.start()

    def __enter__(self) -> "SqliteMemory":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    async def __aenter__(self) -> "SqliteMemory":
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish what was begun, and close the file."""
        if not self._closed:
            self._closed = True
            self._work.put(None)
            self._thread.join()
            self.conn.close()

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        ends = False
        while not ends:
            group = [self._work.get()]
            while len(group) < _MOST_AT_ONCE:
                try:
                    group.append(self._work.get_nowait())
                except queue.Empty:
                    break
            ends = None in group
            self._together([one for one in group if one is not None])

    def _together(self, group: Sequence[tuple[Callable[[], Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any, BaseException | None]] = []
        for work, future in group:
            if not future.set_running_or_notify_cancel():
                continue
            try:
                done.append((future, work(), None))
            except BaseException as error:  # goes to whoever asked
                done.append((future, None, error))
        try:
            self.conn.commit()
        except sqlite3.Error as error:
            self.conn.rollback()
            told = StorageError(f"{self.path} cannot be written: {error}")
            done = [(future, None, told) for future, _, _ in done]
        for future, result, error in done:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

    @contextmanager
    def cursor(self, transaction: bool = True) -> Generator[sqlite3.Cursor]:
        """A cursor within the group that is being done; its commit comes at the end of it."""
        if threading.current_thread() is not getattr(self, "_thread", None):
            with super().cursor(transaction) as own:
                yield own
            return
        cursor = self.conn.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def _ask(self, work: Callable[[], T]) -> "Future[T]":
        if self._closed:
            raise StorageError(f"the memory {self.path} is closed")
        future: Future[T] = Future()
        self._work.put((work, cast("Future[Any]", future)))
        return future

    def _now(self, work: Callable[[], T]) -> T:
        if threading.current_thread() is self._thread:
            return work()
        return self._ask(work).result()

    async def _later(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._ask(work))

    # --- what LangGraph calls -------------------------------------------------------------------

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The last checkpoint of a conversation, or the one that is named."""
        return self._now(partial(super().get_tuple, config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """The checkpoints, newest first."""
        found = partial(super().list, config, filter=filter, before=before, limit=limit)
        return iter(self._now(lambda: [*found()]))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint."""
        return self._now(partial(super().put, config, checkpoint, metadata, new_versions))

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a step wrote beside a checkpoint."""
        self._now(partial(super().put_writes, config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """Forget a conversation."""
        self._now(partial(super().delete_thread, thread_id))

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, Any]:
        """What LangGraph rebuilds a conversation from."""
        found = partial(super().get_delta_channel_history, config=config, channels=channels)
        return self._now(found)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The same for asyncio."""
        return await self._later(partial(super().get_tuple, config))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The same for asyncio."""
        found = partial(super().list, config, filter=filter, before=before, limit=limit)
        for one in await self._later(lambda: [*found()]):
            yield one

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """The same for asyncio."""
        return await self._later(partial(super().put, config, checkpoint, metadata, new_versions))

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """The same for asyncio."""
        await self._later(partial(super().put_writes, config, writes, task_id, task_path))

    async def adelete_thread(self, thread_id: str) -> None:
        """The same for asyncio."""
        await self._later(partial(super().delete_thread, thread_id))

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, Any]:
        """The same for asyncio."""
        found = partial(super().get_delta_channel_history, config=config, channels=channels)
        return await self._later(found)
