"""Small talk: greetings, thanks, farewells, questions about the assistant itself."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from ..text.folding import fold
from ..text.scripts import Language

SmallTalk = Literal[
    "greeting", "how_are_you", "thanks", "farewell", "who_are_you", "what_can_you_do"
]

_LONGEST = 120
_MARKS = re.compile(r"[^\w']+|_+")


def small_talk(message: str) -> SmallTalk | None:
    """The kind of small talk that a message is wholly made of; None where it says anything else.

    Of several kinds the one that asks most counts: "Hi, who are you?" asks who.

    >>> small_talk("Hello there!"), small_talk("谢谢，辛苦了"), small_talk("Hi, who are you?")
    ('greeting', 'thanks', 'who_are_you')
    >>> small_talk("Hello, who owns the ferry?") is None
    True
    """
    if not message.strip() or len(message) > _LONGEST:
        return None
    left = f" {_MARKS.sub(' ', fold(message)).strip()} "
    found: list[SmallTalk] = []
    for kind, pattern in _kinds():
        left, count = pattern.subn(" ", left)
        if count:
            found.append(kind)
    return found[0] if found and not _fillers().sub(" ", left).strip() else None


def small_talk_reply(kind: SmallTalk, language: Language) -> str:
    """What the engine without weights says to it."""
    return _table()["replies"][kind][language]


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@cache
def _kinds() -> Sequence[tuple[SmallTalk, re.Pattern[str]]]:
    """The kinds, the one that asks most first."""
    rows = cast("list[Mapping[str, Any]]", _table()["kind"])
    return tuple((row["name"], _pattern(row["phrases"])) for row in reversed(rows))


@cache
def _fillers() -> re.Pattern[str]:
    table = _table()["fillers"]
    return _pattern([re.escape(word) for word in (*table["en"], *table["zh"])])


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    """The phrases, those in Latin letters as whole words."""
    ordered = sorted(phrases, key=len, reverse=True)
    latin = [phrase for phrase in ordered if phrase.isascii()]
    other = [phrase for phrase in ordered if not phrase.isascii()]
    parts = [rf"(?<![\w'])(?:{'|'.join(latin)})(?![\w'])", *other]
    return re.compile("|".join(part for part in parts if part))
