"""Text for a terminal: what would steer it is shown, not obeyed."""

import re

# What a terminal would obey, and what would show a text in another order than it stands.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""A text with what would steer a terminal as its escape: it may come from any file or model.

    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return _CONTROL.sub(lambda mark: mark.group().encode("unicode_escape").decode(), text)


def visible_line(text: str) -> str:
    """The same on one line: a name with a line end in it begins no line of its own."""
    return visible(text).replace("\n", "\\n")
