"""What commands print, for people or for programs, and the codes with which they fail."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ..text.terminal import visible

FAILED, USAGE, SOME_REFUSED, BUSY, INTERRUPTED = 1, 2, 3, 4, 130

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


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
