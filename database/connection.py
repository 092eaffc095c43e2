"""Connections to a base's SQLite file: who may write, how long to wait, what each failure means."""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import (
    BaseBusyError,
    BaseCorruptError,
    BaseOutdatedError,
    GroundGLMError,
    NotABaseError,
    StorageError,
)
from ..facts import predicate_key
from .naming_rows import fill_names
from .schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, UPGRADES

BUSY_SECONDS = 30.0


class Connections:
    """One connection for reading and one for writing, each behind its own lock.

    A reader on the writing connection would see what is not committed yet; hence two. The file is
    in WAL mode, so reading processes never wait for the writing one.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        immutable: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        if immutable and not read_only:
            raise ValueError("immutable=True is for read_only=True only")
        self.path = path
        self.read_only = read_only
        self.immutable = immutable
        self.busy_seconds = busy_seconds
        #: Held while something is read. Who holds a lock of their own around reading takes this
        #: one for it, lest two threads take two locks in two orders and wait for ever.
        self.read_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        with _translated(path):
            if not read_only:
                self._writer = self._connect("rwc" if create else "rw")
                if create:
                    self._create_schema(self._writer)
                if _application_id(self._writer) == APPLICATION_ID:
                    self._upgrade(self._writer)
            self._reader = self._connect("ro")
            self._check_schema()

    @property
    def writer(self) -> sqlite3.Connection:
        """The writing connection; use it inside `writing` only."""
        if self._writer is None:
            raise GroundGLMError(
                f"{self.path.parent} was opened for reading only; "
                "open it without read_only=True to change it"
            )
        return self._writer

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The reading connection inside one consistent snapshot."""
        with self.read_lock, _translated(self.path):
            if self._reader.in_transaction:  # a nested reader shares the outer snapshot
                yield self._reader
                return
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.rollback()

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing.

        Raises:
            BaseBusyError: another process was writing for longer than `busy_seconds`.
            StorageError: the disk is full or cannot be written; nothing was changed.
        """
        writer = self.writer
        with self._write_lock, _translated(self.path):
            self._begin(writer)
            try:
                yield writer
                writer.commit()
            except BaseException:
                if writer.in_transaction:
                    writer.rollback()
                raise

    @contextmanager
    def alone(self, *, to_read: bool = False) -> Generator[sqlite3.Connection]:
        """A connection outside any transaction, for what SQLite does in one of its own."""
        lock = self.read_lock if to_read else self._write_lock
        with lock, _translated(self.path):
            connection = self._reader if to_read else self.writer
            milliseconds = int(self.busy_seconds * 1000)
            connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
            yield connection

    def close(self) -> None:
        """Close both connections; a second call does nothing."""
        with self.read_lock, self._write_lock:
            self._reader.close()
            if self._writer is not None:
                self._writer.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        if self.immutable:
            # Never by ourselves: that we may not write does not mean that nobody else does, and
            # SQLite would then overlook what still stands in the write-ahead log.
            uri += "&immutable=1"
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=self.busy_seconds
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")  # the file may come from anywhere
        if mode != "ro":
            if _tables(connection) and _application_id(connection) != APPLICATION_ID:
                return connection  # another program's file: refused below, and left as it is
            self._use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch to WAL; SQLite does not wait by itself when another process does the same."""
        deadline = time.monotonic() + self.busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(0.02)

    def _create_schema(self, writer: sqlite3.Connection) -> None:
        if _application_id(writer):  # made already, by us or another program
            return
        self._begin(writer)
        try:
            if not _application_id(writer) and not _tables(writer):
                for statement in _statements(SCHEMA):
                    writer.execute(statement)
                writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                writer.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            writer.commit()
        except BaseException:
            writer.rollback()
            raise

    def _upgrade(self, writer: sqlite3.Connection) -> None:
        """Take a base of an earlier version to this one, whole or not at all."""
        if _version(writer) not in UPGRADES:
            return
        writer.execute("PRAGMA foreign_keys = OFF")  # a table that is made anew is dropped first
        writer.create_function("half", 1, _half, deterministic=True)
        writer.create_function("plain", 1, predicate_key, deterministic=True)
        self._begin(writer)
        try:
            while (version := _version(writer)) in UPGRADES:  # else another process was quicker
                for statement in _statements(UPGRADES[version]):
                    writer.execute(statement)
                if version == 3:
                    fill_names(writer)
                writer.execute(f"PRAGMA user_version = {version + 1}")
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        writer.execute("PRAGMA foreign_keys = ON")

    def _check_schema(self) -> None:
        if _application_id(self._reader) != APPLICATION_ID:
            self.close()
            raise NotABaseError(
                f"{self.path} is not a GroundGLM base. "
                f"Make one with: groundglm init {self.path.parent}"
            )
        version = _version(self._reader)
        if version > SCHEMA_VERSION:
            self.close()
            raise BaseCorruptError(
                f"{self.path} was written by a newer version (schema {version}, this one reads "
                f"{SCHEMA_VERSION}). Upgrade with: pip install -U groundglm"
            )
        if version < SCHEMA_VERSION:  # only where it was opened for reading
            self.close()
            raise BaseOutdatedError(
                f"{self.path} was written by an earlier version (schema {version}, this one reads "
                f"{SCHEMA_VERSION}). Opening it once without read_only=True brings it up to date; "
                "if it cannot be written, copy it first."
            )

    def _begin(self, writer: sqlite3.Connection) -> None:
        deadline = time.monotonic() + self.busy_seconds
        writer.execute(f"PRAGMA busy_timeout = {int(min(self.busy_seconds, 1.0) * 1000)}")
        while True:
            try:
                writer.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                if time.monotonic() >= deadline:
                    pid = _lock_holder(self.path)
                    holder = f"process {pid}" if pid else "another process"
                    raise BaseBusyError(
                        f"{self.path.parent} is being written by {holder}; waited "
                        f"{self.busy_seconds:g} seconds. Try again when it has finished.",
                        pid=pid,
                    ) from error


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for part in re.split(r"(?<=;)", script):
        statement += part
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _half(vector: bytes) -> bytes:
    """A vector of float32 as float16."""
    import numpy as np

    return np.frombuffer(vector, dtype="<f4").astype("<f2").tobytes()


