"""Splitting a text into passages at sentence ends, with the heading each stands under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..text import Span, has_cjk, sentences

_HEADING = re.compile(
    r"\s*(?:#{1,6}[ \t]+(?P<markdown>\S.*?)[ \t]*#*"
    r"|(?P<chinese>(?:第[一二三四五六七八九十百\d]+[章节節篇部]|[一二三四五六七八九十]+、).{0,40}?))\s*"
)


@dataclass(frozen=True, slots=True)
class TextPassage:
    """A passage of a text and the heading above it (empty where there is none)."""

    span: Span
    heading: str = ""


def width(text: str) -> int:
    """How much room a text takes in a model's window: a Chinese character counts twice.

    >>> width("北京 is")
    7
    """
    return sum(2 if has_cjk(character) else 1 for character in text)


def split_text(text: str, *, max_width: int = 1200) -> list[TextPassage]:
    """Split at sentence ends into passages of at most `max_width`.

    Sentences stay whole unless one alone is wider. A passage never spans two headings. Spans are in
    order, do not overlap, and together hold every character that is not blank.

    Raises:
        ValueError: `max_width` is below 2.
    """
    if max_width < 2:
        raise ValueError(f"max_width must be at least 2, not {max_width}")
    passages: list[TextPassage] = []
    start = end = taken = 0
    heading = current = ""

    def close() -> None:
        if end > start:
            passages.append(TextPassage(Span(start, end), current))

    for piece in _pieces(text, max_width):
        title = _heading(piece.cut(text))
        gap = width(text[end : piece.start]) if end > start else 0
        size = width(piece.cut(text))
        if end == start or title is not None or taken + gap + size > max_width:
            close()
            start, taken, gap = piece.start, 0, 0
            heading = title if title is not None else heading
            current = heading
        end = piece.end
        taken += gap + size
    close()
    return passages


def _pieces(text: str, max_width: int) -> Iterator[Span]:
    for sentence in sentences(text):
        if width(sentence.cut(text)) <= max_width:
            yield sentence
        else:
            yield from _cut(text, sentence, max_width)


def _cut(text: str, sentence: Span, max_width: int) -> Iterator[Span]:
    """Cut an over-wide sentence, after a comma or blank where one stands in the second half."""
    start = sentence.start
    while start < sentence.end:
        end, taken = start, 0
        while end < sentence.end and taken + width(text[end]) <= max_width:
            taken += width(text[end])
            end += 1
        if end < sentence.end:
            marks = re.finditer(r"[,，、;；:：\s]", text[start + (end - start) // 2 : end])
            last = max((mark.end() for mark in marks), default=None)
            if last is not None:
                end = start + (end - start) // 2 + last
        stripped = text[start:end].strip()
        if stripped:
            offset = start + text[start:end].index(stripped)
            yield Span(offset, offset + len(stripped))
        start = end


def _heading(sentence: str) -> str | None:
    match = _HEADING.fullmatch(sentence)
    return (match["markdown"] or match["chinese"]).strip() if match else None
