"""Choosing the sentences of the evidence that answer a question, without a model.

Terms of the question that name the topic (they stand in the title) say nothing about which
sentence answers; what counts is the weighted share of the other terms that a sentence holds,
whether it holds something of the asked kind, and the share of the rarer characters.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.spans import Span
from ..text.words import words
from .instructions import asks_how
from .question import Question
from .terms import QuestionTerms, coverage, holds_term
from .topics import bare_title, named_titles, on_topic

# A further sentence is given when it scores at least this share of the best one.
_LEAST_SHARE = 0.3
_MUCH = 3
_ACTION = 0.5  # of the weight of what is to be done, where nothing instructs
_LOOKED_AT = 3  # of the ranked sentences, for anything that could be a time
_NAMED = 0.2  # of the weight of what only names the topic, in passages of something else
_ALL = 0.95  # of the weight of the terms


@dataclass(frozen=True, slots=True)
class SelectedSentence:
    """A sentence of the evidence; `span` is its place in the text of the piece `number`."""

    number: int
    text: str
    score: float
    span: Span


def fits_asked_kind(question: Question, sentence: str) -> bool:
    """Whether a sentence holds what the question asks for: a time, a number, a place, a person."""
    return question.kind is not None and question.kind.given.search(sentence) is not None


def rank_sentences(
    question: Question, passages: Sequence[NumberedEvidence], *, everywhere: bool = False
) -> list[SelectedSentence]:
    """All sentences of the passages (best passage first), best first.

    Args:
        question: The question.
        passages: Numbered passages; facts are left out.
        everywhere: Whether passages count as well that speak of something else.
    """
    terms = question.terms
    listed = [passage for passage in passages if passage.kind == "passage"]
    ranked: list[SelectedSentence] = []
    speak = on_topic(question.folded, listed)
    topics = "\n".join(named_titles(question.folded, listed))
    whole = question.language == "en" and _says_all(terms, question, listed)
    for rank, passage in enumerate(listed):
        bonus = _passage_bonus(question, rank, listed, whole=whole)
        scored = _scored(question, terms, passage, bonus, topics, everywhere=everywhere)
        if everywhere or speak[rank]:
            ranked += scored
        elif question.language == "en":
            ranked += [one for one in scored if _holds_much(terms, one.text)]
    return sorted(ranked, key=lambda one: (-one.score, one.number, one.span))


def _holds_much(terms: QuestionTerms, sentence: str) -> bool:
    """Whether a sentence holds so many terms that it answers whatever its document is about."""
    folded, present = fold(sentence), Counter(words(sentence))
    return sum(holds_term(term, present, folded) for term in terms.weights) >= _MUCH


def _says_all(
    terms: QuestionTerms, question: Question, passages: Sequence[NumberedEvidence]
) -> bool:
    """Whether a passage titled by what the question names holds all else that it asks."""
    for passage in passages:
        title = bare_title(passage.title)
        if title and title in question.folded:
            named = Counter(words(title))
            asked = {t: w for t, w in terms.weights.items() if not holds_term(t, named, title)}
            if asked and coverage(asked, passage.text, terms.others) >= _ALL:
                return True
    return False


def _passage_bonus(
    question: Question, rank: int, passages: Sequence[NumberedEvidence], *, whole: bool
) -> float:
    """How much a passage's place and title speak for its sentences.

    `whole`: whether the passage of the thing named holds the rest as well: nothing leads on then.
    """
    passage = passages[rank]
    if question.language == "zh":
        # The first document is nearly always the right one.
        same = rank == 0 or (passage.title and passage.title == passages[0].title)
        return 0.0 if same else -0.6
    # English questions often name one thing to ask for another: the answer then stands where a
    # document is titled by what another passage names.
    bonus = -0.06 * rank
    title = bare_title(passage.title)
    if not title:
        return bonus
    if title in question.folded:
        bonus += 0.3 if whole else -0.2
    elif not whole and any(title in fold(other.text) for other in passages if other is not passage):
        bonus += 0.4
    return bonus


def _scored(
    question: Question,
    terms: QuestionTerms,
    passage: NumberedEvidence,
    bonus: float,
    topics: str,
    *,
    everywhere: bool,
) -> list[SelectedSentence]:
    spans = sentences(passage.text)
    if not spans:
        return []
    topic = fold(passage.title)
    topic_words = Counter(words(passage.title))
    lead = "" if topic else fold(spans[0].cut(passage.text))
    lead_words = Counter(words(lead))
    named = Counter(words(topics))
    is_named = not topic or bare_title(passage.title) in topics.splitlines()
    weights: dict[str, float] = {}
    for term, weight in terms.weights.items():
        if topic and holds_term(term, topic_words, topic):
            continue
        weights[term] = weight * (0.3 if lead and holds_term(term, lead_words, lead) else 1.0)
        if topics and holds_term(term, named, topics):
            weights[term] *= _NAMED
    asked_for = {t: w for t, w in weights.items() if not (topics and holds_term(t, named, topics))}
    characters = {c: w for c, w in terms.characters.items() if c not in topic}
    scored: list[SelectedSentence] = []
    spans = [span for span in spans if _says_something(span.cut(passage.text))] or spans
    asked = frozenset(words(question.text))
    longest = len(question.text)  # of what could be an echo of the question
    spans = [
        span
        for span in spans
        if span.end - span.start > longest or _adds(span.cut(passage.text), asked)
    ] or spans
    for index, span in enumerate(spans):
        sentence = span.cut(passage.text)
        score = coverage(weights, sentence, terms.others) + 0.3 * coverage(characters, sentence)
        fits = fits_asked_kind(question, sentence)
        says = coverage(asked_for, sentence, terms.others) > 0 or coverage(characters, sentence) > 0
        if not (says or everywhere or (is_named and (fits or question.language == "zh"))):
            # It names the topic, and says nothing of what is asked. A Chinese one in the topic's
            # own document may: half of what is asked goes by other words there.
            continue
        score += 0.2 * fits
        if index == 0 and not has_cjk(question.text):
            score += 0.1
        scored.append(SelectedSentence(passage.number, sentence, score + bonus, span))
    return scored


def _says_something(sentence: str) -> bool:
    """Whether a stretch of text is more than a heading, a picture or a line of marks."""
    if sentence.startswith(("#", "![", "[![")):
        return False
    heading = _HEADING_ALONE.fullmatch(sentence.strip()) is not None
    return not heading and re.search(r"\w\w|[\u3400-\u9fff]", sentence) is not None


# Two or three words without an end: what stands above a text.
_HEADING_ALONE = re.compile(r"[A-Z][A-Za-z'’-]*(?: [A-Za-z'’-]+){0,2}")


def _holds_action(question: Question, sentence: str) -> bool:
    """Whether a sentence holds most of what a question asks how to do."""
    terms = question.terms
    return coverage(terms.weights, sentence, terms.others) >= _ACTION


def _adds(sentence: str, asked: frozenset[str]) -> bool:
    """Whether a sentence says anything that the question does not say itself."""
    return not asked.issuperset(words(sentence))


def select_sentences(
    question: Question,
    passages: Sequence[NumberedEvidence],
    *,
    limit: int = 2,
    max_characters: int = 200,
) -> list[SelectedSentence]:
    """The best sentences, in the order of reading; a further one only while there is room.

    Args:
        question: The question.
        passages: Numbered passages, best first; facts are left out.
        limit: How many sentences at most.
        max_characters: Room for all; the best sentence is given even where it alone takes more.
    """
    chosen: list[SelectedSentence] = []
    room = max_characters
    best = 0.0
    possible = question.kind.possible if question.kind is not None else None
    ranked = rank_sentences(question, passages)
    if asks_how(question.folded) and not named_titles(question.folded, passages):
        ranked = [one for one in ranked if _holds_action(question, one.text)]
    if possible is not None and not any(possible.search(one.text) for one in ranked[:_LOOKED_AT]):
        return []
    for candidate in ranked:
        if len(chosen) == limit:
            break
        if chosen and (len(candidate.text) > room or candidate.score < _LEAST_SHARE * best):
            continue
        best = max(best, candidate.score)
        chosen.append(candidate)
        room -= len(candidate.text)
    order = {piece.number: index for index, piece in enumerate(passages)}
    return sorted(chosen, key=lambda one: (order[one.number], one.span))
