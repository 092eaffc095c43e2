"""The facts of a base as its tables answer for them: those of an entity, its neighbours, its names.

Nothing is read but what is asked for, so a base of a million facts answers as soon as it is open.
"""

import sqlite3
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..facts import Fact
from .database import Database
from .naming import NameKind
from .rows import FACTS_QUERY, merge_facts, read_fact

#: So many facts of one entity, at most, are read in one go.
MOST_FACTS = 1000

# Whether a caller sees any document that says a fact, or gives a name.
_FACT_IS_SEEN = (
    " AND EXISTS (SELECT 1 FROM contributions s CROSS JOIN documents o ON o.id = s.document_id "
    "WHERE s.fact_id = f.id AND sees(o.number))"
)
_NAME_IS_SEEN = (
    " AND EXISTS (SELECT 1 FROM names_said s WHERE s.name = n.number AND sees(s.document))"
)


class FactTables:
    """What the documents of a base say of entities, or those of them that a caller sees.

    To be asked inside one snapshot of the database, and by one thread at a time.

    Args:
        database: The base.
        visible: Which documents are seen, a byte (0 or 1) for each number; None for all.
        most: How many facts of one entity are read at most, with each as subject or object.
    """

    def __init__(
        self, database: Database, visible: bytes | None = None, *, most: int = MOST_FACTS
    ) -> None:
        self.most = most
        self._database = database
        self._visible = visible
        self._fact_is_seen = "" if visible is None else _FACT_IS_SEEN
        self._name_is_seen = "" if visible is None else _NAME_IS_SEEN

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with self._database.connections.reading() as connection:
            if self._visible is not None:
                connection.create_function("sees", 1, self._sees)
            yield connection

    def _sees(self, document: int) -> int:
        visible = self._visible or b""
        return visible[document] if 0 <= document < len(visible) else 0

    # --- facts ------------------------------------------------------------------------------

    def fact_count(self) -> int:
        """How many facts there are."""
        with self._reading() as connection:
            if self._visible is None:
                return connection.execute("SELECT count(*) FROM facts").fetchone()[0]
            return connection.execute(
                "SELECT count(DISTINCT c.fact_id) FROM documents d "
                "CROSS JOIN contributions c ON c.document_id = d.id WHERE sees(d.number)"
            ).fetchone()[0]

    def degrees(self, entity: str, *, most: int | None = None) -> tuple[int, int]:
        """How many facts have it as their subject, and how many as their object.

        With `most`, no more than so many of each are counted.
        """
        limit = -1 if most is None else most
        with self._reading() as connection:
            subject, object_ = (
                connection.execute(
                    f"SELECT count(*) FROM (SELECT 1 FROM facts f WHERE f.{column} = ?"
                    f"{self._fact_is_seen} LIMIT ?)",
                    (entity, limit),
                ).fetchone()[0]
                for column in ("subject_id", "object_id")
            )
            return subject, object_

    def best_connected(self, count: int) -> list[tuple[str, int]]:
        """The entities with the most facts, as subject or object, and how many each has."""
        sides = (
            f"SELECT f.{column} AS entity FROM facts f WHERE 1{self._fact_is_seen}"
            for column in ("subject_id", "object_id")
        )
        with self._reading() as connection:
            return connection.execute(
                f"SELECT entity, count(*) FROM ({' UNION ALL '.join(sides)}) GROUP BY entity "
                "ORDER BY count(*) DESC, entity LIMIT ?",
                (count,),
            ).fetchall()

    def predicates(self, entity: str, *, as_object: bool = False, most: int) -> list[str]:
        """The predicates (as `facts.predicate_key` writes them) of its facts, seen or not.

        At most so many of them.
        """
        column = _column(as_object)
        found: list[str] = []
        last = ""
        with self._reading() as connection:
            # From one predicate to the next: as a rule a hub has few, each on many facts.
            while len(found) < most:
                row = connection.execute(
                    f"SELECT min(predicate) FROM facts WHERE {column} = ? AND predicate > ?",
                    (entity, last),
                ).fetchone()
                if row[0] is None:
                    break
                last = row[0]
                found.append(last)
        return found

    def facts(
        self, entity: str, *, as_object: bool = False, predicates: Sequence[str] | None = None
    ) -> list[Fact]:
        """The facts that have it as their subject (or object), at most `most`, by predicate and id.

        Args:
            entity: Its id.
            as_object: Whether it is their object.
            predicates: Those that they must have one of, as `predicates` gives them.
        """
        fitting = ""
        if predicates is not None:
            fitting = f" AND f.predicate IN ({', '.join('?' * len(predicates))})"
        return self._facts(f"f.{_column(as_object)} = ?{fitting}", entity, *(predicates or ()))

    def joining(self, subject: str, object_: str, *, by_object: bool = False) -> list[Fact]:
        """The facts between two entities in this direction, at most `most`.

        Found among those of the subject, or of the object where that has fewer.
        """
        marks = ("+", "") if by_object else ("", "+")  # a plus keeps SQLite from using an index
        condition = f"{marks[0]}f.subject_id = ? AND {marks[1]}f.object_id = ?"
        return self._facts(condition, subject, object_)

    def _facts(self, condition: str, *values: str) -> list[Fact]:
        order = "f.predicate, f.id"
        sees = "" if self._visible is None else " AND sees(d.number)"
        query = (
            f"{FACTS_QUERY} WHERE c.fact_id IN (SELECT f.id FROM facts f WHERE {condition}"
            f"{self._fact_is_seen} ORDER BY {order} LIMIT ?){sees} "
            "ORDER BY f.predicate, c.fact_id, c.document_id, c.position"
        )
        with self._reading() as connection:
            rows = connection.execute(query, (*values, self.most)).fetchall()
        return _merged(rows)

    def of_document(self, document_id: str) -> list[Fact]:
        """The facts that a document says, at most `most`, each with all who say it."""
        condition = "f.id IN (SELECT fact_id FROM contributions WHERE document_id = ?)"
        return self._facts(condition, document_id)

    def neighbours(self, entity: str) -> set[str]:
        """The entities that a fact joins it with, of at most `most` facts in each direction."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT * FROM (SELECT f.object_id FROM facts f WHERE f.subject_id = ?1"
                f"{self._fact_is_seen} ORDER BY f.predicate, f.id LIMIT ?2) UNION "
                "SELECT * FROM (SELECT f.subject_id FROM facts f WHERE f.object_id = ?1"
                f"{self._fact_is_seen} ORDER BY f.predicate, f.id LIMIT ?2)",
                (entity, self.most),
            )
            return {row[0] for row in rows} - {entity}

    def all_facts(self) -> Iterator[Fact]:
        """Every fact, by id."""
        sees = "" if self._visible is None else " WHERE sees(d.number)"
        query = f"{FACTS_QUERY}{sees} ORDER BY c.fact_id, c.document_id, c.position"
        with self._reading() as connection:
            rows: list[tuple[Any, ...]] = []
            for row in connection.execute(query):
                if rows and row[-1] != rows[-1][-1]:
                    yield from _merged(rows)
                    rows = []
                rows.append(row)
        yield from _merged(rows)

    # --- names ------------------------------------------------------------------------------

    def entity_count(self) -> int:
        """How many entities the facts are about."""
        with self._reading() as connection:
            return connection.execute(
                "SELECT count(DISTINCT n.entity) FROM names n WHERE 1" + self._name_is_seen
            ).fetchone()[0]

    def all_names(self) -> Iterator[tuple[str, NameKind, str, int]]:
        """What facts call each entity, by id: the id, as what, the name, and how many say so."""
        yield from self._named("1")

    def names_of(self, entity: str) -> list[tuple[NameKind, str, int]]:
        """What facts call an entity: as what, the name, and how many say so."""
        return [row[1:] for row in self._named("n.entity = ?", entity)]

    def _named(self, condition: str, *values: str) -> Iterator[tuple[str, NameKind, str, int]]:
        said, joined, grouped = "n.said", "", ""
        if self._visible is not None:
            said, grouped = "sum(s.said)", " GROUP BY n.number"
            joined = " JOIN names_said s ON s.name = n.number AND sees(s.document)"
        query = (
            f"SELECT n.entity, n.kind, n.name, {said} FROM names n{joined} WHERE {condition}"
            f"{grouped} ORDER BY n.entity"
        )
        with self._reading() as connection:
            yield from connection.execute(query, values)

    def knows(self, entity: str) -> bool:
        """Whether a fact is about the entity of an id."""
        with self._reading() as connection:
            query = f"SELECT 1 FROM names n WHERE n.entity = ?{self._name_is_seen} LIMIT 1"
            return connection.execute(query, (entity,)).fetchone() is not None

    def owners(self, key: str) -> list[tuple[str, NameKind]]:
        """The entities that bear the name of a key, and as what."""
        with self._reading() as connection:
            query = f"SELECT n.entity, n.kind FROM names n WHERE n.key = ?{self._name_is_seen}"
            return connection.execute(query, (key,)).fetchall()

    def lengths(self, first: str) -> list[int]:
        """How many tokens the names have that begin with one, seen or not, the longest first."""
        found: list[int] = []
        with self._reading() as connection:
            query = (
                "SELECT max(length) FROM names WHERE first = ? AND length < ? AND key IS NOT NULL"
            )
            length = 1 << 30
            while (length := connection.execute(query, (first, length)).fetchone()[0]) is not None:
                found.append(length)
        return found

    def keys(self, letter: str, lengths: Collection[int]) -> list[str]:
        """The keys that begin with a letter and have one of these lengths, seen or not."""
        marks = ", ".join("?" * len(lengths))
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT key FROM names WHERE key IS NOT NULL AND key >= ? AND key < ? "
                f"AND length(key) IN ({marks})",
                (letter, letter + chr(0x10FFFF), *lengths),
            )
            return [row[0] for row in rows]


def _column(as_object: bool) -> str:
    return "object_id" if as_object else "subject_id"


def _merged(rows: Sequence[tuple[Any, ...]]) -> list[Fact]:
    """Rows of `FACTS_QUERY`, those of one fact together, as facts with all who say them."""
    by_id: dict[str, list[Fact]] = {}
    for row in rows:
        by_id.setdefault(row[-1], []).append(read_fact(row))
    return [merge_facts(same) for same in by_id.values()]
