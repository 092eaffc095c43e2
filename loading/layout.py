"""Words on a page to lines and paragraphs in the order in which people read them.

Columns are found by cutting the page along its empty strips (the recursive XY-cut of Nagy and Seth,
1984), a strip down the page first where text stands on both sides of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from .extracted import gap_between


@dataclass(frozen=True, slots=True)
class Run:
    """Words beside each other: their box in points, y down the page, and the size of their type."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float

    @property
    def middle(self) -> float:
        """The height on the page of its middle."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one column: its text, its box and the size of its type."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    cells: tuple[str, ...] = ()  # where wide gaps part it


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together: a column, or what is set apart above and below."""

    lines: tuple[Line, ...]


_MOST_DEPTH = 40
_PARAGRAPH_GAP = 0.9  # in sizes of the type
_WIDER = 1.4  # than the usual gap between lines
_TRIED_GAPS = 6
_COLUMN_LINES = 3
_GUTTER = 1.1  # in sizes of the type
_FULL_COLUMN = 0.55  # lines of running text fill so much of their column


def blocks(runs: Sequence[Run]) -> list[Block]:
    """The blocks of a page in reading order."""
    kept = [run for run in runs if run.text.strip()]
    return [Block(tuple(lines)) for group in _cut(kept, 0) if (lines := _lines(group))]


def _cut(runs: list[Run], depth: int) -> Iterator[list[Run]]:
    if len(runs) < 2 or depth > _MOST_DEPTH:
        if runs:
            yield runs
        return
    size = median(run.size for run in runs)
    at = _gutter(runs, size)
    if at is not None:
        yield from _cut([run for run in runs if run.right <= at], depth + 1)
        yield from _cut([run for run in runs if run.right > at], depth + 1)
        return
    across = _cut_across(runs, size)
    if across is None:
        yield runs
        return
    yield from _cut([run for run in runs if run.bottom <= across], depth + 1)
    yield from _cut([run for run in runs if run.bottom > across], depth + 1)


def _gutter(runs: Sequence[Run], size: float) -> float | None:
    """Where an empty strip goes down between two columns of running text."""
    spans = sorted((run.left, run.right) for run in runs)
    best: tuple[float, float] | None = None
    end = spans[0][1]
    for left, right in spans[1:]:
        if left - end > _GUTTER * size:
            at = (left + end) / 2
            if _are_columns(runs, at) and (best is None or left - end > best[0]):
                best = (left - end, at)
        end = max(end, right)
    return best[1] if best is not None else None


def _are_columns(runs: Sequence[Run], at: float) -> bool:
    """Whether text runs down both sides of a strip, rather than cells of a table."""
    for side in (
        [run for run in runs if run.right <= at],
        [run for run in runs if run.right > at],
    ):
        lines = _lines(side)
        if len(lines) < _COLUMN_LINES:
            return False
        width = max(line.right for line in lines) - min(line.left for line in lines)
        full = [line for line in lines if line.right - line.left > _FULL_COLUMN * width]
        long = median(len(line.text) * (2 if not line.text.isascii() else 1) for line in lines)
        if len(full) * 2 < len(lines) or long < 14:
            return False
    return True


def _cut_across(runs: Sequence[Run], size: float) -> float | None:
    """Where an empty strip across parts paragraphs, or what is above columns from the columns."""
    spans = sorted((run.top, run.bottom) for run in runs)
    gaps: list[tuple[float, float]] = []
    end = spans[0][1]
    for top, bottom in spans[1:]:
        if top > end:
            gaps.append((top - end, (top + end) / 2))
        end = max(end, bottom)
    if not gaps:
        return None
    usual = median(gap for gap, _ in gaps)
    gaps.sort(reverse=True)
    if gaps[0][0] > max(_PARAGRAPH_GAP * size, _WIDER * usual):
        return gaps[0][1]
    for gap, at in gaps[:_TRIED_GAPS]:
        if gap < 0.3 * size:
            break
        sides = (
            [run for run in runs if run.bottom <= at],
            [run for run in runs if run.bottom > at],
        )
        if any(len(side) > 1 and _gutter(side, size) is not None for side in sides):
            return at
    return None


