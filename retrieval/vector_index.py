"""A flat FAISS index over normalised vectors, by passage id."""

import threading
from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..errors import GroundGLMError, MissingExtraError
from .ranking import Hit, best

_CPU_PACKAGE = "faiss-cpu"
_GPU_PACKAGES = ("faiss-gpu-cu12", "faiss-gpu", "faiss-gpu-cu11", "faiss-gpu-cu13")


def check_one_faiss() -> None:
    """Raise GroundGLMError if a CPU and a GPU build of FAISS overwrite each other's files."""
    if not _is_installed(_CPU_PACKAGE):
        return
    for package in _GPU_PACKAGES:
        if _is_installed(package):
            raise GroundGLMError(
                f"{_CPU_PACKAGE} and {package} are both installed, and overwrite each other's "
                f"files. Run: pip uninstall -y {_CPU_PACKAGE} {package} && "
                "pip install 'groundglm[cpu]' (with a GPU: 'groundglm[gpu]')"
            )


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


check_one_faiss()
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
            ValueError: the shape does not fit, an id is given twice, or a number is not finite.
        """
        if vectors.shape != (len(ids), self.dimensions):
            raise ValueError(
                f"expected vectors of shape {(len(ids), self.dimensions)}, got {vectors.shape}"
            )
        if len(set(ids)) != len(ids):
            raise ValueError("an id is given twice")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector holds a number that is not finite")
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
        """The `k` nearest (id, cosine), best first, ties by id; only `allowed` ids if given.

        Raises:
            ValueError: `k` is below 1, or the vector has another number of dimensions.
        """
        if vector.size != self.dimensions:
            raise ValueError(f"expected {self.dimensions} dimensions, got {vector.size}")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
        with self._lock:
            parameters, visible = None, len(self)
            if allowed is not None:
                numbers = [self._numbers[id_] for id_ in allowed if id_ in self._numbers]
                visible = len(numbers)
                selector = faiss.IDSelectorBatch(np.asarray(numbers, dtype=np.int64))
                parameters = faiss.SearchParameters(sel=selector)

            def find(limit: int) -> list[Hit]:
                scores, found = self._index.search(query, min(limit, visible), params=parameters)
                return [
                    (self._ids[number], score)
                    for number, score in zip(found[0].tolist(), scores[0].tolist(), strict=True)
                    if number >= 0
                ]

            return best(find, k=k) if visible else []


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one (float32); a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype("<f4")
