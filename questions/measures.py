"""How long, high, deep, heavy or dear something is: the sentence that gives such a measure.

A question for a measure of a thing says nothing else that a sentence could share with it, and a
sentence that gives none of the kind answers it not at all, however many words it shares.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.spans import Span
from ..text.words import stem_word
from .question import Question
from .terms import holds_term, latin_words
from .topics import bare_title, named_titles

_MOST_CHARACTERS = 600  # of a sentence
_MOST_TEXT = 4_000
_WIDE = ("duration", "population")  # given in too many ways to say that one is not


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of measure: how questions ask for it, and how sentences give it."""

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """A sentence that gives a measure; `span` is its place in the text of the piece `number`."""

    number: int
    text: str
    span: Span


@cache
def measures() -> tuple[Measure, ...]:
    """The measures of measures.toml."""
    table = tomllib.loads(Path(__file__).with_name("measures.toml").read_text("utf-8"))

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, words_ in table["words"].items():
            pattern = pattern.replace(f"{{{name}}}", words_)
        return re.compile(pattern)

    return tuple(
        Measure(row["name"], compiled(row["asked"]), compiled(row["given"]))
        for row in table["measure"]
    )


def asked_measure(question: str) -> Measure | None:
    """The measure that a folded question asks for.

    >>> asked_measure("how deep is the lake?").name
    'depth'
    """
    return next((one for one in measures() if one.asked.search(question)), None)


def find_measure(question: Question, pieces: Sequence[NumberedEvidence]) -> Measured | None:
    """The sentence that gives what is asked of the thing that the question names, or None.

    The thing is what a title names; whatever else the question says must stand in the sentence.
    """
    measure = asked_measure(question.folded)
    listed = [piece for piece in pieces if piece.kind == "passage"]
    if measure is None:
        return None
    titles = named_titles(question.folded, listed)
    best: tuple[tuple[int, int], Measured] | None = None
    for rank, piece in enumerate(listed):
        if bare_title(piece.title) not in titles:
            continue
        wanted = _rest(question, measure, piece)
        for span in sentences(piece.text):
            sentence = span.cut(piece.text)
            folded = fold(sentence[:_MOST_CHARACTERS])
            if measure.given.search(folded) is None:
                continue
            present = latin_words(folded)
            held = sum(holds_term(term, present, folded) for term in wanted)
            if 2 * held < len(wanted) or (wanted and not held):
                continue
            names = measure.name in folded or _says(measure, folded)
            order = (held + names, -rank)
            if best is None or order > best[0]:
                best = order, Measured(piece.number, sentence, span)
    return best[1] if best is not None else None


def lacks_measure(question: Question, pieces: Sequence[NumberedEvidence]) -> bool:
    """Whether a question asks for a measure of a named thing that no passage on it gives."""
    measure = asked_measure(question.folded)
    if measure is None or measure.name in _WIDE:
        return False
    listed = [piece for piece in pieces if piece.kind == "passage"]
    return bool(named_titles(question.folded, listed)) and find_measure(question, pieces) is None


# Times, people and measures are told in too many ways to say that a text counts none.
_COUNTED = re.compile(
    r"\bhow many (?:(?:different|other|kinds of|types of|separate) )?"
    r"(?!(?:days?|hours?|weeks?|months?|years?|minutes?|seconds?|times|people|persons?|met(?:er|re)s?|"
    r"miles?|feet|kilomet(?:er|re)s?|percent)\b)(?P<en>\w{3,})"
)
_COUNTED_ZH = re.compile(
    r"(?:多少|几)[个名位座条种家部张所只本辆艘]?(?![天年月日人次岁元块米里倍分秒小钱周])"
    r"(?P<zh>[\u4e00-\u9fff]{2,4}?)(?=[？?，。]|$)"
)


def is_uncounted(question: Question, pieces: Sequence[NumberedEvidence]) -> bool:
    """Whether a question asks how many there are of something that nothing in the evidence counts.

    Counted is what stands behind a number within three words, or shortly before one.
    """
    match = _COUNTED.search(question.folded) or _COUNTED_ZH.search(question.folded)
    if match is None:
        return False
    noun = next(filter(None, match.groups()))
    stem = re.escape(noun if has_cjk(noun) else stem_word(noun)[:8])
    number = _number()
    if has_cjk(noun):
        given = (
            rf"{number}(?![年月日天元岁时分])[\u4e00-\u9fff]{{0,4}}{stem}"
            rf"|{stem}(?:总数|人数|数量|数目|[共有约为达近是超过多到]){{1,4}}{number}"
        )
    else:
        given = (
            rf"{number}[ -](?:[\w'-]+ ){{0,3}}{stem}"
            rf"|\b{stem}\w*,? (?:is|are|was|were|numbered|totall?ed|:) (?:[\w'-]+ ){{0,3}}{number}"
        )
    pattern = re.compile(given)
    return not any(pattern.search(fold(piece.text[:_MOST_TEXT])) for piece in pieces)


@cache
def _number() -> str:
    table = tomllib.loads(Path(__file__).with_name("measures.toml").read_text("utf-8"))
    return table["words"]["n"].replace("an?|one|", "", 1)


def _rest(question: Question, measure: Measure, piece: NumberedEvidence) -> list[str]:
    """The content words of a question beside the title and the words for the measure."""
    title = bare_title(piece.title)
    rest = measure.asked.sub(" ", question.folded).replace(title, " ")
    return [term for term in Question(rest).key_terms if term not in title]


_SAYS = {
    "length": r"\b(?:long|length)\b|长",
    "height": r"\b(?:high|tall|height|rises?|elevation|altitude|above sea)\b|高|海拔",
    "depth": r"\b(?:deep|depth)\b|深",
    "width": r"\b(?:wide|width|across)\b|宽",
    "weight": r"\b(?:weigh\w*|heavy)\b|重",
    "price": r"\b(?:cost|costs|price)\b|价|费",
    "area": r"\b(?:area|covers?)\b|面积|占地",
    "population": r"\bpopulation\b|人口",
}


def _says(measure: Measure, folded: str) -> bool:
    """Whether a sentence names the measure that it gives: "30 km long", not "30 km away"."""
    return measure.name in _SAYS and re.search(_SAYS[measure.name], folded) is not None
