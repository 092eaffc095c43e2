"""How likely the evidence holds an answer, before any model is asked."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from ..evidence import Evidence, evidence_in
from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.names import normalize_name
from ..text.scripts import Language
from ..text.sentences import sentences
from ..text.words import stop_words
from .connections import asked_ends, find_connection
from .definitions import find_definition
from .fact_answers import answer_from_facts, facts_about
from .instructions import find_instruction
from .measures import find_measure, is_uncounted, lacks_measure
from .premises import unmet_premise
from .question import Question
from .relation_fit import asked_relations
from .sentence_selection import fits_asked_kind, rank_sentences
from .terms import coverage, holds_term, latin_words, missing_terms
from .topics import named_titles, on_topic

DEFAULT_THRESHOLDS: Mapping[Language, float] = {"zh": 0.5, "en": 0.5}
"""Below these an agent declines. They fit encyclopedic text; `groundglm calibrate` fits yours."""

# Written by benchmarks/train_answerability.py.
_WEIGHTS: Mapping[Language, Mapping[str, float]] = json.loads(
    Path(__file__).with_name("answerability.json").read_text("utf-8")
)
_FACT_SCORE = 0.9
_UNCOUNTED = 1.6  # and where nothing counts what it asks the number of
_UNNAMED = 3.0  # and where nothing names the relation that it asks for
_LACKING = 1.3  # and where nothing that speaks of the topic names the attribute asked for
# The weights come of ten passages out of thousands. Where a base holds but a few, nothing else
# could have been found that would speak for an answer.
_FEW = 5
_SMALL: Mapping[Language, float] = {"zh": 0.0, "en": 0.6}
_UNMET = 2.0  # how much less likely an answer is where what the question supposes is nowhere


@dataclass(frozen=True, slots=True)
class Answerability:
    """A score from 0 (nothing speaks for an answer) to 1, and the question's terms not found."""

    score: float
    missing: tuple[str, ...]


def score_answerability(question: Question, evidence: Sequence[Evidence]) -> Answerability:
    """Judge whether evidence (best passage first, then facts) answers a question.

    A logistic regression over `features`, with one table of weights for each language; see
    benchmarks/train_answerability.py. Scores are comparable within one base and one way of
    searching.
    """
    text = fold("\n".join(f"{piece.title}\n{piece.text}" for piece in evidence))
    missing = tuple(missing_terms(question.key_terms, text))
    pieces = [
        NumberedEvidence(number, piece.kind, piece.title, piece.text)
        for number, piece in enumerate(evidence, start=1)
    ]
    if answer_from_facts(question, pieces) is not None:
        return Answerability(_FACT_SCORE, missing)
    ends = asked_ends(question)
    if ends is not None:
        joined = find_connection(ends, pieces) is not None
        return Answerability(_FACT_SCORE if joined else 0.0, missing)
    if (
        find_definition(question.text, pieces) is not None
        or find_instruction(question, pieces) is not None
        or find_measure(question, pieces) is not None
        or facts_about(question, pieces) is not None
    ):
        return Answerability(_FACT_SCORE, missing)
    if lacks_measure(question, pieces):
        return Answerability(0.0, missing)
    values = features(question, evidence_in(evidence, "passage"))
    if values is None:
        return Answerability(0.0, missing)
    weights = _WEIGHTS[question.language]
    raw = weights["bias"] + sum(weights[name] * value for name, value in values.items())
    if sum(piece.kind == "passage" for piece in pieces) < _FEW:
        raw += _SMALL[question.language]
    if unmet_premise(question, pieces):
        raw -= _UNMET
    elif _names_no_relation(question, pieces):
        raw -= _UNNAMED
    elif _lacks_attribute(question, pieces):
        raw -= _LACKING
    if is_uncounted(question, pieces):
        raw -= _UNCOUNTED
    return Answerability(1 / (1 + math.exp(-raw)), missing)


# What texts say of someone by these words or not at all; a nationality, say, needs no word for it.
_SAID_BY_NAME = frozenset({"spouse", "father", "mother", "child", "sibling", "price", "capital"})


def _names_no_relation(question: Question, pieces: Sequence[NumberedEvidence]) -> bool:
    """Whether what speaks of the topic nowhere names the one relation of it that is asked for."""
    asked = [pair for pair in asked_relations(question.folded) if pair[0].name in _SAID_BY_NAME]
    titles = named_titles(question.folded, pieces)
    if not asked or not titles:
        return False
    rest = question.folded
    for said in (*titles, *(span.cut(question.folded) for _, span in asked)):
        rest = rest.replace(said, " ")
    if Question(rest).key_terms:
        return False  # it asks for more, so that a text may say it in another way
    words = [word for term, words in question.terms.others.items() for word in (term, *words)]
    return not _said_of_topic(question, pieces, words)


# "Who is the mayor of X?", "X's mascot", X的发行量是多少: the attribute that is asked for.
_ATTRIBUTE = re.compile(
    r"\b(?:who|what) (?:is|was|are|were) the (?:current |present )?(?P<of>[a-z]{4,}) of\b|"
    r"['’]s (?P<own>[a-z]{4,})[?.\s]*$|"
    r"的(?P<zh>[\u4e00-\u9fff]{2,4}?)(?:现在)?(?:是|有|为)?(?:多少|几)"
)


