"""Facts: entities, what is said of them, who says it, and chains of such statements."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, runtime_checkable

from .evidence import Source
from .text.names import normalize_name
from .text.spans import Span


def entity_id(name: str) -> str:
    """The id of the entity that a bare name stands for, derived from its normalised form."""
    return "e-" + hashlib.sha256(normalize_name(name).encode()).hexdigest()[:16]


@lru_cache(maxsize=4096)  # many facts have few predicates
def predicate_key(predicate: str) -> str:
    """The form under which two spellings of one predicate are the same."""
    return normalize_name(predicate)


@lru_cache(maxsize=65536)
def _fact_id(subject: str, predicate: str, object_: str) -> str:
    return "f-" + hashlib.sha256(f"{subject}\x00{predicate}\x00{object_}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that facts are about: an id, a name, other names, and a type where one is known."""

    id: str
    name: str
    type: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contribution:
    """One place that says a fact: where it stands, what read it there, and how sure that is (0..1).

    `time` is when the fact held or was said, as written in the source; empty where unknown.
    """

    source: Source
    passage_id: str = ""
    extractor: str = ""
    confidence: float = 1.0
    time: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Subject, predicate, object, and everything that says so.

    >>> Fact("苏轼", "朝代", "北宋").id == Fact("蘇軾", "朝代", "北宋").id
    True
    """

    subject: str
    predicate: str
    object: str
    contributions: tuple[Contribution, ...] = field(default=())
    subject_id: str = ""
    object_id: str = ""

    def __post_init__(self) -> None:
        for name in ("subject", "predicate", "object"):
            if not getattr(self, name).strip():
                raise ValueError(
                    f"a fact needs a {name}: {self.subject!r}, {self.predicate!r}, {self.object!r}"
                )
        if not self.subject_id:
            object.__setattr__(self, "subject_id", entity_id(self.subject))
        if not self.object_id:
            object.__setattr__(self, "object_id", entity_id(self.object))

    @property
    def id(self) -> str:
        """Derived from what is said, not from who says it."""
        return _fact_id(self.subject_id, predicate_key(self.predicate), self.object_id)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the fact is said, each place once."""
        return tuple(dict.fromkeys(contribution.source for contribution in self.contributions))

    @property
    def times(self) -> tuple[str, ...]:
        """When it held or was said, as its sources write it, each time once."""
        times = (contribution.time.strip() for contribution in self.contributions)
        return tuple(dict.fromkeys(time for time in times if time))

    @property
    def confidence(self) -> float:
        """That of the surest source; 1.0 for a fact that a user states without one."""
        return max((c.confidence for c in self.contributions), default=1.0)


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of facts from one entity to another, with one entity name more than facts.

    A step may run against its fact's direction (from object to subject).
    """

    entities: tuple[str, ...]
    facts: tuple[Fact, ...]

    def __str__(self) -> str:
        parts = [self.entities[0]]
        for fact, before, after in zip(self.facts, self.entities, self.entities[1:], strict=False):
            forward = normalize_name(fact.subject) == normalize_name(before)
            parts.append(
                f"—{fact.predicate}→ {after}" if forward else f"←{fact.predicate}— {after}"
            )
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class LinkedEntity:
    """An entity that a text names, where it does so, and how sure the link is (more is better)."""

    entity: Entity
    span: Span
    score: float


class FactExtractor(Protocol):
    """Anything that reads facts out of a text: the rules of `groundglm.extraction`, or a user's.

    A fact without contributions is said by the whole document; one with a source of its own keeps
    its span and page.
    """

    def __call__(self, text: str, *, document_id: str, title: str = "") -> list[Fact]:
        """The facts that a document's text states."""
        ...


@runtime_checkable
class FactSource(Protocol):
    """Anything that knows facts: a KnowledgeBase, or a graph behind another interface.

    With `labels`, those of a caller, it tells only what such a caller may see, names included. An
    agent without labels never gives them, so a source that has no labels may leave the parameter
    out; an agent with labels refuses such a source.
    """

    def facts(self, entity: str, *, labels: Iterable[str] | None = None) -> list[Fact]:
        """The facts that an entity, given by name, alias or id, takes part in."""
        ...

    def paths(
        self, a: str, b: str, *, max_hops: int = 3, labels: Iterable[str] | None = None
    ) -> list[Path]:
        """The shortest chains of facts between two entities."""
        ...

    def link(self, text: str, *, labels: Iterable[str] | None = None) -> list[LinkedEntity]:
        """The entities that a text names, in the order of their places."""
        ...
