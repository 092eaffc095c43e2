"""The structure of a text: headings, tables, code and definitions, as pieces that stay whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..text.headings import MAX_HEADING_CHARACTERS, markdown_heading
from ..text.sentences import sentences
from ..text.spans import Span

#: What stands between a heading and the one beneath it.
PATH_MARK = " > "


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is not cut where it fits: a sentence, a heading, a row, a line of code.

    `level` is above 0 for what begins a section, which is called `name`; `header` is the header of
    the table whose row this is, and `opens` says that a passage may well begin here.
    """

    span: Span
    level: int = 0
    name: str = ""
    header: str = ""
    opens: bool = False


def pieces_of_text(text: str) -> Iterator[Piece]:
    """The pieces of prose with the marks of Markdown, in order."""
    lines = _lines(text)
    position = start = 0
    while position < len(lines):
        fence = _FENCE.match(text, lines[position].start, lines[position].end)
        end = _table_end(text, lines, position) if fence is None else position
        if fence is None and end == position:
            position += 1
            continue
        yield from _prose(text, start, lines[position].start)
        if fence is not None:
            end = _fence_end(text, lines, position, fence["mark"])
            yield from _code_lines(text, lines[position:end])
        else:
            yield from _rows(text, lines[position:end])
        start = lines[end - 1].end
        position = end
    yield from _prose(text, start, len(text))


def _lines(text: str) -> list[Span]:
    """The lines of a text without their ends; an empty one is a span of no length."""
    found: list[Span] = []
    start = 0
    for line in text.split("\n"):
        found.append(_Line(start, start + len(line)))
        start += len(line) + 1
    return found


class _Line(Span):
    """A line; unlike other spans it may be empty."""

    __slots__ = ()

    def __post_init__(self) -> None:
        pass


def _trimmed(text: str, line: Span) -> Span | None:
    """A line without the blanks around it, or None where it is blank."""
    piece = text[line.start : line.end]
    bare = piece.strip()
    if not bare:
        return None
    start = line.start + len(piece) - len(piece.lstrip())
    return Span(start, start + len(bare))


# --- code between fences --------------------------------------------------------------------------

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})")


def _fence_end(text: str, lines: list[Span], position: int, mark: str) -> int:
    for number in range(position + 1, len(lines)):
        bare = text[lines[number].start : lines[number].end].strip()
        if bare.startswith(mark) and not bare.strip(mark[0]):
            return number + 1
    return len(lines)


def _code_lines(text: str, lines: list[Span]) -> Iterator[Piece]:
    for line in lines:
        span = _trimmed(text, line)
        if span is not None:
            yield Piece(span)


# --- tables ---------------------------------------------------------------------------------------

_RULED_CELL = re.compile(r":?-{2,}:?")
_LONGEST_HEADER = 300


def _table_end(text: str, lines: list[Span], position: int) -> int:
    """Behind the last row of a Markdown table that begins at a line; that line where none does."""
    if position + 1 >= len(lines) or "|" not in _cut(text, lines[position]):
        return position
    rule = _cut(text, lines[position + 1]).strip().removeprefix("|").removesuffix("|")
    if not all(_RULED_CELL.fullmatch(cell.strip()) for cell in rule.split("|")):
        return position
    end = position + 2
    while end < len(lines) and "|" in _cut(text, lines[end]):
        end += 1
    return end


def _cut(text: str, line: Span) -> str:
    return text[line.start : line.end]


def _rows(text: str, lines: list[Span]) -> Iterator[Piece]:
    header = _cut(text, lines[0]).strip().strip("|").strip()[:_LONGEST_HEADER]
    for number, line in enumerate(lines):
        span = _trimmed(text, line)
        if span is not None:
            yield Piece(span, header=header if number > 1 else "", opens=number == 0)


# --- prose ----------------------------------------------------------------------------------------

_INDENT = " \t\r\u3000"
_SENTENCE_END = "。！？!?.;；,，:：…"
# A numbered heading of Chinese, the outermost first.
_CHINESE = (
    re.compile(r"第[一二三四五六七八九十百零〇\d]{1,8}[编卷部篇].{0,40}"),
    re.compile(r"第[一二三四五六七八九十百零〇\d]{1,8}[章回].{0,40}"),
    re.compile(r"第[一二三四五六七八九十百零〇\d]{1,8}[节節].{0,40}"),
    re.compile(r"[一二三四五六七八九十]{1,3}、.{0,40}"),
)


