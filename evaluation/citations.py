"""Checking a sentence against the evidence that it cites, and reading citation marks."""

import re
from functools import lru_cache

from ..notation import CITATION_MARK
from ..text.folding import fold
from ..text.scripts import language
from .support import support_score

_MOST_IN_RANGE = 20
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
# Before the bracket of an index: a name as only code has them.
_INDEXED = re.compile(
    r"(?:(?<![^\W_])[a-zA-Z]|\w*_\w*|\w+\.\w+|[a-z]+[A-Z]\w*|argv|args|arr|array|list|data)$",
    re.ASCII,
)
# Behind the bracket of one.
_USED = re.compile(r"\s*(?:[-+*/%]?=(?!\w{9})|\(|\.[a-z_]\w*\()")
_WHOLE = re.compile(r"(?:^|[\n。！？!?;；]|[.]\s)\s*$")
_OPENING = re.compile(
    r"^(?:(?:yes|no|well|so)\b[,.:]\s*|(?:是的|对|不|没有|不是)[，。,]\s*)", re.IGNORECASE
)
_LISTED = re.compile(r"^(?:[-*•]|\d{1,3}[.)])\s+")
_LONGEST = 1_000
_STOPS = " 。.!！?？;；"


@lru_cache(2_048)  # a sentence is looked at for its citations, for the answer, and in a stream
def is_supported(sentence: str, evidence: str) -> bool:
    """Whether evidence carries a sentence, by what can be told without a model.

    Clause by clause, numbers, names and other words are looked for, and whether both sides deny,
    turn into the opposite, or tell of the same who did what to whom (`evaluation/support.py`).
    What has more than 1,000 characters must be quoted. Not told apart are a word in the place of
    another one that the tables do not know as its opposite, and two facts of the evidence that are
    mixed up within one of its sentences.

    >>> is_supported("北京是中国的首都。", "北京，简称京，是中国的首都。")
    True
    >>> is_supported("It was built in 1890.", "The tower was built in 1889.")
    False
    """
    said = _OPENING.sub("", without_citations(sentence).strip())
    said = _without_label(said, evidence)
    if _is_quoted(said, evidence):
        return True
    return len(said) <= _LONGEST and support_score(said, evidence, language(said)) >= 0


def _without_label(sentence: str, evidence: str) -> str:
    """A sentence without the mark of a list, and without the evidence's title before a colon."""
    plain = _LISTED.sub("", sentence)
    title = fold(evidence.partition("\n")[0]).strip()
    colon = re.search("[:：]", plain)
    if colon is None or not title:
        return plain
    rest = plain[colon.end() :].lstrip("* ")
    return rest if rest and fold(plain[: colon.start()]).strip("* ") == title else plain


def _is_quoted(sentence: str, evidence: str) -> bool:
    """Whether whole sentences of the evidence say just this."""
    plain = re.sub(r"\s+", " ", fold(sentence)).strip(_STOPS)
    given = re.sub(
        r"[^\S\n]*\n\s*|[^\S\n]+", lambda m: "\n" if "\n" in m.group() else " ", fold(evidence)
    )
    start = given.find(plain) if plain else -1
    while start >= 0:
        before, after = given[:start], given[start + len(plain) :].lstrip(" ")
        opens = _WHOLE.search(before[-4:]) or not before.strip()
        if opens and (not after or after[0] in "\n。.!！?？;；"):
            return True
        start = given.find(plain, start + 1)
    return False


def without_citations(text: str) -> str:
    """A text without its citation marks."""
    for _, start, end in reversed(marks_in(text)):
        text = text[:start] + text[end:]
    return text


def marks_in(text: str) -> list[tuple[int, int, int]]:
    """The citation marks of an answer: (number, start, end), where several may share a mark.

    `[1]`, `[1, 2]`, `[1-3]`, `【1】` and `［1］` are marks; an index in code, as in `x[1]`, is not.

    >>> marks_in("甲。[1][12] 乙【2、3】")
    [(1, 2, 5), (12, 5, 9), (2, 11, 16), (3, 11, 16)]
    """
    found: list[tuple[int, int, int]] = []
    code = [match.span() for match in _CODE.finditer(text)]
    for match in CITATION_MARK.finditer(text):
        start, end = match.span()
        if any(opened <= start < closed for opened, closed in code):
            continue
        if match.group().startswith("[") and _is_index(text, start, end):
            continue
        found += [(number, start, end) for number in _numbers(match["numbers"])]
    return found


def _is_index(text: str, start: int, end: int) -> bool:
    """Whether brackets stand behind a name of code, or before what only code has."""
    before, after = text[max(0, start - 40) : start], text[end : end + 20]
    return _INDEXED.search(before) is not None or _USED.match(after) is not None


def _numbers(text: str) -> list[int]:
    """The numbers of a mark, those of a range one by one."""
    parts = re.split(r"[ \u3000]*([,，、;；–—-])[ \u3000]*", text)
    found = [int(parts[0])]
    for joint, part in zip(parts[1::2], parts[2::2], strict=True):
        number = int(part)
        if joint in "–—-" and found[-1] < number <= found[-1] + _MOST_IN_RANGE:
            found += range(found[-1] + 1, number)
        found.append(number)
    return found
