"""Checking a sentence against the evidence that it cites: numbers, names, negation, words."""

import re

from ..text.folding import fold
from ..text.scripts import language
from ..text.words import words

_MARK = re.compile(r"\[(\d{1,9})\]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"[《“\"「]([^》”\"」]{1,40})[》”\"」]|(?<=\w )([A-Z][\w'-]+)")
_NEGATION = {
    "zh": re.compile(
        r"没有|不是|并非|并未|从未|未曾|不(?!仅|但|过|同|久|断|少|得不)|无法|非(?=是)"
    ),
    "en": re.compile(r"\b(?:not|never|no|none|neither|nor|without)\b|n't\b", re.IGNORECASE),
}
_LEAST_COVERAGE = 0.6


def is_supported(sentence: str, evidence: str) -> bool:
    """Whether evidence carries a sentence, by what can be told without a model.

    Every number and name of the sentence must stand in the evidence, both must be negated or
    neither, and most of the sentence's words must be found.

    >>> is_supported("北京是中国的首都。", "北京，简称京，是中国的首都。")
    True
    >>> is_supported("It was built in 1890.", "The tower was built in 1889.")
    False
    """
    plain, given = fold(sentence), fold(evidence)
    if plain.strip(" 。.!！?？") in given:
        return True
    numbers = {number.replace(",", "") for number in _NUMBER.findall(given)}
    if any(number.replace(",", "") not in numbers for number in _NUMBER.findall(plain)):
        return False
    names = [fold(a or b) for a, b in _NAME.findall(sentence)]
    if any(name not in given for name in names):
        return False
    negation = _NEGATION[language(sentence)]
    if bool(negation.search(plain)) and not negation.search(given):
        return False
    terms = set(words(sentence))
    found = terms & set(words(evidence))
    return bool(terms) and len(found) >= _LEAST_COVERAGE * len(terms)


def marks_in(text: str) -> list[tuple[int, int, int]]:
    """The citation marks of an answer: (number, start, end) of each `[n]`.

    >>> marks_in("甲。[1][12]")
    [(1, 2, 5), (12, 5, 9)]
    """
    return [(int(match.group(1)), match.start(), match.end()) for match in _MARK.finditer(text)]
