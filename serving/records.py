"""What a server keeps of a base beside it: answers with their traces, feedback, conversations."""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from ..errors import StorageError

FILE_NAME = "server.sqlite"

Rating = Literal["up", "down"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY, time REAL NOT NULL, owner TEXT NOT NULL, thread TEXT NOT NULL,
    seen_with TEXT, question TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_by_owner ON answers (owner, time);
CREATE TABLE IF NOT EXISTS feedback (
    answer TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE, owner TEXT NOT NULL,
    time REAL NOT NULL, rating TEXT NOT NULL, comment TEXT NOT NULL, PRIMARY KEY (answer, owner)
);
CREATE TABLE IF NOT EXISTS conversations (
    owner TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, updated REAL NOT NULL,
    PRIMARY KEY (owner, id)
);
"""


class ServerRecords:
    """Answers, feedback and conversations in one SQLite file, by their owners.

    Safe for threads. An answer is given only to a caller that sees all that it was made from.

    Args:
        path: The file.
        keep: How many answers are kept; the oldest go first, 0 keeps none.
    """

    def __init__(self, path: Path, *, keep: int) -> None:
        self.keep = keep
        self._guard = threading.Lock()
        self._since_pruned = 0
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StorageError(f"{path} cannot be used: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()

    # --- answers ------------------------------------------------------------------------------

    def put_answer(
        self,
        id_: str,
        *,
        owner: str,
        thread: str,
        labels: Sequence[str] | None,
        answer: Mapping[str, Any],
    ) -> None:
        """Keep an answer of a caller with these labels, and that its conversation goes on.

        The first question of a conversation is its title.
        """
        if not self.keep and not thread:
            return
        written = json.dumps(answer, ensure_ascii=False, default=str)
        seen = None if labels is None else json.dumps(sorted(labels))
        question, now = str(answer.get("question", "")), time.time()
        title = " ".join(question.split())[:120]
        row = (id_, now, owner, thread, seen, question, written)
        with self._guard, self._connection as connection:
            if thread:
                connection.execute(
                    "INSERT INTO conversations VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (owner, id) DO UPDATE SET updated = excluded.updated",
                    (owner, thread, title, now),
                )
            if not self.keep:
                return
            connection.execute("REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._since_pruned += 1
            if self._since_pruned >= 100:
                self._since_pruned = 0
                connection.execute(
                    "DELETE FROM answers WHERE id NOT IN "
                    "(SELECT id FROM answers ORDER BY time DESC LIMIT ?)",
                    (self.keep,),
                )

    def answer(
        self, id_: str, *, owner: str | None, labels: Sequence[str] | None
    ) -> dict[str, Any] | None:
        """An answer that was kept, where it is the owner's (None: anybody's) and may be seen."""
        rows = self._rows(
            "SELECT time, thread, owner, seen_with, answer FROM answers WHERE id = ?", id_
        )
        for when, thread, whose, seen, written in rows:
            if owner not in (None, whose) or not _covers(labels, seen):
                continue
            return {"id": id_, "time": when, "thread_id": thread, "answer": json.loads(written)}
        return None

    def answers(
        self, *, owner: str | None, labels: Sequence[str] | None, limit: int, before: float | None
    ) -> list[dict[str, Any]]:
        """The newest answers, in short, of those that may be seen."""
        found: list[dict[str, Any]] = []
        last = before if before is not None else time.time() + 1e9
        while len(found) < limit:
            rows = self._rows(
                "SELECT id, time, thread, seen_with, question, owner FROM answers WHERE time < ? "
                "AND (? IS NULL OR owner = ?) ORDER BY time DESC LIMIT 200",
                last,
                owner,
                owner,
            )
            if not rows:
                break
            found += [
                {"id": row[0], "time": row[1], "thread_id": row[2], "question": row[4]}
                for row in rows
                if _covers(labels, row[3])
            ]
            last = rows[-1][1]
        return found[:limit]

    # --- feedback -----------------------------------------------------------------------------

    def put_feedback(self, answer: str, *, owner: str, rating: Rating, comment: str) -> None:
        """What somebody says of an answer; a second time replaces the first."""
        row = (answer, owner, time.time(), rating, comment)
        with self._guard, self._connection as connection:
            connection.execute("REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)", row)

    def feedback(self, *, limit: int) -> list[dict[str, Any]]:
        """The newest feedback, with the question that it is about."""
        rows = self._rows(
            "SELECT f.answer, f.owner, f.time, f.rating, f.comment, a.question FROM feedback f "
            "JOIN answers a ON a.id = f.answer ORDER BY f.time DESC LIMIT ?",
            limit,
        )
        names = ("answer_id", "owner", "time", "rating", "comment", "question")
        return [dict(zip(names, row, strict=True)) for row in rows]

    # --- conversations ------------------------------------------------------------------------

    def conversations(self, owner: str, *, limit: int) -> list[dict[str, Any]]:
        """The conversations of an owner, the newest first."""
        rows = self._rows(
            "SELECT id, title, updated FROM conversations WHERE owner = ? "
            "ORDER BY updated DESC LIMIT ?",
            owner,
            limit,
        )
        return [{"id": row[0], "title": row[1], "updated": row[2]} for row in rows]

    def knows_conversation(self, owner: str, id_: str) -> bool:
        """Whether it is one of the owner's."""
        query = "SELECT 1 FROM conversations WHERE owner = ? AND id = ?"
        return bool(self._rows(query, owner, id_))

    def last_question(self, owner: str, thread: str) -> str:
        """What was asked last in a conversation, "" where that is not kept."""
        query = (
            "SELECT question FROM answers WHERE owner = ? AND thread = ? ORDER BY time DESC LIMIT 1"
        )
        rows = self._rows(query, owner, thread)
        return str(rows[0][0]) if rows else ""

    def answers_of(
        self, owner: str, thread: str, labels: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        """The answers of a conversation, in order, of those that may be seen."""
        rows = self._rows(
            "SELECT id, time, seen_with, answer FROM answers WHERE owner = ? AND thread = ? "
            "ORDER BY time",
            owner,
            thread,
        )
        return [
            {"id": row[0], "time": row[1], "answer": json.loads(row[3])}
            for row in rows
            if _covers(labels, row[2])
        ]

    def forget_conversation(self, owner: str, id_: str) -> bool:
        """Forget a conversation with its answers; whether it was there."""
        with self._guard, self._connection as connection:
            gone = connection.execute(
                "DELETE FROM conversations WHERE owner = ? AND id = ?", (owner, id_)
            ).rowcount
            connection.execute("DELETE FROM answers WHERE owner = ? AND thread = ?", (owner, id_))
        return bool(gone)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._guard, closing(self._connection.execute(query, values)) as cursor:
            return cursor.fetchall()


def _covers(labels: Sequence[str] | None, seen: str | None) -> bool:
    """Whether a caller with these labels sees what somebody with those labels saw."""
    if labels is None:
        return True
    return seen is not None and set(json.loads(seen)) <= set(labels)
