"""Answers that take several facts: chains, paths between things, one relation of many things."""

import math
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..relations import DEFINING, plain_predicate
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.spans import Span
from .relation_fit import Fit, is_general
from .terms import key_terms


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """The words that answer and the numbers of the facts that say so.

    Where the answer takes several facts, `steps` state those that lead to the last, each with its
    number; where it lists several values or facts, `parts` are these, each with its own number.
    """

    text: str
    numbers: tuple[int, ...]
    score: float
    steps: tuple[tuple[str, int], ...] = ()
    parts: tuple[tuple[str, int], ...] = ()
    tells: bool = False  # whether the parts are whole facts


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact of the evidence, read back from its text."""

    number: int
    subject: str
    predicate: str
    object: str
    time: str = ""


def told(fact: StatedFact, object_: str = "") -> str:
    """A fact as a clause, its object as given."""
    colon = "：" if has_cjk(fact.predicate) else ": "
    return f"{fact.subject} — {fact.predicate}{colon}{object_ or fact.object}"


def with_time(fact: StatedFact) -> str:
    """The object of a fact, with when it held where that is known and not said by it."""
    if not fact.time or fact.time in fact.object:
        return fact.object
    return (
        f"{fact.object}（{fact.time}）" if has_cjk(fact.object) else f"{fact.object} ({fact.time})"
    )


_MOST_STEPS = 3


def find_chain(
    facts: Sequence[StatedFact], fits: dict[int, Fit], named: set[str]
) -> tuple[list[Span], FactAnswer] | None:
    """The best chain of facts that leads from a named thing on, each asked for by other words."""
    fitting = [fact for fact in facts if fact.number in fits]
    waiting = [
        ([fact], middle)
        for fact in fitting
        for start, middle in ((fact.subject, fact.object), (fact.object, fact.subject))
        if fold(start) in named and fold(middle) not in named
    ]
    best: tuple[list[Span], FactAnswer] | None = None
    while waiting:
        chain, reached = waiting.pop()
        spans = [fits[fact.number].span for fact in chain]
        for fact in fitting:
            span = fits[fact.number].span
            if fold(fact.subject) != fold(reached) or fact in chain:
                continue
            if any(one.end > span.start and span.end > one.start for one in spans):
                continue
            longer = [*chain, fact]
            score = math.prod(fits[one.number].score for one in longer)
            # What explains more of the question is the better reading.
            if best is None or (len(longer), score) > (len(best[0]), best[1].score):
                steps = tuple((told(one), one.number) for one in chain)
                best = (
                    [*spans, span],
                    FactAnswer(fact.object, (fact.number,), score, steps),
                )
            if len(longer) < _MOST_STEPS:
                waiting.append((longer, fact.object))
    return best


_CONNECTS = re.compile(
    r"(?:之间)?的?(?:存在|有|是)?(?:什么|何|啥|怎样的?|怎么样的?)?(?:样的)?(?:关系|联系|关联)|"
    r"\b(?:relat(?:ed|ion|ions|ionship)|connect(?:ed|ion|ions)|linked|link)\b"
)


def find_path(
    facts: Sequence[StatedFact], named: set[str], question: str, rest: str
) -> FactAnswer | None:
    """The facts between two named things, for a question how they are connected."""
    asking = _CONNECTS.search(rest)
    if asking is None or key_terms(rest[: asking.start()] + " " + rest[asking.end() :]):
        return None
    ends = sorted(named, key=question.find)
    for start, end in pairwise(ends) if len(ends) == 2 else ():
        waiting: deque[tuple[str, tuple[StatedFact, ...]]] = deque([(start, ())])
        seen = {start}  # a thing reached before was reached by fewer facts
        while waiting:
            reached, chain = waiting.popleft()
            for fact in facts:
                around = {fold(fact.subject), fold(fact.object)}
                if reached not in around or fact in chain:
                    continue
                (other,) = around - {reached} or {reached}
                longer = (*chain, fact)
                if other == end:
                    parts = tuple((told(one), one.number) for one in longer)
                    text = "; ".join(told for told, _ in parts)
                    numbers = tuple(number for _, number in parts)
                    return FactAnswer(text, numbers, 0.9, parts=parts, tells=True)
                if len(longer) < _MOST_STEPS and other not in seen:
                    seen.add(other)
                    waiting.append((other, longer))
    return None


_MOST_TOLD = 3


def find_about(facts: Sequence[StatedFact], named: set[str], rest: str) -> FactAnswer | None:
    """Some facts of the one thing that a question asks about in general, what it is first."""
    told_of = [fact for fact in facts if fold(fact.subject) in named]
    if (
        not told_of
        or len({fold(fact.subject) for fact in told_of}) > 1
        or not is_general(rest, wholly=True)
    ):
        return None
    told_of.sort(key=lambda fact: plain_predicate(fact.predicate) not in DEFINING)
    parts = tuple((told(fact, with_time(fact)), fact.number) for fact in told_of[:_MOST_TOLD])
    text = "; ".join(said for said, _ in parts)
    return FactAnswer(text, tuple(n for _, n in parts), 0.8, parts=parts, tells=True)


def find_several(
    facts: Sequence[StatedFact], fits: Mapping[int, Fit], named: set[str]
) -> FactAnswer | None:
    """One relation of several named things, each with its fact: for a comparison, or "X and Y"."""
    subjects = {fold(fact.subject) for fact in facts} & named
    if len(subjects) < 2:
        return None
    found: dict[str, list[StatedFact]] = {}
    for fact in facts:
        if (
            fact.number in fits
            and fold(fact.subject) in subjects
            and fold(fact.object) not in named
        ):
            found.setdefault(plain_predicate(fact.predicate), []).append(fact)
    for same in found.values():
        if {fold(fact.subject) for fact in same} == subjects:
            parts = tuple((told(fact, with_time(fact)), fact.number) for fact in same)
            numbers = tuple(fact.number for fact in same)
            text = "; ".join(said for said, _ in parts)
            return FactAnswer(text, numbers, fits[numbers[0]].score, parts=parts, tells=True)
    return None
