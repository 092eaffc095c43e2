"""Plain text and Markdown."""

from collections.abc import Iterator

from ..text.headings import markdown_heading
from .parts import Part, text_of
from .unwrapping import unwrapped

_FIRST_LEVEL = ("# ", "#\t")


def read_plain(data: bytes) -> Iterator[Part]:
    """A text, its hard-wrapped lines joined."""
    yield Part(unwrapped(text_of(data)))


def read_markdown(data: bytes) -> Iterator[Part]:
    """A Markdown text, its wrapped lines joined; its first heading of level one is its title."""
    text = unwrapped(text_of(data))
    first = (markdown_heading(line) for line in text.split("\n") if line[:2] in _FIRST_LEVEL)
    yield Part(text, next(filter(None, first), ""))
