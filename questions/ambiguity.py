"""A name that several titles bear: which of them a question means, or that it does not say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..evidence import MAX_TITLE_CHARACTERS
from ..notation import NumberedEvidence
from ..text.folding import fold
from .definitions import asked_subject, find_definition
from .question import Question
from .terms import missing_terms
from .topics import bare_title, is_named

#: So many of the things that bear a name are told.
MOST_MEANINGS = 5
_QUALIFIER = re.compile(r"[(（]([^()（）]+)[)）]\s*$")
_LISTS_MEANINGS = re.compile(r"(?i)[(（](?:disambiguation|消歧义页?)[)）]\s*$")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One of the things that a name may mean: its title, its piece, and what it is, if told."""

    title: str
    number: int
    told: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A name of a question, and the things that bear it."""

    name: str
    meanings: tuple[Meaning, ...]


def find_ambiguity(question: Question, pieces: Sequence[NumberedEvidence]) -> Ambiguity | None:
    """The name of a question that several documents answer to, where it does not say which.

    "Mercury (planet)" and "Mercury (element)" are told apart by what stands in their brackets, or
    by what else is asked, where only one of them speaks of it. A title without brackets is what
    the bare name means.

    Args:
        question: The question.
        pieces: Numbered evidence.
    """
    for bare, by_title in _same_names(question.folded, pieces).items():
        if _meant(question, bare, by_title) or not _speak_alike(question, bare, by_title):
            continue
        is_asked_of = asked_subject(question.text) == bare
        found = [
            _defined(question, title, of) if is_asked_of else Meaning(title, of[0].number)
            for title, of in by_title.items()
        ]
        return Ambiguity(_as_written(bare, next(iter(by_title))), tuple(found[:MOST_MEANINGS]))
    return None


def of_what_is_meant(
    question: Question, pieces: Sequence[NumberedEvidence]
) -> list[NumberedEvidence]:
    """The pieces without those of other things that bear a name of the question."""
    left_out: set[str] = set()
    for bare, by_title in _same_names(question.folded, pieces).items():
        meant = _meant(question, bare, by_title)
        left_out |= set(by_title) - meant if meant else set()
    return [piece for piece in pieces if _title(piece) not in left_out]


def meant_title(message: str, titles: Sequence[str]) -> str:
    """The title that a reply to "which one?" picks; empty where it picks none, or several.

    >>> meant_title("The planet.", ["Mercury (planet)", "Mercury (element)"])
    'Mercury (planet)'
    >>> meant_title("第二个", ["李娜（歌手）", "李娜（网球运动员）"])
    '李娜（网球运动员）'
    """
    said = fold(message).strip()
    if len(said) > _SHORT or _ASKS.search(said):  # another question
        return ""
    picked = [
        title
        for title in titles
        if _is_meant(title, bare_title(title), said) or fold(title) == said
    ]
    if len(picked) == 1:
        return picked[0]
    placed = _PLACED.search(said)
    if placed is None or picked:
        return ""
    place = next(i for i, word in enumerate(placed.groups()) if word)
    place = len(titles) - 1 if place == len(_PLACES) - 1 else place
    return titles[place] if place < len(titles) else ""


# The first, the second ..., the last.
_PLACES = (
    r"first|former|第一|前者|前一",
    r"second|第二",
    r"third|第三",
    r"fourth|第四",
    r"last|latter|最后|后者|后一",
)
_PLACED = re.compile("|".join(f"({words})" for words in _PLACES))
_SHORT = 40
_ASKS = re.compile(
    r"\b(?:what|who|whom|whose|when|where|why|how)\b|^(?:which|is|are|was|were|do|does|did|can)\b"
    r"|[谁哪几吗]|什么|怎|如何|多少|为何"
)


def _title(piece: NumberedEvidence) -> str:
    return piece.title[:MAX_TITLE_CHARACTERS].strip()


def _same_names(
    folded: str, pieces: Sequence[NumberedEvidence]
) -> Mapping[str, dict[str, list[NumberedEvidence]]]:
    """By each name of the question that is ambiguous: the titles that bear it, and their pieces."""
    found: dict[str, dict[str, list[NumberedEvidence]]] = {}
    for piece in pieces:
        if (title := _title(piece)) and not _LISTS_MEANINGS.search(title):
            found.setdefault(bare_title(title), {}).setdefault(title, []).append(piece)
    return {
        bare: by_title
        for bare, by_title in found.items()
        if len({fold(title) for title in by_title}) > 1
        and all(_QUALIFIER.search(title) for title in by_title)
        and is_named(bare, folded)
    }


def _meant(
    question: Question, bare: str, by_title: Mapping[str, Sequence[NumberedEvidence]]
) -> set[str]:
    """The titles that a question means by words of their brackets."""
    return {title for title in by_title if _is_meant(title, bare, question.folded)}


def _is_meant(title: str, bare: str, folded: str) -> bool:
    """Whether a text says which one it means: by a word of the brackets behind the title."""
    match = _QUALIFIER.search(fold(title))
    if match is None:
        return False
    rest = folded.replace(bare, " ", 1)
    words = [match[1], *(one for one in _WORD.findall(match[1]) if len(one) > 2)]
    return any(is_named(word, rest) for word in words)


def _speak_alike(
    question: Question, bare: str, by_title: Mapping[str, Sequence[NumberedEvidence]]
) -> bool:
    """Whether several of the things speak of what else is asked, or nothing else is."""
    terms = [term for term in question.key_terms if term not in bare and bare not in term]
    if not terms or asked_subject(question.text) == bare:
        return True
    missing = [
        len(missing_terms(terms, fold("\n".join(piece.text for piece in of))))
        for of in by_title.values()
    ]
    least = min(missing)
    return missing.count(least) > 1 and least <= len(terms) // 3


def _defined(question: Question, title: str, pieces: Sequence[NumberedEvidence]) -> Meaning:
    found = find_definition(question.text, pieces)
    if found is None:
        return Meaning(title, pieces[0].number)
    return Meaning(title, found.number, found.text)


def _as_written(bare: str, title: str) -> str:
    """The name in the letters of a title."""
    plain = _QUALIFIER.sub("", title).strip()
    return plain if fold(plain) == bare else bare