def _lacks_attribute(question: Question, pieces: Sequence[NumberedEvidence]) -> bool:
    """Whether what speaks of the topic does not even name the attribute asked for."""
    match = _ATTRIBUTE.search(question.folded)
    if match is None or not named_titles(question.folded, pieces):
        return False
    noun = next(filter(None, match.groups()))
    others = (words for term, words in question.terms.others.items() if term in noun)
    return not _said_of_topic(question, pieces, [noun, *(one for words in others for one in words)])


def _said_of_topic(
    question: Question, pieces: Sequence[NumberedEvidence], words: Sequence[str]
) -> bool:
    """Whether evidence that speaks of the topic holds one of the words."""
    speak = on_topic(question.folded, pieces)
    told = [
        f"{piece.title}\n{piece.text}"
        for piece, speaks in zip(pieces, speak, strict=True)
        if speaks
    ]
    folded = fold("\n".join(told))
    present = latin_words(folded)
    return any(holds_term(word, present, folded) for word in words)


def features(question: Question, passages: Sequence[Evidence]) -> dict[str, float] | None:
    """What speaks for an answer, each about 0 to 1; None where there is nothing to judge."""
    terms = question.terms.weights
    if not passages or not terms:
        return None
    pieces = [
        NumberedEvidence(number, "passage", passage.title, passage.text)
        for number, passage in enumerate(passages, start=1)
    ]
    # As the weights were trained: what speaks of something else weighs as well.
    ranked = rank_sentences(question, pieces[:5], everywhere=True)
    best = pieces[ranked[0].number - 1] if ranked else pieces[0]
    sentence = ranked[0].text if ranked else ""
    texts = [f"{piece.title}\n{piece.text}" for piece in pieces]
    others = question.terms.others
    covers = [coverage(terms, text, others) for text in texts]
    scores = [passage.score for passage in passages]
    keys = question.key_terms
    in_best = [
        coverage(terms, f"{best.title} {s.cut(best.text)}", others) for s in sentences(best.text)
    ]
    return {
        "best sentence": ranked[0].score if ranked else 0.0,
        "second sentence": ranked[1].score if len(ranked) > 1 else 0.0,
        "first passage": covers[0],
        "first two passages": coverage(terms, "\n".join(texts[:2]), others),
        "best passage": max(covers),
        "first above the later": covers[0] - _later(covers),
        "margin": _margin(scores),
        "mean of the later scores": _mean(scores[1:10]) / (scores[0] or 1.0),
        "title in the question": float(_title_in_question(question, passages[0])),
        "names in the first": _names_found(question, passages[:1]),
        "names in the first two": _names_found(question, passages[:2]),
        "sentence with its title": max(in_best, default=0.0),
        "fits the asked type": float(fits_asked_kind(question, sentence)),
        "missing everywhere": _share_missing(keys, "\n".join(texts)),
        "missing in the first": _share_missing(keys, texts[0]),
        "longest common run": _common_run(question, sentence),
        "title covers": coverage(terms, pieces[0].title),
    }


def _share_missing(keys: Sequence[str], text: str) -> float:
    folded = fold(text)
    return sum(key not in folded for key in keys) / max(1, len(keys))


def _common_run(question: Question, sentence: str) -> float:
    """The longest run of characters that both hold, as a share of the question."""
    matcher = SequenceMatcher(None, question.folded, fold(sentence), autojunk=False)
    return matcher.find_longest_match().size / max(4, len(question.text))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


# What later passages cover of a question, as a share of what the first does, where there are none:
# about as in bases that are large enough. A small base is no worse for being small.
_LATER = 0.35


def _later(covers: Sequence[float]) -> float:
    return _mean(covers[4:10]) if len(covers) > 4 else _LATER * covers[0]


def _margin(scores: Sequence[float]) -> float:
    """How far the best passage stands above the second, as a share of its score."""
    if len(scores) < 2:
        return 0.5
    return (scores[0] - scores[1]) / scores[0] if scores[0] > 0 else 0.0


def _title_in_question(question: Question, piece: Evidence) -> bool:
    title = normalize_name(re.sub(r"[(（].*?[)）]", "", piece.title))
    return len(title) > 1 and title in normalize_name(question.text)


_NAME = re.compile(
    r"[《“\"「]([^》”\"」]{2,40})[》”\"」]|\b[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)*|\d{2,}|[A-Za-z]{2,}\d*"
)


def _names_found(question: Question, passages: Sequence[Evidence]) -> float:
    """The share of the question's names, quotations and numbers that the passages hold."""
    text = fold(" ".join(f"{piece.title} {piece.text}" for piece in passages))
    found = [fold(match.group(1) or match.group()) for match in _NAME.finditer(question.text)]
    names = [name for name in found if name not in stop_words()]
    return sum(name in text for name in names) / len(names) if names else 0.5
