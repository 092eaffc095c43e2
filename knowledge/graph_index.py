"""The graph of a base: derived from its database, caught up before each query."""

from collections.abc import Collection, Hashable, Iterable

from ..database.database import Database
from ..retrieval.derived import DerivedIndex
from .graph import KnowledgeGraph
from .graph_views import GraphViews


class GraphIndex:
    """The graph of one base, whole and as callers with labels see it.

    Not safe for threads by itself: `KnowledgeBase` holds a lock around it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._graph: DerivedIndex[KnowledgeGraph] | None = None
        self._graph_views = GraphViews()

    def graph(self) -> KnowledgeGraph:
        """The knowledge graph, up to date."""
        if self._graph is None:
            self._graph = DerivedIndex(KnowledgeGraph, load=self._load_graph, drop=_drop_graph)
        return self._graph.caught_up(self._database)

    def graph_of(self, documents: frozenset[str], *, key: Hashable) -> KnowledgeGraph:
        """The graph of what these documents say, up to date; `key` names the view."""
        return self._graph_views.of(self.graph(), documents, key=key)

    def _load_graph(self, index: KnowledgeGraph, documents: Collection[str] | None) -> None:
        index.add_all(self._database.facts_of(documents))


def _drop_graph(index: KnowledgeGraph, documents: Iterable[str]) -> None:
    for document in documents:
        index.remove(document)
