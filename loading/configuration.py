"""Files of settings: YAML and TOML, a line for each value with the path to it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..errors import DocumentError
from .extracted import ExtractedText
from .options import ReadingOptions
from .parts import Part, text_of

_MOST_DEPTH = 100
_COMMENT = re.compile(r"^[ \t]*#+[ \t]?(.*)$")


def read_yaml(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The values of YAML by their paths, with the comments above them; nothing is constructed."""
    import yaml

    text = text_of(data, options.encoding)
    out = ExtractedText(options)
    comments = _Comments(text)
    try:
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            if node is not None:
                _write_node(out, node, "", comments, 0)
    except yaml.YAMLError as error:
        raise DocumentError(f"it is no valid YAML: {' '.join(str(error).split())}") from error
    comments.write(out, None)
    yield out.part()


def _write_node(
    out: ExtractedText, node: Any, path: str, comments: "_Comments", depth: int
) -> None:
    if depth > _MOST_DEPTH:
        raise DocumentError("it is nested too deeply")
    comments.write(out, node.start_mark.line)
    if node.id == "scalar":
        value = node.value if "\n" in node.value else " ".join(node.value.split())
        out.paragraph(f"{path}: {value}" if path else value)
    elif node.id == "sequence":
        if all(one.id == "scalar" for one in node.value):
            out.paragraph(f"{path}: {', '.join(one.value for one in node.value)}".lstrip(": "))
            return
        for number, one in enumerate(node.value, start=1):
            _write_node(out, one, f"{path}[{number}]", comments, depth + 1)
    else:
        for key, value in node.value:
            comments.write(out, key.start_mark.line)
            name = str(key.value) if key.id == "scalar" else "?"
            _write_node(out, value, f"{path}.{name}" if path else name, comments, depth + 1)


class _Comments:
    """The lines of a text that are comments, written before what stands below them."""

    def __init__(self, text: str) -> None:
        self._waiting = [
            (number, match[1].strip())
            for number, line in enumerate(text.split("\n"))
            if (match := _COMMENT.match(line)) is not None
        ][::-1]

    def write(self, out: ExtractedText, line: int | None) -> None:
        """Those above a line, or all that are left; each once."""
        while self._waiting and (line is None or self._waiting[-1][0] < line):
            out.paragraph(self._waiting.pop()[1])


_KEY = re.compile(r"[ \t]*([\w.\"'-]{1,200})[ \t]*=")
_TABLE = re.compile(r"[ \t]*\[{1,2}([^\[\]\n]{1,200})\]")


def read_toml(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The values of TOML by their paths, each table's comments before it."""
    import tomllib

    text = text_of(data, options.encoding)
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DocumentError(f"it is no valid TOML: {error}") from error
    out = ExtractedText(options)
    _write_values(out, values, "", _toml_comments(text), 0)
    yield out.part()


def _toml_comments(text: str) -> dict[str, str]:
    """The comments of a text, by the path of what stands below them."""
    found: dict[str, str] = {}
    table = ""
    waiting: list[str] = []
    for line in text.split("\n"):
        comment = _COMMENT.match(line)
        if comment is not None:
            waiting.append(comment[1].strip())
            continue
        named, key = _TABLE.match(line), _KEY.match(line)
        if named is not None:
            table = re.sub(r"[\"' ]", "", named[1])
        path = table if named is not None else ""
        if named is None and key is not None:
            path = f"{table}.{key[1]}".lstrip(".").replace('"', "")
        if path and waiting:
            found.setdefault(path, "\n".join(waiting))
        if line.strip():
            waiting = []
    return found


def _write_values(
    out: ExtractedText, value: object, path: str, comments: Mapping[str, str], depth: int
) -> None:
    if depth > _MOST_DEPTH:
        raise DocumentError("it is nested too deeply")
    out.paragraph(comments.get(path, "") if path else "")
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            _write_values(out, inner, f"{path}.{key}" if path else key, comments, depth + 1)
    elif isinstance(value, list):
        listed = cast("list[object]", value)
        if not any(isinstance(one, dict | list) for one in listed):
            out.paragraph(f"{path}: {', '.join(map(str, listed))}")
            return
        for number, one in enumerate(listed, start=1):
            _write_values(out, one, f"{path}[{number}]", comments, depth + 1)
    else:
        out.paragraph(f"{path}: {value}")
