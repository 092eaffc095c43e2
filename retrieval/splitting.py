"""Splitting a text into passages at sentence ends, with the heading each stands under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..text.headings import MAX_HEADING_CHARACTERS, markdown_heading
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.spans import Span

_CHINESE = re.compile(
    r"(?:第[一二三四五六七八九十百零〇\d]+[章节節回篇部]|[一二三四五六七八九十]+、).{0,40}"
)
_SENTENCE_END = "。！？!?.;；,，:：…"
_INDENT = " \t\r\u3000"
_BREAK = re.compile(r"[,，、;；:：\s]")


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
    if text.isascii() or not has_cjk(text):
        return len(text)
    return len(text) + sum(not character.isascii() and has_cjk(character) for character in text)


def split_text(text: str, *, max_width: int = 1200) -> list[TextPassage]:
    """Split at sentence ends into passages of at most `max_width`.

    Sentences stay whole unless one alone is wider. A heading (of Markdown, or a numbered Chinese
    one on a line of its own) begins a passage and is carried by all that follow. Spans are in
    order, do not overlap, and together hold every character that is not blank.

    Raises:
        ValueError: `max_width` is below 2.
    """
    if max_width < 2:
        raise ValueError(f"max_width must be at least 2, not {max_width}")
    passages: list[TextPassage] = []
    start = end = taken = 0
    heading = current = ""
    has_body = False  # headings in a row stay with the text under the last of them

    for piece in _pieces(text, max_width):
        title = _heading(text, piece)
        gap = width(text[end : piece.start]) if end > start else 0
        size = width(piece.cut(text))
        if end > start and ((title and has_body) or taken + gap + size > max_width):
            passages.append(TextPassage(Span(start, end), current))
            start = end = piece.start
            taken = gap = 0
            has_body = False
        if end == start:
            start = piece.start
        if title:
            heading = title
        else:
            has_body = True
        current = heading
        end = piece.end
        taken += gap + size
    if end > start:
        passages.append(TextPassage(Span(start, end), current))
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
        while end < sentence.end:
            size = width(text[end])
            if taken + size > max_width:
                break
            taken += size
            end += 1
        if end < sentence.end:
            half = start + (end - start) // 2
            marks = _BREAK.finditer(text, half, end)
            end = max((mark.end() for mark in marks), default=end)
        piece = text[start:end]
        trimmed = piece.strip()
        if trimmed:
            offset = start + len(piece) - len(piece.lstrip())
            yield Span(offset, offset + len(trimmed))
        start = end


def _heading(text: str, piece: Span) -> str:
    """The words of a heading that is a line of its own, or nothing."""
    if piece.end - piece.start > MAX_HEADING_CHARACTERS or not _is_line(text, piece):
        return ""
    line = piece.cut(text)
    if _CHINESE.fullmatch(line) is None:
        return markdown_heading(line)
    return "" if line[-1] in _SENTENCE_END else line  # that one is a numbered sentence of a list


def _is_line(text: str, piece: Span) -> bool:
    start, end = piece.start, piece.end
    while start > 0 and text[start - 1] in _INDENT:
        start -= 1
    while end < len(text) and text[end] in _INDENT:
        end += 1
    return (start == 0 or text[start - 1] == "\n") and (end == len(text) or text[end] == "\n")
