"""Files and folders into a base, and out of it what has vanished from them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from langchain_core.documents import Document

from ..loading.files import documents_of, is_unicode, unnamed
from ..loading.finding import FoundFile, find_files
from ..loading.formats import ENDINGS
from ..loading.ocr import NO_WORDS
from ..loading.options import ReadingOptions
from ..loading.reading_processes import FileToRead, ReadFile, read_all
from ..loading.refusals import PassedOver
from ..retrieval.visibility import check_labels
from .files import FILE_KEY, StoredFiles, is_gone
from .records import AddReport


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far an `add_files` has come: files and bytes read of how many, and the file at hand.

    `passages` are those that are stored by now.
    """

    files: int
    of_files: int
    bytes: int
    of_bytes: int
    passages: int
    name: str


class FileReader:
    """Documents of files and folders; `report` is told what was refused and passed over.

    Args:
        stored: The files that the base holds.
        report: Where refusals and what was passed over are noted.
        sync: Whether what has vanished is to be taken out: a named file that is gone is no error.
        options: How files are read, and what each may cost.
        jobs: How many are read at once, each in a process of its own.
        progress: Called before each file.
        labels: Who may see the documents; None leaves those of a file that is there as they are.
    """

    def __init__(
        self,
        stored: StoredFiles,
        report: AddReport,
        *,
        sync: bool,
        options: ReadingOptions,
        jobs: int | None,
        progress: Callable[[FileProgress], None] | None,
        labels: Iterable[str] | None = None,
    ) -> None:
        self._labels = None if labels is None else check_labels([*labels])
        self._stored = stored
        self._report = report
        self._sync = sync
        self._options = options
        self._jobs = jobs
        self._progress = progress
        self._empty: set[Path] = set()
        self._read = (0, 0)  # files and bytes

    def documents(self, paths: Iterable[Path]) -> Iterator[Document]:
        """The documents of files, and of folders with all that stands in them."""
        named = list(dict.fromkeys(paths))
        here = [path for path in named if not (self._sync and self._has_vanished(path))]
        files: list[FoundFile] = []
        for found in find_files(here, formats=ENDINGS):
            if isinstance(found, FoundFile):
                files.append(found)
            elif isinstance(found, PassedOver):
                self._report.passed_over.append((found.path, found.reason))
            else:
                self._report.refused.append((found.path, found.reason))
        self._empty = {path for path in here if path.is_dir()} - {file.given for file in files}
        total, done = sum(file.size for file in files), 0
        for number, (file, name, read) in enumerate(self._read_files(files)):
            self._tell(FileProgress(number, len(files), done, total, self._report.passages, name))
            yield from self._documents(file, name, read)
            done += file.size
        self._read = (len(files), total)

    def _read_files(
        self, files: Sequence[FoundFile]
    ) -> Iterator[tuple[FoundFile, str, ReadFile | None]]:
        """Files with their names and what came of each; None where the name is no text."""
        waiting: deque[tuple[FoundFile, str]] = deque()

        def to_read() -> Iterator[FileToRead]:
            for file in files:
                name = str(file.path)
                if is_unicode(name):
                    name = self._stored.name_of(file.path, file.given)
                waiting.append((file, name))
                if is_unicode(name):
                    yield FileToRead(file.path, self._known_digest(name))

        def without_text() -> Iterator[tuple[FoundFile, str, None]]:
            while waiting and not is_unicode(waiting[0][1]):
                yield (*waiting.popleft(), None)

        for read in read_all(to_read(), self._options, jobs=self._jobs):
            yield from without_text()
            yield (*waiting.popleft(), read)
        yield from without_text()

    def _documents(self, file: FoundFile, name: str, read: ReadFile | None) -> Iterator[Document]:
        if read is not None and read.is_same:
            self._report.unchanged += self._stored.documents_of_name(name)
            return
        if read is not None and read.refused == NO_WORDS and file.path != file.given:
            self._report.passed_over.append((name, NO_WORDS))
            return
        where = {FILE_KEY: self._stored.file_of(file.path)}
        found = (
            iter([unnamed(name)])
            if read is None
            else documents_of(read, file.path, name, where, version=self._stored.version)
        )
        for one in found:
            if isinstance(one, Document):
                yield self._labelled(one, name)
            else:
                self._report.refused.append((one.path, one.reason))

    def _known_digest(self, name: str) -> str:
        """What the file was when it was read; nothing where its documents get other labels."""
        if self._labels is not None and self._stored.labels_of_name(name) not in (
            None,
            self._labels,
        ):
            return ""
        return self._stored.digest_of(name)

    def _labelled(self, document: Document, name: str) -> Document:
        """A document with its labels: read again, it must not be seen by more than before."""
        own = self._labels if self._labels is not None else self._stored.labels_of_name(name)
        if not own or "labels" in document.metadata:
            return document
        return document.model_copy(update={"metadata": {**document.metadata, "labels": [*own]}})

    def finish(self) -> None:
        """Say that all is stored."""
        files, total = self._read
        self._tell(FileProgress(files, files, total, total, self._report.passages, ""))

    def _tell(self, progress: FileProgress) -> None:
        if self._progress is not None:
            self._progress(progress)

    def vanished(self, paths: Iterable[Path]) -> list[str]:
        """The documents whose files were in the named files and folders, and are gone.

        A folder that is gone, or in which nothing is left to read, may be a disk that is not there
        just now: its documents stay, and the report says so.
        """
        gone: list[str] = []
        for path in dict.fromkeys(paths):
            below = self._stored.below(path)
            vanished = self._stored.vanished(list(below))
            if vanished and (path in self._empty or is_gone(path)):
                self._report.refused.append(
                    (
                        str(path),
                        f"nothing is left of it, so its {len(vanished)} files stay in the base; "
                        f"take them out with: groundglm remove --recursive {path}",
                    )
                )
                continue
            gone += [id_ for name in vanished for id_ in below[name]]
            if self._has_vanished(path):
                gone += self._stored.documents_of(path)
        return list(dict.fromkeys(gone))

    def _has_vanished(self, path: Path) -> bool:
        """Whether it is a file that the base holds, or a folder of such, and that is gone."""
        return is_gone(path) and bool(self._stored.documents_of(path) or self._stored.below(path))
