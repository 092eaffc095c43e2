"""Headings as Markdown writes them."""

import re

#: A longer line is no heading, whatever it begins with.
MAX_HEADING_CHARACTERS = 200

_MARKDOWN = re.compile(r"#{1,6}[ \t\u3000]+(?P<words>\S.*)")


def markdown_heading(line: str) -> str:
    """The words of a line that is a Markdown heading, or nothing; a very long line is none.

    >>> [markdown_heading(line) for line in ("## Opening hours ##", "# C#", "#1 hit")]
    ['Opening hours', 'C#', '']
    """
    if len(line) > MAX_HEADING_CHARACTERS:
        return ""
    match = _MARKDOWN.fullmatch(line.rstrip())
    return re.sub(r"[ \t\u3000]#+$", "", match["words"]).rstrip() if match is not None else ""
