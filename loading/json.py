"""JSON and JSON Lines: values as documents, and as rows."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ..errors import DocumentError
from .options import ReadingOptions
from .parts import Part, text_of

_TEXT_FIELDS = ("text", "content", "body", "正文", "内容", "文本")
_TITLE_FIELDS = ("title", "name", "标题", "名称")


def read_json(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """A JSON file: each object of a list is a document, anything else is one."""
    text = text_of(data, options.encoding)
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


def read_json_lines(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """JSON Lines: each line is a document."""
    for number, value in json_lines(text_of(data, options.encoding)):
        if isinstance(value, ValueError):
            raise DocumentError(f"line {number} is no valid JSON: {value}") from value
        yield _item(value, f"#{number}")


def json_lines(text: str) -> Iterator[tuple[int, Any]]:
    """The values of JSON Lines with their line numbers; a line that is no JSON gives its error."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            value = ValueError(str(error))
        yield number, value


def _item(value: object, part: str) -> Part:
    if isinstance(value, dict):
        data = cast("Mapping[str, Any]", value)
        title = _first(data, _TITLE_FIELDS)
        body = _first(data, _TEXT_FIELDS)
        if body:
            return Part(body, title, part)
        return Part("\n".join(_lines(data, "")), title, part)
    return Part(value if isinstance(value, str) else "\n".join(_lines(value, "")), "", part)


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
