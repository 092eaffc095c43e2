"""What adding files would do, without adding them: counts, problems, and how long it takes."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from ..loading.formats import KNOWN, format_of
from ..loading.options import ReadingOptions
from ..retrieval.embedding_calls import embedded
from ..retrieval.passage_vectors import embedded_text
from ..retrieval.splitter import Splitter
from .adding import FileProgress, FileReader
from .files import StoredFiles
from .records import AddReport, check_document, read_document

_TRIED = 48  # passages, whose embedding tells how long all would take


@dataclass(slots=True)
class AddPreview:
    """What an `add_files` would find: nothing was stored.

    `documents` are those that are new or changed, as pairs of id and number of passages; `formats`
    counts their files by what the format is called; `seconds` is how long adding them is likely to
    take, of which `reading` went by now.
    """

    documents: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    unchanged: list[str] = field(default_factory=list[str])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    passed_over: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    notes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    formats: Counter[str] = field(default_factory=Counter[str])
    characters: int = 0
    passages: int = 0
    seconds: float = 0.0
    reading: float = 0.0


def preview_files(
    stored: StoredFiles,
    hashes: Callable[[list[str]], dict[str, str]],
    embeddings: Callable[[], Embeddings],
    splitter: Splitter,
    paths: Iterable[Path],
    *,
    options: ReadingOptions,
    jobs: int | None,
    progress: Callable[[FileProgress], None] | None,
) -> AddPreview:
    """Read files as an addition would, and say what it would store.

    Args:
        stored: The files that the base holds.
        hashes: Gives the content hashes of documents that the base holds.
        embeddings: Gives the embedding model, which a few passages are tried with.
        splitter: Cuts texts into passages.
        paths: Files and folders.
        options: How files are read, and what each may cost.
        jobs: How many are read at once.
        progress: Called before each file.
    """
    report = AddReport()
    reader = FileReader(stored, report, sync=False, options=options, jobs=jobs, progress=progress)
    found = AddPreview()
    tried: list[str] = []
    files: set[str] = set()
    start = time.perf_counter()
    for document in reader.documents(list(paths)):
        try:
            candidate = check_document(document, splitter.splitting)
        except ValueError as error:
            report.refused.append((document.id or "", str(error)))
            continue
        if hashes([candidate.id]).get(candidate.id) == candidate.content_hash:
            report.unchanged.append(candidate.id)
            continue
        record = read_document(candidate, splitter, extractor=None)
        found.notes += [(candidate.id, note) for note in candidate.notes]
        found.documents.append((candidate.id, len(record.passages)))
        found.characters += len(candidate.text)
        found.passages += len(record.passages)
        _count(found, files, document)
        if len(tried) < _TRIED:
            tried += [
                embedded_text(record.title, one.heading, one.text) for one in record.passages[:8]
            ]
    reader.finish()
    found.reading = time.perf_counter() - start
    found.unchanged = report.unchanged
    found.refused, found.passed_over = report.refused, report.passed_over
    found.seconds = found.reading + _embedding_seconds(embeddings, tried, found.passages)
    return found


def _count(found: AddPreview, files: set[str], document: Document) -> None:
    source = str(document.metadata.get("source"))
    if source not in files:
        files.add(source)
        name = format_of(source)
        found.formats[KNOWN[name].name if name else "other"] += 1


def _embedding_seconds(
    embeddings: Callable[[], Embeddings], tried: list[str], passages: int
) -> float:
    if not tried:
        return 0.0
    model = embeddings()
    embedded(model, tried[:4])  # the first call also loads the model
    start = time.perf_counter()
    embedded(model, tried)
    return (time.perf_counter() - start) / len(tried) * passages
