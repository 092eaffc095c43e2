"""Hard-wrapped lines to paragraphs: what an editor or a terminal broke is one line again.

A line goes on in the next one where it is as full as the lines around it and the next one begins
like the middle of a text: lists, tables, headings, code and short lines stay as they are.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

_LEAST_WIDTH = 45  # a shorter line was not broken for want of room
_MOST_WIDTH = 130  # lines of a text that is wrapped are no longer
_SLACK = 16  # how far a broken line may stand back: the next word was long
_FENCE = re.compile(r"\s*(?:```|~~~)")
_ITEM = re.compile(
    r"(?:[-*+•·▪o>|#]|\d{1,3}[.)、]|[(（]\w{1,3}[)）]|[a-zA-Z][.)]|[一二三四五六七八九十]+、)(?:\s|$)|"
    r"--?\w|[$%>]\s|>>>|\|"
)
_HEADING = re.compile(r"#{1,6}\s|[=\-~^*_]{3,}\s*$|[A-Z][A-Z0-9 ()-]+$")
_CODE = re.compile(r"[;{}]\s*$|^\s*(?:[$%]|>>>|\w+>) ")
_END = re.compile(r"[。！？!?…：:]['\"”’」』）)]*$|\.['\"”’)]*$")


def unwrapped(text: str) -> str:
    r"""A text with the lines joined that were broken for want of room.

    >>> print(unwrapped("The ferry to the island leaves in the morning at nine\n"
    ...     "and comes back at noon.\n- tea\n- milk"))
    The ferry to the island leaves in the morning at nine and comes back at noon.
    - tea
    - milk
    """
    lines = text.split("\n")
    if len(lines) < 2:
        return text
    full = _full_width(lines)
    joined: list[str] = []
    paragraph = [lines[0]]
    in_code = _FENCE.match(lines[0]) is not None
    for before, line in pairwise(lines):
        fence = _FENCE.match(line) is not None
        if not full or in_code or fence or not _goes_on(before, line, full):
            joined.append(_joined(paragraph))
            paragraph = []
        paragraph.append(line)
        in_code ^= fence
    joined.append(_joined(paragraph))
    return "\n".join(joined)


def _full_width(lines: Sequence[str]) -> int:
    """How wide the full lines of a wrapped text are; 0 where it is not wrapped."""
    widths = sorted(width for line in lines if (width := _width(line.rstrip())) >= _LEAST_WIDTH)
    if not widths or widths[-1] > _MOST_WIDTH and _wide(widths) * 4 > len(widths):
        return 0
    held = [width for width in widths if width <= _MOST_WIDTH]
    return held[len(held) * 9 // 10] if held else 0


def _wide(widths: Sequence[int]) -> int:
    return sum(width > _MOST_WIDTH for width in widths)


def _goes_on(line: str, following: str, full: int) -> bool:
    """Whether a line goes on in the one that follows."""
    start, begun = following.lstrip(), line.strip()
    if not start or not begun or _ITEM.match(start) or _HEADING.match(begun):
        return False
    if any(_is_row(one) or _CODE.search(one.strip()) for one in (line, following)):
        return False
    if line.rstrip().endswith("\u2010"):  # what a terminal breaks a word with
        return True
    width = _width(line.rstrip())
    indent, next_indent = (len(one) - len(one.lstrip()) for one in (line, following))
    hangs = next_indent > indent and _ITEM.match(begun) is not None
    if not (_LEAST_WIDTH <= width <= _MOST_WIDTH) or not (next_indent == indent or hangs):
        return False
    if _END.search(line.rstrip()):
        return False  # a sentence ends here, and it does not matter where the next one stands
    if width + 1 + _width(_first_word(start)) <= full - _SLACK:
        return False
    return not start[0].isupper() or width + 1 + _width(_first_word(start)) > full - 2


def _is_row(line: str) -> bool:
    """Whether a line is a row of columns; text that is set to a margin has other gaps as well."""
    gaps = [len(gap) for gap in re.findall(r"(?<=\S) +(?=\S)", line)]
    wide = [gap for gap in gaps if gap > 1]
    is_named = len(wide) == 1 and wide[0] > 2  # a name, and behind it what it means
    return (
        "\t" in line.strip() or line.count("|") > 1 or is_named or (len(gaps) > 1 and min(gaps) > 2)
    )


def _first_word(text: str) -> str:
    word = text.split(maxsplit=1)[0]
    return word if word.isascii() else word[:1]


def _joined(lines: Sequence[str]) -> str:
    """The lines of a paragraph as one; a line alone stays as it is."""
    if len(lines) == 1:
        return lines[0]
    # Chinese has no blanks between words, and a number that was cut is one number.
    in_chinese = any(map(_is_wide, lines[0]))
    parts = [lines[0][: len(lines[0]) - len(lines[0].lstrip())]]
    words = [_spaced(line.strip()) for line in lines]
    for here, following in pairwise(words):
        if here.endswith("\u2010"):
            parts.append(here[:-1])
            continue
        ends = _is_wide(here[-1]), _is_wide(following[0])
        is_cut = any(ends) or (in_chinese and here[-1].isdigit() and following[0].isdigit())
        parts.append(here if is_cut else f"{here} ")
    return "".join((*parts, words[-1]))


def _spaced(text: str) -> str:
    """A line without the blanks that fill it up to the margin."""
    return re.sub(r"(?<=\S) {2,}(?=\S)", " ", text)


def _width(text: str) -> int:
    """Columns on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if _is_wide(character) else 1 for character in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
