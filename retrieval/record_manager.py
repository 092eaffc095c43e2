"""A record manager in SQLite for `langchain_core.indexing.index`."""

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from langchain_core.indexing import RecordManager
from langchain_core.runnables.config import run_in_executor

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    group_id TEXT,
    updated_at REAL NOT NULL,
    PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
"""
_TICK = 1e-5  # seconds; a float of today's time still tells them apart
_VARIABLES = 900  # SQLite's oldest limit on the variables of one statement is 999


class SQLiteRecordManager(RecordManager):
    """Which documents `index()` has written into a store, and when; safe for threads.

    Keep it in a file beside the store's, with a namespace for each store. After a crash between
    the store and the records, the next `index()` writes the same documents under the same ids.

    >>> from langchain_core.documents import Document
    >>> from langchain_core.indexing import index
    >>> from groundglm.retrieval import FAISSVectorStore, HashEmbeddings
    >>> store, records = FAISSVectorStore(HashEmbeddings()), SQLiteRecordManager("tea", ":memory:")
    >>> documents = [Document("Tea grows on hills.", metadata={"source": "tea.txt"})]
    >>> options = {"cleanup": "incremental", "source_id_key": "source", "key_encoder": "blake2b"}
    >>> index(documents, records, store, **options)["num_added"]
    1
    >>> index(documents, records, store, **options)["num_skipped"]
    1
    """

    def __init__(self, namespace: str, path: str | Path) -> None:
        super().__init__(namespace)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self.create_schema()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def create_schema(self) -> None:
        """Make the table where it is not there yet; opening does it by itself."""
        with self._lock, self._connection:
            self._connection.execute(_SCHEMA)

    def get_time(self) -> float:
        """A time after that of every record, also where the machine's clock was set back."""
        with self._lock:
            (last,) = self._connection.execute("SELECT max(updated_at) FROM records").fetchone()
        return max(time.time(), (last or 0.0) + _TICK)

    def update(
        self,
        keys: Sequence[str],
        *,
        group_ids: Sequence[str | None] | None = None,
        time_at_least: float | None = None,
    ) -> None:
        """Note that these documents were written or seen now; without groups theirs stay.

        Raises:
            ValueError: there are not as many groups as keys.
        """
        if group_ids is not None and len(group_ids) != len(keys):
            raise ValueError(f"{len(keys)} keys were given, but {len(group_ids)} group ids")
        now = max(self.get_time(), time_at_least or 0.0)
        groups = group_ids if group_ids is not None else [None] * len(keys)
        with self._lock, self._connection:
            self._connection.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT (namespace, key) DO UPDATE "
                "SET updated_at = excluded.updated_at"
                + (", group_id = excluded.group_id" if group_ids is not None else ""),
                (
                    (self.namespace, key, group, now)
                    for key, group in zip(keys, groups, strict=True)
                ),
            )

    def exists(self, keys: Sequence[str]) -> list[bool]:
        """For each key whether there is a record."""
        there: set[str] = set()
        with self._lock:
            for start in range(0, len(keys), _VARIABLES):
                part = keys[start : start + _VARIABLES]
                rows = self._connection.execute(
                    "SELECT key FROM records WHERE namespace = ? AND key IN "
                    f"({', '.join('?' * len(part))})",
                    (self.namespace, *part),
                )
                there.update(row[0] for row in rows)
        return [key in there for key in keys]

    def list_keys(
        self,
        *,
        before: float | None = None,
        after: float | None = None,
        group_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[str]:
        """The keys of records by time, at most `limit`.

        Args:
            before: Only those of an earlier time.
            after: Only those of a later time.
            group_ids: Only those of these groups.
            limit: How many at most.
        """
        query = "SELECT key, group_id FROM records WHERE namespace = ?"
        values: list[object] = [self.namespace]
        if before is not None:
            query, values = query + " AND updated_at < ?", [*values, before]
        if after is not None:
            query, values = query + " AND updated_at > ?", [*values, after]
        groups = None if group_ids is None else set(group_ids)
        with self._lock:
            rows = self._connection.execute(query + " ORDER BY updated_at, key", values).fetchall()
        return [key for key, group in rows if groups is None or group in groups][:limit]

    def delete_keys(self, keys: Sequence[str]) -> None:
        """Forget records; one that is not there is no error."""
        with self._lock, self._connection:
            self._connection.executemany(
                "DELETE FROM records WHERE namespace = ? AND key = ?",
                ((self.namespace, key) for key in keys),
            )

    async def acreate_schema(self) -> None:
        """`create_schema` for asyncio, in a thread."""
        await run_in_executor(None, self.create_schema)

    async def aget_time(self) -> float:
        """`get_time` for asyncio, in a thread."""
        return await run_in_executor(None, self.get_time)

    async def aupdate(
        self,
        keys: Sequence[str],
        *,
        group_ids: Sequence[str | None] | None = None,
        time_at_least: float | None = None,
    ) -> None:
        """`update` for asyncio, in a thread."""
        await run_in_executor(
            None, self.update, keys, group_ids=group_ids, time_at_least=time_at_least
        )

    async def aexists(self, keys: Sequence[str]) -> list[bool]:
        """`exists` for asyncio, in a thread."""
        return await run_in_executor(None, self.exists, keys)

    async def alist_keys(
        self,
        *,
        before: float | None = None,
        after: float | None = None,
        group_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[str]:
        """`list_keys` for asyncio, in a thread."""
        return await run_in_executor(
            None, self.list_keys, before=before, after=after, group_ids=group_ids, limit=limit
        )

    async def adelete_keys(self, keys: Sequence[str]) -> None:
        """`delete_keys` for asyncio, in a thread."""
        await run_in_executor(None, self.delete_keys, keys)
