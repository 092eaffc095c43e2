"""A misspelt name in a question, read as the nearest one that the evidence knows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..notation import NumberedEvidence, parse_fact
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.spans import Span
from ..text.words import stop_words
from .topics import bare_title, is_named

_LEAST_RATIO = 0.84
_LEAST_LETTERS = 5
_LEAST_CHARACTERS = 3  # of a Chinese name: one of them may be wrong
_MOST_NAMES = 60


@dataclass(frozen=True, slots=True)
class Correction:
    """What a question says, the name that it is read as, and the question with that name."""

    said: str
    name: str
    question: str


def correct_name(
    question: str, pieces: Sequence[NumberedEvidence], names: Sequence[str] = ()
) -> Correction | None:
    """Read a misspelt name as the nearest title or subject of the evidence, if one is near.

    `names` are further ones that are known.

    A question that names one rightly is left alone, and so are one that two names are as near to
    and words that the evidence says just so.

    >>> piece = NumberedEvidence(1, "passage", "Kermode bear", "It is white.")
    >>> correct_name("Where does the Kermod bear live?", [piece]).question
    'Where does the Kermode bear live?'
    """
    folded = fold(question)
    names = list(dict.fromkeys([*_names(pieces), *names]))
    if not names or any(is_named(fold(name), folded) for name in names):
        return None
    text = fold("\n".join(piece.text for piece in pieces))
    found = sorted(
        (-ratio, name, span)
        for name in names
        for ratio, span in _near(fold(name), folded)
        if not _stands(span.cut(folded), text)  # what the evidence itself says is no slip
    )
    if not found or (len(found) > 1 and found[0][0] == found[1][0] and found[0][1] != found[1][1]):
        return None
    _, name, span = found[0]
    read = f"{question[: span.start]}{name}{question[span.end :]}"
    return Correction(span.cut(question), name, read)


def _stands(said: str, text: str) -> bool:
    if has_cjk(said):
        return said in text
    return re.search(rf"(?<!\w){re.escape(said)}(?!\w)", text) is not None


def _names(pieces: Iterable[NumberedEvidence]) -> list[str]:
    """Titles without their brackets, and subjects of facts, each once."""
    found: dict[str, None] = {}
    for piece in pieces:
        fact = parse_fact(piece.text) if piece.kind == "fact" else None
        name = fact[0] if fact is not None else piece.title
        bare = name[: len(bare_title(name))].strip()
        if bare:
            found[bare] = None
    return list(found)[:_MOST_NAMES]


def _near(name: str, question: str) -> Iterator[tuple[float, Span]]:
    """The places of a question that are nearly a name, with how near they are (below 1)."""
    if has_cjk(name):
        yield from _near_chinese(name, question)
        return
    words = list(re.finditer(r"[^\W_]+(?:['’-][^\W_]+)*", question))
    count = len(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", name))
    if len(name) < _LEAST_LETTERS or not count:
        return
    for index in range(len(words) - count + 1):
        span = Span(words[index].start(), words[index + count - 1].end())
        said = span.cut(question)
        if words[index].group() in stop_words() or said[:1] != name[:1]:
            continue
        ratio = SequenceMatcher(None, said, name, autojunk=False).ratio()
        if ratio >= _LEAST_RATIO:
            yield ratio, span


def _near_chinese(name: str, question: str) -> Iterator[tuple[float, Span]]:
    size = len(name)
    if size < _LEAST_CHARACTERS:
        return
    for start in range(len(question) - size + 1):
        span = Span(start, start + size)
        same = sum(a == b for a, b in zip(span.cut(question), name, strict=True))
        if same >= size - max(1, size // 5):
            yield same / size, span
