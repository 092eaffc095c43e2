"""A graph as other programs read it: plain text and numbers in place of our own objects."""

import re
from collections.abc import Iterable

import networkx as nx

from ..facts import Entity, Fact
from .fact_graph import FactGraph

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain_graph(graph: FactGraph) -> "nx.MultiDiGraph[str]":
    """A copy for networkx with attributes that every format of it can write, GraphML included.

    A node, keyed by the id of its entity, has `name`, `type` and `aliases`; an edge, keyed by the
    id of its fact, has `subject`, `predicate`, `object`, `confidence`, `time` and `sources`. What
    there are several of is separated by " | ".
    """
    return _plain(graph.entities(), graph.all_facts())


def plain_neighbourhood(
    graph: FactGraph, entity: str, *, hops: int, most: int
) -> "nx.MultiDiGraph[str]":
    """The part of a graph within so many steps of an entity, at most so many facts of it."""
    facts = graph.around(entity, hops=hops, most=most)
    nodes = {node for fact in facts for node in (fact.subject_id, fact.object_id)}
    entities = filter(None, map(graph.entity, sorted(nodes)))
    return _plain(sorted(entities, key=lambda one: (one.name, one.id)), facts)


def _plain(entities: Iterable[Entity], facts: Iterable[Fact]) -> "nx.MultiDiGraph[str]":
    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entity in entities:
        plain.add_node(
            entity.id,
            name=_clean(entity.name),
            type=_clean(entity.type),
            aliases=_clean(" | ".join(entity.aliases)),
        )
    for fact in facts:
        plain.add_edge(
            fact.subject_id,
            fact.object_id,
            key=fact.id,
            subject=_clean(fact.subject),
            predicate=_clean(fact.predicate),
            object=_clean(fact.object),
            confidence=fact.confidence,
            time=_clean(" | ".join(fact.times)),
            sources=_clean(" | ".join(str(source) for source in fact.sources)),
        )
    return plain


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub(" ", text)
