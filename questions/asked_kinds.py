"""What kind of thing a question asks for: a time, a number, a place, a reason, a person."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AskedKind:
    """A kind of thing: how questions ask for it, and how sentences give it (asked_kinds.toml)."""

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str]


_TABLE = tomllib.loads(Path(__file__).with_name("asked_kinds.toml").read_text("utf-8"))
KINDS: Sequence[AskedKind] = tuple(
    AskedKind(row["name"], re.compile(row["asked"]), re.compile(row["given"]))
    for row in _TABLE["kind"]
)


def asked_kind(question: str) -> AskedKind | None:
    """The first kind that a question asks for.

    >>> asked_kind("故宫是哪一年建成的？").name
    'time'
    """
    return next((kind for kind in KINDS if kind.asked.search(question)), None)
