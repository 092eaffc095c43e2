"""Another name of what a document is about, read as the name that the document bears."""

import re
from collections.abc import Iterator, Sequence

from ..notation import NumberedEvidence, parse_fact
from ..relations import ALIASES, plain_predicate
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from .question import Question
from .topics import bare_title, is_named

_LONGEST_NAME = 60
_MOST_SENTENCES = 12  # of a passage that may give another name
_GIVEN_ZH = re.compile(
    r"(?:又名|又称|又叫|也称|也叫|亦称|原名|别名|别称|俗称|简称|学名|全称|本名|旧称|古称|外号|绰号|称为|叫做)"
    r"[为作是：:]{0,2}([^，。；,;（）()]{1,40})"
)
_GIVEN_EN = re.compile(
    r"\b(?:known as|called|nicknamed|abbreviated(?: as| to)?|formerly|née|pseudonym|pen name)"
    r" ([^,.;()]{2,80})"
)
_BETWEEN_ZH = re.compile(r"[、和及或与]|以及")
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
    name = max(plain, key=len)
    place = question.folded.find(name)
    if place < 0:
        return question
    (title,) = plain[name]
    return Question(f"{question.text[:place]}{title}{question.text[place + len(name) :]}")


def _other_names(piece: NumberedEvidence) -> Iterator[tuple[str, str]]:
    """Folded names that a piece gives to a thing, each with the name that the thing bears."""
    if piece.kind == "fact":
        fact = parse_fact(piece.text)
        if fact is not None and plain_predicate(fact[1]) in ALIASES:
            for name in re.split(r"[、,，;；]", fold(fact[2])):
                yield name.strip(_AROUND), fold(fact[0])
        return
    title = bare_title(piece.title)
    folded = fold(piece.text)
    pattern, between = (_GIVEN_ZH, _BETWEEN_ZH) if has_cjk(folded) else (_GIVEN_EN, _BETWEEN_EN)
    if not title or pattern.search(folded) is None:
        return
    for number, span in enumerate(sentences(piece.text)[:_MOST_SENTENCES]):
        sentence = folded[span.start : span.end]
        if number and title not in sentence:  # it may speak of something else
            continue
        for match in pattern.finditer(sentence):
            for part in between.split(match[1]):
                name = re.sub(r"^(?:the|an?|as) ", "", part.strip(_AROUND)).strip(_AROUND)
                if (2 if has_cjk(name) else 4) <= len(name) <= _LONGEST_NAME:
                    yield name, title
