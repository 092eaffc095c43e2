"""How likely the evidence holds an answer, before any model is asked."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..chatglm3.fact_answers import answer_from_facts
from ..chatglm3.sentence_selection import coverage, key_terms, question_terms
from ..evidence import Evidence, NumberedEvidence, evidence_in
from ..text import Language, fold, language, normalize_name, sentences

DEFAULT_THRESHOLDS: Mapping[Language, float] = {"zh": 0.5, "en": 0.5}
"""Below these an agent declines. They fit encyclopedic text; `groundglm calibrate` fits yours."""

# Where the formula separates answerable questions from others (benchmarks/declining.py), so that
# 0.5 means the same in both languages.
_CENTRE: Mapping[Language, float] = {"zh": 0.6, "en": 1.0}
_MOST_MISSING = 5
_FACT_SCORE = 0.9


@dataclass(frozen=True, slots=True)
class Answerability:
    """A score from 0 (nothing speaks for an answer) to 1, and the question's terms not found."""

    score: float
    missing: tuple[str, ...]


def score_answerability(question: str, evidence: Sequence[Evidence]) -> Answerability:
    """Judge whether evidence (best passage first, then facts) answers a question.

    A formula over how much of the question the best sentences and passages hold, how far the best
    passage stands out, and whether names and titles are met; the weights differ by language.
    Scores are comparable within one base and one way of searching.
    """
    passages = evidence_in(evidence, "passage")
    terms = question_terms(question).weights
    text = fold("\n".join(f"{piece.title}\n{piece.text}" for piece in evidence))
    missing = tuple(term for term in key_terms(question) if term not in text)[:_MOST_MISSING]
    pieces = [
        NumberedEvidence(number, piece.kind, piece.title, piece.text)
        for number, piece in enumerate(evidence, start=1)
    ]
    if answer_from_facts(question, pieces) is not None:
        return Answerability(_FACT_SCORE, missing)
    if not passages or not terms:
        return Answerability(0.0, missing)
    if language(question) == "zh":
        raw = _chinese(question, terms, passages) - _CENTRE["zh"]
    else:
        raw = _english(question, terms, passages) - _CENTRE["en"]
    return Answerability(1 / (1 + math.exp(-4 * raw)), missing)


def _chinese(question: str, terms: Mapping[str, float], passages: Sequence[Evidence]) -> float:
    scores = [piece.score for piece in passages]
    top = scores[0] or 1.0
    best = passages[0]
    in_sentence = max(
        (coverage(terms, f"{best.title} {span.cut(best.text)}") for span in sentences(best.text)),
        default=0.0,
    )
    return (
        in_sentence
        + 0.3 * _margin(scores)
        + 0.4 * _title_in_question(question, best)
        + 0.2 * _names_found(question, passages[:1])
        - 0.3 * _mean(scores[1:10]) / top
    )


def _english(question: str, terms: Mapping[str, float], passages: Sequence[Evidence]) -> float:
    texts = [f"{piece.title}\n{piece.text}" for piece in passages]
    covers = [coverage(terms, text) for text in texts]
    together = coverage(terms, "\n".join(texts[:2]))
    scores = [piece.score for piece in passages]
    return (
        together
        + (covers[0] - _mean(covers[4:10]))
        + 0.5 * _margin(scores)
        + 0.2 * _names_found(question, passages[:2])
        - 0.5 * max(covers)
        + 0.2
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _margin(scores: Sequence[float]) -> float:
    """How far the best passage stands above the second, as a share of its score."""
    if len(scores) < 2:
        return 0.5
    return (scores[0] - scores[1]) / scores[0] if scores[0] > 0 else 0.0


def _title_in_question(question: str, piece: Evidence) -> bool:
    title = normalize_name(re.sub(r"[(（].*?[)）]", "", piece.title))
    return len(title) > 1 and title in normalize_name(question)


_NAME = re.compile(
    r"[《“\"「]([^》”\"」]{2,40})[》”\"」]|\b[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)*|\d{2,}|[A-Za-z]{2,}\d*"
)


def _names_found(question: str, passages: Sequence[Evidence]) -> float:
    """The share of the question's names, quotations and numbers that the passages hold."""
    text = fold(" ".join(f"{piece.title} {piece.text}" for piece in passages))
    found = [fold(match.group(1) or match.group()) for match in _NAME.finditer(question)]
    names = [name for name in found if name not in _QUESTION_WORDS]
    return sum(name in text for name in names) / len(names) if names else 0.5


_QUESTION_WORDS = frozenset(
    "what who which where when how why is are was were do does did in of a an on at to".split()
)
