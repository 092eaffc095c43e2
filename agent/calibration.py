"""Choosing the threshold below which an agent declines, for one's own documents."""

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..evaluation.metrics import CurvePoint, declined_answered_curve, rates_at, threshold_for
from ..evidence import Evidence
from ..questions.answerability import score_answerability
from ..questions.question import Question
from ..questions.terms import key_terms
from ..text.scripts import Language, language
from ..text.sentences import sentences

Search = Callable[[str, int], Sequence[Evidence]]

LEAST_QUESTIONS = 10
_DEPTH = 10
_MOST_QUESTIONS = 300
_LEAST_TERMS = 3


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold and what it promises.

    The threshold is chosen on all questions. `answered` and `declined` are forecasts: shares of the
    questions of each of two halves under the threshold that the other half chooses. `margin` is how
    far off these shares may be by the number of questions alone (two standard errors of the less
    certain one).
    """

    threshold: float
    answered: float
    declined: float
    margin: float
    answerable: int
    unanswerable: int
    curve: tuple[CurvePoint, ...]


def calibrate_from_questions(
    questions: Sequence[tuple[str, bool]], search: Search, *, decline_rate: float = 0.9
) -> dict[Language, Calibration]:
    """Calibrate on a user's questions, each with whether the base can answer it.

    Raises:
        ValueError: too few questions of either kind in every language.
    """
    scores: dict[Language, tuple[list[float], list[float]]] = {}
    for question, answerable in questions:
        kinds = scores.setdefault(language(question), ([], []))
        score = score_answerability(Question(question), search(question, _DEPTH)).score
        kinds[0 if answerable else 1].append(score)
    return _choose(scores, decline_rate)


def calibrate_from_sentences(
    documents: Iterable[tuple[str, str, str]], search: Search, *, decline_rate: float = 0.9
) -> dict[Language, Calibration]:
    """Calibrate on questions made of the base's own sentences.

    Each is the title and some of the content words of one sentence, without those that could be
    the answer. It becomes unanswerable when its document is taken out of what is found.

    Args:
        documents: Id, title and text of the documents.
        search: Finds evidence, a given number of passages.
        decline_rate: The share of unanswerable questions to decline.

    Raises:
        ValueError: the base holds too few sentences.
    """
    scores: dict[Language, tuple[list[float], list[float]]] = {}
    for document_id, question in make_questions(documents):
        kinds = scores.setdefault(language(question), ([], []))
        found = search(question, 3 * _DEPTH)
        others = [
            piece
            for piece in found
            if all(source.document_id != document_id for source in piece.sources)
        ]
        kinds[0].append(score_answerability(Question(question), found[:_DEPTH]).score)
        kinds[1].append(score_answerability(Question(question), _rescaled(others[:_DEPTH])).score)
    return _choose(scores, decline_rate)


def make_questions(documents: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """(document id, question) pairs, at most 300, spread evenly over the documents."""
    made: dict[str, list[str]] = defaultdict(list)
    for document_id, title, text in documents:
        for span in sentences(text)[:40]:
            sentence = span.cut(text)
            terms = [term for term in key_terms(sentence) if not re.search(r"\d", term)]
            if len(terms) < _LEAST_TERMS or len(sentence) > 200:
                continue
            # Every second word is kept: the others stand for what the question asks.
            kept = terms[:: 2 if len(terms) > _LEAST_TERMS else 1][:6]
            joiner = "" if language(sentence) == "zh" else " "
            about = title if title and title not in sentence else ""
            made[document_id].append(f"{about}{joiner}{joiner.join(kept)}".strip())
    ordered = sorted(
        (
            (document_id, question)
            for document_id, listed in made.items()
            for question in listed[:3]
        ),
        key=lambda pair: hashlib.md5("".join(pair).encode(), usedforsecurity=False).digest(),
    )
    return ordered[:_MOST_QUESTIONS]


def _rescaled(found: Sequence[Evidence]) -> list[Evidence]:
    """Scores as they would be without the best document: fusion counts from the top."""
    top = max((piece.score for piece in found if piece.kind == "passage"), default=0.0)
    if top <= 0:
        return list(found)
    return [
        replace(piece, score=piece.score / top) if piece.kind == "passage" else piece
        for piece in found
    ]


def _choose(
    scores: Mapping[Language, tuple[list[float], list[float]]], decline_rate: float
) -> dict[Language, Calibration]:
    chosen: dict[Language, Calibration] = {}
    for lang, (answerable, unanswerable) in scores.items():
        if min(len(answerable), len(unanswerable)) < LEAST_QUESTIONS:
            continue
        halves = ((answerable[i::2], unanswerable[i::2]) for i in (0, 1))
        one, other = halves
        rates = [
            rates_at(*seen, threshold_for(chooser[1], decline_rate))
            for chooser, seen in ((one, other), (other, one))
        ]
        answered = sum(rate.answered for rate in rates) / 2
        declined = sum(rate.declined for rate in rates) / 2
        chosen[lang] = Calibration(
            threshold_for(unanswerable, decline_rate),
            answered,
            declined,
            2 * max(_error(answered, len(answerable)), _error(declined, len(unanswerable))),
            len(answerable),
            len(unanswerable),
            tuple(declined_answered_curve(answerable, unanswerable)),
        )
    if not chosen:
        counts = ", ".join(f"{key}: {len(a)} and {len(u)}" for key, (a, u) in scores.items())
        raise ValueError(
            f"calibration needs at least {LEAST_QUESTIONS} answerable and {LEAST_QUESTIONS} "
            f"unanswerable questions of one language; there are {counts or 'none'}. "
            "Add more documents, or pass a file of questions."
        )
    return chosen


def _error(share: float, count: int) -> float:
    """The standard error of a share of so many questions, never 0 (rule of succession)."""
    likely = (share * count + 1) / (count + 2)
    return math.sqrt(likely * (1 - likely) / count)
