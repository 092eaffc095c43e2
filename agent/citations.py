"""The citations of an answer, each checked against the evidence behind its number."""

import re
from collections.abc import Iterator, Mapping

from ..evaluation.citations import is_supported, marks_in
from ..evidence import Citation, Evidence
from ..notation import parse_fact
from ..text.sentences import sentences
from ..text.spans import Span


def find_citations(text: str, numbered: Mapping[int, Evidence]) -> tuple[list[Citation], list[int]]:
    """The citations of an answer, and the numbers in it that no evidence has.

    The sentence that a mark stands behind is the one that ends before it; several marks in a row
    stand behind the same one, and each is judged by its own evidence alone: beside a good source a
    false one must not look right.
    """
    citations: list[Citation] = []
    unknown: list[int] = []
    for span, numbers in _cited(text):
        known = [number for number in numbers if number in numbered]
        unknown += [number for number in numbers if number not in numbered]
        sentence = span.cut(text)
        for number in known:
            supported = is_supported(sentence, _as_text(numbered[number]))
            citations.append(Citation(number, numbered[number].id, span, supported))
    return citations, unknown


def _cited(text: str) -> Iterator[tuple[Span, list[int]]]:
    marks = marks_in(text)
    start = index = 0
    while index < len(marks):
        first = marks[index]
        numbers = [first[0]]
        end = first[2]
        while index + 1 < len(marks) and not text[end : marks[index + 1][1]].strip(" ,，、"):
            index += 1
            numbers.append(marks[index][0])
            end = marks[index][2]
        span = _sentence_before(text, start, first[1])
        if span is not None:
            yield span, numbers
        start, index = end, index + 1


def _sentence_before(text: str, start: int, end: int) -> Span | None:
    before = re.sub(r"^[\s。．.，,；;]+", lambda match: " " * len(match.group()), text[start:end])
    spans = sentences(before)
    if not spans:
        return None
    last = spans[-1]
    return Span(start + last.start, start + last.end)


def _as_text(piece: Evidence) -> str:
    parts = parse_fact(piece.text) if piece.kind == "fact" else None
    return " ".join(parts) if parts else f"{piece.title} {piece.text}"
