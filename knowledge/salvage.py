"""Reading what can still be read of a damaged database, document by document."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..database.records import DocumentRecord, PassageRecord
from ..database.rows import FACTS_QUERY, read_fact
from ..database.schema import SCHEMA_VERSION
from ..errors import BaseCorruptError, NotABaseError
from ..extraction.extraction import extract_facts
from ..facts import Contribution, Fact
from ..notation import parse_fact, parse_fact_time
from ..retrieval.splitter import Splitter
from ..retrieval.visibility import check_labels
from ..text.spans import Span
from .records import Candidate, is_hash_of, read_document

_OF_MODEL = ("embedding_name", "embedding_fingerprint")
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A document of a damaged database; `record` is None where it cannot be read.

    `is_whole` says that its passages and facts were read too, and `is_sure` that its text is the
    one that was stored.
    """

    name: str
    record: DocumentRecord | None = None
    vectors: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    is_whole: bool = False
    is_sure: bool = False


class DamagedBase:
    """A copy of a damaged database that is read past its damage.

    Args:
        file: The damaged file, which stays as it is.
        copy: The folder for its copy.

    Raises:
        NotABaseError: nothing of it can be read, or it is of an earlier version.
        BaseCorruptError: it is of a newer version.
    """

    def __init__(self, file: Path, copy: Path) -> None:
        copy.mkdir()
        for suffix in ("", "-wal"):
            if Path(f"{file}{suffix}").exists():
                shutil.copyfile(f"{file}{suffix}", copy / f"{file.name}{suffix}")
        self._connection = sqlite3.connect(copy / file.name, isolation_level=None)
        self._ids: dict[int, str] = {}
        self._are_ids_known = False
        try:
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.DatabaseError as error:
            self.close()
            raise NotABaseError(
                f"nothing of {file} can be read ({error}). Restore a backup, or add the documents "
                "to a new base."
            ) from error
        if version > SCHEMA_VERSION:  # what this one does not know of it would be lost
            self.close()
            raise BaseCorruptError(
                f"{file} was written by a newer version (schema {version}, this one reads "
                f"{SCHEMA_VERSION}), which has to repair it: pip install -U groundglm"
            )
        if version < SCHEMA_VERSION or not tables:
            self.close()
            raise NotABaseError(
                f"{file} is damaged and of an earlier version, which cannot be saved from. Restore "
                "a backup, or add the documents to a new base."
            )

    def close(self) -> None:
        """Close the copy."""
        self._connection.close()

    def manifest(self) -> dict[str, str]:
        """The name and fingerprint of the embedding model, where both can be read."""
        found = {
            key: row[0]
            for key in _OF_MODEL
            if (row := self._first("SELECT value FROM manifest WHERE key = ?", key)) is not None
        }
        return found if len(found) == len(_OF_MODEL) else {}

    def numbers(self) -> list[int]:
        """The numbers that documents have or may have."""
        found: set[int] = set()
        # The index of ids holds the numbers too, apart from the table.
        listed = "SELECT id, number FROM documents INDEXED BY sqlite_autoindex_documents_1"
        try:
            for id_, number in self._connection.execute(listed):
                self._ids[number] = id_
            self._are_ids_known = True
        except sqlite3.DatabaseError:
            pass
        found.update(self._ids)
        for query in (
            "SELECT number FROM documents NOT INDEXED",
            "SELECT document FROM passages INDEXED BY passages_of_document",
            "SELECT document FROM passages NOT INDEXED",
        ):
            found.update(number for (number,) in self._rows_until_damage(query))
        last = self._first("SELECT seq FROM sqlite_sequence WHERE name = 'documents'")
        if last is not None and not self._are_ids_known:
            found.update(range(1, int(last[0]) + 1))
        return sorted(number for number in found if number > 0)

    def read(self, number: int) -> Salvaged | None:
        """The document of a number; None where there never was one."""
        try:
            row = self._connection.execute(
                "SELECT id, kind, title, metadata, labels, content_hash, text FROM documents "
                "NOT INDEXED WHERE number = ?",
                (number,),
            ).fetchone()
            if row is None:
                known = self._ids.get(number)
                return None if known is None else Salvaged(known)
            return self._salvaged(number, row)
        except (sqlite3.DatabaseError, ValueError, TypeError, UnicodeError):
            return Salvaged(self._ids.get(number, f"(the document of number {number})"))

    def _salvaged(self, number: int, row: _Row) -> Salvaged:
        id_, kind, title, metadata, labels, digest, text = row
        if kind not in ("text", "facts") or not all(
            isinstance(one, str) for one in (id_, title, digest, text)
        ):
            raise ValueError("its row is damaged")
        # What cannot be read of its labels must not make it public.
        candidate = Candidate(
            id_, title, text, json.loads(metadata), check_labels(json.loads(labels)), digest
        )
        passages = self._passages(number, candidate) if kind == "text" else ()
        facts = self._facts(id_)
        is_whole = passages is not None and facts is not None
        if is_whole or kind == "facts":
            stated = tuple(_stated(candidate) if facts is None else facts)
            record = DocumentRecord(
                id_, kind, title, text, candidate.metadata, candidate.labels, digest, (), stated
            )
            record = replace(record, passages=passages or ())
        else:
            record = read_document(candidate, Splitter(), extractor=extract_facts)
        is_sure = kind == "facts" or is_hash_of(
            digest, title, text, candidate.metadata, candidate.labels
        )
        return Salvaged(id_, record, self._vectors(record), is_whole, is_sure)

    def _passages(self, number: int, candidate: Candidate) -> tuple[PassageRecord, ...] | None:
        """The passages of a document; None where they cannot be read, or are not of its text."""
        query = (
            "SELECT id, position, start, end, page, heading, vector_key, text FROM passages "
            "WHERE document = ? ORDER BY position"
        )
        try:
            rows = self._connection.execute(query, (number,)).fetchall()
            found = [
                PassageRecord(
                    id_, candidate.id, position, Span(start, end), text, heading, page, key
                )
                for id_, position, start, end, page, heading, key, text in rows
            ]
        except (sqlite3.DatabaseError, ValueError, TypeError):
            return None
        is_sound = [one.position for one in found] == list(range(len(found))) and all(
            one.span.cut(candidate.text) == one.text for one in found
        )
        return tuple(found) if found and is_sound else None

    def _facts(self, document_id: str) -> list[Fact] | None:
        query = f"{FACTS_QUERY} WHERE c.document_id = ? ORDER BY c.position"
        try:
            return [read_fact(row) for row in self._connection.execute(query, (document_id,))]
        except (sqlite3.DatabaseError, ValueError, TypeError):
            return None

    def _vectors(self, record: DocumentRecord) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for passage in record.passages:
            row = self._first("SELECT vector FROM vectors WHERE key = ?", passage.vector_key)
            if row is not None and passage.vector_key and isinstance(row[0], bytes):
                found[passage.vector_key] = row[0]
        return found

    def _first(self, query: str, *values: object) -> _Row | None:
        try:
            return self._connection.execute(query, values).fetchone()
        except sqlite3.DatabaseError:
            return None

    def _rows_until_damage(self, query: str) -> Iterator[_Row]:
        try:
            yield from self._connection.execute(query)
        except sqlite3.DatabaseError:
            return


def _stated(candidate: Candidate) -> Iterator[Fact]:
    """The facts of a set of facts, read out of its lines."""
    from ..evidence import Source

    start = 0
    for line in candidate.text.split("\n"):
        parts = parse_fact(line)
        if parts is not None:
            source = Source(candidate.id, candidate.title, None, Span(start, start + len(line)))
            said = Contribution(source, extractor="given", time=parse_fact_time(line))
            yield Fact(*parts, contributions=(said,))
        start += len(line) + 1
