"""What commands print, for people or for programs, and the codes with which they fail."""

import json
import re
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ..evidence import Evidence

FAILED, USAGE, SOME_REFUSED, BUSY, INTERRUPTED = 1, 2, 3, 4, 130

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]

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


class _Terminal(Console):
    """A console that obeys nothing that stands in a text."""

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as rich shows it, what would steer a terminal made visible before."""
        return super().render_str(visible(text), **options)


# Messages and progress go to stderr, so that stdout holds the result alone.
console = _Terminal(stderr=True, highlight=False)
result_console = _Terminal(highlight=False, soft_wrap=True)


def print_json(data: object) -> None:
    """One JSON value on stdout."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def print_json_line(data: object) -> None:
    """One JSON value on one line of stdout, at once: for a stream of them."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """A line of the result, as it is: text from documents is never read as markup."""
    result_console.print(text, markup=False)


def read_question(text: str) -> str:
    """The question, from standard input where it is "-"."""
    return sys.stdin.read() if text == "-" else text


def describe_evidence(number: int | None, piece: Evidence) -> str:
    """One piece of evidence: number, kind, where it stands, why it was found, and its text."""
    mark = f"[{number}] " if number is not None else ""
    where = "; ".join(visible_line(str(source)) for source in piece.sources[:3]) or "no source"
    title = f" {piece.title}" if piece.title and piece.kind == "passage" else ""
    text = " ".join(piece.text.split())
    shown = text if len(text) <= 300 else text[:300] + " ..."
    return f"{mark}{piece.kind}{title} ({where}; {piece.why}; {piece.score:.2f})\n    {shown}"
