"""The answer of an agent: text, checked citations, evidence, calls, and why it declined."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..evaluation.citations import is_supported, marks_in
from ..evidence import Citation, Evidence
from ..notation import parse_fact
from ..text.sentences import sentences
from ..text.spans import Span

ReasonCode = Literal["no_evidence", "below_threshold", "model_declined", "step_limit"]


ToolStatus = Literal["done", "failed", "held"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer: a code for programs and a sentence for people."""

    code: ReasonCode
    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call of this turn and what came of it; a held call was proposed but not run."""

    name: str
    args: Mapping[str, Any]
    result: str
    status: ToolStatus = "done"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent says to a question.

    `evidence` is what the model was shown in this turn, in the order of its numbers; `numbered`
    gives the piece behind a number. `notes` say what the asker should know about the answer.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    numbered: Mapping[int, Evidence] = field(default_factory=dict[int, Evidence])
    tool_calls: tuple[ToolUse, ...] = ()
    declined: bool = False
    reason: Reason | None = None
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    trace: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    model: str = ""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The pieces of evidence, in the order of their numbers."""
        return tuple(self.numbered[number] for number in sorted(self.numbered))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "text": self.text,
            "declined": self.declined,
            "reason": {"code": self.reason.code, "text": self.reason.text} if self.reason else None,
            "citations": [
                {
                    "number": one.number,
                    "evidence_id": one.evidence_id,
                    "span_in_answer": [one.span_in_answer.start, one.span_in_answer.end],
                    "supported": one.supported,
                }
                for one in self.citations
            ],
            "evidence": [
                {"number": number, **self.numbered[number].to_dict()}
                for number in sorted(self.numbered)
            ],
            "tool_calls": [
                {
                    "name": use.name,
                    "args": dict(use.args),
                    "result": use.result,
                    "status": use.status,
                }
                for use in self.tool_calls
            ],
            "usage": dict(self.usage),
            "trace": [dict(step) for step in self.trace],
            "notes": list(self.notes),
            "model": self.model,
        }


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