def _prose(text: str, start: int, end: int) -> Iterator[Piece]:
    if not text[start:end].strip():
        return
    for sentence in sentences(text[start:end]):
        span = Span(start + sentence.start, start + sentence.end)
        level, name = _heading(text, span)
        yield Piece(span, level, name)


def _heading(text: str, span: Span) -> tuple[int, str]:
    """The level and the words of a heading that is a line of its own; 0 and nothing else."""
    if span.end - span.start > MAX_HEADING_CHARACTERS or not _is_line(text, span):
        return 0, ""
    line = span.cut(text)
    for level, pattern in enumerate(_CHINESE, start=1):
        if pattern.fullmatch(line) is not None:
            return (0, "") if line[-1] in _SENTENCE_END else (level, line)
    words = markdown_heading(line)
    return (len(line) - len(line.lstrip("#")), words) if words else (0, "")


def _is_line(text: str, span: Span) -> bool:
    start, end = span.start, span.end
    while start > 0 and text[start - 1] in _INDENT:
        start -= 1
    while end < len(text) and text[end] in _INDENT:
        end += 1
    return (start == 0 or text[start - 1] == "\n") and (end == len(text) or text[end] == "\n")


# --- source code ----------------------------------------------------------------------------------

_BEFORE = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|virtual|"
    r"override|inline|unsafe|open|data|sealed|partial|pub|const|extern|declare)[ \t]+){0,6}"
)
_DEFINITION = re.compile(
    rf"{_BEFORE}(?:def|class|function\*?|fn|func|fun|interface|struct|enum|trait|impl|module|"
    r"namespace|type|object|protocol|extension|record|sub|procedure|message|service|contract)"
    r"[ \t]+(?P<name>[\w$.:]{1,80})"
    r"(?=[ \t]*(?:[({\[:=<;,|&]|$|(?:extends|implements|for|where|is|as|with|returns)\b))"
)
_ASSIGNED = re.compile(
    rf"{_BEFORE}(?:const|let|var)[ \t]+(?P<name>[\w$]{{1,80}})[ \t]*=[ \t]*(?:async[ \t]*)?"
    r"(?:function|\([^()\n]{0,200}\)[ \t]*=>|\w{1,80}[ \t]*=>)"
)
_SQL = re.compile(
    r"CREATE[ \t]+(?:OR[ \t]+REPLACE[ \t]+)?(?:TEMP(?:ORARY)?[ \t]+)?(?:TABLE|VIEW|FUNCTION|"
    r"PROCEDURE|INDEX|TRIGGER)[ \t]+(?:IF[ \t]+NOT[ \t]+EXISTS[ \t]+)?(?P<name>[\w.\"`]{1,80})",
    re.IGNORECASE,
)
_NAME = re.compile(r"~?[\w:]{1,80}")
_TYPE = re.compile(r"[\w:<>*&\[\],~.]{1,80}")
_BEHIND = re.compile(r"(?:const|noexcept|override|throws [\w, .]{1,100})? ?\{?")
_NO_NAME = frozenset("if for while switch return else catch elif with using lock foreach".split())
_LONGEST_LINE = 400


def pieces_of_code(text: str) -> Iterator[Piece]:
    """The lines of source code; a definition begins a section, at the level of its indentation."""
    for line in _lines(text):
        span = _trimmed(text, line)
        if span is None:
            continue
        bare = span.cut(text)
        name = _defined(bare)
        indent = len(text[line.start : span.start].expandtabs(4))
        yield Piece(
            span, 1 + indent if name else 0, name, opens=bare.startswith(("@", "#[", "/**"))
        )


def _defined(line: str) -> str:
    """What a line of code defines, or nothing."""
    if len(line) > _LONGEST_LINE or line.startswith(("#", "//", "*", "--", '"', "'")):
        return ""
    for pattern in (_DEFINITION, _ASSIGNED, _SQL):
        match = pattern.match(line)
        if match is not None:
            return match["name"].strip('"`:.')
    return _defined_with_braces(line)


def _defined_with_braces(line: str) -> str:
    """The function whose head this is in C, Java and their kin, or nothing: "int main(void) {"."""
    head, mark, rest = line.partition("(")
    inside, closed, behind = rest.rpartition(")")
    words = head.split()
    if not (mark and closed) or ";" in rest or "(" in inside or not 1 < len(words) < 9:
        return ""
    name = words[-1].lstrip("*&")
    if words[0] in _NO_NAME or name in _NO_NAME or _NAME.fullmatch(name) is None:
        return ""
    if not all(_TYPE.fullmatch(word) for word in words[:-1]):
        return ""
    return name if _BEHIND.fullmatch(behind.strip()) else ""
