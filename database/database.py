"""The database of a base: documents, passages, vectors and facts in and out."""

import json
import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import EmbeddingMismatchError
from ..facts import Fact
from .connection import BUSY_SECONDS, Connections
from .records import DocumentInfo, DocumentRecord, FoundPassage
from .rows import FACTS_QUERY, found_passage, read_fact
from .writing import (
    FORGOTTEN,
    VECTORS_REPLACED,
    delete_documents,
    drop_unused,
    generation_of,
    insert_documents,
    note_change,
    number_in,
    rows_in,
    value_in,
)

_PASSAGES = (
    "SELECT p.id, d.id, p.position, p.start, p.end, p.text, p.heading, p.page, p.vector_key, "
    "d.title, p.number FROM passages p JOIN documents d ON d.number = p.document"
)


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
        self.read_only = read_only
        self.immutable = immutable
        #: The fingerprint of the model whose vectors are stored here; any where None.
        self.vector_model: str | None = None
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

    def embedding_fingerprint(self) -> str:
        """That of the model whose vectors the base holds; empty where none is recorded."""
        with self.connections.reading() as connection:
            return value_in(connection, "embedding_fingerprint")

    def check_vector_model(self) -> None:
        """Refuse to go on where the base was changed to another model than `vector_model`.

        Raises:
            EmbeddingMismatchError: it was.
        """
        with self.connections.reading() as connection:
            self._check_vector_model(connection)

    def _check_vector_model(self, connection: sqlite3.Connection) -> None:
        if self.vector_model not in (None, value_in(connection, "embedding_fingerprint")):
            name = value_in(connection, "embedding_name")
            raise EmbeddingMismatchError(
                f"{self.path.parent} was changed to the embedding model {name!r} meanwhile; open "
                "it again with that one. Nothing was stored or found."
            )

    def generation(self) -> int:
        """How many changes the base has seen."""
        with self.connections.reading() as connection:
            return generation_of(connection)

    def changed_since(self, generation: int) -> list[str] | None:
        """The ids of documents that were added, replaced or deleted after that generation.

        None where that is not known any more, since the base was compacted after it.
        """
        with self.connections.reading() as connection:
            if number_in(connection, FORGOTTEN) > max(generation, 0):
                return None
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
            document: The whole document.
            vectors: The vectors of its passages by key. They are stored with the passages, since
                one that was there before may have gone meanwhile with its last other user.
        """
        self.put_documents([document], vectors)

    def put_documents(
        self, documents: Sequence[DocumentRecord], vectors: Mapping[str, bytes] | None = None
    ) -> None:
        """Store documents as `put_document` does, all in one transaction and one generation."""
        if documents:
            with self.connections.writing() as connection:
                if vectors:
                    self._check_vector_model(connection)
                insert_documents(connection, documents, vectors or {})

    def delete_documents(self, ids: Collection[str]) -> list[str]:
        """Delete documents and all that stands on them alone; the ids that were there."""
        with self.connections.writing() as connection:
            found = [row[0] for row in rows_in(connection, "SELECT id FROM documents", "id", ids)]
            if found:
                note_change(connection, found)
                drop_unused(connection, delete_documents(connection, found))
            return found

    def documents(self) -> list[DocumentInfo]:
        """All documents, by id."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT d.id, d.title, d.kind, length(d.text), "
                "(SELECT count(*) FROM passages p WHERE p.document = d.number), "
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
                connection.execute(query) if ids is None else rows_in(connection, query, "id", ids)
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

    def metadata_after(self, number: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Number, id and metadata of the documents that came after one, by number."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT number, id, metadata FROM documents WHERE number > ? ORDER BY number",
                (number,),
            ).fetchall()
        for of, id_, metadata in rows:
            yield of, id_, json.loads(metadata)

    def metadata_of(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The metadata of some documents by id."""
        with self.connections.reading() as connection:
            rows = rows_in(connection, "SELECT id, metadata FROM documents", "id", ids)
            return {id_: json.loads(metadata) for id_, metadata in rows}

    def labels_after(self, number: int) -> Iterator[tuple[int, list[str]]]:
        """Number and labels of the documents that came after one and have labels, by number."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT number, labels FROM documents WHERE number > ? AND labels != '[]' "
                "ORDER BY number",
                (number,),
            ).fetchall()
        for of, labels in rows:
            yield of, json.loads(labels)

    def document_numbers(self) -> list[int]:
        """The numbers of all documents."""
        with self.connections.reading() as connection:
            return [row[0] for row in connection.execute("SELECT number FROM documents")]

    def document_ids(self) -> list[tuple[int, str]]:
        """Number and id of all documents."""
        with self.connections.reading() as connection:
            return connection.execute("SELECT number, id FROM documents").fetchall()

    def counts(self) -> dict[str, int]:
        """How many documents, passages, vectors, facts and entities the base holds."""
        queries = {
            "documents": "SELECT count(*) FROM documents",
            "passages": "SELECT count(*) FROM passages",
            "vectors": "SELECT count(*) FROM vectors",
            "facts": "SELECT count(*) FROM facts",
            "entities": "SELECT count(DISTINCT entity) FROM names",
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
            "SELECT p.id FROM (SELECT d.id FROM passages p LEFT JOIN vectors v "
            "ON v.key = p.vector_key JOIN documents d ON d.number = p.document "
            "WHERE p.vector_key IS NOT NULL AND v.key IS NULL) p"
        )
        with self.connections.reading() as connection:
            rows = (
                connection.execute(query)
                if ids is None
                else rows_in(connection, query, "p.id", ids)
            )
            return {row[0] for row in rows}

    # --- passages and vectors ---------------------------------------------------------------

    def passages_by_id(self, ids: Collection[str]) -> dict[int, FoundPassage]:
        """Some passages by id, with their numbers; one that is not there is left out."""
        with self.connections.reading() as connection:
            rows = rows_in(connection, _PASSAGES, "p.id", ids)
            return {row[-1]: found_passage(row) for row in rows}

    def passages_by_number(self, numbers: Collection[int]) -> dict[int, FoundPassage]:
        """Some passages by number; one that is gone is left out."""
        with self.connections.reading() as connection:
            rows = rows_in(connection, _PASSAGES, "p.number", numbers)
            return {row[-1]: found_passage(row) for row in rows}

    def passage_ids(self, numbers: Collection[int]) -> dict[int, str]:
        """The ids of some passages by their numbers."""
        with self.connections.reading() as connection:
            query = "SELECT number, id FROM passages"
            return dict(rows_in(connection, query, "number", numbers))

    def passage_count(self) -> int:
        """How many passages the base holds."""
        with self.connections.reading() as connection:
            return connection.execute("SELECT count(*) FROM passages").fetchone()[0]

    def passages_of(self, document_ids: Collection[str] | None = None) -> Iterator[FoundPassage]:
        """The passages of some or of all documents, in order."""
        with self.connections.reading() as connection:
            rows = (
                connection.execute(_PASSAGES + " ORDER BY d.id, p.position")
                if document_ids is None
                else rows_in(connection, _PASSAGES, "d.id", document_ids, order="d.id, p.position")
            )
            for row in rows:
                yield found_passage(row)

    def passages_after(self, number: int) -> Iterator[tuple[int, str, str, str]]:
        """Number, title, heading and text of the passages that came after one."""
        with self.connections.reading() as connection:
            yield from connection.execute(
                "SELECT p.number, d.title, p.heading, p.text FROM passages p "
                "JOIN documents d ON d.number = p.document WHERE p.number > ? ORDER BY p.number",
                (number,),
            )

    def vectors_after(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Number and vector of the passages that came after one, where they have one."""
        with self.connections.reading() as connection:
            yield from connection.execute(
                "SELECT p.number, v.vector FROM passages p JOIN vectors v ON v.key = p.vector_key "
                "WHERE p.number > ? ORDER BY p.number",
                (number,),
            )

    def documents_after(self, number: int) -> Iterator[tuple[int, int]]:
        """Number and document's number of the passages that came after one."""
        with self.connections.reading() as connection:
            yield from connection.execute(
                "SELECT number, document FROM passages WHERE number > ? ORDER BY number", (number,)
            )

    def gone_since(self, generation: int) -> list[int] | None:
        """The numbers of the passages that went after that generation; None as `changed_since`."""
        with self.connections.reading() as connection:
            if number_in(connection, FORGOTTEN) > max(generation, 0):
                return None
            rows = connection.execute(
                "SELECT number FROM gone WHERE generation > ? ORDER BY number", (generation,)
            )
            return [row[0] for row in rows]

    def vectors_replaced(self) -> int:
        """The generation in which the vectors were last replaced as a whole."""
        with self.connections.reading() as connection:
            return number_in(connection, VECTORS_REPLACED)

    def vectors_by_key(self, keys: Collection[str]) -> dict[str, bytes]:
        """The stored vectors of those keys that have one."""
        with self.connections.reading() as connection:
            return dict(rows_in(connection, "SELECT key, vector FROM vectors", "key", keys))

    def put_vectors(self, vectors: Iterable[tuple[str, bytes]]) -> None:
        """Store vectors (little-endian float16) by the hash of what was embedded.

        Raises:
            EmbeddingMismatchError: the base has another model by now than `vector_model`.
        """
        with self.connections.writing() as connection:
            self._check_vector_model(connection)
            connection.executemany("REPLACE INTO vectors (key, vector) VALUES (?, ?)", vectors)

    # --- facts ------------------------------------------------------------------------------

    def facts_of(
        self, document_ids: Collection[str] | None = None
    ) -> Iterator[tuple[str, list[Fact]]]:
        """Each document with the facts that it says, in its own words and order."""
        with self.connections.reading() as connection:
            query = FACTS_QUERY
            rows: Iterable[tuple[Any, ...]] = (
                connection.execute(query + " ORDER BY c.document_id, c.position")
                if document_ids is None
                else sorted(rows_in(connection, query, "c.document_id", document_ids))
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
