"""How something is done: the command, option or step of the evidence that a question asks for.

Manual pages and READMEs say it in units of their own: an option with what it does, a command in a
block of code with the line before it, an item of a list. A unit answers where it holds what the
question wants to do, the topic aside.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.markup import without_markup
from ..text.scripts import has_cjk
from ..text.spans import Span
from ..text.words import stem_word
from .question import Question
from .terms import holds_term, latin_words, term_weight
from .topics import bare_title, on_topic

_ASKED = re.compile(
    r"\bhow (?:do|does|did|can|could|would|should|may|must|to)\b"
    r"|\b(?:what|which)(?:'s| is| are)? (?:the )?(?:command|option|flag|switch|parameter|argument|"
    r"setting|way|steps?|key|shortcut)\b"
    r"|\bwhat (?:do|does) (?:the )?(?P<named>-{1,2}\w[\w-]*|\.\w+)"
    r"|怎么(?!样)|怎样|如何|咋|(?:什么|哪个|哪些)(?:命令|选项|参数|开关|方法|步骤)"
)
_FENCE = re.compile(r"\s*(?:```|~~~)")
_OPTION = re.compile(r"\s*(?:-{1,2}[A-Za-z0-9?#][\w-]*|\.[a-z]\w*|/[A-Z?]\b)(?=[\s,=\[<|(]|$)")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+\S")
_COMMAND = re.compile(r"`+[^`\n]{2,}`+|(?:^|\s)\$ \S|\s-{1,2}[A-Za-z][\w-]*\b")
_DENIED = re.compile(r"(?:(?:don't|do not|never|not|how to|see)\b|不|勿|见|参见)", re.IGNORECASE)
_HEADING = re.compile(r"\s*#{1,6}\s|[A-Z][A-Z0-9 -]{3,}$")
_SENTENCE_END = re.compile(r"[.。!！?？:：;；][\"'”’)）`]*\s*$")
_UNDERLINE = re.compile(r"\s*([=~^*-])\1{2,}\s*$")
_LONGEST = 320
_LEAST = 0.6
_ELSEWHERE = 0.2
_HEAD = 60


@dataclass(frozen=True, slots=True)
class Instruction:
    """A unit that says how: `span` is its place in the text of the piece `number`."""

    number: int
    text: str
    score: float
    span: Span


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str  # what is shown
    heading: str
    span: Span
    force: float  # how surely it is an instruction


def asks_how(question: str) -> bool:
    """Whether a folded question asks how something is done.

    >>> [asks_how(one) for one in ("how do i leave it?", "怎么安装？", "how high is it?")]
    [True, True, False]
    """
    return _ASKED.search(question) is not None


def find_instruction(question: Question, pieces: Sequence[NumberedEvidence]) -> Instruction | None:
    """The unit of the passages that says best how to do what a question asks, or None."""
    match = _ASKED.search(question.folded)
    if match is None:
        return None
    # As the question writes it: -h and -H are two options.
    named = question.text[slice(*match.span("named"))] or _named_option(question.text)
    listed = [piece for piece in pieces if piece.kind == "passage"]
    whole: dict[str, str] = {}
    for piece in listed:
        whole[piece.title] = f"{whole.get(piece.title, piece.title)}\n{piece.text}"
    documents = {
        title: (folded := fold(text), latin_words(folded)) for title, text in whole.items()
    }
    terms = _action_terms(question)
    best: Instruction | None = None
    for rank, (piece, speaks) in enumerate(
        zip(listed, on_topic(question.folded, listed), strict=True)
    ):
        wanted = _wanted(terms, piece.title, *documents[piece.title])
        for unit in _units(piece.text) if speaks else ():
            covered = float(_begins_with(unit.text, named)) if named else _covered(wanted, unit)
            if covered < _LEAST:
                continue
            score = covered + unit.force + _early(wanted, unit) - 0.003 * rank
            if best is None or score > best.score:
                best = Instruction(piece.number, unit.text, score, unit.span)
    return best


def _named_option(question: str) -> str:
    """The option that a question names, as in "what does the -k option do"."""
    match = re.search(r"(?<![\w-])(-{1,2}[A-Za-z0-9][\w-]*|\.[a-z]\w+)(?![\w.])", question)
    asks = re.search(r"\b(?:do|does|mean|for|effect)\b|作用|含义|意思|做什么|干什么", question)
    return match.group(1) if match and asks else ""


def _begins_with(unit: str, option: str) -> bool:
    head = re.split(r"\s{2,}|\s(?=[A-Z][a-z])", unit, maxsplit=1)[0]
    return re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", head) is not None


def _wanted(
    terms: Sequence[str], title: str, document: str, present: Counter[str]
) -> dict[str, float]:
    """What is to be done: the content words without those of the document's name.

    What the document (folded, with its words) speaks of elsewhere weighs less: it is the topic more
    often than not.
    """
    bare = bare_title(title)
    about = latin_words(fold(title))
    rest = [
        term
        for term in terms
        if not (holds_term(term, about, bare) or (len(term) > 1 and term in bare))
    ]
    return {
        term: term_weight(term)
        * (1.0 if index == 0 or not holds_term(term, present, document) else _ELSEWHERE)
        for index, term in enumerate(rest)
    }


def _action_terms(question: Question) -> list[str]:
    plain = _ASKED.sub(" ", question.folded)
    found = Question(plain).key_terms
    silent = _table()["silent"]
    listed = {*silent["en"], *silent["zh"]}
    return [term for term in found if term not in listed]


def _covered(wanted: Mapping[str, float], unit: _Unit) -> float:
    """The weighted share of what is wanted that a unit or its heading says; 0 without the action.

    What is to be done comes first in a question, and first in the unit that says how.
    """
    total = sum(wanted.values())
    if not total or (_denied(unit.text) and not _is_named(unit, next(iter(wanted)))):
        return 0.0
    text = f"{unit.heading}\n{unit.text}"
    held = {term: force for term in wanted if (force := _holds(text, term))}
    if next(iter(wanted)) not in held:
        return 0.0
    return sum(wanted[term] * force for term, force in held.items()) / total


def _early(wanted: Mapping[str, float], unit: _Unit) -> float:
    """How much more a unit says the action that names it, or that says it at once."""
    if not wanted:
        return 0.0
    action = next(iter(wanted))
    if _is_named(unit, action):
        exact = any(stem_word(alias) == stem_word(action) for alias in _aliases(unit.text))
        return 0.3 if exact else 0.25
    return 0.2 * _holds(f"{unit.heading}\n{unit.text[:_HEAD]}", action)


def _is_named(unit: _Unit, action: str) -> bool:
    """Whether an option bears the name of an action."""
    return any(_holds(alias, action) for alias in _aliases(unit.text))


def _aliases(unit: str) -> list[str]:
    """The names of an option: keep of `-k, --keep`."""
    if not _OPTION.match(unit):
        return []
    head = re.split(r"\s{2,}|\s(?=[A-Z][a-z])", unit, maxsplit=1)[0]
    return [name for part in re.split(r"[,\s=]+", head) if (name := part.strip("-. "))]


def _denied(text: str) -> bool:
    """Whether a unit says first of all what is not done, or only leads to where it is said."""
    listed = text[: 4 * _HEAD].split()
    while listed and listed[0].startswith("-"):
        listed.pop(0)
    return _DENIED.match(" ".join(listed)) is not None


def _holds(text: str, term: str) -> float:
    """1 where a text holds a term (or begins a word with it), less where it says it otherwise."""
    folded = fold(text)
    present = latin_words(re.sub(r"[._-]", " ", folded))
    if holds_term(term, present, folded):
        return 1.0
    if len(term) > 3 and any(word.startswith(term) for word in present):
        return 1.0
    return 0.85 * any(holds_term(one, present, folded) for one in _alike(term))


@cache
def _table() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("instructions.toml").read_text("utf-8"))


@cache
def _alike(term: str) -> tuple[str, ...]:
    """Other words for the same action."""
    key = term if has_cjk(term) else stem_word(term)
    for part in _table()["same"].values():
        for row in part:
            listed = row.split()
            if key in {one if has_cjk(one) else stem_word(one) for one in listed}:
                return tuple(one for one in listed if one != term)
    return ()


# --- units ------------------------------------------------------------------------------------


def _units(text: str) -> Iterator[_Unit]:
    """The units of a passage that may say how something is done."""
    lines = _lines(text)
    heading = ""
    index = 0
    while index < len(lines):
        start, line = lines[index]
        after = lines[index + 1][1] if index + 1 < len(lines) else ""
        if _HEADING.match(line) or (line.strip() and _UNDERLINE.fullmatch(after)):
            heading = line.strip().lstrip("# ")
            index += 1
        elif _FENCE.match(line):
            end = _fence_end(lines, index)
            yield from _code_unit(text, lines, index, end, heading)
            index = end + 1
        elif _OPTION.match(line):
            end = _entry_end(lines, index)
            yield _unit(text, start, lines[end], heading, 0.3)
            index = end + 1
        else:
            if line.strip() and not _UNDERLINE.fullmatch(line):
                end = _entry_end(lines, index) if _ITEM.match(line) else _prose_end(lines, index)
                force = 0.2 if _COMMAND.search(line) else 0.05 if _ITEM.match(line) else None
                if force is not None:
                    yield _unit(text, start, lines[end], heading, force)
                    index = end
            index += 1


def _lines(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        found.append((start, line))
        start += len(line) + 1
    return found


def _fence_end(lines: Sequence[tuple[int, str]], index: int) -> int:
    for end in range(index + 1, len(lines)):
        if _FENCE.match(lines[end][1]):
            return end
    return len(lines) - 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _entry_end(lines: Sequence[tuple[int, str]], index: int) -> int:
    """The last line of an entry: those indented further belong to it, up to a blank line."""
    depth, end = _indent(lines[index][1]), index
    for later in range(index + 1, len(lines)):
        line = lines[later][1]
        if not line.strip() or _indent(line) <= depth or _OPTION.match(line):
            break
        end = later
    return end


def _prose_end(lines: Sequence[tuple[int, str]], index: int) -> int:
    """The line in which a sentence ends that begins in another one."""
    end = index
    while end + 1 < len(lines) and not _SENTENCE_END.search(lines[end][1]):
        after = lines[end + 1][1]
        if not after.strip() or any(
            mark.match(after) for mark in (_FENCE, _OPTION, _ITEM, _HEADING, _UNDERLINE)
        ):
            break
        end += 1
    return end


def _unit(text: str, start: int, last: tuple[int, str], heading: str, force: float) -> _Unit:
    span = Span(start, max(start + 1, last[0] + len(last[1])))
    shown = re.sub(r"^[-*+•]\s+", "", span.cut(text).strip())
    shown = without_markup(re.sub(r"[ \t]*\n\s*", " ", shown))
    return _Unit(shown[:_LONGEST], heading, span, force)


def _code_unit(
    text: str, lines: Sequence[tuple[int, str]], index: int, end: int, heading: str
) -> Iterator[_Unit]:
    """A block of code with the paragraph before it."""
    code = "\n".join(line for _, line in lines[index + 1 : end] if line.strip())
    before = index - 1
    while before >= 0 and not lines[before][1].strip():
        before -= 1
    lead = lines[before][1].strip() if before >= 0 else ""
    if _HEADING.match(lead) or _FENCE.match(lead) or len(lead) > _LONGEST:
        lead, before = "", index
    if not code or len(code) + len(lead) > 2 * _LONGEST:
        return
    span = Span(lines[before][0], lines[end][0] + len(lines[end][1]))
    code = re.sub(r"\s*\n\s*", "; ", code.strip()) if code.count("\n") < 3 else code
    yield _Unit(f"{without_markup(lead)} {code}".strip(), heading, span, 0.25)
