"""What of a cited piece is meant: the sentence of a passage that carries what an answer says."""

from collections.abc import Sequence

from ..evidence import Evidence
from ..questions.terms import coverage, question_terms
from ..text.sentences import sentences
from ..text.spans import Span
from .transcript import Answer


def quoted_span(text: str, said: Sequence[str]) -> Span:
    """The sentence of a text that carries best what an answer says of it first.

    Args:
        text: The text of a passage.
        said: The sentences of the answer that cite it.
    """
    listed = list(sentences(text)) or [Span(0, max(1, len(text)))]
    weights = question_terms(said[0] if said else "").weights
    return max(listed, key=lambda span: coverage(weights, span.cut(text)))


def cited_spans(answer: Answer) -> dict[int, list[Span]]:
    """For each number that an answer cites, the sentences of its passage that are meant."""
    found: dict[int, list[Span]] = {}
    for citation in answer.citations:
        piece: Evidence | None = answer.numbered.get(citation.number)
        if piece is not None and piece.kind == "passage" and piece.text:
            span = quoted_span(piece.text, [citation.span_in_answer.cut(answer.text)])
            spans = found.setdefault(citation.number, [])
            if span not in spans:
                spans.append(span)
    return found
