"""A graph as other programs read it: plain text and numbers in place of our own objects."""

import re

import networkx as nx

from ..facts import Fact
from .graph import KnowledgeGraph

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain_graph(graph: KnowledgeGraph) -> "nx.MultiDiGraph[str]":
    """A copy for networkx with attributes that every format of it can write, GraphML included.

    A node, keyed by the id of its entity, has `name`, `type` and `aliases`; an edge, keyed by the
    id of its fact, has `subject`, `predicate`, `object`, `confidence`, `time` and `sources`. What
    there are several of is separated by " | ".
    """
    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entity in graph.entities():
        plain.add_node(
            entity.id,
            name=_clean(entity.name),
            type=_clean(entity.type),
            aliases=_clean(" | ".join(entity.aliases)),
        )
    for subject, object_, key, data in graph.networkx.edges(keys=True, data=True):
        fact: Fact = data["fact"]
        plain.add_edge(
            subject,
            object_,
            key=key,
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
