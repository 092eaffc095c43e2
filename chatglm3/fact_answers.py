"""Answering from facts: the object that a question plainly asks for, in one step or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..evidence import NumberedEvidence
from ..facts import parse_fact
from ..predicates import Fit, asked_relations, predicate_fit
from ..text import Span, fold, has_cjk
from .sentence_selection import key_terms

_MOST_OBJECTS = 5


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """The words that answer and the numbers of the facts that say so.

    Where the answer takes two facts, `step` states the one that leads to the other.
    """

    text: str
    numbers: tuple[int, ...]
    score: float
    step: str = ""
    step_number: int = 0


@dataclass(frozen=True, slots=True)
class _Stated:
    number: int
    subject: str
    predicate: str
    object: str


def answer_from_facts(question: str, pieces: Sequence[NumberedEvidence]) -> FactAnswer | None:
    """The answer that facts give, or None where the question asks for more than they say.

    A question is answered by `object` of a fact whose subject it names and whose predicate it asks
    for; by `subject` where it names the object; or over two facts where the first leads to the
    subject of the second.
    """
    facts = [
        _Stated(piece.number, *parts)
        for piece in pieces
        if piece.kind == "fact" and (parts := parse_fact(piece.text)) is not None
    ]
    named, rest = _blank_names(question, facts)
    if not named:
        return None
    asked = asked_relations(rest)
    fits = {
        fact.number: fit
        for fact in facts
        if (fit := predicate_fit(fact.predicate, fact.object, rest, asked)) is not None
    }
    chain = _chain(facts, fits, named)
    if chain is not None:
        spans, answer = chain
        return answer if _is_explained(rest, spans) else None
    return _single(facts, fits, named, rest)


def _blank_names(question: str, facts: Sequence[_Stated]) -> tuple[set[str], str]:
    """The folded names of the facts that the question holds, and the question without them."""
    rest = fold(question)
    named: set[str] = set()
    names = {fold(name).strip() for fact in facts for name in (fact.subject, fact.object)}
    for name in sorted(names, key=lambda name: (-len(name), name)):
        position = rest.find(name)
        if len(name) < 2 or position < 0 or not _stands_alone(rest, position, len(name)):
            continue
        named.add(name)
        rest = rest.replace(name, " " * len(name))
    return named, rest


def _stands_alone(text: str, start: int, length: int) -> bool:
    """Whether a Latin name is not a part of a longer word."""
    if has_cjk(text[start]):
        return True
    before = text[start - 1] if start else " "
    after = text[start + length] if start + length < len(text) else " "
    return not (before.isalnum() and not has_cjk(before)) and not (
        after.isalnum() and not has_cjk(after)
    )


def _chain(
    facts: Sequence[_Stated], fits: dict[int, Fit], named: set[str]
) -> tuple[list[Span], FactAnswer] | None:
    best: tuple[list[Span], FactAnswer] | None = None
    for first in facts:
        if first.number not in fits:
            continue
        for start, middle in ((first.subject, first.object), (first.object, first.subject)):
            if fold(start) not in named or fold(middle) in named:
                continue
            for second in facts:
                if second.number not in fits or fold(second.subject) != fold(middle):
                    continue
                spans = [fits[first.number].span, fits[second.number].span]
                if spans[0].end > spans[1].start and spans[1].end > spans[0].start:
                    continue
                score = fits[first.number].score * fits[second.number].score
                if best is None or score > best[1].score:
                    colon = "：" if has_cjk(first.predicate) else ": "
                    step = f"{first.subject} — {first.predicate}{colon}{first.object}"
                    best = (
                        spans,
                        FactAnswer(second.object, (second.number,), score, step, first.number),
                    )
    return best


def _single(
    facts: Sequence[_Stated], fits: dict[int, Fit], named: set[str], rest: str
) -> FactAnswer | None:
    found: list[tuple[float, bool, _Stated]] = []
    for fact in facts:
        fit = fits.get(fact.number)
        if fit is None or not _is_explained(rest, [fit.span]):
            continue
        knows_subject, knows_object = fold(fact.subject) in named, fold(fact.object) in named
        if knows_subject and not knows_object:
            found.append((fit.score, True, fact))
        elif knows_object and not knows_subject:
            found.append((fit.score * 0.85, False, fact))
    if not found:
        return None
    score, forward, best = max(found, key=lambda entry: entry[0])
    same = [
        fact
        for other, direction, fact in found
        if other == score and direction == forward and fact.predicate == best.predicate
    ][:_MOST_OBJECTS]
    texts = dict.fromkeys(fact.object if forward else fact.subject for fact in same)
    joiner = "、" if has_cjk(best.object) else ", "
    return FactAnswer(joiner.join(texts), tuple(fact.number for fact in same), score)


def _is_explained(rest: str, spans: Sequence[Span]) -> bool:
    """Whether nothing is left of the question beside the names and the words for the relation.

    What is left would mean that it asks for something narrower than the fact says.
    """
    for span in spans:
        rest = rest[: span.start] + " " * (span.end - span.start) + rest[span.end :]
    return not key_terms(rest)
