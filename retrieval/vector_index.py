"""A FAISS index over normalised vectors, by passage number: a file of them, and those since."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .one_faiss import faiss, one_thread
from .ranking import Hit, best
from .vector_file import VectorFile

_VIEWS = 8  # masks that are kept


class VectorIndex:
    """Cosine similarity by inner product of normalised vectors, held as float16.

    Vectors have ascending numbers: first those of a file, where there is one, then those that came
    since, which are held in memory and all looked at. A deleted one is passed over; in memory, a
    third of them make it be packed anew. Safe for threads.

    Args:
        dimensions: Those of each vector.
        stored: The file.
    """

    def __init__(self, dimensions: int, stored: VectorFile | None = None) -> None:
        self.dimensions = dimensions
        self.stored = stored
        self._lock = threading.RLock()
        self._first = 0 if stored is None else len(stored)  # the place of the first in memory
        self._start(np.empty(0, dtype="<i8") if stored is None else stored.numbers)
        self._dead = np.zeros(len(self._numbers), dtype=bool)

    def _start(self, numbers: np.ndarray) -> None:
        """Hold no vector in memory; `numbers` are those of all that there are then to be."""
        self._index = faiss.IndexScalarQuantizer(
            self.dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._numbers = numbers
        self._masks: OrderedDict[int, tuple[np.ndarray | None, _Mask]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers) - int(self._dead.sum())

    @property
    def last(self) -> int:
        """The number of the last vector that was added; 0 without any."""
        return int(self._numbers[-1]) if len(self._numbers) else 0

    @property
    def unsaved(self) -> int:
        """How many vectors are in memory or gone from the file: what a new file would take in."""
        return int((~self._dead[self._first :]).sum() + self._dead[: self._first].sum())

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
            dead = self._dead[self._first :]
            if 3 * int(dead.sum()) >= len(dead) > 0:
                places = self._first + np.flatnonzero(~dead)
                kept = self._codes_at(places)
                self._start(np.concatenate([self._numbers[: self._first], self._numbers[places]]))
                self._dead = np.concatenate(
                    [self._dead[: self._first], np.zeros(len(places), dtype=bool)]
                )
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
            mask = self._mask(visible)
            parts: list[tuple[np.ndarray, np.ndarray]] = []
            if self.stored is not None:
                stored, bits, share = self.stored, mask.of_file, mask.share
                find: _Find = lambda asked: stored.search(query, asked, bits, share)  # noqa: E731
                parts.append(_nearest(find, k, len(stored)))
            if len(self._numbers) > self._first:
                find = lambda asked: self._in_memory(query, asked, mask.of_memory)  # noqa: E731
                scores, places = _nearest(find, k, len(self._numbers) - self._first)
                parts.append((scores, places + self._first))
            if not parts:
                return []
            scores, places = (np.concatenate(several) for several in zip(*parts, strict=True))
            return best(self._numbers[places], scores, k=k)

    def _in_memory(
        self, query: np.ndarray, k: int, bits: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        selector = None if bits is None else faiss.IDSelectorBitmap(bits)
        parameters = None if bits is None else faiss.SearchParameters(sel=selector)
        with one_thread():
            scores, places = self._index.search(query, k, params=parameters)
        found = places[0] >= 0
        return scores[0][found], places[0][found]

    def vectors(self, numbers: Sequence[int]) -> np.ndarray:
        """The vectors of numbers, of shape [len(numbers), dimensions]; zeros for an unknown one."""
        with self._lock:
            wanted = np.asarray(numbers, dtype="<i8")
            places = np.searchsorted(self._numbers, wanted)
            found = np.zeros((len(wanted), self.dimensions), dtype=np.float32)
            known = places < len(self._numbers)
            known[known] = self._numbers[places[known]] == wanted[known]
            found[known] = self._codes_at(places[known])
            return found

    def alive(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and vectors (float16) of all that are not deleted."""
        with self._lock:
            parts = [] if self.stored is None else [self.stored.all_codes()]
            parts.append(self._codes_at(np.arange(self._first, len(self._numbers))))
            return self._numbers[~self._dead], np.concatenate(parts)[~self._dead]

    def _codes_at(self, places: np.ndarray) -> np.ndarray:
        """The vectors of places, float16."""
        found = np.empty((len(places), self.dimensions), dtype="<f2")
        in_memory = places >= self._first
        if in_memory.any():
            of = (places[in_memory] - self._first).astype(np.int64)
            found[in_memory] = self._index.reconstruct_batch(of)
        if self.stored is not None and not in_memory.all():
            found[~in_memory] = self.stored.codes_at(places[~in_memory])
        return found

    def _mask(self, visible: np.ndarray | None) -> "_Mask":
        """Which places may be found."""
        if visible is None and not self._dead.any():
            return _Mask(None, None, 1.0)
        kept = self._masks.get(id(visible))
        if kept is not None and kept[0] is visible:
            return kept[1]
        seen = ~self._dead
        if visible is not None:
            known = self._numbers < len(visible)
            seen &= known
            seen[known] &= visible[self._numbers[known]]
        of_file, of_memory = seen[: self._first], seen[self._first :]
        share = float(of_file.mean()) if len(of_file) else 1.0
        mask = _Mask(_packed(of_file), _packed(of_memory), share)
        self._masks[id(visible)] = (visible, mask)
        while len(self._masks) > _VIEWS:
            self._masks.popitem(last=False)
        return mask


@dataclass(frozen=True, slots=True)
class _Mask:
    """A bit for each place, in the file and in memory: whether it may be found; None for all."""

    of_file: np.ndarray | None
    of_memory: np.ndarray | None
    share: float  # of those in the file


_Find: TypeAlias = Callable[[int], tuple[np.ndarray, np.ndarray]]


def _nearest(find: _Find, k: int, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and places of the `k` nearest, and of all that equal the last of them."""
    asked = min(k + 1, total)
    while True:
        scores, places = find(asked)
        # What was cut off may equal the k-th, so look on until the score falls.
        if len(scores) == asked and asked < total and scores[-1] == scores[k - 1]:
            asked = min(4 * asked, total)
            continue
        return scores, places


def _packed(seen: np.ndarray) -> np.ndarray:
    return np.packbits(seen, bitorder="little")


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one (float32); a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype("<f4")
