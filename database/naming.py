"""What the facts of a document call the entities they are about: the rows that names are found by.

Derived from the facts alone: what one document says makes the same rows whatever others say.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias

from ..facts import Fact
from ..relations import ALIASES, DEFINING, plain_predicate
from ..text.dates import is_date
from ..text.names import bare_name, normalize_name

#: As what a name stands for its entity: as its own name, that without the brackets, another name,
#: the name of what no fact has as its subject, a value (a date, say) that no text is searched for;
#: a "type" is no name at all, but what the entity is.
NameKind = Literal["name", "bare", "alias", "object", "value", "type"]

#: An entity's id, as what, and the name.
Naming: TypeAlias = tuple[str, NameKind, str]

#: Facts with these predicates give their subject a type.
TYPE_PREDICATES = frozenset({"类型为", "实体类型", "entity type", "instance of"})

#: The objects of these describe their subject and name nothing of their own.
_DESCRIBING = ALIASES | TYPE_PREDICATES | DEFINING


def namings_of(facts: Iterable[Fact]) -> Counter[Naming]:
    """The names that a document gives to entities, and how many of its facts give each.

    A fact that is said several times counts once, as it is said first.
    """
    counted = Counter[Naming]()
    seen: set[str] = set()
    for fact in facts:
        if fact.id not in seen:
            seen.add(fact.id)
            counted.update(namings_in(fact))
    return counted


def namings_in(fact: Fact) -> list[Naming]:
    """The names that one fact gives to its entities."""
    found: list[Naming] = [(fact.subject_id, "name", fact.subject)]
    bare = bare_name(fact.subject)
    if bare != fact.subject:
        found.append((fact.subject_id, "bare", bare))
    predicate = plain_predicate(fact.predicate)
    if predicate in ALIASES:
        for alias in split_aliases(fact.object):
            found.append((fact.subject_id, "alias", alias))
    if predicate in TYPE_PREDICATES:
        found.append((fact.subject_id, "type", fact.object))
    named = predicate not in _DESCRIBING and _is_linkable(fact.object)
    found.append((fact.object_id, "object" if named else "value", fact.object))
    return found


def split_aliases(text: str) -> list[str]:
    """The names in a list of other names.

    >>> split_aliases("苏东坡、东坡居士"), split_aliases("The King; Elvis")
    (['苏东坡', '东坡居士'], ['The King', 'Elvis'])
    """
    parts = (part.strip(" 《》“”\"'") for part in re.split(r"[、;；/]|，(?!\d)", text))
    own = (part for part in parts if normalize_name(part) and 2 <= len(part) <= 40)
    return list(dict.fromkeys(part for part in own if not is_date(part)))


def _is_linkable(object_: str) -> bool:
    """Whether an object may be a name: dates, numbers, marks and whole clauses are none."""
    letters = re.search(r"[^\W\d_]", object_) is not None
    return letters and 2 <= len(object_) <= 40 and not is_date(object_)
