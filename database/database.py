"""The database of a base: documents, passages, vectors and facts in and out."""

import json
import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..evidence import Source
from ..facts import Contribution, Fact
from .connection import BUSY_SECONDS, Connections
from .records import DocumentInfo, DocumentRecord, FoundPassage
from .rows import contribution_row, facts_query, found_passage, passage_row, read_fact

_PASSAGE_COLUMNS = (
    "p.id, p.document_id, p.position, p.start, p.end, p.text, p.heading, p.page, p.vector_key, "
    "d.title"
)
_VARIABLES = 900  # SQLite's oldest limit on the variables of one statement is 999


class Database:
    """Rows in and out of one `base.sqlite`.

    Every change raises the generation by one and notes the document; an index that remembers the
    generation it was built from asks `changed_since` and catches up.
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
        self.path = path
        self.connections = Connections(
            path,
            create=create,
            read_only=read_only,
            immutable=immutable,
            busy_seconds=busy_seconds,
        )

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self.connections.close()

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Everything read inside sees the base as it was at the first read."""
        with self.connections.reading():
            yield

    # --- manifest and generation ------------------------------------------------------------

    def manifest(self) -> dict[str, str]:
        """The base's own properties: embedding model, its fingerprint, when it was made."""
        with self.connections.reading() as connection:
            return dict(connection.execute("SELECT key, value FROM manifest"))

    def record_once(self, values: Mapping[str, str]) -> None:
        """Set properties of the base that are not set yet."""
        with self.connections.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO manifest VALUES (?, ?)", values.items())

    def generation(self) -> int:
        """How many changes the base has seen."""
        with self.connections.reading() as connection:
            return _generation(connection)

    def changed_since(self, generation: int) -> list[str]:
        """The ids of documents that were added, replaced or deleted after that generation."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT document_id FROM changes WHERE generation > ? ORDER BY document_id",
                (generation,),
            )
            return [row[0] for row in rows]

    # --- documents --------------------------------------------------------------------------

    def put_document(
        self, document: DocumentRecord, vectors: Mapping[str, bytes] | None = None
    ) -> None:
        """Store a document with its passages and facts, in place of the one of the same id.

        Args:
            document: The document.
            vectors: The vectors of its passages by key. They are stored in the same transaction:
                one that was there before may have gone meanwhile with its last other user.
        """
        with self.connections.writing() as connection:
            touched = _delete_documents(connection, [document.id])
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document.id,
                    document.kind,
                    document.title,
                    document.text,
                    json.dumps(dict(document.metadata), ensure_ascii=False, default=str),
                    json.dumps(list(document.labels), ensure_ascii=False),
                    document.content_hash,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                ),
            )
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (passage_row(passage) for passage in document.passages),
            )
            keys = {passage.vector_key for passage in document.passages}
            connection.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                ((key, vector) for key, vector in (vectors or {}).items() if key in keys),
            )
            _insert_facts(connection, document)
            _drop_unused(connection, touched)
            _note_change(connection, [document.id])

    def delete_documents(self, ids: Collection[str]) -> list[str]:
        """Delete documents and all that stands on them alone; the ids that were there."""
        with self.connections.writing() as connection:
            found = [row[0] for row in _rows_in(connection, "SELECT id FROM documents", "id", ids)]
            if found:
                _drop_unused(connection, _delete_documents(connection, found))
                _note_change(connection, found)
            return found

    def documents(self) -> list[DocumentInfo]:
        """All documents, by id."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT d.id, d.title, d.kind, length(d.text), "
                "(SELECT count(*) FROM passages p WHERE p.document_id = d.id), "
                "(SELECT count(DISTINCT fact_id) FROM contributions c WHERE c.document_id = d.id), "
                "d.metadata, d.added_at FROM documents d ORDER BY d.id"
            )
            return [
                DocumentInfo(id_, title, kind, length, passages, facts, json.loads(metadata), at)
                for id_, title, kind, length, passages, facts, metadata, at in rows
            ]

    def content_hashes(self, ids: Collection[str] | None = None) -> dict[str, str]:
        """The content hash of each document, of all or of some."""
        with self.connections.reading() as connection:
            query = "SELECT id, content_hash FROM documents"
            rows = (
                connection.execute(query) if ids is None else _rows_in(connection, query, "id", ids)
            )
            return dict(rows)

    def text(self, document_id: str) -> str | None:
        """The stored text of a document, or None."""
        with self.connections.reading() as connection:
            row = connection.execute(
                "SELECT text FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
            return row[0] if row else None

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """Id, title and text of every document that is text, by id."""
        with self.connections.reading() as connection:
            yield from connection.execute(
                "SELECT id, title, text FROM documents WHERE kind = 'text' ORDER BY id"
            )

    def sample_text(self, documents: int) -> str:
        """The beginnings of some documents, to tell what languages the base holds."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT title || ' ' || substr(text, 1, 200) FROM documents LIMIT ?", (documents,)
            )
            return "\n".join(row[0] for row in rows)

    def metadata(self) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Id, metadata and labels of every document."""
        with self.connections.reading() as connection:
            rows = connection.execute("SELECT id, metadata, labels FROM documents").fetchall()
        for id_, metadata, labels in rows:
            yield id_, json.loads(metadata), json.loads(labels)

    def counts(self) -> dict[str, int]:
        """How many documents, passages, vectors, facts and entities the base holds."""
        queries = {
            "documents": "SELECT count(*) FROM documents",
            "passages": "SELECT count(*) FROM passages",
            "vectors": "SELECT count(*) FROM vectors",
            "facts": "SELECT count(*) FROM facts",
            "entities": (
                "SELECT count(*) FROM "
                "(SELECT subject_id FROM facts UNION SELECT object_id FROM facts)"
            ),
        }
        with self.connections.reading() as connection:
            return {
                name: connection.execute(query).fetchone()[0] for name, query in queries.items()
            }

    def integrity_problems(self) -> list[str]:
        """What SQLite finds wrong with the file, and passages without vectors; empty when sound."""
        with self.connections.reading() as connection:
            rows = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
            rows += [
                f"dangling row in {row[0]}"
                for row in connection.execute("PRAGMA foreign_key_check")
            ]
        problems = [row for row in rows if row != "ok"]
        return problems + [
            f"document {id_!r} has passages without vectors; add it again to mend it"
            for id_ in sorted(self.without_vectors())
        ]

    def without_vectors(self, ids: Collection[str] | None = None) -> set[str]:
        """Those documents, of all or of some, that have a passage whose vector is missing."""
        query = (
            "SELECT p.document_id FROM "
            "(SELECT p.document_id FROM passages p LEFT JOIN vectors v ON v.key = p.vector_key "
            "WHERE p.vector_key IS NOT NULL AND v.key IS NULL) p"
        )
        with self.connections.reading() as connection:
            rows = (
                connection.execute(query)
                if ids is None
                else _rows_in(connection, query, "p.document_id", ids)
            )
            return {row[0] for row in rows}

    # --- passages and vectors ---------------------------------------------------------------

    def passages(self, ids: Collection[str]) -> dict[str, FoundPassage]:
        """Some passages by id; one that is gone is left out."""
        query = (
            f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN documents d ON d.id = p.document_id"
        )
        with self.connections.reading() as connection:
            return {row[0]: found_passage(row) for row in _rows_in(connection, query, "p.id", ids)}

    def passages_of(self, document_ids: Collection[str] | None = None) -> Iterator[FoundPassage]:
        """The passages of some or of all documents, in order."""
        query = (
            f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN documents d ON d.id = p.document_id"
        )
        with self.connections.reading() as connection:
            rows = (
                connection.execute(query + " ORDER BY p.document_id, p.position")
                if document_ids is None
                else _rows_in(connection, query, "p.document_id", document_ids)
            )
            for row in rows:
                yield found_passage(row)

    def passage_ids(self, document_ids: Collection[str]) -> frozenset[str]:
        """The ids of the passages of some documents."""
        with self.connections.reading() as connection:
            rows = _rows_in(connection, "SELECT id FROM passages", "document_id", document_ids)
            return frozenset(row[0] for row in rows)

    def vectors_by_key(self, keys: Collection[str]) -> dict[str, bytes]:
        """The stored vectors of those keys that have one."""
        with self.connections.reading() as connection:
            return dict(_rows_in(connection, "SELECT key, vector FROM vectors", "key", keys))

    def put_vectors(self, vectors: Iterable[tuple[str, bytes]]) -> None:
        """Store vectors (little-endian float32) by the hash of what was embedded."""
        with self.connections.writing() as connection:
            connection.executemany("REPLACE INTO vectors VALUES (?, ?)", vectors)

    def vectors_of(
        self, document_ids: Collection[str] | None = None
    ) -> Iterator[tuple[str, str, bytes]]:
        """Document id, passage id and vector of the passages of some or of all documents."""
        query = (
            "SELECT p.document_id, p.id, v.vector FROM passages p "
            "JOIN vectors v ON v.key = p.vector_key"
        )
        with self.connections.reading() as connection:
            if document_ids is None:
                yield from connection.execute(query + " ORDER BY p.document_id, p.position")
            else:
                yield from _rows_in(connection, query, "p.document_id", document_ids)

    # --- facts ------------------------------------------------------------------------------

    def facts_of(
        self, document_ids: Collection[str] | None = None
    ) -> Iterator[tuple[str, list[Fact]]]:
        """Each document with the facts that it says, in its own words and order."""
        with self.connections.reading() as connection:
            query = facts_query(self.connections.version)
            rows: Iterable[tuple[Any, ...]] = (
                connection.execute(query + " ORDER BY c.document_id, c.position")
                if document_ids is None
                else sorted(_rows_in(connection, query, "c.document_id", document_ids))
            )
            current, facts = "", list[Fact]()
            for row in rows:
                if row[0] != current and facts:
                    yield current, facts
                    facts = []
                current = row[0]
                facts.append(read_fact(row))
            if facts:
                yield current, facts


def _generation(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM manifest WHERE key = 'generation'").fetchone()
    return int(row[0]) if row else 0


def _note_change(connection: sqlite3.Connection, document_ids: Iterable[str]) -> None:
    generation = _generation(connection) + 1
    connection.execute("REPLACE INTO manifest VALUES ('generation', ?)", (str(generation),))
    connection.executemany(
        "REPLACE INTO changes VALUES (?, ?)", ((id_, generation) for id_ in document_ids)
    )


def _delete_documents(
    connection: sqlite3.Connection, ids: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Delete documents; the vector keys and fact ids that may have lost their last user."""
    keys = _rows_in(connection, "SELECT vector_key FROM passages", "document_id", ids)
    facts = _rows_in(connection, "SELECT fact_id FROM contributions", "document_id", ids)
    touched = {row[0] for row in keys if row[0]}, {row[0] for row in facts}
    connection.executemany("DELETE FROM documents WHERE id = ?", ((id_,) for id_ in ids))
    return touched


def _drop_unused(connection: sqlite3.Connection, touched: tuple[set[str], set[str]]) -> None:
    keys, facts = touched
    connection.executemany(
        "DELETE FROM vectors WHERE key = ?1 "
        "AND NOT EXISTS (SELECT 1 FROM passages WHERE vector_key = ?1)",
        ((key,) for key in keys),
    )
    connection.executemany(
        "DELETE FROM facts WHERE id = ?1 "
        "AND NOT EXISTS (SELECT 1 FROM contributions WHERE fact_id = ?1)",
        ((fact,) for fact in facts),
    )


def _insert_facts(connection: sqlite3.Connection, document: DocumentRecord) -> None:
    position = 0
    for fact in document.facts:
        connection.execute(
            "INSERT OR IGNORE INTO facts VALUES (?, ?, ?)",
            (fact.id, fact.subject_id, fact.object_id),
        )
        for said in fact.contributions or (Contribution(Source(document.id)),):
            row = contribution_row(document, position, fact, said)
            connection.execute(
                f"INSERT INTO contributions VALUES ({', '.join('?' * len(row))})", row
            )
            position += 1


def _rows_in(
    connection: sqlite3.Connection, query: str, column: str, values: Collection[str]
) -> list[tuple[Any, ...]]:
    """The rows whose column is one of the values, however many; ordered by value, in parts."""
    rows: list[tuple[Any, ...]] = []
    listed = sorted(set(values))
    for start in range(0, len(listed), _VARIABLES):
        part = listed[start : start + _VARIABLES]
        marks = ", ".join("?" * len(part))
        rows += connection.execute(f"{query} WHERE {column} IN ({marks})", part).fetchall()
    return rows
