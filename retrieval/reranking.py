"""A fused ranking with boosts, recency, diversity, and without what says the same twice."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from ..text.folding import fold
from ..text.scripts import has_cjk
from .filters import values_at
from .fusion import Fused
from .ranking_options import Recency

# Marks without a meaning of their own: not those of numbers, signs, currencies and questions.
_MARKS = re.compile(r"(?:\s|(?<!\d)[.,:]|[.,:](?!\d)|[;!()\[\]{}\"'`*_#|…、。“”‘’【】《》—–])")
_START = 64  # characters by which texts are told apart before they are folded
_HAN = re.compile("[\u3400-\u9fff]")
_BETWEEN_DIGITS = re.compile(r"(?<!\d) | (?!\d)")
_DATE = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?(?!\d)")


def boosted(
    hits: Sequence[Fused[int]], boosts: Sequence[tuple[str, float, Callable[[int], bool]]]
) -> list[Fused[int]]:
    """The hits with the scores of some multiplied, best first; none is above what it could be.

    Args:
        hits: The hits.
        boosts: What is said of each boost, its factor, and which numbers it is for.
    """
    most = float(np.prod([max(1.0, factor) for _, factor, _ in boosts]))
    changed: list[Fused[int]] = []
    for hit in hits:
        own = [(said, factor) for said, factor, is_for in boosts if is_for(hit.id)]
        score = hit.score * float(np.prod([factor for _, factor in own])) / most
        why = "".join(f", {said} ×{factor:g}" for said, factor in own)
        changed.append(replace(hit, score=score, why=hit.why + why))
    return sorted(changed, key=lambda hit: -hit.score)


def by_recency(
    hits: Sequence[Fused[int]],
    recency: Recency,
    metadata: Mapping[int, Mapping[str, Any]],
    *,
    today: date | None = None,
) -> list[Fused[int]]:
    """The hits with what is old worth less, best first; `metadata` is that of each hit's document.

    A date in the future counts as today.
    """
    now = today or datetime.now(UTC).date()
    changed: list[Fused[int]] = []
    for hit in hits:
        said = date_in(metadata.get(hit.id, {}), recency.key)
        age = recency.half_life_days if said is None else max(0, (now - said).days)
        worth = 1 - recency.weight * (1 - 0.5 ** (age / recency.half_life_days))
        why = f"{hit.why}, {said or 'no date'} ×{worth:.2f}"
        changed.append(replace(hit, score=hit.score * worth, why=why))
    return sorted(changed, key=lambda hit: -hit.score)


def date_in(metadata: Mapping[str, Any], key: str) -> date | None:
    """The date under a key of metadata; None where there is none, or none that is a date.

    >>> date_in({"date": "2024-02-29T10:00:00Z"}, "date"), date_in({"year": 1999}, "year")
    (datetime.date(2024, 2, 29), datetime.date(1999, 1, 1))
    """
    for value in values_at(metadata, key):
        if isinstance(value, bool):
            continue
        match = _DATE.match(str(value))
        if match is not None:
            try:
                return date(*(int(part or 1) for part in match.groups()))
            except ValueError:
                continue
    return None


def diverse(
    hits: Sequence[Fused[int]], vectors: np.ndarray, *, k: int, diversity: float
) -> list[int]:
    """The places of `k` hits that are good and unlike each other, in the order of their choice.

    Args:
        hits: The hits, best first.
        vectors: Their normalised vectors, of shape [len(hits), dimensions]; zeros where there is
            none.
        k: How many.
        diversity: From 0, by score alone, to 1.
    """
    scores = np.asarray([hit.score for hit in hits], dtype=np.float32)
    nearest = np.zeros(len(hits), dtype=np.float32)
    left = np.ones(len(hits), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(k, len(hits)):
        worth = np.where(left, (1 - diversity) * scores - diversity * nearest, -np.inf)
        place = int(worth.argmax())
        chosen.append(place)
        left[place] = False
        nearest = np.maximum(nearest, vectors @ vectors[place])
    return chosen


class Sayings:
    """Tells which texts say the same, up to punctuation, blanks, case, width and script.

    Two titles are of one document and its copy where one begins with the other; under any other
    title the same words may be about something else.
    """

    def __init__(self) -> None:
        self._seen: list[tuple[str, str]] = []
        self._plain: dict[int, tuple[str, str]] = {}
        self._by_start: defaultdict[str, list[int]] = defaultdict(list)

    def place_of(self, title: str, text: str) -> int | None:
        """The place of an earlier text that says the same; None, and noted, where there is none."""
        new: tuple[str, str] | None = None
        start = _start(text)
        for place in self._by_start[start]:
            other_title, other = self._seen[place]
            # Punctuation and blanks are a small part of a text: most pairs end here.
            if abs(len(other) - len(text)) > 0.05 * max(len(other), len(text)) + 8:
                continue
            new = new or (plain(title), plain(text))
            if place not in self._plain:
                self._plain[place] = (plain(other_title), plain(other))
            old = self._plain[place]
            if old[1] == new[1] and (new[0].startswith(old[0]) or old[0].startswith(new[0])):
                return place
        self._by_start[start].append(len(self._seen))
        self._seen.append((title, text))
        return None


def _start(text: str) -> str:
    """The first letters and digits, the same for texts that say the same; no script tells any."""
    start = text[:_START]
    if not start.isascii():
        start = _HAN.sub("中", unicodedata.normalize("NFKC", start))
    return "".join(filter(str.isalnum, start.lower()))[: _START // 4]


def plain(text: str) -> str:
    """The words of a text, folded, without marks that only part them.

    >>> plain("The Elm, 1924.") == plain("the elm  1924"), plain("3.5%") == plain("35%")
    (True, False)
    >>> plain("茶叶，产自山地。") == plain("茶葉 產自山地")
    True
    """
    words = " ".join(_MARKS.sub(" ", fold(text)).split())
    return _BETWEEN_DIGITS.sub("", words) if has_cjk(words) else words
