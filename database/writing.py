"""What one transaction writes: documents with their passages, vectors and facts, in and out."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..evidence import Source
from ..facts import Contribution, predicate_key
from .naming_rows import insert_names, take_back_names
from .records import DocumentRecord
from .rows import contribution_row, passage_row

_VARIABLES = 900  # SQLite's oldest limit on the variables of one statement is 999


#: In the manifest: the generation up to which nobody knows any more what went,
FORGOTTEN = "forgotten"
#: and the one in which the vectors were last replaced as a whole.
VECTORS_REPLACED = "vectors_replaced"


def generation_of(connection: sqlite3.Connection) -> int:
    """How many changes the base has seen."""
    return number_in(connection, "generation")


def number_in(connection: sqlite3.Connection, key: str) -> int:
    """A number of the manifest; 0 where it is not there."""
    return int(value_in(connection, key) or 0)


def value_in(connection: sqlite3.Connection, key: str) -> str:
    """A value of the manifest; empty where it is not there."""
    row = connection.execute("SELECT value FROM manifest WHERE key = ?", (key,)).fetchone()
    return row[0] if row else ""


def next_generation(connection: sqlite3.Connection) -> int:
    """Begin a change: what goes from here on went in the generation that is given back."""
    generation = generation_of(connection) + 1
    connection.execute("REPLACE INTO manifest VALUES ('generation', ?)", (str(generation),))
    return generation


def note_change(connection: sqlite3.Connection, document_ids: Iterable[str]) -> None:
    """Begin a change of documents."""
    generation = next_generation(connection)
    connection.executemany(
        "REPLACE INTO changes VALUES (?, ?)", ((id_, generation) for id_ in document_ids)
    )


def insert_documents(
    connection: sqlite3.Connection,
    documents: Sequence[DocumentRecord],
    vectors: Mapping[str, bytes],
) -> None:
    """Put documents in the place of those of the same ids; of several of one id the last stays."""
    documents = list({document.id: document for document in documents}.values())
    note_change(connection, (document.id for document in documents))
    touched = delete_documents(connection, [document.id for document in documents])
    for document in documents:
        number = _insert_document(connection, document)
        keys = {passage.vector_key for passage in document.passages}
        connection.executemany(
            "INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)",
            ((key, vectors[key]) for key in keys if key is not None and key in vectors),
        )
        _insert_facts(connection, document)
        insert_names(connection, number, document.facts)
    drop_unused(connection, touched)


def delete_documents(
    connection: sqlite3.Connection, ids: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Delete documents; the vector keys and fact ids that may have lost their last user."""
    query = "SELECT p.vector_key FROM passages p JOIN documents d ON d.number = p.document"
    keys = rows_in(connection, query, "d.id", ids)
    facts = rows_in(connection, "SELECT fact_id FROM contributions", "document_id", ids)
    touched = {row[0] for row in keys if row[0]}, {row[0] for row in facts}
    take_back_names(connection, ids)
    connection.executemany("DELETE FROM documents WHERE id = ?", ((id_,) for id_ in ids))
    return touched


def drop_unused(connection: sqlite3.Connection, touched: tuple[set[str], set[str]]) -> None:
    """Delete the vectors and facts, of those that lost a user, that have none left."""
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


def rows_in(
    connection: sqlite3.Connection,
    query: str,
    column: str,
    values: Collection[str] | Collection[int],
    *,
    order: str = "",
) -> list[tuple[Any, ...]]:
    """The rows whose column is one of the values, however many; by value, in parts."""
    rows: list[tuple[Any, ...]] = []
    listed = sorted(set(values))
    end = f" ORDER BY {order}" if order else ""
    for start in range(0, len(listed), _VARIABLES):
        part = listed[start : start + _VARIABLES]
        marks = ", ".join("?" * len(part))
        rows += connection.execute(f"{query} WHERE {column} IN ({marks}){end}", part).fetchall()
    return rows


def _insert_document(connection: sqlite3.Connection, document: DocumentRecord) -> int:
    """Store a document with its passages; the number that it is given."""
    number = connection.execute(
        "INSERT INTO documents (id, kind, title, metadata, labels, content_hash, added_at, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.kind,
            document.title,
            json.dumps(dict(document.metadata), ensure_ascii=False, default=str),
            json.dumps(list(document.labels), ensure_ascii=False),
            document.content_hash,
            datetime.now(UTC).isoformat(timespec="seconds"),
            document.text,
        ),
    ).lastrowid
    assert number is not None
    connection.executemany(
        "INSERT INTO passages (id, document, position, start, end, page, heading, vector_key, "
        "text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (passage_row(passage, number) for passage in document.passages),
    )
    return number


def _insert_facts(connection: sqlite3.Connection, document: DocumentRecord) -> None:
    position = 0
    for fact in document.facts:
        connection.execute(
            "INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?)",
            (fact.id, fact.subject_id, fact.object_id, predicate_key(fact.predicate)),
        )
        for said in fact.contributions or (Contribution(Source(document.id)),):
            row = contribution_row(document, position, fact, said)
            connection.execute(
                f"INSERT INTO contributions VALUES ({', '.join('?' * len(row))})", row
            )
            position += 1
