"""The knowledge graph in memory: entities, facts between them, and who contributes each fact.

The graph is derived: it holds what its documents say and nothing else, so taking a document away
leaves exactly the graph that the remaining documents make.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import networkx as nx

from ..database.naming import NameKind, namings_in
from ..database.rows import merge_facts
from ..facts import Entity, Fact, predicate_key
from .fact_graph import FactGraph, describe
from .linking import NameIndex
from .reasoning import Fits, in_order

K = TypeVar("K")


@dataclass(slots=True)
class _Surface:
    """What the facts call an entity, counted by how many (fact, document) pairs do so."""

    names: dict[tuple[str, NameKind], int] = field(default_factory=dict[tuple[str, NameKind], int])
    entity: Entity | None = None

    def counted(self) -> Iterator[tuple[NameKind, str, int]]:
        """As what it is called, the name, and how many say so."""
        for (name, kind), count in self.names.items():
            yield kind, name, count


class KnowledgeGraph(FactGraph):
    """Facts by document in memory, for those who have no base.

    >>> graph = KnowledgeGraph()
    >>> graph.add("a.txt", [Fact("红楼梦", "作者", "曹雪芹"), Fact("曹雪芹", "朝代", "清朝")])
    >>> [fact.object for fact, score, why in graph.relevant("《红楼梦》的作者是哪个朝代的人？")]
    ['曹雪芹', '清朝']
    >>> graph.remove("a.txt")
    >>> graph.entities()
    []
    """

    def __init__(self) -> None:
        self._index = NameIndex()
        super().__init__(self._index)
        self._graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        # Each fact as each document says it; the fact of the graph is their sum.
        self._said: dict[str, dict[str, Fact]] = {}
        self._by_document: dict[str, set[str]] = {}
        self._surfaces: defaultdict[str, _Surface] = defaultdict(_Surface)

    @property
    def networkx(self) -> "nx.MultiDiGraph[str]":
        """The graph itself: nodes are entity ids with `name` and `type`, an edge holds its `fact`.

        A live view for reading; change it through `add` and `remove`.
        """
        return self._graph

    def __len__(self) -> int:
        return len(self._said)

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
        known = self._by_document.setdefault(document_id, set())
        by_id: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            by_id[fact.id].append(fact)
        for fact_id, same in by_id.items():
            fact = same[0]
            said = self._said.setdefault(fact_id, {})
            before = said.get(document_id)
            if before is not None:
                said[document_id] = merge_facts([before, *same])
            else:
                said[document_id] = merge_facts(same)
                known.add(fact_id)
                self._count(fact, +1)
            self._refresh(fact_id)
            touched |= {fact.subject_id, fact.object_id}
        if not known:
            del self._by_document[document_id]

    def remove(self, document_id: str) -> None:
        """Take back what a document says; facts that nobody says any more and their entities go."""
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
        merged = merge_facts([said[document_id] for document_id in sorted(said)])
        self._graph.add_edge(merged.subject_id, merged.object_id, key=fact_id, fact=merged)

    def _count(self, fact: Fact, change: int) -> None:
        for node, kind, name in namings_in(fact):
            count = _change(self._surfaces[node].names, (name, kind), change)
            if kind in ("value", "type"):
                continue
            if change > 0 and count == 1:
                self._index.add(name, node, kind)
            elif count == 0:
                self._index.remove(name, node, kind)

    def _refresh_entities(self, touched: set[str]) -> None:
        for node in touched:
            if node in self._graph:
                surface = self._surfaces[node]
                entity = surface.entity = describe(node, surface.counted())
                self._graph.nodes[node].update(name=entity.name, type=entity.type)

    # --- looking up ---------------------------------------------------------------------------

    def entities(self) -> list[Entity]:
        """Every entity that a fact names, by name."""
        found = [self._entity(node) for node in self._graph]
        return sorted(found, key=lambda entity: (entity.name, entity.id))

    def all_facts(self) -> Iterator[Fact]:
        """Every fact, each once."""
        return (data["fact"] for _, _, data in self._graph.edges(data=True))

    # --- as reasoning asks ----------------------------------------------------------------------

    def __contains__(self, node: object) -> bool:
        return node in self._graph

    def degree(self, node: str) -> int:
        """How many facts an entity takes part in."""
        return self._graph.degree(node)

    def facts_from(self, node: str, *, fits: Fits | None = None) -> list[Fact]:
        """The facts about an entity, in a fixed order."""
        return self._facts(self._graph.succ, node, fits)

    def facts_to(self, node: str, *, fits: Fits | None = None) -> list[Fact]:
        """The facts that have an entity as their object, in a fixed order."""
        return self._facts(self._graph.pred, node, fits)

    def _facts(self, edges: Any, node: str, fits: Fits | None) -> list[Fact]:
        beside = edges[node].values() if node in self._graph else ()
        facts: Iterator[Fact] = (data["fact"] for several in beside for data in several.values())
        kept = (fact for fact in facts if fits is None or fits(predicate_key(fact.predicate)))
        return sorted(kept, key=in_order)

    def joining(self, subject: str, object_: str) -> list[Fact]:
        """The facts between two entities in this direction, in a fixed order."""
        edges = self._graph.get_edge_data(subject, object_, default={})
        return sorted((data["fact"] for data in edges.values()), key=in_order)

    def neighbours(self, node: str) -> Collection[str]:
        """The entities that a fact joins it with."""
        return {*self._graph.successors(node), *self._graph.predecessors(node)} - {node}

    def _entity(self, node: str) -> Entity:
        entity = self._surfaces[node].entity
        assert entity is not None, "every node is described when it is touched"
        return entity


def _change(counts: dict[K, int], key: K, change: int) -> int:
    """Add to a count and give it; one that comes to nothing goes."""
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)
    return count
