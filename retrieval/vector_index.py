"""A flat FAISS index over normalised vectors, by passage id."""

import threading
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MissingExtraError

if TYPE_CHECKING:
    import faiss

try:
    import faiss
except ImportError as error:
    raise MissingExtraError("Vector search (FAISS)", extra="cpu") from error


class VectorIndex:
    """Cosine similarity by inner product; vectors must be normalised. Safe for threads."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._next = 0
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Add vectors of shape [len(ids), dimensions]; the same id replaces.

        Raises:
            ValueError: the shape does not fit.
        """
        if vectors.shape != (len(ids), self.dimensions):
            raise ValueError(
                f"expected vectors of shape {(len(ids), self.dimensions)}, got {vectors.shape}"
            )
        if len(set(ids)) != len(ids):
            raise ValueError("an id is given twice")
        if not ids:
            return
        with self._lock:
            self.delete(ids)
            numbers = np.arange(self._next, self._next + len(ids), dtype=np.int64)
            self._next += len(ids)
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), numbers)
            for id_, number in zip(ids, numbers.tolist(), strict=True):
                self._numbers[id_] = number
                self._ids[number] = id_

    def delete(self, ids: Iterable[str]) -> None:
        """Delete by id; an unknown id is no error."""
        with self._lock:
            numbers = [self._numbers.pop(id_) for id_ in set(ids) if id_ in self._numbers]
            if numbers:
                self._index.remove_ids(np.asarray(numbers, dtype=np.int64))
                for number in numbers:
                    del self._ids[number]

    def search(
        self, vector: np.ndarray, *, k: int, allowed: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The `k` nearest (id, cosine), best first, ties by id; only `allowed` ids if given."""
        with self._lock:
            if not self._numbers:
                return []
            parameters = None
            if allowed is not None:
                numbers = [self._numbers[id_] for id_ in allowed if id_ in self._numbers]
                if not numbers:
                    return []
                selector = faiss.IDSelectorBatch(np.asarray(numbers, dtype=np.int64))
                parameters = faiss.SearchParameters(sel=selector)
            query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
            scores, found = self._index.search(query, min(k, len(self)), params=parameters)
            ranked = [
                (self._ids[number], score)
                for number, score in zip(found[0].tolist(), scores[0].tolist(), strict=True)
                if number >= 0
            ]
        return sorted(ranked, key=lambda hit: (-hit[1], hit[0]))
