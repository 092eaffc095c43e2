"""The graph as a caller may see it: built of nothing but what the visible documents say.

Filtering what the whole graph finds would be too late: a hidden document's names, chains and better
facts would already have told on it or crowded others out.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from .graph import KnowledgeGraph

_MOST_VIEWS = 8


@dataclass(slots=True)
class _GraphView:
    whole: KnowledgeGraph
    graph: KnowledgeGraph = field(default_factory=KnowledgeGraph)
    documents: frozenset[str] = frozenset()
    version: int = 0


class GraphViews:
    """The graphs of the callers who asked last; each is caught up with what changed since.

    Not safe for threads by itself: `KnowledgeBase` holds a lock around it.
    """

    def __init__(self) -> None:
        self._views: OrderedDict[Hashable, _GraphView] = OrderedDict()

    def of(
        self, whole: KnowledgeGraph, documents: frozenset[str], *, key: Hashable
    ) -> KnowledgeGraph:
        """The graph of some documents of the whole one; `key` tells whose it is."""
        view = self._views.get(key)
        if view is None or view.whole is not whole:  # the whole one was made anew
            view = self._views[key] = _GraphView(whole)
        self._views.move_to_end(key)
        changed = whole.changed_since(view.version)
        for id_ in view.documents - documents | (view.documents & changed):
            view.graph.remove(id_)
        for id_ in documents - view.documents | (documents & changed):
            facts = whole.said_by(id_)
            if facts:
                view.graph.add(id_, facts)
        view.documents, view.version = documents, whole.version
        while len(self._views) > _MOST_VIEWS:
            self._views.popitem(last=False)
        return view.graph
