"""Files and folders to Documents, each file read by a process apart from this one."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from .finding import FoundFile, find_files
from .formats import ENDINGS, IN_PARTS, format_of
from .options import MAX_BYTES, ReadingOptions
from .parts import PAGES_KEY, PLACES_KEY
from .reading_processes import FileToRead, ReadFile, read_all
from .refusals import Refusal

#: Under this key the first document of a file tells whoever stores it what was bounded while the
#: file was read ("notes") and which documents there are of the file now ("parts", ids); not stored.
READING_KEY = "groundglm_reading"
#: A hash of the bytes of a file and of how it was read: while it is the same, it is not read again.
DIGEST_KEY = "read_as"
#: How many documents there are of a file that may hold several.
OF_KEY = "documents_of_file"


def load_files(
    paths: Iterable[Path],
    *,
    root: Path | None = None,
    max_bytes: int = MAX_BYTES,
    options: ReadingOptions | None = None,
    jobs: int | None = None,
) -> Iterator[Document | Refusal]:
    """Read files, and folders with all that stands in them, in a fixed order.

    A document's id is its path relative to `root` (with `#n` for the lines of a JSON Lines file),
    or the absolute path of a file outside it. What is passed over in folders, `find_files` says;
    each file given by name is read or refused.

    Args:
        paths: Files and folders.
        root: The folder that ids are relative to.
        max_bytes: Larger files are refused.
        options: What else may be done to read a file, and what it may cost.
        jobs: How many files are read at once, each in a process of its own.
    """
    options = options or ReadingOptions(max_bytes=max_bytes)
    refused: list[Refusal] = []
    files: list[FoundFile] = []
    for found in find_files(paths, formats=ENDINGS):
        if isinstance(found, FoundFile):
            files.append(found)
        elif isinstance(found, Refusal):
            refused.append(found)
    named = [(file, document_id(file.path, root)) for file in files]
    good = [(file, name) for file, name in named if is_unicode(name)]
    read = read_all((FileToRead(file.path) for file, _ in good), options, jobs=jobs)
    for file, name in named:
        if not is_unicode(name):
            yield unnamed(name)
        else:
            yield from documents_of(next(read), file.path, name)
    for one in refused:
        yield Refusal(document_id(Path(one.path), root), one.reason)


def documents_of(
    read: ReadFile,
    path: Path,
    name: str,
    metadata: Mapping[str, Any] | None = None,
    *,
    version: str = "",
) -> Iterator[Document | Refusal]:
    """The documents of a file that was read, or why there are none.

    Args:
        read: What came of it.
        path: The file.
        name: Its id.
        metadata: What else its documents are to say.
        version: That of whoever stores them, who may need to read them again.
    """
    if read.refused:
        yield Refusal(name, read.refused)
        return
    parts = [one for one in read.parts if one.text.strip()]
    if not parts:
        yield Refusal(name, "it holds no text")
        return
    broken = next((one for one in parts if not is_unicode(one.text + one.title + one.name)), None)
    if broken is not None:
        reason = f"it holds half a character (a lone surrogate) {broken.name}"
        yield Refusal(name, reason.encode("utf-8", "replace").decode().strip())
        return
    notes = [one.note for one in parts if one.note]
    in_parts = format_of(path.name) in IN_PARTS
    ids = [f"{name}{one.name}" for one in parts] if in_parts else []
    reading = {key: value for key, value in (("notes", notes), ("parts", ids)) if value}
    for number, one in enumerate(parts):
        told: dict[str, Any] = {
            **(metadata or {}),
            "title": one.title or path.stem,
            "source": name,
            "size": read.size,
            DIGEST_KEY: f"{version}:{read.digest}" if version else read.digest,
        }
        if in_parts:
            told[OF_KEY] = len(parts)
        if one.page_starts:
            told[PAGES_KEY] = list(one.page_starts)
        if one.places:
            told[PLACES_KEY] = [list(place) for place in one.places]
        if reading and number == 0:
            told[READING_KEY] = reading
        yield Document(one.text, id=f"{name}{one.name}", metadata=told)


def unnamed(name: str) -> Refusal:
    """The refusal of a file whose name is no text."""
    return Refusal(
        name.encode("utf-8", "backslashreplace").decode(), "the name of the file is not UTF-8"
    )


def document_id(path: Path, root: Path | None) -> str:
    """The id of a file: its path relative to `root`, or its absolute path, with forward slashes."""
    absolute = Path(os.path.abspath(path))
    if root is not None and absolute.is_relative_to(os.path.abspath(root)):
        return absolute.relative_to(os.path.abspath(root)).as_posix()
    return absolute.as_posix()


def is_unicode(text: str) -> bool:
    """Whether a text can be written; names and escapes in JSON may hold halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
