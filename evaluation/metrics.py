"""Metrics over plain data: retrieval, answers, declining, tool calls."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..text.folding import fold


def recall_at_k(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """The share of the gold ids among the first k.

    >>> recall_at_k(["a", "b", "c"], {"a", "c"}, 2)
    0.5

    Raises:
        ValueError: no gold ids, or k below 1.
    """
    if not gold:
        raise ValueError("recall needs at least one gold id")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return len(set(ranked[:k]) & set(gold)) / len(set(gold))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """One over the rank of the first gold id, 0 where there is none.

    >>> reciprocal_rank(["a", "b"], {"b"})
    0.5
    """
    for rank, id_ in enumerate(ranked, start=1):
        if id_ in gold:
            return 1 / rank
    return 0.0


def mean_reciprocal_rank(rankings: Sequence[tuple[Sequence[str], Collection[str]]]) -> float:
    """The mean of the reciprocal ranks of (ranked, gold) pairs.

    >>> mean_reciprocal_rank([(["a", "b"], {"b"}), (["a"], {"a"})])
    0.75
    """
    return _mean([reciprocal_rank(ranked, gold) for ranked, gold in rankings])


def contains_answer(text: str, answers: Collection[str]) -> bool:
    """Whether a text holds one of the answers, width, case and punctuation aside.

    >>> contains_answer("由光荣和 ω-Force 开发。", ["光荣和ω-force"])
    True
    """
    plain = _letters(text)
    return any(_letters(answer) in plain for answer in answers if _letters(answer))


def answer_containment(pairs: Sequence[tuple[str, Collection[str]]]) -> float:
    """The share of texts that hold one of their answers.

    >>> answer_containment([("in Paris.", ["Paris"]), ("in Rome.", ["Paris"])])
    0.5
    """
    return _mean([float(contains_answer(text, answers)) for text, answers in pairs])


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """At a threshold: the share of unanswerable questions declined, of answerable ones answered."""

    threshold: float
    declined: float
    answered: float


def declined_answered_curve(
    answerable: Sequence[float], unanswerable: Sequence[float]
) -> list[CurvePoint]:
    """The curve over all thresholds, from answering everything to declining everything.

    A question is answered when its score is at least the threshold.

    >>> [(p.declined, p.answered) for p in declined_answered_curve([0.9, 0.4], [0.5, 0.1])]
    [(0.0, 1.0), (0.5, 1.0), (0.5, 0.5), (1.0, 0.5), (1.0, 0.0)]

    Raises:
        ValueError: one of the lists is empty.
    """
    if not answerable or not unanswerable:
        raise ValueError("the curve needs answerable and unanswerable questions")
    levels = sorted({*answerable, *unanswerable})
    thresholds = [*levels, levels[-1] + 1e-9]
    return [
        CurvePoint(
            threshold,
            sum(score < threshold for score in unanswerable) / len(unanswerable),
            sum(score >= threshold for score in answerable) / len(answerable),
        )
        for threshold in thresholds
    ]


def area_under_curve(answerable: Sequence[float], unanswerable: Sequence[float]) -> float:
    """How often an answerable question scores above an unanswerable one; ties count half.

    >>> area_under_curve([0.9, 0.4], [0.5, 0.1])
    0.75
    """
    if not answerable or not unanswerable:
        raise ValueError("the area needs answerable and unanswerable questions")
    wins = sum((a > b) + 0.5 * (a == b) for a in answerable for b in unanswerable)
    return wins / (len(answerable) * len(unanswerable))


def threshold_for(unanswerable: Sequence[float], declined: float) -> float:
    """The lowest threshold at which at least that share of unanswerable questions is declined.

    >>> threshold_for([0.1, 0.2, 0.3, 0.4], 0.75) > 0.3
    True
    """
    if not unanswerable:
        raise ValueError("a threshold needs unanswerable questions")
    levels = sorted(set(unanswerable))
    for low, high in zip(levels, [*levels[1:], levels[-1] + 2e-6], strict=True):
        if sum(score <= low for score in unanswerable) >= declined * len(unanswerable):
            return (low + min(high, low + 2e-6)) / 2
    return levels[-1] + 1e-6


def rates_at(
    answerable: Sequence[float], unanswerable: Sequence[float], threshold: float
) -> CurvePoint:
    """What a threshold does to some questions.

    >>> rates_at([0.9, 0.4], [0.5, 0.1], 0.45)
    CurvePoint(threshold=0.45, declined=0.5, answered=0.5)
    """
    return CurvePoint(
        threshold,
        _mean([float(score < threshold) for score in unanswerable]),
        _mean([float(score >= threshold) for score in answerable]),
    )


ToolCallPair = tuple[str, Mapping[str, Any]] | None


def tool_call_accuracy(pairs: Sequence[tuple[ToolCallPair, ToolCallPair]]) -> float:
    """The share of (made, wanted) calls that agree in name and all arguments; None is no call.

    >>> tool_call_accuracy([(("f", {"x": 1}), ("f", {"x": 1.0})), (None, ("f", {}))])
    0.5
    """
    return _mean([float(_same_call(made, wanted)) for made, wanted in pairs])


def _same_call(made: ToolCallPair, wanted: ToolCallPair) -> bool:
    if made is None or wanted is None:
        return made is wanted
    return made[0] == wanted[0] and dict(made[1]) == dict(wanted[1])


def _letters(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise ValueError("there is nothing to average")
    return sum(values) / len(values)
