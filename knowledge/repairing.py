"""Mending a base: what is wrong with it, what can be saved, and a sound base of that."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from langchain_core.embeddings import Embeddings

from ..database.database import Database
from ..database.upkeep import drop_dangling, put_missing_vectors, without_vector
from ..errors import BaseCorruptError, BaseOutdatedError, NotABaseError, StorageError
from ..retrieval.embedding_calls import embedded
from ..retrieval.embedding_record import record_or_compare
from ..retrieval.embeddings import load_embeddings
from ..retrieval.passage_indexes import PassageIndexes
from ..retrieval.passage_vectors import embedded_text
from ..retrieval.vector_index import normalized
from .backups import DATABASE_NAME, INDEXES_NAME, set_aside
from .salvage import DamagedBase

_BATCH = 256  # passages that are embedded together, and documents that are stored together

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class RepairReport:
    """What was wrong with a base and what became of it, as document ids.

    `saved` are the documents of a damaged file that were read whole; `recut` those whose text was
    read, and passages or facts made of it anew; `unsure` those whose text is not the one that was
    stored, by its checksum; `lost` those that cannot be read. `aside` is the folder in which the
    damaged file is kept.
    """

    problems: list[str] = field(default_factory=list[str])
    mended: list[str] = field(default_factory=list[str])
    saved: list[str] = field(default_factory=list[str])
    recut: list[str] = field(default_factory=list[str])
    unsure: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    aside: str = ""
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """The same for a reader."""
        lines = [f"wrong: {problem}" for problem in self.problems]
        if not self.problems:
            lines.append("nothing is wrong with the database")
        if self.saved or self.recut or self.lost:
            would = "can be saved" if self.dry_run else "saved"
            lines.append(f"{len(self.saved)} documents {would} whole")
        lines += [f"its passages and facts are read anew: {id_}" for id_ in self.recut]
        lines += [
            f"kept, but its text is not the one that was stored: {one}" for one in self.unsure
        ]
        lines += [f"lost: {id_}" for id_ in self.lost]
        lines += self.mended
        if self.lost:
            lines.append("Add the files of what was lost again, or restore a backup.")
        if self.aside:
            lines.append(f"The damaged file is kept in {self.aside}; delete it when you like.")
        return lines


def repair(
    folder: Path,
    embeddings: Callable[[], Embeddings] | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> RepairReport:
    """Find what is wrong with a base, and mend it.

    A sound file gets its lost vectors back, and its indexes anew. Of a damaged one, every document
    that can be read goes into a new file, which takes its place; the damaged one is kept beside it.
    Nobody else may have the base open.

    Args:
        folder: The base.
        embeddings: Gives the embedding model, where vectors are missing; None loads the one that
            the base names.
        dry_run: Only look.
        progress: Called with the documents done and all there are.

    Raises:
        NotABaseError: there is none, or its file cannot be read at all.
        BaseCorruptError: it was written by a newer version.
    """
    file = folder / DATABASE_NAME
    if not file.exists():
        raise NotABaseError(f"{folder} holds no base ({DATABASE_NAME} is missing)")
    report = RepairReport(dry_run=dry_run)
    if not dry_run:
        _clear_leftovers(folder)
    try:
        problems = _problems(file)
    except BaseOutdatedError as error:
        if dry_run:
            report.problems.append(str(error))
            return report
        Database(file).close()  # brings it up to date
        problems = _problems(file)
    report.problems += [*problems]
    if problems and not all(_is_mended_in_place(problem) for problem in problems):
        _save(folder, embeddings, report, progress)
    elif not dry_run:
        database = Database(file)
        try:
            _mend(database, folder, embeddings, report, progress)
        finally:
            database.close()
    return report


def _clear_leftovers(folder: Path) -> None:
    """Delete what repairs and restores that were killed have left."""
    for pattern in (".repairing-*", ".restoring-*"):
        for left in folder.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)


def _problems(file: Path) -> list[str]:
    try:
        database = Database(file, read_only=True)
    except (BaseCorruptError, StorageError) as error:
        return [str(error)]
    try:
        return database.integrity_problems()
    except BaseCorruptError as error:
        return [str(error)]
    finally:
        database.close()


def _is_mended_in_place(problem: str) -> bool:
    return problem.startswith("dangling row") or "passages without vectors" in problem


def _mend(
    database: Database,
    folder: Path,
    embeddings: Callable[[], Embeddings] | None,
    report: RepairReport,
    progress: Progress | None,
) -> None:
    """Mend a file that SQLite reads: dangling rows, missing vectors, indexes."""
    if any(problem.startswith("dangling row") for problem in report.problems):
        drop_dangling(database)
        report.mended.append("rows without a document were deleted")
    missing = _embed_missing(database, embeddings, progress)
    if missing:
        report.mended.append(f"{missing} lost vectors were made again")
    shutil.rmtree(folder / INDEXES_NAME, ignore_errors=True)
    record_or_compare(folder, database, None)
    indexes = PassageIndexes(database, folder / INDEXES_NAME)
    with database.snapshot():
        indexes.bm25()
        indexes.save()
    report.mended.append("the index of words was made anew")


def _embed_missing(
    database: Database,
    embeddings: Callable[[], Embeddings] | None,
    progress: Progress | None,
) -> int:
    total = database.passage_count()
    done = 0
    model: Embeddings | None = None
    while batch := without_vector(database, _BATCH):
        if model is None:
            name = database.manifest()["embedding_name"]
            model = load_embeddings(name) if embeddings is None else embeddings()
        texts = {key: embedded_text(title, heading, text) for key, title, heading, text in batch}
        array = normalized(embedded(model, list(texts.values()))).astype("<f2")
        put_missing_vectors(database, zip(texts, (row.tobytes() for row in array), strict=True))
        done += len(batch)
        if progress is not None:
            progress(done, total)
    return done


def _save(
    folder: Path,
    embeddings: Callable[[], Embeddings] | None,
    report: RepairReport,
    progress: Progress | None,
) -> None:
    """Make a new file of all that can be read of a damaged one, and put it in its place."""
    with tempfile.TemporaryDirectory(prefix=".repairing-", dir=folder) as name:
        work = Path(name)
        damaged = DamagedBase(folder / DATABASE_NAME, work / "copy")
        try:
            made = None if report.dry_run else Database(work / DATABASE_NAME, create=True)
            try:
                if made is not None:
                    made.record_once({**damaged.manifest(), "base_id": uuid4().hex})
                    record_or_compare(folder, made, embeddings() if embeddings else None)
                _copy(damaged, made, report, progress)
                if made is not None:
                    _embed_missing(made, embeddings, progress)
            finally:
                if made is not None:
                    made.close()
        finally:
            damaged.close()
        if made is None:
            return
        report.aside = str(set_aside(folder, "damaged"))
        os.replace(work / DATABASE_NAME, folder / DATABASE_NAME)


def _copy(
    damaged: DamagedBase, made: Database | None, report: RepairReport, progress: Progress | None
) -> None:
    numbers = damaged.numbers()
    for start in range(0, len(numbers), _BATCH):
        batch = [damaged.read(number) for number in numbers[start : start + _BATCH]]
        found = [one for one in batch if one is not None]
        for one in found:
            if one.record is None:
                report.lost.append(one.name)
                continue
            (report.saved if one.is_whole else report.recut).append(one.name)
            if not one.is_sure:
                report.unsure.append(one.name)
        if made is not None:
            vectors = {key: vector for one in found for key, vector in one.vectors.items()}
            made.put_documents([one.record for one in found if one.record is not None], vectors)
        if progress is not None:
            progress(min(start + _BATCH, len(numbers)), len(numbers))
