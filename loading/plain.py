"""Plain text and Markdown."""

import re
from collections.abc import Iterator

from ..text.headings import markdown_heading
from .parts import Part, text_of
from .unwrapping import unwrapped

_FIRST_LEVEL = ("# ", "#\t")


def read_plain(data: bytes) -> Iterator[Part]:
    """A text, its hard-wrapped lines joined."""
    yield Part(unwrapped(text_of(data)))


def read_markdown(data: bytes) -> Iterator[Part]:
    """A Markdown text, its wrapped lines joined; its first heading of level one is its title.

    Front matter (lines of YAML between `---` at the beginning, as static sites have it) is no part
    of the text; its `title` is the title.
    """
    title, body = _front_matter(text_of(data))
    text = unwrapped(body)
    first = (markdown_heading(line) for line in text.split("\n") if line[:2] in _FIRST_LEVEL)
    yield Part(text, title or next(filter(None, first), ""))


_MATTER = re.compile(r"---[ \t]*\n((?:(?!---[ \t]*\n)[^\n]*\n){1,200})---[ \t]*(?:\n|\Z)")
_TITLE = re.compile(
    r"title:[ \t]*(?P<quote>[\"']?)(?P<title>[^\n]{1,300}?)(?P=quote)[ \t]*$", re.MULTILINE
)


def _front_matter(text: str) -> tuple[str, str]:
    """The title in the front matter of a text, and the text behind it."""
    match = _MATTER.match(text)
    if match is None or not re.match(r"[\w-]+:(?:\s|$)", match[1], re.MULTILINE):
        return "", text
    title = _TITLE.search(match[1])
    return title["title"].strip() if title else "", text[match.end() :]
