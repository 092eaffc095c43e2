"""What commands share: finding the base, printing for people or programs, failing with a code."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ..errors import NotABaseError
from ..evidence import Evidence
from ..settings import FILE_NAME, LoadedSettings, load_settings

FAILED, USAGE, SOME_REFUSED, BUSY, INTERRUPTED = 1, 2, 3, 4, 130

KbOption = Annotated[
    Path | None,
    typer.Option("--kb", help="The base; else GROUNDGLM_KB, else the nearest one upwards."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]

# Messages and progress go to stderr, so that stdout holds the result alone.
console = Console(stderr=True, highlight=False)
result_console = Console(highlight=False, soft_wrap=True)


def find_base(path: Path | None) -> Path:
    """The folder of the base that a command works on.

    Raises:
        NotABaseError: none is named and none stands here or above.
    """
    if path is not None:
        return path
    named = os.environ.get("GROUNDGLM_KB")
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise NotABaseError(
        f"there is no base in {here} or above it. Name one with --kb PATH or GROUNDGLM_KB, "
        "or make one with: groundglm init PATH"
    )


def settings_of(folder: Path, **flags: Any) -> LoadedSettings:
    """The settings of a base; flags are dotted names with __ for the dot."""
    return load_settings(folder, flags={k.replace("__", "."): v for k, v in flags.items()})


def print_json(data: object) -> None:
    """One JSON value on stdout."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


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
