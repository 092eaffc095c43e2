"""Vectors in a file that FAISS searches where it lies: mapped, not read, however many they are.

A file `NAME.vectors` holds inverted lists one after the other, each the float16 codes of its
vectors and then their places (int64). `NAME.safetensors` says how long the lists are and where
their centres stand. FAISS parses neither: both are checked here, and it is told where lists begin.
"""

import os
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .array_file import DamagedFileError, map_arrays, write_arrays
from .one_faiss import faiss, one_thread

_PLACE = 8  # bytes
_SEEN_OF_EACH = 40  # vectors of each list that its centre is made of
_ROUNDS = 8
#: Of this many lists, at least, so many are looked at; measured by `benchmarks/clusters.py`.
_PROBED = 64
_OFTEN = 0.25  # from this share of vectors that may be found, they are picked out afterwards


def train_centres(codes: np.ndarray, count: int) -> np.ndarray:
    """The centres (float32 [count, dimensions]) of so many clusters of normalised vectors.

    k-means on a sample, the same for the same vectors.
    """
    sample = np.random.default_rng(0).permutation(len(codes))[: count * _SEEN_OF_EACH]
    kmeans = faiss.Kmeans(codes.shape[1], count, niter=_ROUNDS, spherical=True, seed=1)
    kmeans.train(codes[np.sort(sample)].astype(np.float32))
    return kmeans.centroids.reshape(count, -1)


