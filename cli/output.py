"""What commands print, for people or for programs, and the codes with which they fail."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from ..evidence import Evidence

FAILED, USAGE, SOME_REFUSED, BUSY, INTERRUPTED = 1, 2, 3, 4, 130

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]

# Messages and progress go to stderr, so that stdout holds the result alone.
console = Console(stderr=True, highlight=False)
result_console = Console(highlight=False, soft_wrap=True)


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
    where = "; ".join(str(source) for source in piece.sources[:3]) or "no source"
    title = f" {piece.title}" if piece.title and piece.kind == "passage" else ""
    text = " ".join(piece.text.split())
    shown = text if len(text) <= 300 else text[:300] + " ..."
    return f"{mark}{piece.kind}{title} ({where}; {piece.why}; {piece.score:.2f})\n    {shown}"
