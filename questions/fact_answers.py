"""Answering from facts: the object that a question plainly asks for, in one step or two."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ..assertions import asserted_part, denies
from ..notation import NumberedEvidence, parse_fact, parse_fact_time
from ..relations import ALIASES, plain_predicate
from ..text.dates import is_date
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.spans import Span
from ..text.words import stop_words
from .asked_kinds import asked_kind, asks_yes_no
from .fact_chains import (
    FactAnswer,
    StatedFact,
    find_about,
    find_chain,
    find_path,
    find_several,
    told,
    with_time,
)
from .question import Question
from .relation_fit import Fit, asked_relations, predicate_fit
from .terms import key_terms

_MOST_OBJECTS = 5
_ASKING = stop_words("asking")
_PLACED = re.compile(r"\b(?:in|within|part of|located)\b|在|位于|属于")
_PLACE = re.compile(
    r"\b(?:country|region|province|state|county|city|location|located|place|continent)\b|"
    r"国家?$|省|市$|县$|位于|所在|地区|所属"
)


def answer_from_facts(question: Question, pieces: Sequence[NumberedEvidence]) -> FactAnswer | None:
    """The answer that facts give, or None where the question asks for more than they say.

    A question is answered by `object` of a fact whose subject it names and whose predicate it asks
    for; by `subject` where it names the object; over two or three facts where each leads to the
    subject of the next; or, where it asks how two named things are connected, by the facts between
    them. A fact that a passage beside it denies, or for which it names another
    object, answers nothing: rules read most facts, and the passage can speak for itself.
    """
    facts = _stated(pieces)
    named, rest = _blank_names(question, facts)
    if not named:
        return None
    naming = _naming(facts, named)
    named |= {fold(fact.subject) for fact in naming}
    otherwise = _said_otherwise(facts, [piece for piece in pieces if piece.kind == "passage"])
    facts = [fact for fact in facts if fact.number not in otherwise]
    connection = find_path(facts, named, question.folded, rest)
    if connection is not None:
        return connection
    asked = asked_relations(rest)
    fits = {
        fact.number: fit
        for fact in facts
        if (fit := predicate_fit(fact.predicate, fact.object, rest, asked)) is not None
    }
    chain = find_chain(facts, fits, named)
    if chain is not None:
        spans, answer = chain
        return answer if _is_explained(rest, spans) else None
    several = find_several(facts, fits, named)
    if several is not None:
        return several if _is_explained(rest, [fits[several.numbers[0]].span]) else None
    if asks_yes_no(question.folded):
        confirmed = _confirmed(question, facts, fits, named, rest)
        if confirmed is not None:
            return confirmed
    answer = _single(question, facts, fits, named, rest)
    if answer is None:
        return None
    used = [fact for fact in facts if fact.number in answer.numbers]
    if _names_more(question, facts, [*used, *naming]):
        if not asks_yes_no(question.folded):
            return None
        # What the fact says answers it; whether that is a no, the reader can tell.
        return replace(answer, text="; ".join(told(fact) for fact in used))
    if not naming or naming[0].number in answer.numbers:
        return answer
    # The name that the question says is not the one that the fact says: show that they are one.
    return replace(answer, steps=((told(naming[0]), naming[0].number),))


def facts_about(question: Question, pieces: Sequence[NumberedEvidence]) -> FactAnswer | None:
    """What facts say of the thing that a question asks about in general ("tell me about X")."""
    facts = _stated(pieces)
    named, rest = _blank_names(question, facts)
    return find_about(facts, named, rest)


def _stated(pieces: Sequence[NumberedEvidence]) -> list[StatedFact]:
    return [
        StatedFact(piece.number, *parts, parse_fact_time(piece.text))
        for piece in pieces
        if piece.kind == "fact" and (parts := parse_fact(piece.text)) is not None
    ]


def _naming(facts: Sequence[StatedFact], named: set[str]) -> list[StatedFact]:
    """The facts by which a name of the question is another name of something it does not name."""
    return [
        fact
        for fact in facts
        if plain_predicate(fact.predicate) in ALIASES
        and fold(fact.object) in named
        and fold(fact.subject) not in named
    ]


# --- facts against passages -----------------------------------------------------------------------


def _said_otherwise(
    facts: Sequence[StatedFact], passages: Sequence[NumberedEvidence]
) -> frozenset[int]:
    """The numbers of the facts that a sentence of the passages denies or says differently."""
    objects: dict[tuple[str, str], set[str]] = {}
    for fact in facts:
        objects.setdefault((fold(fact.subject), fact.predicate), set()).add(fold(fact.object))
    found: set[int] = set()
    for passage in passages:
        title = fold(passage.title)
        for place in sentences(passage.text) if facts else ():
            sentence = place.cut(passage.text)
            told = fold(sentence)
            held = fold(asserted_part(sentence, passage.title))
            for fact in facts:
                subject, object_ = fold(fact.subject), fold(fact.object)
                if subject not in told and subject not in title:
                    continue
                denied = object_ in told and object_ not in held and denies(sentence, passage.title)
                known = objects[subject, fact.predicate]
                if denied or (held and _names_another(held, fact, known)):
                    found.add(fact.number)
    return frozenset(found)


def _names_another(sentence: str, fact: StatedFact, objects: set[str]) -> bool:
    """Whether a sentence gives the predicate of a fact, but none of its objects."""
    if any(one in sentence for one in objects):
        return False
    subject = re.escape(fold(fact.subject))
    plain = plain_predicate(fact.predicate)
    if has_cjk(plain):
        asked = re.escape(plain)
        pattern = (
            rf"{subject}的?{asked}(?:是|为|：|:|叫)|是{subject}的{asked}|由[^，。]{{2,12}}{asked}"
        )
        return re.search(pattern, sentence) is not None
    content = [word for word in re.findall(r"[a-z]+", plain) if word not in stop_words()]
    if len(content) != 1:
        return False
    asked, of = content[0], rf" of (?:the )?{subject}"
    pattern = (
        rf"\b{asked}(?:{of})?(?:,? (?:is|was|by)|:) \w|\b(?:is|was) (?:the )?{asked}{of}\b|"
        rf"\b{subject}['’]s {asked} (?:is|was) \w"
    )
    return re.search(pattern, sentence) is not None


# --- names ----------------------------------------------------------------------------------------


def _blank_names(question: Question, facts: Sequence[StatedFact]) -> tuple[set[str], str]:
    """The folded names of the facts that the question holds, and the question without them."""
    rest = question.folded
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


def _single(
    question: Question,
    facts: Sequence[StatedFact],
    fits: dict[int, Fit],
    named: set[str],
    rest: str,
) -> FactAnswer | None:
    found: list[tuple[float, bool, StatedFact]] = []
    for fact in facts:
        fit = fits.get(fact.number)
        if fit is None or not _is_explained(rest, [fit.span]):
            continue
        if not _fits_kind(question, fact.object):
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
    if forward and all(fact.time for fact in same):
        same.sort(key=lambda fact: fact.time)
    texts: dict[str, int] = {}
    for fact in same:
        texts.setdefault(with_time(fact) if forward else fact.subject, fact.number)
    joiner = "、" if has_cjk(best.object) else ", "
    numbers = tuple(fact.number for fact in same)
    return FactAnswer(joiner.join(texts), numbers, score, parts=tuple(texts.items()))


def _names_more(
    question: Question, facts: Sequence[StatedFact], used: Sequence[StatedFact]
) -> bool:
    """Whether a question names somebody whom the facts that would answer it do not.

    "When did Tolstoy write Hamlet?" supposes what the author of Hamlet does not bear out.
    """
    told = {fold(name) for fact in used for name in (fact.subject, fact.object)}
    for name in {name for fact in facts for name in (fact.subject, fact.object)}:
        folded = fold(name)
        place = question.folded.find(folded)
        if len(name) < 2 or place < 0 or any(folded in one or one in folded for one in told):
            continue
        said = question.text[place : place + len(name)]
        rivals = {fact.predicate for fact in used}
        if has_cjk(said):
            is_name = any(
                folded == fold(fact.subject)
                or (folded == fold(fact.object) and fact.predicate in rivals)
                for fact in facts
            )
        else:
            is_name = said[0].isupper()
        if is_name:
            return True
    return False


def _fits_kind(question: Question, object_: str) -> bool:
    """Whether an object can be what a question asks for: no name is a time or a number."""
    kind = asked_kind(question.folded)
    if kind is not None and kind.name == "person":
        return not is_date(fold(object_))  # who opened it is no year
    if kind is None or kind.name not in ("time", "count"):
        return True
    return re.search(r"\d|[零〇一二三四五六七八九十百千万]|世纪|century", object_) is not None


def _confirmed(
    question: Question,
    facts: Sequence[StatedFact],
    fits: dict[int, Fit],
    named: set[str],
    rest: str,
) -> FactAnswer | None:
    """A yes, where a fact says what the question asks: both its ends, and the relation if any."""
    for fact in facts:
        if not {fold(fact.subject), fold(fact.object)} <= named:
            continue
        fit = fits.get(fact.number)
        placed = _PLACED.search(rest)
        if fit is None and placed and _PLACE.search(plain_predicate(fact.predicate)):
            # "in" asks for where something is, whatever that is called
            fit = Fit(0.9, Span(*placed.span()))
        if fit is None or not _is_explained(rest, [fit.span]):
            continue
        text = f"是的，{told(fact)}" if question.language == "zh" else f"Yes: {told(fact)}"
        return FactAnswer(text, (fact.number,), fit.score)
    return None


def _is_explained(rest: str, spans: Sequence[Span]) -> bool:
    """Whether nothing is left of the question beside the names and the words for the relation.

    What is left would mean that it asks for something narrower than the fact says.
    """
    for span in spans:
        rest = rest[: span.start] + " " * (span.end - span.start) + rest[span.end :]
    return all(term in _ASKING for term in key_terms(rest))