def write_vectors(
    folder: Path, numbers: np.ndarray, codes: np.ndarray, centres: np.ndarray
) -> Path:
    """Write vectors of ascending numbers into a new pair of files; the path of the first.

    Args:
        folder: Where they are put.
        numbers: i8 [vectors].
        codes: float16 [vectors, dimensions].
        centres: float32 [lists, dimensions]; of one list they are of no account.
    """
    lists = _nearest(codes, centres)
    order = np.argsort(lists, kind="stable")
    sizes = np.bincount(lists, minlength=len(centres))
    path = folder / f"{uuid.uuid4().hex[:12]}.vectors"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{path.name}"
    checksum = 0
    try:
        with part.open("wb") as file:
            for places in np.split(order, np.cumsum(sizes)[:-1]):
                for data in (codes[places].tobytes(), places.astype("<i8").tobytes()):
                    file.write(data)
                    checksum = zlib.crc32(data, checksum)
        write_arrays(
            path.with_suffix(".safetensors"),
            {
                "numbers": numbers.astype("<i8"),
                "sizes": sizes.astype("<i8"),
                "centres": centres.astype("<f4"),
                "checksum": np.array([checksum], dtype="<i8"),
            },
        )
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _nearest(codes: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The list that each vector belongs to."""
    if len(centres) == 1:
        return np.zeros(len(codes), dtype=np.int64)
    quantizer = faiss.IndexFlatIP(centres.shape[1])
    quantizer.add(centres)
    found = [
        quantizer.search(codes[start : start + 65_536].astype(np.float32), 1)[1][:, 0]
        for start in range(0, len(codes), 65_536)
    ]
    return np.concatenate(found)


class VectorFile:
    """The vectors of a file, by place: their order by number.

    Raises:
        DamagedFileError: a file is missing, or not as it was written.
    """

    def __init__(self, path: Path) -> None:
        arrays = map_arrays(path.with_suffix(".safetensors"))
        try:
            self._read(path, arrays)
        except (OSError, LookupError, ValueError, TypeError) as error:
            raise DamagedFileError(f"{path} is damaged: {error}") from error
        self._index = self._searchable(path)

    def _read(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        self.path = path
        self.numbers = arrays["numbers"]
        self.centres = arrays["centres"]
        self._sizes = arrays["sizes"]
        kinds = [(self.numbers, "i8", 1), (self._sizes, "i8", 1), (self.centres, "f4", 2)]
        if any(one.dtype != kind or one.ndim != axes for one, kind, axes in kinds):
            raise ValueError("its arrays are of other kinds")
        count, lists = len(self.numbers), len(self._sizes)
        self._bytes = 2 * self.centres.shape[1]
        if (
            not (count and self._bytes)
            or len(self.centres) != lists
            or (self._sizes < 0).any()
            or int(self._sizes.sum()) != count
            or not (np.diff(self.numbers) > 0).all()
            or not np.isfinite(self.centres).all()
        ):
            raise ValueError("its numbers do not fit together")
        self._starts = np.concatenate([[0], np.cumsum(self._sizes)])  # rows, list by list
        self._data = np.memmap(path, dtype="u1", mode="r")
        if len(self._data) != count * (self._bytes + _PLACE):
            raise ValueError("it was cut short")
        if zlib.crc32(self._data.data) != int(arrays["checksum"][0]):
            raise ValueError("the checksum differs")
        # Where FAISS would find places that there are not, it would read beyond a caller's mask.
        order = np.concatenate([places for places, _ in self._lists()])
        if order.min() < 0 or order.max() >= count:
            raise ValueError("its places point nowhere")
        self._rows = np.full(count, -1, dtype=np.int64)
        self._rows[order] = np.arange(count)
        if (self._rows < 0).any():
            raise ValueError("a place is missing")

    def _lists(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Places and codes of each list."""
        begin = 0
        for size in self._sizes.tolist():
            end = begin + size * self._bytes
            codes = self._data[begin:end].view("<f2").reshape(size, self._bytes // 2)
            begin = end + size * _PLACE
            yield self._data[end:begin].view("<i8"), codes

    def _searchable(self, path: Path) -> faiss.Index:
        dimensions = self.dimensions
        quantizer = faiss.IndexFlatIP(dimensions)
        quantizer.add(np.ascontiguousarray(self.centres))
        index = faiss.IndexIVFScalarQuantizer(
            quantizer,
            dimensions,
            self.lists,
            faiss.ScalarQuantizer.QT_fp16,
            faiss.METRIC_INNER_PRODUCT,
            False,  # codes are the vectors themselves, not their distance from the centre
        )
        index.is_trained = True
        if hasattr(faiss, "OnDiskInvertedLists"):
            inverted = faiss.OnDiskInvertedLists(self.lists, self._bytes, str(path))
            inverted.read_only = True
            inverted.prefetch_nthread = 0  # threads cost more than they bring
            sizes = self._sizes.astype(np.uint64)
            inverted.set_all_lists_sizes(faiss.swig_ptr(sizes))
            inverted.totsize = len(self._data)
            inverted.do_mmap()
        else:  # Windows
            inverted = faiss.ArrayInvertedLists(self.lists, self._bytes)
            for number, (places, codes) in enumerate(self._lists()):
                ids, held = np.array(places), np.array(codes).view("u1")
                inverted.add_entries(
                    number, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(held.reshape(-1))
                )
        index.replace_invlists(inverted, False)
        index.ntotal = len(self.numbers)
        self._kept = (quantizer, inverted)  # FAISS does not own them
        return index

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def dimensions(self) -> int:
        """Those of each vector."""
        return self.centres.shape[1]

    @property
    def lists(self) -> int:
        """How many lists there are; with one, every vector is looked at."""
        return len(self._sizes)

    def search(
        self, query: np.ndarray, k: int, bits: np.ndarray | None, share: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores and places of up to `k` vectors, best first.

        Args:
            query: float32 [1, dimensions].
            k: How many.
            bits: A bit for each place: whether it may be found. None for all.
            share: How many of all these are. The fewer, the more lists are looked at, down to all
                of them: what a caller may see lies scattered over all lists.
        """
        probed = max(1, min(self.lists, int(_PROBED / max(share, 1e-9))))
        if bits is not None and share >= _OFTEN:
            # Asking of each vector whether it may be found costs more than to find some in vain.
            more = min(len(self), int(k / share * 1.3) + 20)
            scores, places = self._found(query, more, probed, None)
            seen = (bits[places >> 3] >> (places & 7)) & 1 == 1
            if int(seen.sum()) >= k:  # what was left out is no nearer
                return scores[seen][:k], places[seen][:k]
        return self._found(query, k, probed, bits)

    def _found(
        self, query: np.ndarray, k: int, probed: int, bits: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        selector = None if bits is None else faiss.IDSelectorBitmap(bits)
        parameters = faiss.SearchParametersIVF(nprobe=probed, sel=selector)
        with one_thread():
            scores, places = self._index.search(query, k, params=parameters)
        found = places[0] >= 0
        return scores[0][found], places[0][found]

    def codes_at(self, places: np.ndarray) -> np.ndarray:
        """The vectors of places, float16 [places, dimensions]."""
        rows = self._rows[places]
        lists = np.searchsorted(self._starts, rows, side="right") - 1
        begin = rows * self._bytes + self._starts[lists] * _PLACE
        columns = np.arange(self._bytes, dtype=np.int64)
        return self._data[begin[:, None] + columns].view("<f2")

    def all_codes(self) -> np.ndarray:
        """All vectors by place, float16 [vectors, dimensions]."""
        found = np.empty((len(self), self.dimensions), dtype="<f2")
        for places, codes in self._lists():
            found[places] = codes
        return found
