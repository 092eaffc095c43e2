"""Splitting a text into passages at its own joints, with the headings each stands under."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from ..text.scripts import has_cjk
from ..text.spans import Span
from .text_structure import PATH_MARK, Piece, pieces_of_code, pieces_of_text

#: What a text is made of: prose with the marks of Markdown, or source code.
TextKind = Literal["text", "code"]
#: How much room a text takes.
Measure = Callable[[str], int]

_BREAK = re.compile(r"[,，、;；:：\s]")
_FULL_ENOUGH = 0.3  # a passage of code that is less full goes on into the next definition
_MOST_LEVELS = 6


@dataclass(frozen=True, slots=True)
class TextPassage:
    """A passage of a text, and the headings above it, the outermost first, joined by `PATH_MARK`.

    A passage that begins within a table has the table's header as the last of them; one of source
    code has the definitions that it stands in.
    """

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


def split_text(
    text: str,
    *,
    max_width: int = 1200,
    measure: Measure = width,
    kind: TextKind = "text",
    breaks: Sequence[int] = (),
    pages: Sequence[int] = (),
) -> list[TextPassage]:
    """Split at sentence ends, rows and lines of code into passages of at most `max_width`.

    Sentences stay whole unless one alone is wider. A heading (of Markdown, or a numbered Chinese
    one on a line of its own) begins a passage and is carried by all that follow; in source code a
    definition does where the passage before it is not nearly empty. Spans are in order, do not
    overlap, and together hold every character that is not blank.

    Args:
        text: The text.
        max_width: The most that a passage may measure.
        measure: How much room a text takes; by its width where nothing else is given. It must not
            give less for a text than for a part of it.
        kind: What the text is made of.
        breaks: Characters, in order, from which on a new passage begins, under no heading yet, as
            slides and sheets do.
        pages: Characters, in order, at which pages begin: a new passage does where no sentence
            goes on.

    Raises:
        ValueError: `max_width` is below 2.
    """
    if max_width < 2:
        raise ValueError(f"max_width must be at least 2, not {max_width}")
    match kind:
        case "text":
            pieces = pieces_of_text(text)
        case "code":
            pieces = pieces_of_code(text)
        case _:
            assert_never(kind)
    packer = _Packer(text, max_width, measure, breaks, pages, is_code=kind == "code")
    for piece in pieces:
        packer.add(piece)
    return packer.passages()


class _Packer:
    """Packs pieces into passages."""

    def __init__(
        self,
        text: str,
        max_width: int,
        measure: Measure,
        breaks: Sequence[int],
        pages: Sequence[int],
        *,
        is_code: bool,
    ) -> None:
        self._text = text
        self._max = max_width
        self._measure = measure
        self._breaks = breaks
        self._pages = [start for start in pages if text[start - 1 : start] == "\n"]
        self._is_code = is_code
        self._found: list[TextPassage] = []
        self._path: list[tuple[int, str]] = []  # the levels and names of the headings above
        self._start = self._end = self._taken = 0
        self._heading = ""
        self._has_body = False  # headings in a row stay with the text under the last of them

    def add(self, piece: Piece) -> None:
        """Put a piece behind those before it."""
        size = self._measure(piece.span.cut(self._text))
        if size > self._max:
            for span in self._parts(piece.span):
                whole = span.end == piece.span.end
                self._put(Piece(span, header=piece.header), self._measure(span.cut(self._text)))
                if whole and piece.level:
                    self._enter(piece)
        else:
            self._put(piece, size)

    def _put(self, piece: Piece, size: int) -> None:
        span = piece.span
        if self._crosses(self._pages, span):
            self._close()
        if self._crosses(self._breaks, span):
            self._close()  # what stands above on another slide is no heading of this one
            self._path.clear()
        gap = 0 if self._is_empty else self._measure(self._text[self._end : span.start])
        if not self._is_empty and (
            self._begins_passage(piece) or self._taken + gap + size > self._max
        ):
            self._close()
            gap = 0
        if piece.level:
            self._enter(piece)
        if self._is_empty or not self._has_body:
            self._heading = self._above(piece)
        if self._is_empty:
            self._start, self._taken = span.start, 0
        if not piece.level or self._is_code:
            self._has_body = True
        self._end = span.end
        self._taken += gap + size

    def _crosses(self, starts: Sequence[int], span: Span) -> bool:
        """Whether something has begun since the last passage did."""
        return bisect_right(starts, span.start) > bisect_right(starts, self._start)

    @property
    def _is_empty(self) -> bool:
        return self._end == self._start

    def _begins_passage(self, piece: Piece) -> bool:
        if self._is_code:
            opens = bool(piece.level) or piece.opens
            return opens and self._taken > _FULL_ENOUGH * self._max
        return bool(piece.level) and self._has_body

    def _enter(self, piece: Piece) -> None:
        while self._path and self._path[-1][0] >= piece.level:
            self._path.pop()
        if len(self._path) < _MOST_LEVELS:
            self._path.append((piece.level, piece.name))

    def _above(self, piece: Piece) -> str:
        names = [name for _, name in self._path]
        if piece.header and self._is_empty:  # its own header is in the passage before
            names.append(piece.header)
        return PATH_MARK.join(names)

    def _close(self) -> None:
        if not self._is_empty:
            self._found.append(TextPassage(Span(self._start, self._end), self._heading))
        self._start = self._end
        self._taken = 0
        self._has_body = False

    def passages(self) -> list[TextPassage]:
        """All of them."""
        self._close()
        return self._found

    def _parts(self, span: Span) -> Iterator[Span]:
        """An over-wide piece in parts, cut behind a comma or blank in the second half of each."""
        start = span.start
        while start < span.end:
            end = self._fitting(start, span.end)
            if end < span.end:
                half = start + (end - start) // 2
                marks = _BREAK.finditer(self._text, half, end)
                end = max((mark.end() for mark in marks), default=end)
            part = self._text[start:end]
            trimmed = part.strip()
            if trimmed:
                offset = start + len(part) - len(part.lstrip())
                yield Span(offset, offset + len(trimmed))
            start = end

    def _fitting(self, start: int, end: int) -> int:
        """The furthest end at which a part is not too wide; at least one character is taken."""
        low, high = start + 1, min(end, start + _CHARACTERS_TRIED * self._max)
        while low < high:
            middle = (low + high + 1) // 2
            if self._measure(self._text[start:middle]) <= self._max:
                low = middle
            else:
                high = middle - 1
        return low


_CHARACTERS_TRIED = 20  # a token is no longer than so many characters, as good as always
