"""Sentences of Chinese and English text."""

import re
from functools import lru_cache

from .spans import Span

_CLOSERS = "\"'”’」』）)】》〉]"
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs etc inc ltd co corp dept est fig no vol gen col lt sgt rev hon "
    "jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e cf al approx ft mt u.s u.k u.n a.m "
    "p.m ph.d b.c a.d d.c".split()
)
_END = re.compile(
    rf"(?:[。！？!?…]+[{re.escape(_CLOSERS)}]*)"  # Chinese stops, and ! ? of both
    rf"|(?:\.[{re.escape(_CLOSERS)}]*(?=\s|$))"  # an English full stop before a blank
    r"|(?:\n+)"
)


def _is_abbreviation(text: str, stop: int) -> bool:
    """Whether the full stop at `stop` belongs to an abbreviation or an initial."""
    word = re.search(r"[\w.]+$", text[max(0, stop - 12) : stop])
    if word is None:
        return False
    before = word.group().lower()
    if before in _ABBREVIATIONS:
        return True
    # "J. Smith": an initial, unless it is the pronoun.
    return len(before) == 1 and before.isalpha() and word.group() != "I"


def sentences(text: str) -> list[Span]:
    """The sentences of a text, in order, blanks around them left out.

    >>> [s.cut("李白（701年—762年）。字太白！ Mr. Li wrote 3.5 poems. Yes.") for s in
    ...  sentences("李白（701年—762年）。字太白！ Mr. Li wrote 3.5 poems. Yes.")]
    ['李白（701年—762年）。', '字太白！', 'Mr. Li wrote 3.5 poems.', 'Yes.']
    """
    return list(_sentences(text)) if len(text) <= _PASSAGE else list(_cut(text))


@lru_cache(maxsize=512)
def _sentences(text: str) -> tuple[Span, ...]:
    return tuple(_cut(text))


_PASSAGE = 4_000  # longer texts are cut once, when they are added


def _cut(text: str) -> list[Span]:
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if match.group().startswith(".") and _is_abbreviation(text, match.start()):
            continue
        if match.group() == "?" and re.search(
            r"\?\w+$", text[max(0, match.start() - 40) : match.start()]
        ):
            continue  # ?DB?, as manuals mark what may be left out
        _append_trimmed(spans, text, start, match.end())
        start = match.end()
    _append_trimmed(spans, text, start, len(text))
    return spans


def _append_trimmed(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    trimmed = piece.strip()
    if trimmed:
        start += len(piece) - len(piece.lstrip())
        spans.append(Span(start, start + len(trimmed)))
