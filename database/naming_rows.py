"""The names of entities as rows: written beside the facts of a document, taken back with it."""

import sqlite3
from collections.abc import Iterable, Sequence

from ..facts import Fact
from ..text.name_keys import SEPARATOR, name_key
from .naming import namings_of
from .rows import FACTS_QUERY, read_fact

_PUT = (
    "INSERT INTO names (entity, kind, name, key, first, length, said) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (entity, kind, name) DO UPDATE SET said = said + excluded.said RETURNING number"
)


def insert_names(connection: sqlite3.Connection, document: int, facts: Iterable[Fact]) -> None:
    """Store what the facts of a document, given by its number, call their entities."""
    rows: list[tuple[int, int, int]] = []
    # In one order, so that the pages of the index are written one after the other.
    for (entity, kind, name), said in sorted(namings_of(facts).items()):
        key = name_key(name) if kind not in ("value", "type") else ""
        parts = key.split(SEPARATOR)
        found = (key, parts[0], len(parts)) if key else (None, None, None)
        (number,) = connection.execute(_PUT, (entity, kind, name, *found, said)).fetchone()
        rows.append((document, number, said))
    connection.executemany("INSERT INTO names_said VALUES (?, ?, ?)", rows)


def take_back_names(connection: sqlite3.Connection, documents: Sequence[str]) -> None:
    """Take back what documents, given by their ids, call entities; names nobody gives go."""
    for id_ in documents:
        rows = connection.execute(
            "SELECT s.said, s.name FROM names_said s JOIN documents d ON d.number = s.document "
            "WHERE d.id = ?",
            (id_,),
        ).fetchall()
        connection.execute(
            "DELETE FROM names_said WHERE document = (SELECT number FROM documents WHERE id = ?)",
            (id_,),
        )
        connection.executemany("UPDATE names SET said = said - ? WHERE number = ?", rows)
        connection.executemany(
            "DELETE FROM names WHERE number = ? AND said <= 0", ((name,) for _, name in rows)
        )


def fill_names(connection: sqlite3.Connection) -> None:
    """Make all names anew, from the facts that are there."""
    connection.execute("DELETE FROM names_said")
    connection.execute("DELETE FROM names")
    documents = connection.execute(
        "SELECT d.number, d.id FROM documents d "
        "WHERE EXISTS (SELECT 1 FROM contributions c WHERE c.document_id = d.id)"
    ).fetchall()
    query = f"{FACTS_QUERY} WHERE c.document_id = ? ORDER BY c.position"
    for number, id_ in documents:
        insert_names(connection, number, map(read_fact, connection.execute(query, (id_,))))
