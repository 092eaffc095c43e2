"""The citations of an answer, each checked against the evidence behind its number."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ..evaluation.citations import is_supported, marks_in
from ..evidence import Citation, Evidence
from ..notation import parse_fact, parse_fact_time
from ..text.scripts import language
from ..text.sentences import sentences
from ..text.spans import Span
from ..text.words import stop_words, words

# What asks, heads a list, refuses, or says how a name was read. Whatever else begins a sentence
# ("Yes, ..."), the rest of it claims something.
_NO_CLAIM = re.compile(
    r"[?？]$|^#|^.{0,40}[:：]$"
    r"|^(?:(?:sorry|unfortunately)[,.]? )?i (?:am (?:sorry|afraid|not sure)|do not know|don't know|"
    r"(?:cannot|can't|could not|couldn't|am unable to|did not|didn't) "
    r"(?:tell|say|answer|find|see))\b"
    r"|^(?:很?抱歉|对不起|我(?:不知道|无法|不能|没有找到|不清楚|不确定))"
    r"|^\(\"[^\"]*\" is read as|^（“[^”]*”按“[^”]*”理解"
    r"|^(?:yes|no|sure|certainly|of course|hello|hi|thanks?|thank you|sorry)[\s.!,]*$"
    r"|^(?:是的|不是|好的|你好|您好|谢谢)[。！!，\s]*$",
    re.IGNORECASE,
)


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
            supported = is_supported(sentence, evidence_text(numbered[number]))
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


def evidence_text(piece: Evidence) -> str:
    """A piece of evidence as a sentence is compared with it."""
    parts = parse_fact(piece.text) if piece.kind == "fact" else None
    return (
        " ".join((*parts, parse_fact_time(piece.text))) if parts else f"{piece.title}\n{piece.text}"
    )


def rests_on_tools(text: str, results: Sequence[str]) -> bool:
    """Whether a text says something of what tools were asked or gave.

    Told in another language, it cannot be compared, and counts as doing so.
    """
    said = set(words(text)) - stop_words()
    return any(
        language(text) != language(result) or not said.isdisjoint(words(result))
        for result in results
    )


def unsupported_sentences(
    text: str, numbered: Mapping[int, Evidence], results: Sequence[str] = ()
) -> list[Span]:
    """The sentences of an answer that none of the evidence which they cite carries.

    A sentence without a citation may lean on the one behind it in its paragraph, or on the
    `results` of tools. Questions, headings and refusals claim nothing.
    """
    return [
        span
        for span, numbers in _sentences_with_numbers(text)
        if not _claims_nothing(span.cut(text))
        and not rests_on_tools(span.cut(text), results)
        and not any(
            is_supported(span.cut(text), evidence_text(numbered[number]))
            for number in numbers
            if number in numbered
        )
    ]


def checked_sentences(text: str) -> list[tuple[str, list[int], bool]]:
    """The sentences of an answer, the numbers behind each, and whether it claims anything."""
    return [
        (span.cut(text), numbers, not _claims_nothing(span.cut(text)))
        for span, numbers in _sentences_with_numbers(text)
    ]


def _sentences_with_numbers(text: str) -> list[tuple[Span, list[int]]]:
    """The sentences of an answer, marks left out, each with the numbers that stand behind it."""
    marks = marks_in(text)
    blanked = list(text)
    for _, start, end in marks:
        blanked[start:end] = " " * (end - start)
    plain = "".join(blanked)
    spans = sentences(plain)
    if not spans:
        return []
    starts = [span.start for span in spans[1:]] + [len(text) + 1]
    found = [
        (span, [number for number, start, _ in marks if span.start <= start < end])
        for span, end in zip(spans, starts, strict=True)
    ]
    for index in range(len(found) - 2, -1, -1):
        span, numbers = found[index]
        following = found[index + 1]
        if not numbers and "\n" not in text[span.end : following[0].start]:
            found[index] = (span, following[1])
    return found


def _claims_nothing(sentence: str) -> bool:
    return _NO_CLAIM.search(sentence.strip()) is not None or not re.search(r"\w\w", sentence)


def without_unsupported(
    text: str, numbered: Mapping[int, Evidence], results: Sequence[str] = ()
) -> str:
    """An answer without the sentences that no cited evidence carries; empty where none is left."""
    spans = _sentences_with_numbers(text)
    dropped = set(unsupported_sentences(text, numbered, results))
    kept: list[str] = []
    for index, (span, _) in enumerate(spans):
        end = spans[index + 1][0].start if index + 1 < len(spans) else len(text)
        if span not in dropped:
            kept.append(text[span.start : end])
    claims = any(not _claims_nothing(s.cut(text)) for s, _ in spans if s not in dropped)
    return "".join(kept).strip() if claims else ""
