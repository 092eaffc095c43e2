"""Files and folders to Documents: text, Markdown, HTML, JSON, JSON Lines and CSV."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from ..errors import DocumentError
from .finding import FoundFile, find_files
from .html import read_html
from .json import read_json, read_json_lines
from .parts import PAGES_KEY, Part, Reader
from .plain import read_markdown, read_plain
from .refusals import Refusal
from .tables import read_table

MAX_BYTES = 50_000_000
#: Under this key the first document of a file tells whoever stores it what was bounded while the
#: file was read ("notes") and which documents there are of the file now ("parts", ids); not stored.
READING_KEY = "groundglm_reading"


def load_files(
    paths: Iterable[Path], *, root: Path | None = None, max_bytes: int = MAX_BYTES
) -> Iterator[Document | Refusal]:
    """Read files, and folders with all that stands in them, in a fixed order.

    A document's id is its path relative to `root` (with `#n` for the lines of a JSON Lines file),
    or the absolute path of a file outside it. What is passed over in folders, `find_files` says;
    each file given by name is read or refused.

    Args:
        paths: Files and folders.
        root: The folder that ids are relative to.
        max_bytes: Larger files are refused.
    """
    for found in find_files(paths, formats=FORMATS):
        if isinstance(found, FoundFile):
            yield from load_file(found.path, root=root, max_bytes=max_bytes)
        elif isinstance(found, Refusal):
            yield Refusal(document_id(Path(found.path), root), found.reason)


def load_file(
    path: Path,
    *,
    root: Path | None = None,
    name: str | None = None,
    max_bytes: int = MAX_BYTES,
    metadata: Mapping[str, Any] | None = None,
) -> Iterator[Document | Refusal]:
    """Read one file; whatever is wrong with it becomes one refusal.

    Args:
        path: The file.
        root: The folder that its id is relative to.
        name: Its id, in place of its path.
        max_bytes: A larger file is refused.
        metadata: What else its documents are to say.
    """
    name = document_id(path, root) if name is None else name
    if not _is_unicode(name):
        name = name.encode("utf-8", "backslashreplace").decode()
        yield Refusal(name, "the name of the file is not UTF-8")
        return
    try:
        read = list(_read_file(path, max_bytes))
        status = path.stat()
    except DocumentError as error:
        yield Refusal(name, str(error))
    except FileNotFoundError:
        yield Refusal(name, "it does not exist (any more)")
    except OSError as error:
        yield Refusal(name, f"it cannot be read: {error.strerror or error}")
    except RecursionError:
        yield Refusal(name, "it is nested too deeply")
    else:
        notes = [one.note for one in read if one.note]
        parts = [f"{name}{one.name}" for one in read] if path.suffix.lower() in _IN_PARTS else []
        reading = {key: value for key, value in (("notes", notes), ("parts", parts)) if value}
        for number, one in enumerate(read):
            told: dict[str, Any] = {
                **(metadata or {}),
                "title": one.title or path.stem,
                "source": name,
                "size": status.st_size,
            }
            if one.page_starts:
                told[PAGES_KEY] = list(one.page_starts)
            if reading and number == 0:
                told[READING_KEY] = reading
            yield Document(one.text, id=f"{name}{one.name}", metadata=told)


def document_id(path: Path, root: Path | None) -> str:
    """The id of a file: its path relative to `root`, or its absolute path, with forward slashes."""
    absolute = Path(os.path.abspath(path))
    if root is not None and absolute.is_relative_to(os.path.abspath(root)):
        return absolute.relative_to(os.path.abspath(root)).as_posix()
    return absolute.as_posix()


def _read_file(path: Path, max_bytes: int) -> Iterator[Part]:
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(FORMATS))
        raise DocumentError(f"the format {path.suffix or '(none)'!r} is not read; known: {known}")
    size = path.stat().st_size
    if size > max_bytes:
        raise DocumentError(
            f"it has {size:,} bytes, more than {max_bytes:,}; raise the limit with --max-bytes"
        )
    if not path.is_file():
        raise DocumentError("it is no regular file")
    with path.open("rb") as file:
        data = file.read(max_bytes)  # no more, though it may be growing
    if not data.strip():
        raise DocumentError("it is empty")
    found = False
    for one in reader(data):
        if not _is_unicode(one.text + one.title):
            raise DocumentError(f"it holds half a character (a lone surrogate) {one.name}".strip())
        if one.text.strip():
            found = True
            yield one
    if not found:
        raise DocumentError("it holds no text")


def _is_unicode(text: str) -> bool:
    # Names from the system and escapes in JSON can hold halves of surrogate pairs.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


#: The formats that are read, by the ending of a file's name.
FORMATS: Mapping[str, Reader] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_table,
    ".tsv": read_table,
}
_IN_PARTS = frozenset({".json", ".jsonl", ".ndjson"})
