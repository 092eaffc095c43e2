"""The graph of a base as its callers see it, for as long as nothing changes."""

from collections import OrderedDict
from collections.abc import Hashable

from ..database.database import Database
from ..database.fact_tables import FactTables
from ..retrieval.visibility import View
from .stored_graph import StoredGraph

_MOST_VIEWS = 16


class GraphIndex:
    """The graph of one base, whole and as callers with labels or filters see it.

    A caller's graph is asked of what the visible documents say and of nothing else: filtering what
    the whole graph finds would be too late, for a hidden document's names, chains and better facts
    would already have told on it or crowded others out.

    Not safe for threads by itself: `KnowledgeBase` holds a lock around it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generation: int | None = None
        self._graphs: OrderedDict[Hashable, StoredGraph] = OrderedDict()

    def graph(self, view: View | None) -> StoredGraph:
        """The graph of what a view sees, or of everything, in the snapshot that is open."""
        generation = self._database.generation()
        if generation != self._generation:
            self._graphs.clear()
            self._generation = generation
        key = None if view is None else view.key
        graph = self._graphs.get(key)
        if graph is None:
            visible = None if view is None else view.documents.tobytes()
            graph = self._graphs[key] = StoredGraph(FactTables(self._database, visible))
        self._graphs.move_to_end(key)
        while len(self._graphs) > _MOST_VIEWS:
            self._graphs.popitem(last=False)
        return graph
