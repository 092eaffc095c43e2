"""The indexes of a base: derived from its database, caught up before each query."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np

from ..database.database import Database
from ..retrieval.bm25 import BM25Index
from ..retrieval.vector_index import VectorIndex
from .graph import KnowledgeGraph
from .graph_views import GraphViews

T = TypeVar("T")


class DerivedIndex(Generic[T]):
    """An index and the generation of the base that it was built from."""

    def __init__(
        self,
        index: T,
        *,
        load: Callable[[T, Collection[str] | None], None],
        drop: Callable[[T, Collection[str]], None],
    ) -> None:
        self._index = index
        self._load = load
        self._drop = drop
        self._generation: int | None = None

    def caught_up(self, database: Database) -> T:
        """The index as the base stands now; only documents that changed are read again."""
        generation = database.generation()
        if generation == self._generation:
            return self._index
        with database.snapshot():
            generation = database.generation()
            if self._generation is None:
                self._load(self._index, None)
            else:
                changed = database.changed_since(self._generation)
                self._drop(self._index, changed)
                self._load(self._index, changed)
            self._generation = generation
        return self._index


class Indexes:
    """BM25, vectors and graph of one base, each built when first asked for.

    Not safe for threads by itself: `KnowledgeBase` holds a lock around it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bm25: DerivedIndex[BM25Index] | None = None
        self._vectors: DerivedIndex[VectorIndex] | None = None
        self._graph: DerivedIndex[KnowledgeGraph] | None = None
        self._graph_views = GraphViews()
        self._bm25_ids: defaultdict[str, list[str]] = defaultdict(list)
        self._vector_ids: defaultdict[str, list[str]] = defaultdict(list)

    def bm25(self) -> BM25Index:
        """The BM25 index over the passages and their titles, up to date."""
        if self._bm25 is None:
            self._bm25 = DerivedIndex(BM25Index(), load=self._load_bm25, drop=self._drop_bm25)
        return self._bm25.caught_up(self._database)

    def vectors(self, dimensions: int) -> VectorIndex:
        """The vectors of the passages, up to date."""
        if self._vectors is None:
            index = VectorIndex(dimensions)
            self._vectors = DerivedIndex(index, load=self._load_vectors, drop=self._drop_vectors)
        return self._vectors.caught_up(self._database)

    def graph(self) -> KnowledgeGraph:
        """The knowledge graph, up to date."""
        if self._graph is None:
            self._graph = DerivedIndex(KnowledgeGraph(), load=self._load_graph, drop=_drop_graph)
        return self._graph.caught_up(self._database)

    def graph_of(self, documents: frozenset[str] | None, *, key: Hashable) -> KnowledgeGraph:
        """The graph of what these documents say (None: all), up to date; `key` names the view."""
        whole = self.graph()
        return whole if documents is None else self._graph_views.of(whole, documents, key=key)

    def _load_bm25(self, index: BM25Index, documents: Collection[str] | None) -> None:
        entries: list[tuple[str, str, str]] = []
        for found in self._database.passages_of(documents):
            self._bm25_ids[found.passage.document_id].append(found.passage.id)
            entries.append((found.passage.id, found.title, found.passage.text))
        index.add(entries)

    def _drop_bm25(self, index: BM25Index, documents: Iterable[str]) -> None:
        index.delete([id_ for document in documents for id_ in self._bm25_ids.pop(document, [])])

    def _load_vectors(self, index: VectorIndex, documents: Collection[str] | None) -> None:
        ids: list[str] = []
        rows: list[bytes] = []
        for document_id, passage_id, vector in self._database.vectors_of(documents):
            self._vector_ids[document_id].append(passage_id)
            ids.append(passage_id)
            rows.append(vector)
        if ids:
            index.add(ids, np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(ids), -1))

    def _drop_vectors(self, index: VectorIndex, documents: Iterable[str]) -> None:
        index.delete([id_ for document in documents for id_ in self._vector_ids.pop(document, [])])

    def _load_graph(self, index: KnowledgeGraph, documents: Collection[str] | None) -> None:
        for document_id, facts in self._database.facts_of(documents):
            index.add(document_id, facts)


def _drop_graph(index: KnowledgeGraph, documents: Iterable[str]) -> None:
    for document in documents:
        index.remove(document)
