"""BM25 and vectors of one database, up to date at each query, and kept on disk."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..database.database import Database
from ..database.writing import FORGOTTEN
from .bm25 import BM25Index
from .dense_index import DenseIndex, VectorIndexKind
from .fusion import Fused, fuse
from .lexical_index import LexicalIndex
from .ranking import Hit
from .ranking_options import Ranking
from .vector_index import VectorIndex

_DEFAULT = Ranking()


class PassageIndexes:
    """Finds passages of one database by words and by vectors; each index is made when first asked.

    Not safe for threads by itself: its owner holds a lock and a snapshot of the database around
    each call.

    Args:
        database: Where the passages are.
        folder: Where they are kept, so that opening cuts no passage into words again, nor reads
            many vectors; None for memory alone.
        vector_index: As `DenseIndex` takes it.
    """

    def __init__(
        self,
        database: Database,
        folder: Path | None = None,
        vector_index: VectorIndexKind = "auto",
    ) -> None:
        self._database = database
        self._bm25: LexicalIndex | None = None
        self._dense = DenseIndex(
            database, None if folder is None else folder / "vectors", vector_index
        )
        self._folder = folder
        self._vector_index: VectorIndexKind = vector_index

    def search(
        self,
        query: str | None,
        vector: np.ndarray | None,
        *,
        k: int,
        visible: np.ndarray | None = None,
        ranking: Ranking = _DEFAULT,
    ) -> list[Fused[int]]:
        """The numbers of the passages of both rankings, best first, each ranking `k` long.

        Args:
            query: What BM25 looks for; None leaves it out.
            vector: The normalised vector of the query; None leaves vectors out.
            k: How many passages of each ranking are fused.
            visible: Which passages may be found (bool, by number); None for all.
            ranking: How the two rankings become one.
        """
        lexical: list[Hit] = []
        dense: list[Hit] = []
        if query is not None:
            lexical = self._settled(self.bm25().search(query, k=k, visible=visible))[:k]
        if vector is not None:
            dense = self.nearest(vector, k=k, visible=visible)
        fused = {
            hit.id: hit
            for hit in fuse(
                lexical, dense, vector_weight=ranking.vector_weight, fusion=ranking.fusion
            )
        }
        order = self._settled([(hit.id, hit.score) for hit in fused.values()])
        return [fused[number] for number, _ in order]

    def nearest(
        self, vector: np.ndarray, *, k: int, visible: np.ndarray | None = None
    ) -> list[Hit]:
        """The numbers of the `k` passages nearest to a normalised vector, with their cosine.

        Raises:
            EmbeddingMismatchError: the base was given the vectors of another model meanwhile.
        """
        self._database.check_vector_model()
        found = self.vectors(len(vector)).search(vector, k=k, visible=visible)
        return self._settled(found)[:k]

    def vectors_of(self, numbers: Sequence[int]) -> np.ndarray:
        """The normalised vectors of passages, of shape [len(numbers), dimensions]."""
        dimensions = int(self._database.embedding_fingerprint().partition(":")[0])
        return self.vectors(dimensions).vectors(numbers)

    def bm25(self) -> BM25Index:
        """The BM25 index over titles, headings and texts, up to date."""
        if self._bm25 is None:
            self._bm25 = LexicalIndex(self._database, self._folder)
        return self._bm25.caught_up()

    def vectors(self, dimensions: int) -> VectorIndex:
        """The vectors of the passages, up to date."""
        return self._dense.caught_up(dimensions)

    def catch_up(self, *, words: bool = True) -> None:
        """Bring up to date what `save` would keep; without `words`, of the vectors alone."""
        if words:
            self.bm25()
        self._dense.catch_up()

    def beside(self, database: Database) -> "PassageIndexes":
        """Indexes of the same base, to be changed while these are asked; `take_over` ends that.

        Args:
            database: The same file, opened once more.
        """
        made = PassageIndexes(database, self._folder, self._vector_index)
        if self._bm25 is not None:
            made._bm25 = self._bm25.beside(database)
        return made

    def take_over(self, newer: "PassageIndexes") -> None:
        """Go on with the indexes of another object of the same base, where these are behind."""
        if self._bm25 is None or (
            newer._bm25 is not None and self._bm25.generation < newer._bm25.generation
        ):
            self._bm25 = newer._bm25
        if 0 < newer._dense.generation >= self._dense.generation:  # it may have a newer file
            self._dense = newer._dense
        self._dense.database = self._database
        if self._bm25 is not None:
            self._bm25.database = self._database

    def save(self) -> None:
        """Keep on disk what is worth it, where that was asked for."""
        if self._bm25 is not None:
            self._bm25.save()
        self._dense.save()

    def drop(self) -> None:
        """Let go of what is kept on disk."""
        if self._bm25 is not None:
            self._bm25.drop()
        self._dense.drop()

    def pack(self) -> None:
        """Make BM25 hold nothing of deleted passages, up to date; `save_packed` keeps that."""
        self.bm25().pack()
        self._dense.catch_up(always=True)

    def save_packed(self) -> None:
        """Keep packed indexes on disk, and no file of an earlier one."""
        if self._bm25 is not None:
            self._bm25.caught_up()
            self._bm25.save(is_packed=True)
        self._dense.catch_up(always=True)
        self._dense.save(is_packed=True)

    def _settled(self, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits, best first, those of one score by the ids of their passages."""
        equal = {
            number
            for one, other in pairwise(hits)
            if one[1] == other[1]
            for number in (one[0], other[0])
        }
        if not equal:
            return list(hits)
        ids = self._database.passage_ids(equal)
        return sorted(hits, key=lambda hit: (-hit[1], ids.get(hit[0], "")))


def keep_indexes(
    database: Database, indexes: PassageIndexes, lock: AbstractContextManager[Any], *, words: bool
) -> None:
    """Index what is new and keep that on disk, beside the indexes that are asked meanwhile.

    Args:
        database: The base that they are of.
        indexes: Those that are asked; they go on with what was made.
        lock: What is held while they are asked.
        words: Whether BM25 is wanted as well.
    """
    with closing(Database(database.path, read_only=True)) as beside:
        with lock:
            newer = indexes.beside(beside)
        with beside.snapshot():
            newer.catch_up(words=words)
            packed_at = beside.manifest().get(FORGOTTEN)
        newer.save()
        if beside.manifest().get(FORGOTTEN) != packed_at:
            # The base was compacted meanwhile: nothing of what it dropped may come back by a file.
            newer.drop()
            return
        with lock:
            indexes.take_over(newer)
