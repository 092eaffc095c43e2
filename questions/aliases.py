"""Another name of what a document is about, read as the name that the document bears."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from ..notation import NumberedEvidence, parse_fact
from ..relations import ALIASES, plain_predicate
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.spans import Span
from ..text.words import segmenter
from .question import Question
from .topics import bare_title, is_named

_LONGEST_NAME = 60
_MOST_SENTENCES = 12  # of a passage that may give another name
_GIVEN_ZH = re.compile(
    r"(?:又名|又称|又叫|也称|也叫|亦称|原名|别名|别称|俗称|简称|学名|全称|本名|旧称|古称|外号|绰号|[亦又也被]称为)"
    r"[为作是：:]{0,2}([^，。；,;（）()]{1,40})"
)
_GIVEN_EN = re.compile(
    r"\b(?:known as|also called|nicknamed|abbreviated(?: as| to)?|née|pen name|pseudonym)"
    r" ([^,.;()]{2,80})"
    # Bare, both stand before much that is no name: one has a capital there, or quotation marks.
    r"|\b(?:formerly|called) ((?:the )?[A-Z\"“][^,.;()]{1,80})"
)
_BETWEEN_ZH = re.compile(r"、|以及|[和及或与]")
_BETWEEN_EN = re.compile(r" (?:or|and) ")
_AROUND = " \"'“”‘’《》「」『』:："


def by_title(question: Question, pieces: Sequence[NumberedEvidence]) -> Question:
    """The question about a document's title, where it names what the title is also called.

    A passage says so ("钩盲蛇亦被称为铁丝蛇"), or a fact; a name of several titles, and one beside
    the title itself, is left as it is.

    Args:
        question: The question.
        pieces: Numbered evidence.
    """
    titles = {bare_title(piece.title) for piece in pieces if piece.title}
    if any(is_named(title, question.folded) for title in titles):
        return question
    called: dict[str, set[str]] = {}
    for piece in pieces:
        for name, title in _other_names(piece):
            if name != title and name not in title and is_named(name, question.folded):
                called.setdefault(name, set()).add(title)
    plain = {name: titles for name, titles in called.items() if len(titles) == 1}
    if not plain:
        return question
    for name in sorted(plain, key=len, reverse=True):
        place = _place_of(name, question.folded)
        if place is not None:
            (title,) = plain[name]
            return Question(f"{question.text[: place.start]}{title}{question.text[place.end :]}")
    return question


def _place_of(name: str, folded: str) -> Span | None:
    """Where a folded question holds a name as words of its own: not 北平 in 华北平原."""
    if not has_cjk(name):
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded)
        return Span(*match.span()) if match is not None else None
    start = folded.find(name)
    edges = {0, *accumulate(len(word) for word in segmenter().cut(folded))}
    return Span(start, start + len(name)) if {start, start + len(name)} <= edges else None


def _other_names(piece: NumberedEvidence) -> Iterator[tuple[str, str]]:
    """Folded names that a piece gives to a thing, each with the name that the thing bears."""
    if piece.kind == "fact":
        fact = parse_fact(piece.text)
        if fact is not None and plain_predicate(fact[1]) in ALIASES:
            for name in re.split(r"[、,，;；]", fold(fact[2])):
                yield name.strip(_AROUND), fold(fact[0])
        return
    title = bare_title(piece.title)
    is_chinese = has_cjk(piece.text)
    pattern, between = (_GIVEN_ZH, _BETWEEN_ZH) if is_chinese else (_GIVEN_EN, _BETWEEN_EN)
    if not title or pattern.search(piece.text) is None:
        return
    for number, span in enumerate(sentences(piece.text)[:_MOST_SENTENCES]):
        sentence = span.cut(piece.text)
        if number and title not in fold(sentence):  # it may speak of something else
            continue
        for match in pattern.finditer(sentence):
            for part in _parts(fold(match[match.lastindex or 1]), between):
                name = re.sub(r"^(?:the|an?|as) ", "", part.strip(_AROUND)).strip(_AROUND)
                if (2 if has_cjk(name) else 4) <= len(name) <= _LONGEST_NAME:
                    yield name, title


def _parts(names: str, between: re.Pattern[str]) -> list[str]:
    """Names that stand together, one by one; 和 may be a part of one, as in 和平饭店."""
    parts = between.split(names)
    return parts if all(len(part.strip(_AROUND)) > 1 for part in parts) else [names]