def _application_id(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA application_id").fetchone()[0]


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _tables(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


_MEANINGS: dict[int, Callable[[Path, sqlite3.Error], GroundGLMError]] = {
    sqlite3.SQLITE_FULL: lambda path, _: StorageError(
        f"The disk under {path.parent} is full. What was stored before is safe; "
        "free some space and run the same command again."
    ),
    sqlite3.SQLITE_IOERR: lambda path, error: StorageError(
        f"{path} cannot be read or written ({error}). Check the disk and its free space."
    ),
    sqlite3.SQLITE_READONLY: lambda path, _: StorageError(
        f"{path} or its folder is write-protected; change the permissions to write. If nobody "
        "changes it, open it with read_only=True, immutable=True."
    ),
    sqlite3.SQLITE_CANTOPEN: lambda path, _: StorageError(
        f"{path} cannot be opened; check that it exists and that you may write to its folder. "
        "If nobody changes it, as on a read-only disk, open it with read_only=True, immutable=True."
    ),
    sqlite3.SQLITE_NOTADB: lambda path, _: NotABaseError(
        f"{path} is not a SQLite file, so {path.parent} is no base. "
        "If it was one, restore it from a backup."
    ),
    sqlite3.SQLITE_CORRUPT: lambda path, error: BaseCorruptError(
        f"{path} is damaged ({error}). What can be saved is told by: groundglm repair --dry-run "
        f"--kb {path.parent}"
    ),
    sqlite3.SQLITE_BUSY: lambda path, _: BaseBusyError(
        f"{path.parent} is busy: another process holds it", pid=_lock_holder(path)
    ),
}


@contextmanager
def _translated(path: Path) -> Generator[None]:
    """Say what a SQLite failure means for the user; programming errors pass as they are."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        meaning = _MEANINGS.get(code & 0xFF) if code is not None else None
        if meaning is None:
            raise
        raise meaning(path, error) from error


def _lock_holder(path: Path) -> int | None:
    """The process that holds a lock on the database, where the system tells (Linux)."""
    inodes: set[str] = set()
    for suffix in ("-shm", ""):
        try:
            inodes.add(str(os.stat(f"{path}{suffix}").st_ino))
        except OSError:
            continue
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    # "1: POSIX  ADVISORY  WRITE 4711 08:01:123456 120 120"
    for line in lines:
        fields = line.split()
        if len(fields) >= 6 and fields[3] == "WRITE" and fields[5].rsplit(":", 1)[-1] in inodes:
            pid = int(fields[4])
            if pid > 0 and pid != os.getpid():
                return pid
    return None
