"""Files and folders to Documents: text, Markdown, HTML, JSON, JSON Lines and CSV."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from langchain_core.documents import Document

from ..errors import DocumentError
from ..text.headings import markdown_heading
from .encodings import decode
from .html import MAX_NESTING, bound_nesting, html_to_text

MAX_BYTES = 50_000_000
#: Under this key the first document of a file tells whoever stores it what was bounded while the
#: file was read ("notes") and which documents there are of the file now ("parts", ids); not stored.
READING_KEY = "groundglm_reading"

_DEEP = f"elements nested deeper than {MAX_NESTING} were read as plain text"
_TEXT_FIELDS = ("text", "content", "body", "正文", "内容", "文本")
_FIRST_LEVEL = ("# ", "#\t")
_TITLE_FIELDS = ("title", "name", "标题", "名称")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Read:
    """One document of a file; `part` tells several of one file apart."""

    text: str
    title: str = ""
    part: str = ""
    note: str = ""


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
        parts = [f"{name}{one.part}" for one in read] if path.suffix.lower() in _IN_PARTS else []
        reading = {key: value for key, value in (("notes", notes), ("parts", parts)) if value}
        for number, one in enumerate(read):
            metadata: dict[str, Any] = {
                "title": one.title or path.stem,
                "source": name,
                "size": status.st_size,
            }
            if reading and number == 0:
                metadata[READING_KEY] = reading
            yield Document(one.text, id=f"{name}{one.part}", metadata=metadata)


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


def _read_file(path: Path, max_bytes: int) -> Iterator[_Read]:
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
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DocumentError("it is empty")
    found = False
    for one in reader(text):
        if not _is_unicode(one.text + one.title):
            raise DocumentError(f"it holds half a character (a lone surrogate) {one.part}".strip())
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


def _plain(text: str) -> Iterator[_Read]:
    yield _Read(text)


def _markdown(text: str) -> Iterator[_Read]:
    first = (markdown_heading(line) for line in text.split("\n") if line[:2] in _FIRST_LEVEL)
    yield _Read(text, next(filter(None, first), ""))


def _html(text: str) -> Iterator[_Read]:
    bounded, is_deep = bound_nesting(text)
    title, body = html_to_text(bounded)
    yield _Read(body, title, note=_DEEP if is_deep else "")


def _json(text: str) -> Iterator[_Read]:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"it is no valid JSON: {error}") from error
    if isinstance(value, list) and all(isinstance(one, dict) for one in cast("list[Any]", value)):
        items = cast("list[dict[str, Any]]", value)
        for number, item in enumerate(items, start=1):
            yield _item(item, f"#{number}")
    else:
        yield _item(cast("object", value), "")


def _json_lines(text: str) -> Iterator[_Read]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DocumentError(f"line {number} is no valid JSON: {error}") from error
        yield _item(value, f"#{number}")


def _item(value: object, part: str) -> _Read:
    if isinstance(value, dict):
        data = cast("Mapping[str, Any]", value)
        title = _first(data, _TITLE_FIELDS)
        body = _first(data, _TEXT_FIELDS)
        if body:
            return _Read(body, title, part)
        return _Read("\n".join(_lines(data, "")), title, part)
    return _Read(value if isinstance(value, str) else "\n".join(_lines(value, "")), "", part)


def _first(data: Mapping[str, Any], names: Iterable[str]) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _lines(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in cast("Mapping[str, object]", value).items():
            yield from _lines(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        listed = cast("list[object]", value)
        if all(not isinstance(inner, dict | list) for inner in listed):
            yield f"{path}: {', '.join(map(str, listed))}"
            return
        for number, inner in enumerate(listed, start=1):
            yield from _lines(inner, f"{path}[{number}]")
    elif value is not None:
        yield f"{path}: {value}" if path else str(value)


def _csv(text: str) -> Iterator[_Read]:
    try:
        reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
        rows = [row for row in reader if any(row)]
    except csv.Error as error:
        raise DocumentError(f"it is no valid CSV: {error}") from error
    if len(rows) < 2:
        yield _Read(text)
        return
    header, *body = rows
    yield _Read("\n\n".join("\n".join(_cells(header, row)) for row in body))


def _delimiter(text: str) -> str:
    """What stands most often in the first line, outside quotes."""
    first = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(",;\t|", key=first.count)


def _cells(header: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for number, cell in enumerate(row):
        name = header[number].strip() if number < len(header) else ""
        value = " ".join(cell.split())
        if value:
            yield f"{name}: {value}" if name else value


_FORMATS: Mapping[str, Callable[[str], Iterator[_Read]]] = {
    ".txt": _plain,
    ".text": _plain,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
    ".tsv": _csv,
}
_IN_PARTS = frozenset({".json", ".jsonl", ".ndjson"})
