"""The knowledge graph in memory: entities, facts between them, and who contributes each fact.

The graph is derived: it holds what its documents say and nothing else, so taking a document away
leaves exactly the graph that the remaining documents make.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import networkx as nx

from ..facts import Entity, Fact, LinkedEntity, Path, entity_id
from ..knowledge import reasoning
from ..relations import ALIASES, DEFINING, plain_predicate
from ..text.dates import is_date
from ..text.names import bare_name, normalize_name
from .linking import KIND_SCORES, NameIndex, NameKind

#: Facts with these predicates give their subject a type.
TYPE_PREDICATES = frozenset({"类型为", "实体类型", "entity type", "instance of"})

#: The objects of these describe their subject and name nothing of their own.
_DESCRIBING = ALIASES | TYPE_PREDICATES | DEFINING

K = TypeVar("K")

#: An entity bears at most so many namesakes in one mention.
_NAMESAKES = 5


@dataclass(slots=True)
class _Surface:
    """What the facts call an entity, counted by how many (fact, document) pairs do so."""

    names: dict[tuple[str, NameKind], int] = field(default_factory=dict[tuple[str, NameKind], int])
    types: dict[str, int] | None = None  # few entities have one
    entity: Entity | None = None


class KnowledgeGraph:
    """Facts by document, the entities they name, and the questions one asks of both.

    Not thread-safe: a `KnowledgeBase` holds a lock around it.

    >>> graph = KnowledgeGraph()
    >>> graph.add("a.txt", [Fact("红楼梦", "作者", "曹雪芹"), Fact("曹雪芹", "朝代", "清朝")])
    >>> [fact.object for fact, score, why in graph.relevant("《红楼梦》的作者是哪个朝代的人？")]
    ['曹雪芹', '清朝']
    >>> graph.remove("a.txt")
    >>> graph.entities()
    []
    """

    def __init__(self) -> None:
        self._graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        # Each fact as each document says it; the fact of the graph is their sum.
        self._said: dict[str, dict[str, Fact]] = {}
        self._by_document: dict[str, set[str]] = {}
        self._surfaces: defaultdict[str, _Surface] = defaultdict(_Surface)
        self._names = NameIndex()
        self._version = 0
        self._touched: dict[str, int] = {}  # the version in which each document last changed

    @property
    def version(self) -> int:
        """How many changes the graph has seen."""
        return self._version

    def changed_since(self, version: int) -> set[str]:
        """The documents that came, changed or went after that version."""
        if version == self._version:
            return set()
        return {id_ for id_, changed in self._touched.items() if changed > version}

    def said_by(self, document_id: str) -> list[Fact]:
        """The facts that a document says, as it says them."""
        known = sorted(self._by_document.get(document_id, ()))
        return [self._said[fact_id][document_id] for fact_id in known]

    def _touch(self, document_id: str) -> None:
        self._version += 1
        self._touched[document_id] = self._version

    @property
    def networkx(self) -> "nx.MultiDiGraph[str]":
        """The graph itself: nodes are entity ids with `name` and `type`, an edge holds its `fact`.

        A live view for reading; change it through `add` and `remove`.
        """
        return self._graph

    def __len__(self) -> int:
        return len(self._said)

    def __contains__(self, fact: Fact) -> bool:
        return fact.id in self._said

    # --- adding and removing ------------------------------------------------------------------

    def add(self, document_id: str, facts: Iterable[Fact]) -> None:
        """Add what a document says; said twice, a fact keeps each of its contributions once."""
        self.add_all([(document_id, facts)])

    def add_all(self, documents: Iterable[tuple[str, Iterable[Fact]]]) -> None:
        """Add what several documents say; names of entities are looked at once, at the end."""
        touched: set[str] = set()
        for document_id, facts in documents:
            self._say(document_id, facts, touched)
        self._refresh_entities(touched)

    def _say(self, document_id: str, facts: Iterable[Fact], touched: set[str]) -> None:
        self._touch(document_id)
        known = self._by_document.setdefault(document_id, set())
        by_id: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            by_id[fact.id].append(fact)
        for fact_id, same in by_id.items():
            fact = same[0]
            said = self._said.setdefault(fact_id, {})
            before = said.get(document_id)
            if before is not None:
                said[document_id] = _merge([before, *same])
            else:
                said[document_id] = _merge(same)
                known.add(fact_id)
                self._count(fact, +1)
            self._refresh(fact_id)
            touched |= {fact.subject_id, fact.object_id}
        if not known:
            del self._by_document[document_id]

    def remove(self, document_id: str) -> None:
        """Take back what a document says; facts that nobody says any more and their entities go."""
        self._touch(document_id)
        touched: set[str] = set()
        for fact_id in self._by_document.pop(document_id, set()):
            said = self._said[fact_id]
            fact = said.pop(document_id)
            self._count(fact, -1)
            touched |= {fact.subject_id, fact.object_id}
            if said:
                self._refresh(fact_id)
            else:
                del self._said[fact_id]
                self._graph.remove_edge(fact.subject_id, fact.object_id, key=fact_id)
        for node in [node for node in touched if self._graph.degree(node) == 0]:
            self._graph.remove_node(node)
            del self._surfaces[node]
        self._refresh_entities(touched)

    def _refresh(self, fact_id: str) -> None:
        said = self._said[fact_id]
        # The first document by id gives the spelling: the order of adding must not matter.
        merged = _merge([said[document_id] for document_id in sorted(said)])
        self._graph.add_edge(merged.subject_id, merged.object_id, key=fact_id, fact=merged)

    def _count(self, fact: Fact, change: int) -> None:
        for node, name, kind in _names_in(fact):
            names = self._surfaces[node].names
            count = _change(names, (name, kind), change)
            if kind == "value":
                continue
            if change > 0 and count == 1:
                self._names.add(name, node, kind)
            elif count == 0:
                self._names.remove(name, node, kind)
        if plain_predicate(fact.predicate) in TYPE_PREDICATES:
            surface = self._surfaces[fact.subject_id]
            surface.types = surface.types or {}
            _change(surface.types, fact.object, change)

    def _refresh_entities(self, touched: set[str]) -> None:
        for node in touched:
            if node in self._graph:
                entity = self._surfaces[node].entity = self._describe(node)
                self._graph.nodes[node].update(name=entity.name, type=entity.type)

    def _describe(self, node: str) -> Entity:
        surface = self._surfaces[node]
        own = Counter[str]()
        aliases: set[str] = set()
        for (name, kind), count in surface.names.items():
            if kind in ("name", "object", "value"):
                own[name] += count
            elif kind == "alias":
                aliases.add(name)
        name = min(own, key=lambda name: (-own[name], name))
        types = surface.types
        kind = min(types, key=lambda value: (-types[value], value)) if types else ""
        spellings = aliases | (own.keys() - {name})
        return Entity(node, name, kind, tuple(sorted(spellings - {name})))

    # --- looking up ---------------------------------------------------------------------------

    def entities(self) -> list[Entity]:
        """Every entity that a fact names, by name."""
        found = [self._entity(node) for node in self._graph]
        return sorted(found, key=lambda entity: (entity.name, entity.id))

    def entity(self, name_or_id: str) -> Entity | None:
        """The entity with this id, else the one that bears this name most surely."""
        found = self._resolve(name_or_id)
        return self._entity(found[0]) if found else None

    def facts(self, entity: str) -> list[Fact]:
        """The facts that an entity (by id, name or alias) takes part in, its own first.

        Namesakes that bear the name equally surely all answer.
        """
        seen: dict[str, Fact] = {}
        nodes = self._resolve(entity)
        for node in nodes:
            for fact in reasoning.facts_from(self._graph, node):
                seen[fact.id] = fact
        for node in nodes:
            for fact in reasoning.facts_to(self._graph, node):
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
                    found += reasoning.paths(self._graph, start, end, max_hops=max_hops)
        found.sort(key=lambda path: (len(path.facts), [fact.id for fact in path.facts]))
        return found[: reasoning.MOST_PATHS]

    def relevant(self, question: str, *, limit: int = 10) -> list[tuple[Fact, float, str]]:
        """The facts that speak to a question, best first, each with its score (0..1] and why.

        The facts of a chain ("the birthplace of the director of A") stand together in its order.
        Nothing is given where the question names an entity but asks what no fact of it says.
        """
        links = self.link(question)
        found = reasoning.relevant(self._graph, question, links, limit=limit)
        known = {fact.id for fact, _, _ in found}
        told = {node for fact, _, _ in found for node in (fact.subject_id, fact.object_id)}
        for link in links:
            naming = self._naming_fact(link, question)
            if naming is not None and link.entity.id in told and naming.id not in known:
                found.append((naming, link.score, f"another name of {link.entity.name}"))
        return found

    def _naming_fact(self, link: LinkedEntity, text: str) -> Fact | None:
        """The fact that gives an entity the other name by which a text calls it."""
        mention = normalize_name(link.span.cut(text))
        if mention in (
            normalize_name(link.entity.name),
            normalize_name(bare_name(link.entity.name)),
        ):
            return None
        for fact in reasoning.facts_from(self._graph, link.entity.id):
            if plain_predicate(fact.predicate) in ALIASES and mention in {
                normalize_name(name) for name in _split_aliases(fact.object)
            }:
                return fact
        return None

    def _entity(self, node: str) -> Entity:
        entity = self._surfaces[node].entity
        assert entity is not None, "every node is described when it is touched"
        return entity

    def _resolve(self, name_or_id: str) -> list[str]:
        """The ids that a name stands for equally surely; an id stands for itself."""
        if name_or_id in self._graph:
            return [name_or_id]
        exact = entity_id(name_or_id) if name_or_id.strip() else ""
        owners = self._names.owners(name_or_id)
        if not owners:
            # Long objects and numbers are no names to look for in texts, but can be asked by name.
            return [exact] if exact in self._graph else []
        certainty = KIND_SCORES[owners[0][1]]
        found = [owner for owner, kind in owners if KIND_SCORES[kind] == certainty]
        return sorted(found, key=lambda node: (node != exact, -self._graph.degree(node), node))


def _change(counts: dict[K, int], key: K, change: int) -> int:
    """Add to a count and give it; one that comes to nothing goes."""
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)
    return count


def _merge(facts: list[Fact]) -> Fact:
    """One fact with the contributions of several; the first gives the spelling."""
    first = facts[0]
    if len(facts) == 1:
        return first
    contributions = dict.fromkeys(c for fact in facts for c in fact.contributions)
    return Fact(
        first.subject,
        first.predicate,
        first.object,
        tuple(contributions),
        first.subject_id,
        first.object_id,
    )


def _names_in(fact: Fact) -> list[tuple[str, str, NameKind]]:
    """The names that a fact gives to entities: (entity id, name, kind of name)."""
    found: list[tuple[str, str, NameKind]] = [(fact.subject_id, fact.subject, "name")]
    bare = bare_name(fact.subject)
    if bare != fact.subject:
        found.append((fact.subject_id, bare, "bare"))
    predicate = plain_predicate(fact.predicate)
    if predicate in ALIASES:
        for alias in _split_aliases(fact.object):
            found.append((fact.subject_id, alias, "alias"))
    named = predicate not in _DESCRIBING and _is_linkable(fact.object)
    found.append((fact.object_id, fact.object, "object" if named else "value"))
    return found


def _is_linkable(object_: str) -> bool:
    """Whether an object may be a name: dates, numbers, marks and whole clauses are none."""
    letters = re.search(r"[^\W\d_]", object_) is not None
    return letters and 2 <= len(object_) <= 40 and not is_date(object_)


def _split_aliases(text: str) -> list[str]:
    parts = (part.strip(" 《》“”\"'") for part in re.split(r"[、;；/]|，(?!\d)", text))
    own = (part for part in parts if normalize_name(part) and 2 <= len(part) <= 40)
    return list(dict.fromkeys(part for part in own if not is_date(part)))
