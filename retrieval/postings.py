"""Which texts hold which words how often: the immutable segments of a BM25 index."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .array_file import DamagedFileError, map_arrays, write_arrays

_MOST = np.iinfo("u2").max  # of one word in one text; more count as many
_NONE = np.empty(0, dtype="<i4")


@lru_cache(maxsize=1 << 18)
def word_key(word: str) -> int:
    """A word's 64-bit key, the same on every machine; words stand in no index themselves."""
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The words of some texts.

    The rows and counts of the word `keys[i]` are `rows[starts[i]:starts[i + 1]]` and the same part
    of `counts`; a row is the place of a text in `numbers` and `lengths`.
    """

    numbers: np.ndarray  # i8 [texts], ascending
    lengths: np.ndarray  # i4 [texts], in words
    keys: np.ndarray  # u8 [words], ascending
    starts: np.ndarray  # i8 [words + 1]
    rows: np.ndarray  # i4 [postings], ascending within a word
    counts: np.ndarray  # u2 [postings]

    def __len__(self) -> int:
        return len(self.numbers)

    def find(self, key: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows that hold a word, and how often each does."""
        place = int(np.searchsorted(self.keys, np.uint64(key)))
        if place == len(self.keys) or self.keys[place] != key:
            return _NONE, _NONE
        start, end = self.starts[place], self.starts[place + 1]
        return self.rows[start:end], self.counts[start:end]

    def save(self, path: Path) -> None:
        """Write it; `Segment.load` maps it."""
        write_arrays(path, {name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def load(cls, path: Path) -> "Segment":
        """The segment of a file, mapped.

        Raises:
            DamagedFileError: the file is missing or not as it was written.
        """
        arrays = map_arrays(path)
        try:
            segment = cls(**arrays)
        except TypeError as error:
            raise DamagedFileError(f"{path} holds other arrays than a segment's") from error
        if not segment._is_sound():
            raise DamagedFileError(f"{path} holds numbers that point nowhere")
        return segment

    def _is_sound(self) -> bool:
        """Whether nothing in it points outside: a checksum tells damage, not what was made so."""
        kinds = [("numbers", "i8"), ("lengths", "i4"), ("keys", "u8"), ("starts", "i8")]
        kinds += [("rows", "i4"), ("counts", "u2")]
        arrays = [getattr(self, name) for name, _ in kinds]
        if any(
            one.ndim != 1 or one.dtype != kind for one, (_, kind) in zip(arrays, kinds, strict=True)
        ):
            return False
        texts, words, postings = len(self.numbers), len(self.keys), len(self.rows)
        return (
            len(self.lengths) == texts
            and len(self.starts) == words + 1
            and len(self.counts) == postings
            and self.starts[0] == 0
            and self.starts[-1] == postings
            and bool((np.diff(self.starts) > 0).all())
            and bool((np.diff(self.numbers) > 0).all())
            and (not postings or (self.rows.min() >= 0 and self.rows.max() < texts))
        )


def build_segment(texts: Iterable[tuple[int, Sequence[str]]]) -> Segment:
    """The segment of texts: number and words of each, by ascending number."""
    numbers: list[int] = []
    lengths: list[int] = []
    distinct: list[int] = []
    keys: list[int] = []
    counts: list[int] = []
    for number, words in texts:
        counted = Counter(words)
        numbers.append(number)
        lengths.append(len(words))
        distinct.append(len(counted))
        keys.extend(map(word_key, counted))
        counts.extend(counted.values())
    return _sorted(
        np.asarray(numbers, dtype="<i8"),
        np.asarray(lengths, dtype="<i4"),
        np.asarray(keys, dtype="<u8"),
        np.repeat(np.arange(len(numbers), dtype="<i4"), distinct),
        np.minimum(np.asarray(counts, dtype="<i8"), _MOST).astype("<u2"),
    )


def merge_segments(segments: Sequence[Segment], gone: Sequence[np.ndarray | None]) -> Segment:
    """One segment in place of several, by ascending numbers, without the texts that are gone.

    Args:
        segments: The segments, the numbers of each above those of the one before.
        gone: For each, which of its texts are left out, or None.
    """
    kept = [
        np.ones(len(segment), dtype=bool) if dead is None else ~dead
        for segment, dead in zip(segments, gone, strict=True)
    ]
    keys: list[np.ndarray] = []
    rows: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    start = 0
    for segment, stays in zip(segments, kept, strict=True):
        place = (np.cumsum(stays) - 1 + start).astype("<i4")
        start += int(stays.sum())
        chosen = stays[segment.rows]
        keys.append(np.repeat(segment.keys, np.diff(segment.starts))[chosen])
        rows.append(place[segment.rows[chosen]])
        counts.append(segment.counts[chosen])
    return _sorted(
        np.concatenate([s.numbers[stays] for s, stays in zip(segments, kept, strict=True)]),
        np.concatenate([s.lengths[stays] for s, stays in zip(segments, kept, strict=True)]),
        np.concatenate(keys),
        np.concatenate(rows),
        np.concatenate(counts),
    )


def _sorted(
    numbers: np.ndarray,
    lengths: np.ndarray,
    keys: np.ndarray,
    rows: np.ndarray,
    counts: np.ndarray,
) -> Segment:
    """The segment of postings that are sorted by row."""
    order = np.argsort(keys, kind="stable")
    words, sizes = np.unique(keys, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype("<i8")
    return Segment(numbers, lengths, words, starts, rows[order], counts[order])
