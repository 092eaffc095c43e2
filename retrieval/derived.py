"""Indexes over the passages of a database, caught up with it before each query."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

import numpy as np

from ..database.database import Database
from .bm25 import BM25Index
from .fusion import Fused, fuse
from .vector_index import VectorIndex

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


class PassageIndexes:
    """BM25 and vectors of one database, each built when first asked for.

    Not safe for threads by itself: its owner holds a lock around it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bm25: DerivedIndex[BM25Index] | None = None
        self._vectors: DerivedIndex[VectorIndex] | None = None
        self._bm25_ids: defaultdict[str, list[str]] = defaultdict(list)
        self._vector_ids: defaultdict[str, list[str]] = defaultdict(list)

    def search(
        self,
        query: str | None,
        vector: np.ndarray | None,
        *,
        k: int,
        allowed: Collection[str] | None = None,
    ) -> list[Fused]:
        """The passages of both rankings, best first, each ranking `k` long.

        Args:
            query: What BM25 looks for; None leaves it out.
            vector: The normalised vector of the query; None leaves vectors out.
            k: How many passages of each ranking are fused.
            allowed: Only these passages, if given.
        """
        lexical = self.bm25().search(query, k=k, allowed=allowed) if query is not None else []
        dense = (
            self.vectors(len(vector)).search(vector, k=k, allowed=allowed)
            if vector is not None
            else []
        )
        return fuse(lexical, dense)

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
