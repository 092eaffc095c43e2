"""What a reader of a format gives: a file's bytes become one or several parts of text."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .encodings import decode
from .options import ReadingOptions

#: Under this key the metadata of a document says where its pages begin, in characters of its text;
#: the first of them is page 1.
PAGES_KEY = "page_starts"
#: Under this key, where its sheets, slides, chapters or times begin: pairs of a character and what
#: the place is called.
PLACES_KEY = "places"

#: A higher number is no page, and more than a database takes.
MOST_PAGES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a file; `name` tells several of one file apart.

    `page_starts` are the characters of `text` at which pages begin, `places` those at which other
    places do, with their names; `note` says what was bounded.
    """

    text: str
    title: str = ""
    name: str = ""
    page_starts: tuple[int, ...] = ()
    note: str = ""
    places: tuple[tuple[int, str], ...] = ()


#: A reader of a format; it raises DocumentError where the bytes are none of it.
Reader = Callable[[bytes, ReadingOptions], Iterator[Part]]


def text_of(data: bytes, encoding: str | None = None) -> str:
    """The text of bytes in any encoding, every kind of line end a plain one."""
    return plain_lines(decode(data, encoding))


def plain_lines(text: str) -> str:
    """A text with every kind of line end a plain one."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def page_of(metadata: Mapping[str, Any], position: int) -> int | None:
    """The page on which a character of a document stands.

    By `page_starts` of its metadata, else its `page` where it is of one page, as the loaders of
    LangChain split PDF; None where neither says so.

    >>> page_of({"page_starts": [0, 1800]}, 1800), page_of({"page": 3}, 5), page_of({}, 5)
    (2, 3, None)
    """
    starts = page_starts(metadata)
    if starts:
        return bisect_right(starts, position) or None
    page: object = metadata.get("page")
    if not isinstance(page, int) or isinstance(page, bool):
        return None
    return page if 0 <= page <= MOST_PAGES else None


def page_starts(metadata: Mapping[str, Any]) -> list[int]:
    """Where pages begin, in order; nothing where the metadata does not say."""
    starts: object = metadata.get(PAGES_KEY)
    listed = cast("list[object]", starts) if isinstance(starts, list | tuple) else []
    if not all(type(one) is int for one in listed):
        return []
    return sorted(cast("list[int]", listed))


def place_of(metadata: Mapping[str, Any], position: int) -> str:
    """What the place is called (a sheet, a slide, a time) in which a character stands, or nothing.

    >>> place_of({"places": [[0, "sheet Prices"], [90, "sheet Staff"]]}, 95)
    'sheet Staff'
    """
    return next((name for start, name in reversed(_places(metadata)) if start <= position), "")


def place_starts(metadata: Mapping[str, Any]) -> list[int]:
    """Where sheets, slides and chapters begin; what is said goes on from one time to the next."""
    return [start for start, name in _places(metadata) if _TIME.fullmatch(name) is None]


_TIME = re.compile(r"\d{2,3}:\d{2}:\d{2}")


def _places(metadata: Mapping[str, Any]) -> list[tuple[int, str]]:
    """The places of a document in order; none where the metadata is of another kind."""
    told: object = metadata.get(PLACES_KEY)
    found: list[tuple[int, str]] = []
    for one in cast("list[object]", told) if isinstance(told, list | tuple) else ():
        pair = cast("list[object]", one) if isinstance(one, list | tuple) else ()
        if len(pair) != 2:
            return []
        start, name = pair
        if type(start) is not int or not isinstance(name, str):
            return []
        found.append((start, name))
    return sorted(found)
