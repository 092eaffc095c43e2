"""Plain text, Markdown and source code."""

import re
from collections.abc import Iterator

from ..text.headings import markdown_heading
from .options import ReadingOptions
from .parts import Part, text_of
from .unwrapping import unwrapped

_FIRST_LEVEL = ("# ", "#\t")


def read_plain(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """A text, its hard-wrapped lines joined."""
    yield Part(unwrapped(text_of(data, options.encoding)))


def read_code(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """Source code, as it stands."""
    yield Part(text_of(data, options.encoding))


def read_markdown(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """A Markdown text, its wrapped lines joined; its first heading of level one is its title.

    Links are their words alone. Front matter (lines of YAML between `---` at the beginning, as
    static sites have it) is no part of the text; its `title` is the title.
    """
    title, body = _front_matter(text_of(data, options.encoding))
    text = without_targets(unwrapped(body))
    first = (markdown_heading(line) for line in text.split("\n") if line[:2] in _FIRST_LEVEL)
    yield Part(text, title or next(filter(None, first), ""))


_LINK = re.compile(
    r"(?<!!)\[([^\[\]\n]{1,300})\]\((?:<[^<>\n]{0,500}>|[^()\s]{0,500})(?: \"[^\"\n]{0,200}\")?\)"
)
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\]\([^()\n]{0,500}\)")
_REFERENCE = re.compile(
    r"^ {0,3}\[[^\[\]\n]{1,100}\]:[ \t]+\S{1,500}(?:[ \t]+[\"'(][^\n]{0,200})?$\n?", re.MULTILINE
)
_CODE = re.compile(r"(^ {0,3}```.*?^ {0,3}```|`[^`\n]{1,300}`)", re.MULTILINE | re.DOTALL)


def without_targets(text: str) -> str:
    """A Markdown text with the words of its links and pictures, not where they lead.

    >>> without_targets("See [the prices](https://a.example/p?x=1) and `[code](kept)`.")
    'See the prices and `[code](kept)`.'
    """
    pieces = _CODE.split(text)
    for marks, shown in ((_IMAGE, r"\1"), (_LINK, r"\1"), (_REFERENCE, "")):
        pieces[::2] = [marks.sub(shown, piece) for piece in pieces[::2]]
    return "".join(pieces)


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