def _lines(runs: Sequence[Run]) -> list[Line]:
    """The lines of runs that stand in one column."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (run.middle, run.left)):
        if rows and _same_line(rows[-1], run):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [_line(sorted(row, key=lambda run: run.left)) for row in rows]


def _same_line(row: Sequence[Run], run: Run) -> bool:
    high = max(row, key=lambda one: one.bottom - one.top)
    tall = max(high.bottom - high.top, run.bottom - run.top, 1.0)
    shared = min(high.bottom, run.bottom) - max(high.top, run.top)
    return shared > 0.5 * min(high.bottom - high.top, run.bottom - run.top) and (
        abs(run.middle - high.middle) < 0.6 * tall
    )


def _line(row: Sequence[Run]) -> Line:
    cells: list[str] = [row[0].text.strip()]
    for before, run in zip(row, row[1:], strict=False):
        gap = run.left - before.right
        if gap > 1.5 * max(run.size, before.size):
            cells.append(run.text.strip())
            continue
        between = gap_between(cells[-1], run.text.strip()) if gap > 0.15 * run.size else ""
        if before.text[-1:].isspace() or run.text[:1].isspace():
            between = gap_between(cells[-1], run.text.strip())
        cells[-1] += between + run.text.strip()
    size = max(row, key=lambda run: len(run.text)).size
    return Line(
        "  ".join(cells),
        min(run.left for run in row),
        min(run.top for run in row),
        max(run.right for run in row),
        max(run.bottom for run in row),
        size,
        tuple(cells),
    )


_ITEM = re.compile(
    r"(?:[-*•·▪●○■◆–]|\d{1,3}(?:、|[.)](?=\s+\S|[^\W\d]))|[(（]\w{1,3}[)）]|[一二三四五六七八九十]+、|第.{1,4}[章节条])\s?"
)
_ENDS = re.compile(r"[。！？!?：:;；.][\"'”’」』）)]*$")


def goes_on(line: Line, following: Line, block: Block) -> bool:
    """Whether a paragraph goes on from a line to the one below it.

    It does where the line is full, the next begins where lines of the column begin, and nothing
    marks a new item.
    """
    if len(line.cells) > 1 or len(following.cells) > 1 or _ITEM.match(following.text):
        return False
    if abs(line.size - following.size) > 0.15 * line.size:
        return False
    if following.top - line.bottom > 0.9 * line.size:
        return False
    room = max(one.right for one in block.lines) - line.right
    first = following.text.split(maxsplit=1)[0] if following.text.isascii() else following.text[:1]
    needed = following.size * (0.5 * len(first) + 0.6 if first.isascii() else 1.3)
    if room > needed + line.size:
        return False
    left = min(one.left for one in block.lines)
    return not (
        following.left - left > 1.2 * following.size
        and line.left - left < 0.6 * line.size
        and _ENDS.search(line.text)
    )


def is_full(line: Line, block: Block) -> bool:
    """Whether a line that ends no sentence reaches the right edge of its column."""
    right = max(one.right for one in block.lines)
    return (
        len(block.lines) > 1
        and right - line.right < 4 * line.size
        and _ENDS.search(line.text) is None
    )


def goes_on_above(line: Line, following: Line) -> bool:
    """Whether the first line of a column goes on from the full last line of the one before."""
    same = abs(line.size - following.size) <= 0.15 * line.size
    return same and _ITEM.match(following.text) is None


def is_cell_row(line: Line) -> bool:
    """Whether wide gaps part a line into cells."""
    return len(line.cells) > 1


_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad\x02]$")


def joined(before: str, after: str) -> str:
    """Two lines as one; a word that was broken at the end of the first is whole again."""
    if _HYPHEN.search(before) and after[:1].islower():
        return before[:-1] + after
    return before + gap_between(before, after) + after
