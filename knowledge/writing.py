"""Writing into a base: documents checked, read, embedded in batches, each stored whole or not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from ..database.database import Database
from ..database.records import DocumentRecord
from ..extraction import chinese_entities
from ..extraction.extraction import LONGEST_SENTENCE, extract_facts, unread_sentences
from ..facts import FactExtractor
from ..retrieval.passage_vectors import embedded_text, passage_vectors
from ..retrieval.splitter import Splitter
from ..text.scripts import has_cjk
from .records import AddReport, Candidate, check_document, read_document, reading_of

_BATCH = 256  # passages embedded together: the model sorts them by length

_TAKEN = "another document of this name came meanwhile; the same command gives this one another"

Progress = Callable[[int, int], None]


class DocumentWriter:
    """Stores documents of one call in a database; `report` tells what became of them.

    Args:
        database: Where they are stored.
        embeddings: Gives the embedding model, at the first passage that is new.
        splitter: Cuts texts into passages.
        progress: Called with the number of documents done and seen so far.
        is_taken: Whether an id, that of a document with this metadata, belongs to another by now;
            such a document is refused rather than put in its place.
    """

    def __init__(
        self,
        database: Database,
        embeddings: Callable[[], Embeddings],
        splitter: Splitter,
        progress: Progress | None = None,
        *,
        is_taken: Callable[[str, Mapping[str, Any]], bool] | None = None,
    ) -> None:
        self.report = AddReport()
        self._database = database
        self._embeddings = embeddings
        self._splitter = splitter
        self._progress = progress
        self._is_taken = is_taken

    def add(self, docs: Iterable[Document], *, extractor: FactExtractor | None) -> None:
        """Check, read and store documents; one that cannot be stored is refused by itself."""
        pending: list[DocumentRecord] = []
        waiting = 0
        parts: dict[str, Sequence[str]] = {}
        for document in docs:
            told = reading_of(document)
            if "parts" in told:
                parts[str(document.metadata.get("source"))] = told["parts"]
            try:
                candidate = check_document(document, self._splitter.splitting)
                if self._is_unchanged(candidate, pending):
                    self.report.unchanged.append(candidate.id)
                    continue
                record = read_document(candidate, self._splitter, extractor=extractor)
            except ValueError as error:
                self.report.refused.append((document.id or "", str(error)))
                continue
            self._note(candidate, by_rules=extractor is extract_facts)
            pending.append(record)
            waiting += len(record.passages)
            if waiting >= _BATCH:
                self.store(pending)
                pending, waiting = [], 0
        self.store(pending)
        if parts:
            self._remove_ghosts(parts)

    def _remove_ghosts(self, parts: Mapping[str, Sequence[str]]) -> None:
        """Remove the rows that files of several documents had when they were read before."""
        here = {source: frozenset(ids) for source, ids in parts.items()}
        ghosts = [
            id_
            for _, id_, metadata in self._database.metadata_after(0)
            if (source := str(metadata.get("source"))) in here
            and id_ not in here[source]
            and id_.startswith(f"{source}#")
        ]
        self.report.removed += self._database.delete_documents(ghosts)

    def store(self, records: Iterable[DocumentRecord]) -> None:
        """Store records that were read already."""
        records = list(records)
        vectors = self._embed(records)
        report = self.report
        known = self._database.content_hashes([record.id for record in records])
        for record in records:
            if self._is_taken is not None and self._is_taken(record.id, record.metadata):
                report.refused.append((record.id, _TAKEN))
                continue
            self._database.put_document(record, vectors)
            (report.updated if record.id in known else report.added).append(record.id)
            known[record.id] = record.content_hash
            report.passages += len(record.passages)
            report.facts += len({fact.id for fact in record.facts})
            if self._progress is not None:
                done = len(report.added) + len(report.updated) + len(report.unchanged)
                self._progress(done, done + len(report.refused))

    def _is_unchanged(self, candidate: Candidate, pending: list[DocumentRecord]) -> bool:
        for record in reversed(pending):  # the last of one id counts
            if record.id == candidate.id:
                return record.content_hash == candidate.content_hash
        stored = self._database.content_hashes([candidate.id])
        return stored.get(
            candidate.id
        ) == candidate.content_hash and not self._database.without_vectors([candidate.id])

    def _note(self, candidate: Candidate, *, by_rules: bool) -> None:
        self.report.notes += [(candidate.id, note) for note in candidate.notes]
        if by_rules and has_cjk(candidate.text) and not chinese_entities.is_available():
            self._note_once(
                "in Chinese only facts of a document's own topic were read; for those of other "
                f"names: {chinese_entities.PIP_LINE}"
            )
        unread = unread_sentences(candidate.text) if by_rules else 0
        if unread:
            said = f"no facts were read in {unread} sentences of more than {LONGEST_SENTENCE:,}"
            self.report.notes.append((candidate.id, f"{said} characters"))

    def _note_once(self, said: str) -> None:
        if all(note != said for _, note in self.report.notes):
            self.report.notes.append(("", said))

    def _embed(self, records: Iterable[DocumentRecord]) -> dict[str, bytes]:
        """The vectors of all passages by key."""
        texts = {
            passage.vector_key: embedded_text(record.title, passage.heading, passage.text)
            for record in records
            for passage in record.passages
            if passage.vector_key
        }
        return passage_vectors(self._database, self._embeddings, texts)
