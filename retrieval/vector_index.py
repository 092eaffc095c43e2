"""A flat FAISS index over normalised vectors, by passage number."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..errors import GroundGLMError, MissingExtraError
from .ranking import Hit, best

_VIEWS = 8  # masks that are kept
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
    """Cosine similarity by inner product of normalised vectors, held as float16; every one is seen.

    Vectors have ascending numbers. A deleted one is passed over, and a third of them make the
    index be packed anew. Safe for threads.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._lock = threading.RLock()
        self._start(np.empty(0, dtype="<i8"))

    def _start(self, numbers: np.ndarray) -> None:
        self._index = faiss.IndexScalarQuantizer(
            self.dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._numbers = numbers
        self._dead = np.zeros(len(numbers), dtype=bool)
        self._masks: OrderedDict[int, tuple[np.ndarray | None, np.ndarray]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers) - int(self._dead.sum())

    @property
    def last(self) -> int:
        """The number of the last vector that was added; 0 without any."""
        return int(self._numbers[-1]) if len(self._numbers) else 0

    def add(self, numbers: Sequence[int], vectors: np.ndarray) -> None:
        """Add vectors of shape [len(numbers), dimensions] by ascending number.

        Raises:
            ValueError: the shape does not fit, a number is not above the last one, or a vector
                holds what is not finite.
        """
        if vectors.shape != (len(numbers), self.dimensions):
            raise ValueError(
                f"expected vectors of shape {(len(numbers), self.dimensions)}, got {vectors.shape}"
            )
        codes = np.ascontiguousarray(vectors, dtype="<f2")
        if not np.isfinite(codes).all():
            raise ValueError("a vector holds a number that is not finite")
        new = np.asarray(numbers, dtype="<i8")
        with self._lock:
            if len(new) and (new[0] <= self.last or (np.diff(new) <= 0).any()):
                raise ValueError("vectors must be added by ascending numbers")
            self._append(codes)
            self._numbers = np.concatenate([self._numbers, new])
            self._dead = np.concatenate([self._dead, np.zeros(len(new), dtype=bool)])
            self._masks.clear()

    def _append(self, codes: np.ndarray) -> None:
        if len(codes):
            self._index.add_sa_codes(codes.view("u1").reshape(len(codes), -1))

    def delete(self, numbers: Iterable[int]) -> None:
        """Delete by number; an unknown one is no error."""
        with self._lock:
            gone = np.asarray(sorted(numbers), dtype="<i8")
            self._dead |= np.isin(self._numbers, gone, kind="sort")
            self._masks.clear()
            if 3 * int(self._dead.sum()) >= len(self._numbers) > 0:
                places = np.flatnonzero(~self._dead)
                kept = self._vectors_at(places).astype("<f2")
                self._start(self._numbers[places])
                self._append(kept)

    def search(self, vector: np.ndarray, *, k: int, visible: np.ndarray | None = None) -> list[Hit]:
        """The `k` nearest (number, cosine), best first, and all that equal the last of them.

        Args:
            vector: A normalised vector.
            k: How many at least, where there are as many.
            visible: Which numbers may be found (bool, by number); None for all. Give the same
                array again rather than a copy: what was read from it is kept.

        Raises:
            ValueError: `k` is below 1, or the vector has another number of dimensions.
        """
        if vector.size != self.dimensions:
            raise ValueError(f"expected {self.dimensions} dimensions, got {vector.size}")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
        with self._lock:
            total = len(self._numbers)
            parameters = None
            if visible is not None or self._dead.any():
                parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(self._mask(visible)))
            asked = min(k + 1, total)
            while asked:
                scores, places = self._index.search(query, asked, params=parameters)
                found = places[0] >= 0
                # What was cut off may equal the k-th, so look on until the score falls.
                if found.all() and asked < total and scores[0, -1] == scores[0, k - 1]:
                    asked = min(4 * asked, total)
                    continue
                return best(self._numbers[places[0][found]], scores[0][found], k=k)
            return []

    def vectors(self, numbers: Sequence[int]) -> np.ndarray:
        """The vectors of numbers, of shape [len(numbers), dimensions]; zeros for an unknown one."""
        with self._lock:
            wanted = np.asarray(numbers, dtype="<i8")
            places = np.searchsorted(self._numbers, wanted)
            found = np.zeros((len(wanted), self.dimensions), dtype=np.float32)
            known = places < len(self._numbers)
            known[known] = self._numbers[places[known]] == wanted[known]
            found[known] = self._vectors_at(places[known])
            return found

    def _vectors_at(self, places: np.ndarray) -> np.ndarray:
        if not len(places):
            return np.empty((0, self.dimensions), dtype=np.float32)
        return self._index.reconstruct_batch(places.astype(np.int64))

    def _mask(self, visible: np.ndarray | None) -> np.ndarray:
        """A bit for each place: whether it may be found."""
        kept = self._masks.get(id(visible))
        if kept is not None and kept[0] is visible:
            return kept[1]
        seen = ~self._dead
        if visible is not None:
            known = self._numbers < len(visible)
            seen &= known
            seen[known] &= visible[self._numbers[known]]
        bits = np.packbits(seen, bitorder="little")
        self._masks[id(visible)] = (visible, bits)
        while len(self._masks) > _VIEWS:
            self._masks.popitem(last=False)
        return bits


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one (float32); a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype("<f4")
