"""The files that documents of a base were read from: their names, and which have vanished.

A document of a file says so in its metadata: `source` is the name of the file, which its id begins
with, and `file` is where it lies, relative to the folder of the base, so that both can be moved
together.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..database.database import Database
from ..loading.files import DIGEST_KEY, OF_KEY

FILE_KEY = "file"


@dataclass(slots=True)
class _Stored:
    """What a base holds of one file: where it lies, its size when it was read, its documents."""

    file: str
    is_sure: bool  # not only guessed from its name, as of bases of earlier versions
    size: int | None = None
    documents: list[str] = field(default_factory=list[str])
    read_as: set[str] = field(default_factory=set[str])
    of: int = 1  # how many documents there were of it


class StoredFiles:
    """The files of a base as its documents tell of them, when it is made.

    Args:
        database: That of the base.
        folder: That of the base.
        version: How documents are read and split now; read otherwise, they are read again.
    """

    def __init__(self, database: Database, folder: Path, version: str = "") -> None:
        self._database = database
        self.version = version
        self._folder = Path(os.path.abspath(folder))
        self._by_name: dict[str, _Stored] = {}
        self._names: dict[str, str] = {}  # by where the file lies
        self._new: set[str] = set()
        self._labels: dict[str, tuple[str, ...] | None] = {}
        self._broken: set[str] | None = None  # documents of which vectors are missing
        for _, id_, metadata in database.metadata_after(0):
            source = metadata.get("source")
            if not isinstance(source, str) or id_ != source and not id_.startswith(f"{source}#"):
                continue
            stored = self._by_name.get(source)
            if stored is None:
                stored = self._by_name[source] = self._stored(source, metadata)
                self._names.setdefault(stored.file, source)
            stored.documents.append(id_)
            stored.read_as.add(str(metadata.get(DIGEST_KEY, "")))

    def _stored(self, source: str, metadata: dict[str, Any]) -> _Stored:
        file, size = metadata.get(FILE_KEY), metadata.get("size")
        of = metadata.get(OF_KEY)
        is_told = isinstance(file, str)
        return _Stored(
            file if isinstance(file, str) else self.file_of(self._folder / source),
            is_sure=is_told or os.path.isabs(source),
            size=size if isinstance(size, int) else None,
            of=of if isinstance(of, int) else 1,
        )

    def file_of(self, path: Path) -> str:
        """Where a file lies, relative to the base; absolute where there is no such way."""
        absolute = os.path.abspath(path)
        try:
            return Path(os.path.relpath(absolute, self._folder)).as_posix()
        except ValueError:  # on another drive
            return Path(absolute).as_posix()

    def _path(self, stored: _Stored) -> Path:
        return Path(os.path.normpath(self._folder / stored.file))

    def name_of(self, path: Path, given: Path) -> str:
        """The name of a file that is being added: the one it has, or a new one.

        A new name is the path relative to the base for a file within it, else to the current
        folder, else to the folder that holds what was given. Where another file has that name, more
        of the path is put before it.

        Args:
            path: The file.
            given: The file or folder that was named for it.
        """
        file = self.file_of(path)
        if file in self._names:
            return self._names[file]
        names = list(self._possible_names(path, given))
        name = next((one for one in names if self._is_free(one, path)), names[-1])
        old = self._by_name.get(name)
        if old is None:
            self._new.add(name)
        else:  # the same file, which has moved
            self._names.pop(old.file, None)
        documents = old.documents if old is not None else []
        self._by_name[name] = _Stored(file, is_sure=True, documents=documents)
        self._names[file] = name
        return name

    def digest_of(self, name: str) -> str:
        """The digest of a file as it was read, where all of it is stored by this version."""
        stored = self._by_name.get(name)
        if stored is None or len(stored.read_as) != 1 or len(stored.documents) != stored.of:
            return ""
        version, _, digest = next(iter(stored.read_as)).partition(":")
        if version != self.version:
            return ""
        if self._broken is None:
            self._broken = self._database.without_vectors()
        return "" if self._broken.intersection(stored.documents) else digest

    def documents_of_name(self, name: str) -> list[str]:
        """The documents of the file of a name."""
        stored = self._by_name.get(name)
        return list(stored.documents) if stored is not None else []

    def labels_of_name(self, name: str) -> tuple[str, ...] | None:
        """The labels of the documents of a file, those of all where they differ; None of none."""
        if name not in self._labels:
            found = self._database.metadata_of(self.documents_of_name(name)).values()
            labels = {label for told in found for label in told.get("labels") or ()}
            self._labels[name] = tuple(sorted(labels)) if found else None
        return self._labels[name]

    def is_taken_meanwhile(self, document_id: str, metadata: Mapping[str, Any]) -> bool:
        """Whether a document of another file has come under a name since it was found to be free.

        Args:
            document_id: The id of a document that is to be stored.
            metadata: Its metadata.
        """
        if metadata.get("source") not in self._new:
            return False
        told = self._database.metadata_of([document_id]).get(document_id)
        return told is not None and told.get(FILE_KEY) != metadata.get(FILE_KEY)

    def _possible_names(self, path: Path, given: Path) -> Iterator[str]:
        absolute = Path(os.path.abspath(path))
        for folder in (self._folder, Path.cwd(), Path(os.path.abspath(given)).parent):
            if absolute.is_relative_to(folder):
                length = len(absolute.relative_to(folder).parts)
                break
        else:
            length = 1
        parts = absolute.parts[1:]
        for count in range(length, len(parts) + 1):
            yield "/".join(parts[-count:])
        yield absolute.as_posix()

    def _is_free(self, name: str, path: Path) -> bool:
        stored = self._by_name.get(name)
        if stored is None:
            # A document that is of no file, or that another process has just added, stays.
            told = self._database.metadata_of([name]).get(name)
            return told is None or told.get(FILE_KEY) == self.file_of(path)
        if PurePosixPath(name).is_absolute():
            return True
        if not is_gone(self._path(stored)) or stored.size is None:
            return False
        try:
            return path.stat().st_size == stored.size
        except OSError:
            return False

    def documents_of(self, path: Path) -> list[str]:
        """The documents of one file, given by its path or by its name."""
        name = self._names.get(self.file_of(path), path.as_posix())
        stored = self._by_name.get(name)
        return list(stored.documents) if stored is not None else []

    def below(self, folder: Path) -> dict[str, list[str]]:
        """The documents of the files below a folder, by the name of each file."""
        top = os.path.join(os.path.abspath(folder), "")
        return {
            name: list(stored.documents)
            for name, stored in sorted(self._by_name.items())
            if stored.is_sure and str(self._path(stored)).startswith(top)
        }

    def vanished(self, names: Sequence[str]) -> list[str]:
        """Those of some files that are not there any more; one that cannot be looked at is."""
        return [name for name in names if is_gone(self._path(self._by_name[name]))]


def is_gone(path: Path) -> bool:
    """Whether there is no file of that name; False where nobody can tell."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
