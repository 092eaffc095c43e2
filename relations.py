"""The commonest relations: what facts call them, and what questions say for them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from .text.folding import fold
from .text.scripts import has_cjk

ValueKind = Literal["date", "other"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that questions ask for in many words.

    `predicates` are its names in facts (folded), `cue` what a question says for it (a named group,
    where there is one, is the decisive word), `value` the kind of object that fits.
    """

    name: str
    predicates: frozenset[str]
    cue: re.Pattern[str]
    value: ValueKind | None = None


def _read(path: Path) -> tuple[Relation, ...]:
    data = tomllib.loads(path.read_text("utf-8"))
    return tuple(_relation(row, data["words"]) for row in data["relation"])


def _relation(row: Mapping[str, Any], words: Mapping[str, str]) -> Relation:
    cue = "|".join([*row["asked"]["zh"], *row["asked"]["en"]])
    for name, pattern in words.items():
        cue = cue.replace(f"{{{name}}}", pattern)
    names = frozenset([*row["predicates"]["zh"], *row["predicates"]["en"]])
    return Relation(row["name"], names, re.compile(cue, re.IGNORECASE), row.get("value"))


RELATIONS = _read(Path(__file__).with_name("relations.toml"))

#: Every name that a relation of the table has in facts.
PREDICATE_NAMES = frozenset(name for relation in RELATIONS for name in relation.predicates)

#: Predicates whose object is another name of their subject (as `plain_predicate` writes them).
ALIASES = frozenset(
    name
    for relation in RELATIONS
    if relation.name in ("alias", "former name")
    for name in relation.predicates
)

#: Predicates that say what their subject is (as `plain_predicate` writes them).
DEFINING = frozenset({"是", "is", "a", "an", "the", "one of", "is a", "定义", "简介", "definition"})


@lru_cache(maxsize=4096)
def plain_predicate(predicate: str) -> str:
    """A predicate as the table and the matching see it.

    >>> plain_predicate("Place_of_Birth"), plain_predicate("is directed by")
    ('place of birth', 'directed by')
    """
    plain = re.sub(r"[\s_:：]+", " ", fold(predicate)).strip()
    if has_cjk(plain):
        return plain.replace(" ", "").removeprefix("的").removesuffix("是") or plain
    return re.sub(r"^(?:is|are|was|were|has|have|the|a|an) (?=\w)", "", plain)
