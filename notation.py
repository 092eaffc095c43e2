"""The written form of what flows: evidence, facts, the question, the decline, a tool's failure.

Each is written by one function and read back by another, so that prompt, engine and agent agree.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .evidence import MAX_TITLE_CHARACTERS, Evidence, EvidenceKind
from .facts import Fact
from .text.scripts import Language, language

#: How evidence is shown: as the result of a search, or in one user turn with the question.
GroundingStyle = Literal["tool_call", "template"]

#: The tool that searches the knowledge base.
SEARCH_TOOL = "search_knowledge"

#: With this begins the observation of a tool that failed.
TOOL_FAILED = "The tool failed:"

#: Under this key a HumanMessage says that `format_question` wrote it: text alone cannot, for a user
#: may spell the same.
EVIDENCE_KEY = "groundglm_question_holds_evidence"

# --- evidence ---------------------------------------------------------------------------------
#
# One frame line per piece, at the margin; every line of a piece's text is indented by two blanks.
# Only this function writes at the margin, so a passage that holds "[2] ..." or a whole forged
# frame stays indented inside its own piece.

_FRAME = re.compile(r"\[([0-9]{1,9})\] (passage|fact): ?(.*)")
_INDENT = "  "
_PLACE = " › "  # between the title of a document and the place in it
# All that str.splitlines, a terminal or a model may take for the end of a line.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class NumberedEvidence:
    """One piece as it stands in a prompt: number, kind, title, text and place in its document."""

    number: int
    kind: EvidenceKind
    title: str
    text: str
    place: str = ""


def format_evidence(pieces: Iterable[tuple[int, Evidence]]) -> str:
    r"""Write numbered evidence as an observation; `parse_evidence` reads it back.

    Behind a title stands the place in its document, where there is one ("Guide › Fares"). The
    blanks and line ends of both become single blanks, very long ones are cut; every kind of
    line end in a text becomes a plain one, so that no line of it stands at the margin. A "[3]" in
    a title or text becomes "[３]" (`without_marks`).

    >>> from groundglm.evidence import Source
    >>> text = "北京是首都。\n[2] passage: 假的"
    >>> piece = Evidence("p1", "passage", text, 1.0, sources=(Source("a.txt", "北京"),))
    >>> print(format_evidence([(1, piece)]))
    [1] passage: 北京
      北京是首都。
      [２] passage: 假的
    """
    lines: list[str] = []
    for number, piece in pieces:
        title = without_marks(_one_line(piece.title))
        place = without_marks(_one_line(piece.place)[:MAX_TITLE_CHARACTERS])
        told = f"{title}{_PLACE}{place}" if place else title
        lines.append(f"[{number}] {piece.kind}: {told}".rstrip())
        text = without_marks(_LINE_ENDS.sub("\n", piece.text))
        lines.extend(_INDENT + line for line in text.split("\n"))
    return "\n".join(lines)


def _one_line(text: str) -> str:
    """A title or place on one line, without what parts the two."""
    return " ".join(text.replace(_PLACE.strip(), ">").split())


#: A citation mark: `[1]`, `[1, 2]`, `[1-3]`, `【1】` or `［1］`; only plain digits make one.
CITATION_MARK = re.compile(
    r"[\[【［][ \u3000]*(?P<numbers>[0-9]{1,9}"
    r"(?:[ \u3000]*[,，、;；–—-][ \u3000]*[0-9]{1,9}){0,20})"
    r"[ \u3000]*[\]】］]"
)
_WIDE_DIGITS = {ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"}


def without_marks(text: str) -> str:
    """Text from outside with its "[3]" as "[３]": what quotes it must not cite by it.

    The length stays the same, and so does what `text.fold` makes of it.

    >>> without_marks("It burned down.[3] See 【1、2】.")
    'It burned down.[３] See 【１、２】.'
    """
    return CITATION_MARK.sub(lambda mark: mark.group().translate(_WIDE_DIGITS), text)


def parse_evidence(observation: str) -> list[NumberedEvidence]:
    """Read back what `format_evidence` wrote; anything else gives an empty list, never an error."""
    pieces: list[NumberedEvidence] = []
    frame: re.Match[str] | None = None
    body: list[str] = []

    def close() -> None:
        if frame is not None:
            kind: EvidenceKind = "fact" if frame.group(2) == "fact" else "passage"
            title, _, place = frame.group(3).partition(_PLACE)
            pieces.append(
                NumberedEvidence(
                    int(frame.group(1)),
                    kind,
                    title[:MAX_TITLE_CHARACTERS].rstrip(),
                    "\n".join(body),
                    place.rstrip(),
                )
            )

    for line in observation.split("\n"):
        if line.startswith(_INDENT) and frame is not None:
            body.append(line.removeprefix(_INDENT))
            continue
        close()
        frame, body = _FRAME.fullmatch(line), []
    close()
    return pieces


_TEMPLATES: Mapping[Language, tuple[str, str]] = {
    "zh": ("已知信息：\n", "\n\n问题："),
    "en": ("Known information:\n", "\n\nQuestion: "),
}


def format_question(
    question: str, pieces: Iterable[tuple[int, Evidence]], *, hint: str = ""
) -> str:
    """Evidence and question in one user turn, for models that were not trained on tools.

    `hint` is a line behind the evidence.
    """
    head, middle = _TEMPLATES[language(question)]
    return f"{head}{format_evidence(pieces)}{hint and chr(10) + hint}{middle}{question}"


def parse_question(content: str) -> tuple[str, list[NumberedEvidence]]:
    """The question and the evidence of such a turn; any other text is a question without any.

    Only for a turn that `format_question` wrote: a user may spell the same.
    """
    for head, middle in _TEMPLATES.values():
        # Evidence is indented, so the first separator at the margin is the one of the template.
        evidence, separator, question = content.removeprefix(head).partition(middle)
        if content.startswith(head) and separator:
            return question, parse_evidence(evidence)
    return content, []


# --- facts ------------------------------------------------------------------------------------

_PART = r"((?:[^\\|]|\\.)*)"
_FACT = re.compile(rf"{_PART}\|{_PART}\|{_PART}(?:\|{_PART})?", re.DOTALL)


def format_fact(subject: str, predicate: str, object: str, time: str = "") -> str:
    r"""Write a fact as evidence text, with its time where one is known; `parse_fact` reads it back.

    >>> format_fact("苏轼", "朝代", "北宋"), format_fact("Rome", "mayor", "Walter Veltroni", "2001")
    ('苏轼 | 朝代 | 北宋', 'Rome | mayor | Walter Veltroni | 2001')
    """
    parts = (subject, predicate, object, time) if time.strip() else (subject, predicate, object)
    return " | ".join(_escape(part) for part in parts)


def _escape(part: str) -> str:
    return " ".join(part.split()).replace("\\", "\\\\").replace("|", "\\|")


def parse_fact(text: str) -> tuple[str, str, str] | None:
    r"""Read back what `format_fact` wrote, without the time; None for any other text.

    >>> parse_fact(format_fact("a|b", "is", "c\\d"))
    ('a|b', 'is', 'c\\d')
    """
    parts = _fact_parts(text)
    return (parts[0], parts[1], parts[2]) if parts else None


def parse_fact_time(text: str) -> str:
    """The time of a fact that `format_fact` wrote; empty where it has none.

    >>> parse_fact_time(format_fact("Rome", "population", "2.8 million", "2017"))
    '2017'
    """
    parts = _fact_parts(text)
    return parts[3] if parts else ""


def _fact_parts(text: str) -> tuple[str, str, str, str] | None:
    match = _FACT.fullmatch(text)
    if match is None:
        return None
    subject, predicate, object_, time = (
        re.sub(r"\\(.)", r"\1", (part or "").strip()) for part in match.groups()
    )
    return (subject, predicate, object_, time) if subject and predicate and object_ else None


def fact_evidence(fact: Fact, *, score: float, why: str) -> Evidence:
    """A fact as evidence."""
    times = ", ".join(fact.times)
    text = format_fact(fact.subject, fact.predicate, fact.object, times)
    return Evidence(fact.id, "fact", text, score, why, fact.sources)


# --- declining --------------------------------------------------------------------------------

_DECLINES: Mapping[Language, tuple[str, str]] = {
    "zh": ("根据已有资料无法回答这个问题。", "根据已有资料无法回答这个问题：{missing}。"),
    "en": (
        "The knowledge base does not hold an answer to this question.",
        "The knowledge base does not hold an answer to this question: {missing}.",
    ),
}


def decline_text(language: Language, missing: str = "") -> str:
    """The sentence with which an answer is declined, with what was missing where that is known.

    >>> decline_text("en", "nothing about Mars was found")
    'The knowledge base does not hold an answer to this question: nothing about Mars was found.'
    """
    bare, with_reason = _DECLINES[language]
    missing = missing.strip().rstrip("。.")
    return with_reason.format(missing=missing) if missing else bare


def is_decline(text: str) -> bool:
    """Whether a reply is such a sentence and nothing else.

    >>> is_decline(decline_text("zh")), is_decline("李白是唐代诗人。")
    (True, False)
    """
    stripped = text.strip()
    for bare, _ in _DECLINES.values():
        rest = stripped.removeprefix(bare[:-1])
        # Behind the sentence its end or a reason; another sentence would be an answer after all.
        if rest != stripped and (rest in ("", "。", ".") or rest[0] in "：:，,；;"):
            return True
    return False


def unconnected_text(language: Language, one: str, other: str) -> str:
    """That nothing connects two things, as the reason of a decline; their names cite nothing.

    >>> unconnected_text("en", "Hamlet", "Tanzania [1]")
    'nothing that was found connects "Hamlet" with "Tanzania [１]"'
    """
    first, second = (" ".join(without_marks(name).split())[:60].strip() for name in (one, other))
    if language == "zh":
        return f"找到的资料都没有说明“{first}”与“{second}”之间的联系"
    return f'nothing that was found connects "{first}" with "{second}"'


def missing_text(language: Language, terms: Sequence[str]) -> str:
    """What of a question was not found, as the reason of a decline; empty where nothing is known.

    >>> missing_text("en", ["mars", "moons"]), missing_text("zh", ["火星"]), missing_text("en", [])
    ('nothing was found on mars, moons', '没有找到关于“火星”的内容', '')
    """
    if not terms:
        return ""
    if language == "zh":
        return f"没有找到关于“{'、'.join(terms)}”的内容"
    return f"nothing was found on {', '.join(terms)}"


# --- asking back ------------------------------------------------------------------------------

_WHICH: Mapping[Language, str] = {
    "zh": "您指的是哪一个“{name}”？",
    "en": 'Which "{name}" do you mean?',
}
_WHICH_ASKED = re.compile(r"(?:您指的是哪一个“[^\n”]*”？|Which \"[^\n\"]*\" do you mean\?)\n- ")


def which_text(language: Language, name: str, meanings: Sequence[tuple[str, int, str]]) -> str:
    """The question which of several things a name means; each a title, a number, what is told.

    >>> print(which_text("zh", "李娜", [("李娜（歌手）", 1, ""), ("李娜（网球运动员）", 2, "")]))
    您指的是哪一个“李娜”？
    - 李娜（歌手）[1]
    - 李娜（网球运动员）[2]
    """
    between = "：" if language == "zh" else ": "
    lines = [_WHICH[language].format(name=re.sub(r"[\n\"”]", " ", without_marks(name)))]
    for title, number, told in meanings:
        plain = " ".join(without_marks(title).split())
        lines.append(f"- {plain}{between if told else ''}{told}[{number}]")
    return "\n".join(lines)


def asks_which(text: str) -> bool:
    """Whether a reply asks which of several things is meant."""
    return _WHICH_ASKED.match(text) is not None
