"""Which predicate a question asks for: its own words, and a small table of other ways to ask.

Texts name a relation once ("导演", "directed by") and questions in many ways ("谁拍的", "who
made"). The table joins them for the commonest relations; any other predicate has to be named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ..relations import RELATIONS, Relation, plain_predicate
from ..text.dates import is_date
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.spans import Span
from ..text.words import segmenter, stem_word, stop_words

_WEAK = stop_words("predicate")


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a predicate fits a question (0..1), and the words of the question that say so."""

    score: float
    span: Span


@cache
def _relations_by_predicate() -> Mapping[str, tuple[Relation, ...]]:
    found: dict[str, tuple[Relation, ...]] = {}
    for relation in RELATIONS:
        for predicate in relation.predicates:
            found[predicate] = (*found.get(predicate, ()), relation)
    return found


def asked_relations(question: str) -> list[tuple[Relation, Span]]:
    """The relations of the table that a question (names blanked out) asks for, with their words."""
    found: list[tuple[Relation, Span]] = []
    for relation in RELATIONS:
        match = relation.cue.search(question)
        if match is not None:
            found.append((relation, _key_span(match)))
    return found


def _key_span(match: re.Match[str]) -> Span:
    for name in match.groupdict():
        if match.group(name):
            return Span(*match.span(name))
    return Span(*match.span())


def predicate_fit(
    predicate: str, object_: str, question: str, asked: list[tuple[Relation, Span]]
) -> Fit | None:
    """How well a fact's predicate fits a question whose names are blanked out; None where not.

    Args:
        predicate: The fact's predicate.
        object_: The fact's object; its kind must be what the question asks for.
        question: The folded question, the names in it blanked out.
        asked: `asked_relations(question)`.
    """
    plain = plain_predicate(predicate)
    relations = _relations_by_predicate().get(plain, ())
    for relation, span in asked:
        if relation in relations and _value_fits(relation, object_):
            return Fit(0.9, span)
    # Asked by another kind of value: "born" with a date is no answer to "where".
    if any(relation.value is not None for relation in relations) and any(
        relation.value is not None and plain in relation.predicates for relation, _ in asked
    ):
        return None
    return _literal_fit(plain, question)


def _value_fits(relation: Relation, object_: str) -> bool:
    if relation.value is None:
        return True
    return is_date(fold(object_)) == (relation.value == "date")


def _literal_fit(plain: str, question: str) -> Fit | None:
    """Whether the question names the predicate itself, wholly or for the greater part."""
    if has_cjk(plain):
        return _literal_fit_chinese(plain, question)
    wanted = [stem_word(word) for word in re.findall(r"[^\W\d_]+", plain) if word not in _WEAK]
    if not wanted:
        return None
    heard = {
        stem_word(match.group()): Span(*match.span())
        for match in re.finditer(r"[^\W\d_]+", question)
    }
    matched = [heard[word] for word in wanted if word in heard]
    if len(matched) * 2 <= len(wanted):
        return None
    return Fit(0.95 if len(matched) == len(wanted) else 0.6, matched[0])


def _literal_fit_chinese(plain: str, question: str) -> Fit | None:
    if len(plain) >= 2 and plain not in _WEAK:
        position = question.find(plain)
        if position >= 0:
            return Fit(0.95, Span(position, position + len(plain)))
    if len(plain) < 4 or (plain.endswith(("时间", "日期")) and not _ASKS_WHEN.search(question)):
        return None
    parts = [word for word in segmenter().cut(plain) if len(word) > 1 and word not in _WEAK]
    matched = [word for word in parts if word in question]
    if not matched or 2 * len("".join(matched)) < len(plain):
        return None
    position = question.find(matched[0])
    return Fit(0.6, Span(position, position + len(matched[0])))


_ASKS_WHEN = re.compile(r"哪一?[年天]|何时|何年|什么时[候间]|时间|日期|年份|几[月号年]|多久")


_GENERAL = re.compile(
    r"请|一下|介绍|简介|简述|概述|谈谈|说说|讲讲|告诉我|什么是|是什么|谁是|是谁|是什么人|何人|"
    r"何许人也|怎么样|的?(?:资料|信息|情况|背景|生平|定义|意思)"
    r"|什么样?的?|人物|关于|有关|我想?(?:了解|知道)|了解|知道|\b(?:please|tell me|tell us|about|"
    r"who|what|is|was|are|"
    r"were|describe|description|overview|"
    r"introduce|introduction|information|summary|summari[sz]e|give|me|us|an?|the|of|on|do you "
    r"know|define|definition|meaning|explain|mean|does)\b"
)


def is_general(question: str, *, wholly: bool = False) -> bool:
    """Whether a question (names blanked out) asks about its subject in general.

    Args:
        question: The folded question.
        wholly: Whether not even one Chinese character may be left that asks for something else.

    >>> is_general("介绍一下  "), is_general("who was   ?"), is_general("who directed  ?")
    (True, True, False)
    """
    rest = re.sub(r"[\W_]+|[吗呢的了吧啊是]", "", _GENERAL.sub(" ", question))
    return len(rest) <= (1 if has_cjk(rest) and not wholly else 0)
