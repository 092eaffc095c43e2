"""Plain text and Markdown."""

from collections.abc import Iterator

from ..text.headings import markdown_heading
from .parts import Part, text_of

_FIRST_LEVEL = ("# ", "#\t")


def read_plain(data: bytes) -> Iterator[Part]:
    """A text as it stands."""
    yield Part(text_of(data))


def read_markdown(data: bytes) -> Iterator[Part]:
    """A Markdown text as it stands; its first heading of the first level is its title."""
    text = text_of(data)
    first = (markdown_heading(line) for line in text.split("\n") if line[:2] in _FIRST_LEVEL)
    yield Part(text, next(filter(None, first), ""))
