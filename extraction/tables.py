"""The words and patterns of the rules, read from chinese.toml and english.toml."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .readings import Reading


@dataclass(frozen=True, slots=True)
class Row:
    """A pattern that is a fact by itself: its groups `object` and, perhaps, `word`."""

    name: str
    pattern: re.Pattern[str]
    predicates: Mapping[str, str]  # by the group `word`; the only one under "" where there is none
    confidence: float

    def reading(self, subject: str, match: re.Match[str]) -> Reading:
        """The fact that a match of the pattern states of a subject."""
        word = match["word"] if "word" in match.re.groupindex else ""
        predicate = self.predicates[word]
        return Reading(subject, predicate, match["object"], self.name, self.confidence)


@dataclass(frozen=True, slots=True)
class Tables:
    """The lists of words of one language, and its rows.

    `lists` gives for each list its words with the predicates that facts get from them (the word
    itself, where the list names no other).
    """

    lists: Mapping[str, Mapping[str, str]]
    rows: Sequence[Row]

    def one_of(self, name: str) -> str:
        """The words of a list as alternatives of a pattern."""
        return _alternatives(self.lists[name])


def read_tables(language: str, parts: Mapping[str, str]) -> Tables:
    """The tables of a language.

    Args:
        language: The name of the file, "chinese" or "english".
        parts: Parts of patterns that rows name in braces, beside the lists.
    """
    path = Path(__file__).with_name(f"{language}.toml")
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    rows: list[Mapping[str, Any]] = data.pop("pattern")
    lists = {name: _predicates(table["words"]) for name, table in data.items()}
    known = {**parts, **{name: _alternatives(words) for name, words in lists.items()}}
    return Tables(lists, tuple(_row(row, lists, known) for row in rows))


def read_rows(rows: Sequence[Row], subject: str, text: str) -> Iterator[Reading]:
    """The facts that the rows find in a text, each the first that its pattern fits."""
    for row in rows:
        match = row.pattern.search(text)
        if match is not None:
            yield row.reading(subject, match)


def _predicates(words: Mapping[str, Sequence[str]] | Sequence[str]) -> Mapping[str, str]:
    if isinstance(words, Mapping):
        return {word: predicate for predicate, listed in words.items() for word in listed}
    return {word: word for word in words}


def _alternatives(words: Mapping[str, str]) -> str:
    """The longer word first, so that none hides behind its own beginning."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _row(
    row: Mapping[str, Any], lists: Mapping[str, Mapping[str, str]], parts: Mapping[str, str]
) -> Row:
    pattern: str = row["pattern"]
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    predicate: str = row["predicate"]
    predicates = lists.get(predicate, {"": predicate})
    return Row(row["name"], re.compile(pattern), predicates, row["confidence"])
