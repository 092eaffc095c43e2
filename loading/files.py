"""Files and folders to Documents: text, Markdown, HTML, JSON, JSON Lines and CSV."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from ..errors import DocumentError
from .html import read_html
from .json import read_json, read_json_lines
from .parts import PAGES_KEY, Part, Reader
from .plain import read_markdown, read_plain
from .tables import read_table

MAX_BYTES = 50_000_000
#: Under this key the first document of a file tells whoever stores it what was bounded while the
#: file was read ("notes") and which documents there are of the file now ("parts", ids); not stored.
READING_KEY = "groundglm_reading"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not read, and why."""

    path: str
    reason: str


def load_files(
    paths: Iterable[Path], *, root: Path | None = None, max_bytes: int = MAX_BYTES
) -> Iterator[Document | Refusal]:
    """Read files, and folders with all that stands in them, in a fixed order.

    A document's id is its path relative to `root` (with `#n` for the lines of a JSON Lines file),
    or the absolute path of a file outside it. In folders, hidden files are skipped, and so are
    files of unknown formats and links that lead out of the folder; each file given by name is read
    or refused.

    Args:
        paths: Files and folders.
        root: The folder that ids are relative to.
        max_bytes: Larger files are refused.
    """
    for path in paths:
        if os.path.isdir(path):
            for found in _walk(path):
                if isinstance(found, OSError):
                    folder = document_id(Path(found.filename or path), root)
                    yield Refusal(folder, f"it cannot be read: {found.strerror or found}")
                else:
                    yield from load_file(found, root=root, max_bytes=max_bytes)
        else:
            yield from load_file(path, root=root, max_bytes=max_bytes)


def load_file(
    path: Path, *, root: Path | None = None, max_bytes: int = MAX_BYTES
) -> Iterator[Document | Refusal]:
    """Read one file; whatever is wrong with it becomes one refusal."""
    name = document_id(path, root)
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
            metadata: dict[str, Any] = {
                "title": one.title or path.stem,
                "source": name,
                "size": status.st_size,
            }
            if one.page_starts:
                metadata[PAGES_KEY] = list(one.page_starts)
            if reading and number == 0:
                metadata[READING_KEY] = reading
            yield Document(one.text, id=f"{name}{one.name}", metadata=metadata)


def document_id(path: Path, root: Path | None) -> str:
    """The id of a file: its path relative to `root`, or its absolute path, with forward slashes."""
    absolute = Path(os.path.abspath(path))
    if root is not None and absolute.is_relative_to(os.path.abspath(root)):
        return absolute.relative_to(os.path.abspath(root)).as_posix()
    return absolute.as_posix()


def _walk(folder: Path) -> Iterator[Path | OSError]:
    top = folder.resolve()
    errors: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(here) / name
            if name.startswith(".") or path.suffix.lower() not in _FORMATS:
                continue
            if not path.is_symlink() or _leads_into(path, top):
                yield path
    yield from errors


def _leads_into(link: Path, top: Path) -> bool:
    try:
        return link.resolve().is_relative_to(top)
    except (OSError, RuntimeError):  # links in a circle
        return False


def _read_file(path: Path, max_bytes: int) -> Iterator[Part]:
    reader = _FORMATS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(_FORMATS))
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


_FORMATS: Mapping[str, Reader] = {
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
