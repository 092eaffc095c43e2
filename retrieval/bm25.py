"""BM25 over words cut by `text.words`, Chinese and English; exact for what a caller may see."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..text.scripts import has_cjk
from ..text.words import words
from .postings import Segment, build_segment, merge_segments, word_key
from .ranking import Hit, best

MAX_QUERY_TERMS = 512
TITLE_WEIGHT = 3  # chosen on the development halves of CMRC, HotpotQA and MuSiQue

_K1, _B = 1.2, 0.75
_VIEWS = 8  # masks whose counts are kept
_COUNTED = 1 << 16  # words of a view whose holders are kept
_PRUNED_FROM = 2048  # postings of one word, from which it may pay to look at candidates only


@dataclass(frozen=True, slots=True)
class _View:
    """The texts that may be seen; `norms` is BM25's k1 (1 - b + b length / mean length).

    `holders` keeps how many of the texts hold a word, by its key: frequent words come again.
    """

    visible: tuple[np.ndarray | None, ...]  # by segment; None: all of it
    norms: tuple[np.ndarray, ...]
    texts: int
    holders: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(frozen=True, slots=True)
class _Term:
    """A word of a query in the segments, also in texts that may not be seen.

    `bound` is the most that it can add to a text.
    """

    found: tuple[tuple[np.ndarray, np.ndarray], ...]
    weight: float
    bound: float

    @property
    def postings(self) -> int:
        """How many texts hold it."""
        return sum(len(rows) for rows, _ in self.found)


class BM25Index:
    """Ranks texts by BM25 (k1 1.2, b .75, no stop words); a word of the title counts three times.

    Texts have ascending numbers. How often a word occurs is counted over the texts that a search
    may see and no others, so neither deleted nor hidden texts change a rank. Changes make a new
    state, and a search works on the one that it began with: safe for threads.

    How it works: the words of a query go from rare to frequent; once the texts found cannot be
    overtaken any more by a text that holds only the frequent words, these are looked up for the
    candidates alone (MaxScore: Turtle and Flood, 1995). The result is the same.

    Args:
        own_words: Chinese words that stay whole, beside those that jieba knows.
    """

    def __init__(self, own_words: tuple[str, ...] = ()) -> None:
        self.own_words = own_words
        self._state = _State((), ())
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return self._state.texts

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The parts of the index, which never change."""
        return self._state.segments

    def has_deleted(self, segment: Segment) -> bool:
        """Whether some of a segment's texts are deleted."""
        state = self._state
        return any(
            one is segment and gone is not None
            for one, gone in zip(state.segments, state.dead, strict=True)
        )

    @property
    def last(self) -> int:
        """The number of the last text that was added; 0 without any."""
        return self._state.last

    def add(self, entries: Iterable[tuple[int, str, str, str]]) -> None:
        """Add (number, title, heading, text), all or nothing, by ascending number.

        Raises:
            ValueError: a number is not above the last one.
        """
        segment = build_segment(
            (number, _fields(*parts, own=self.own_words)) for number, *parts in entries
        )
        if not len(segment):
            return
        with self._writing:
            if segment.numbers[0] <= self.last or (np.diff(segment.numbers) <= 0).any():
                raise ValueError("texts must be added by ascending numbers")
            self._state = self._state.with_segment(segment)

    def restore(self, segments: Sequence[Segment]) -> None:
        """Take over the segments of an earlier index, in their order; nothing is cut again."""
        with self._writing:
            self._state = _State(tuple(segments), (None,) * len(segments))

    def copy(self) -> "BM25Index":
        """An index of the same texts, which changes by itself; both share what never changes."""
        copied = BM25Index(self.own_words)
        copied._state = self._state
        return copied

    def pack(self) -> None:
        """Make one segment of all, without the words of texts that were deleted."""
        with self._writing:
            state = self._state
            if len(state.segments) > 1 or any(gone is not None for gone in state.dead):
                merged = merge_segments(state.segments, state.dead)
                self._state = _State((merged,), (None,)) if len(merged) else _State((), ())

    def delete(self, numbers: Collection[int]) -> None:
        """Delete by number; an unknown one is no error."""
        with self._writing:
            self._state = self._state.without(np.asarray(sorted(numbers), dtype="<i8"))

    def search(self, query: str, *, k: int, visible: np.ndarray | None = None) -> list[Hit]:
        """The `k` best (number, score), best first, and all that equal the last of them.

        Of a very long query the first 512 different words count.

        Args:
            query: Any text.
            k: How many at least, where there are as many.
            visible: Which numbers may be found (bool, by number); None for all. Give the same
                array again rather than a copy: what was counted for it is kept.

        Raises:
            ValueError: `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        state = self._state
        terms = state.terms(_weights(query, self.own_words), visible)
        if not terms:
            return []
        return best(*state.scored(terms, state.view(visible), k), k=k)


class _State:
    """Segments and what is deleted of them; only what is kept of views changes."""

    def __init__(self, segments: tuple[Segment, ...], dead: tuple[np.ndarray | None, ...]) -> None:
        self.segments = segments
        self.dead = dead
        self.texts = sum(
            len(segment) - (0 if gone is None else int(gone.sum()))
            for segment, gone in zip(segments, dead, strict=True)
        )
        self.last = int(segments[-1].numbers[-1]) if segments else 0
        self._views: OrderedDict[int, tuple[np.ndarray | None, _View]] = OrderedDict()
        self._lock = threading.Lock()

    def with_segment(self, segment: Segment) -> "_State":
        """Also these texts; segments of a like size are merged, so there are few."""
        segments, dead = [*self.segments, segment], [*self.dead, None]
        while len(segments) > 1 and len(segments[-2]) <= 2 * len(segments[-1]):
            merged = merge_segments(segments[-2:], dead[-2:])
            segments[-2:], dead[-2:] = [merged], [None]
        return _State(tuple(segments), tuple(dead))

    def without(self, numbers: np.ndarray) -> "_State":
        """Without these texts; a segment of which a third is gone is made anew."""
        segments: list[Segment] = []
        dead: list[np.ndarray | None] = []
        for segment, gone in zip(self.segments, self.dead, strict=True):
            hit = np.isin(segment.numbers, numbers, kind="sort")
            if hit.any():
                gone = hit if gone is None else gone | hit
            if gone is not None and 3 * int(gone.sum()) >= len(segment):
                segment, gone = merge_segments([segment], [gone]), None
            if len(segment):
                segments.append(segment)
                dead.append(gone)
        return _State(tuple(segments), tuple(dead))

    def view(self, visible: np.ndarray | None) -> _View:
        """What a search that may find only these numbers sees."""
        with self._lock:
            kept = self._views.get(id(visible))
            if kept is not None and kept[0] is visible:
                self._views.move_to_end(id(visible))
                return kept[1]
        made = self._look(visible)
        with self._lock:
            self._views[id(visible)] = (visible, made)
            while len(self._views) > _VIEWS:
                self._views.popitem(last=False)
        return made

    def _look(self, visible: np.ndarray | None) -> _View:
        masks: list[np.ndarray | None] = []
        texts = words_in_all = 0
        for segment, gone in zip(self.segments, self.dead, strict=True):
            mask = None if gone is None else ~gone
            if visible is not None:
                known = segment.numbers < len(visible)
                seen = np.zeros(len(segment), dtype=bool)
                seen[known] = visible[segment.numbers[known]]
                mask = seen if mask is None else mask & seen
            masks.append(mask)
            lengths = segment.lengths if mask is None else segment.lengths[mask]
            texts += len(lengths)
            words_in_all += int(lengths.sum())
        mean = words_in_all / texts if words_in_all else 1.0
        norms = tuple(
            (_K1 * (1 - _B + _B / mean * segment.lengths)).astype("<f4")
            for segment in self.segments
        )
        return _View(tuple(masks), norms, texts)

    def terms(self, weights: dict[str, float], visible: np.ndarray | None) -> list[_Term]:
        """The words of a query that visible texts hold, rare ones first."""
        view = self.view(visible)
        terms: list[tuple[float, int, _Term]] = []
        for word, times in weights.items():
            key = word_key(word)
            found = tuple(segment.find(key) for segment in self.segments)
            texts = view.holders.get(key)
            if texts is None:
                texts = sum(
                    len(rows) if mask is None else int(np.count_nonzero(mask[rows]))
                    for (rows, _), mask in zip(found, view.visible, strict=True)
                )
                if len(view.holders) < _COUNTED:
                    view.holders[key] = texts
            if texts:
                weight = times * float(np.log1p((view.texts - texts + 0.5) / (texts + 0.5)))
                bound = weight * (_K1 + 1)
                terms.append((-bound, key, _Term(found, weight, bound)))
        terms.sort(key=lambda one: one[:2])
        return [term for *_, term in terms]

    def scored(self, terms: Sequence[_Term], view: _View, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and scores of texts, the `k` best among them."""
        scores = [np.zeros(len(segment), dtype="<f4") for segment in self.segments]
        touched = 0
        rest = sum(term.bound for term in terms)
        for place, term in enumerate(terms):
            if place and touched >= k and term.postings > max(_PRUNED_FROM, touched):
                threshold = _kth(scores, k)
                # What float32 may lose in adding up must not cost a text its place.
                if rest < threshold * 0.999:
                    return self._of_candidates(terms[place:], view, scores, threshold - rest)
            for part, norm, mask, (rows, counts) in zip(
                scores, view.norms, view.visible, term.found, strict=True
            ):
                if mask is not None:
                    seen = mask[rows]
                    rows, counts = rows[seen], counts[seen]
                part[rows] += _saturated(term.weight, counts, norm[rows])
            touched += term.postings
            rest -= term.bound
        rows = [np.flatnonzero(part) for part in scores]
        return self._collected(rows, [part[of] for part, of in zip(scores, rows, strict=True)])

    def _of_candidates(
        self, terms: Sequence[_Term], view: _View, scores: list[np.ndarray], least: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same for the texts that can still be among the best, looked up in frequent words."""
        rows = [np.flatnonzero(part >= least * 0.999) for part in scores]
        sums = [part[of] for part, of in zip(scores, rows, strict=True)]
        for term in terms:
            for of, total, norm, (held, counts) in zip(
                rows, sums, view.norms, term.found, strict=True
            ):
                if not len(held) or not len(of):
                    continue
                places = np.minimum(np.searchsorted(held, of), len(held) - 1)
                has = held[places] == of
                total[has] += _saturated(term.weight, counts[places[has]], norm[of[has]])
        return self._collected(rows, sums)

    def _collected(
        self, rows: Sequence[np.ndarray], scores: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        numbers = [segment.numbers[of] for segment, of in zip(self.segments, rows, strict=True)]
        return np.concatenate(numbers), np.concatenate(scores)


def _saturated(weight: float, counts: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """What a word adds to texts that hold it so often."""
    times = counts.astype("<f4")
    return np.float32(weight * (_K1 + 1)) * times / (times + norms)


def _kth(scores: Sequence[np.ndarray], k: int) -> float:
    """The k-th best score; 0 where fewer texts were found."""
    found = np.concatenate([part[part > 0] for part in scores])
    return float(np.partition(found, -k)[-k]) if len(found) >= k else 0.0


def _weights(query: str, own: tuple[str, ...]) -> dict[str, float]:
    """The words of a query, and how much each counts."""
    counted = Counter(words(query, own))
    # A Chinese word of two characters is met as a word and as a pair: that agreement of two ways
    # to cut counts. An English word is repeated only by the phrasing.
    return {
        word: float(count) if has_cjk(word) else 1.0
        for word, count in list(counted.items())[:MAX_QUERY_TERMS]
    }


def _fields(title: str, heading: str, text: str, *, own: tuple[str, ...]) -> list[str]:
    return words(title, own) * TITLE_WEIGHT + words(heading, own) + words(text, own)
