"""What a knowledge graph is asked, wherever its facts are kept."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator

from ..database.naming import NameKind, split_aliases
from ..facts import Entity, Fact, LinkedEntity, Path, entity_id
from ..relations import ALIASES, plain_predicate
from ..text.names import bare_name, normalize_name
from . import reasoning
from .linking import KIND_SCORES, Names

#: An entity bears at most so many namesakes in one mention,
_NAMESAKES = 5
#: and so many answer to a name.
_MOST_NAMESAKES = 100


class FactGraph(reasoning.Graph, ABC):
    """Entities and the facts between them, and the questions one asks of both.

    Not safe for threads by itself: a `KnowledgeBase` holds a lock around it.
    """

    def __init__(self, names: Names) -> None:
        self._names = names

    @abstractmethod
    def entities(self) -> list[Entity]:
        """Every entity that a fact names, by name."""

    @abstractmethod
    def all_facts(self) -> Iterator[Fact]:
        """Every fact, each once."""

    @abstractmethod
    def _entity(self, node: str) -> Entity:
        """The entity of an id that is in the graph."""

    def entity(self, name_or_id: str) -> Entity | None:
        """The entity with this id, else the one that bears this name most surely."""
        found = self._resolve(name_or_id)
        return self._entity(found[0]) if found else None

    def facts(self, entity: str) -> list[Fact]:
        """The facts that an entity (by id, name or alias) takes part in, its own first.

        Namesakes that bear the name equally surely all answer, up to a hundred of them.
        """
        seen: dict[str, Fact] = {}
        nodes = self._resolve(entity)
        for node in nodes:
            for fact in self.facts_from(node):
                seen[fact.id] = fact
        for node in nodes:
            for fact in self.facts_to(node):
                seen.setdefault(fact.id, fact)
        return list(seen.values())

    def link(self, text: str) -> list[LinkedEntity]:
        """The entities that a text names, in order of place, the surest first in each."""
        found: list[LinkedEntity] = []
        for match in self._names.find(text):
            best = KIND_SCORES[match.owners[0][1]]
            for owner, kind in match.owners[:_NAMESAKES]:
                score = round(match.score * KIND_SCORES[kind] / best, 4)
                found.append(LinkedEntity(self._entity(owner), match.span, score))
        return found

    def names_near(self, text: str) -> list[str]:
        """Names that a part of a text nearly spells, nearest first."""
        entities = [self._entity(owner) for owner in self._names.near(text)]
        return [name for entity in entities for name in (entity.name, *entity.aliases)]

    def paths(self, a: str, b: str, max_hops: int = 3) -> list[Path]:
        """The shortest chains of facts between two entities, shortest first, at most ten."""
        starts, ends = self._resolve(a), self._resolve(b)
        found: list[Path] = []
        for start in starts[:_NAMESAKES]:
            for end in ends[:_NAMESAKES]:
                if start != end:
                    found += reasoning.paths(self, start, end, max_hops=max_hops)
        found.sort(key=lambda path: (len(path.facts), [fact.id for fact in path.facts]))
        return found[: reasoning.MOST_PATHS]

    def relevant(self, question: str, *, limit: int = 10) -> list[tuple[Fact, float, str]]:
        """The facts that speak to a question, best first, each with its score (0..1] and why.

        The facts of a chain ("the birthplace of the director of A") stand together in its order.
        Nothing is given where the question names an entity but asks what no fact of it says.
        """
        links = self.link(question)
        found = reasoning.relevant(self, question, links, limit=limit)
        known = {fact.id for fact, _, _ in found}
        told = {node for fact, _, _ in found for node in (fact.subject_id, fact.object_id)}
        for link in links:
            if link.entity.id not in told:
                continue
            naming = self._naming_fact(link, question)
            if naming is not None and naming.id not in known:
                found.append((naming, link.score, f"another name of {link.entity.name}"))
        return found

    def around(self, entity: str, *, hops: int = 1, most: int = 1000) -> list[Fact]:
        """The facts within so many steps of an entity, the nearest first, at most `most`."""
        found: dict[str, Fact] = {}
        border = self._resolve(entity)
        reached = set(border)
        for _ in range(hops):
            further: list[str] = []
            for node in border:
                for fact in (*self.facts_from(node), *self.facts_to(node)):
                    if len(found) >= most and fact.id not in found:
                        return list(found.values())
                    found[fact.id] = fact
                    new = {fact.subject_id, fact.object_id} - reached
                    reached |= new
                    further += sorted(new)
            border = further
        return list(found.values())

    def named(self, name_or_id: str) -> list[Entity]:
        """The entities that a name, an alias or an id stands for equally surely."""
        return [self._entity(node) for node in self._resolve(name_or_id)]

    def _naming_fact(self, link: LinkedEntity, text: str) -> Fact | None:
        """The fact that gives an entity the other name by which a text calls it."""
        mention = normalize_name(link.span.cut(text))
        if mention in (
            normalize_name(link.entity.name),
            normalize_name(bare_name(link.entity.name)),
        ):
            return None
        for fact in self.facts_from(link.entity.id, fits=_is_alias):
            if mention in {normalize_name(name) for name in split_aliases(fact.object)}:
                return fact
        return None

    def _resolve(self, name_or_id: str) -> list[str]:
        """The ids that a name stands for equally surely; an id stands for itself."""
        if name_or_id in self:
            return [name_or_id]
        exact = entity_id(name_or_id) if name_or_id.strip() else ""
        owners = self._names.owners(name_or_id)
        if not owners:
            # Long objects and numbers are no names to look for in texts, but can be asked by name.
            return [exact] if exact and exact in self else []
        certainty = KIND_SCORES[owners[0][1]]
        found = [owner for owner, kind in owners if KIND_SCORES[kind] == certainty]
        found = found[:_MOST_NAMESAKES]
        return sorted(found, key=lambda node: (node != exact, -self.degree(node), node))


def _is_alias(predicate: str) -> bool:
    return plain_predicate(predicate) in ALIASES


def describe(node: str, names: Iterable[tuple[NameKind, str, int]]) -> Entity:
    """An entity as its facts call it: by the commonest of its names, and what else it is called."""
    own, types = Counter[str](), Counter[str]()
    aliases: set[str] = set()
    for kind, name, count in names:
        if kind in ("name", "object", "value"):
            own[name] += count
        elif kind == "type":
            types[name] += count
        elif kind == "alias":
            aliases.add(name)
    name = _commonest(own)
    spellings = aliases | (own.keys() - {name})
    type_ = _commonest(types) if types else ""
    return Entity(node, name, type_, tuple(sorted(spellings - {name})))


def _commonest(counted: Counter[str]) -> str:
    return min(counted, key=lambda value: (-counted[value], value))
