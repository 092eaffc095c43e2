"""Text as it is taken out of a file: headings, paragraphs and tables, with where each stands.

Every format is written in one form: headings as Markdown has them, a table with a header as a
table of Markdown, a row to a line, or a paragraph to a row where the table is long.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from .options import ReadingOptions
from .parts import Part

#: Longer tables are written a paragraph to a row, each cell with the name of its column.
MOST_TABLE_ROWS = 40
_MOST_TABLE_WIDTH = 400


class ExtractedText:
    """The text of one document while it is being written."""

    def __init__(self, options: ReadingOptions) -> None:
        self.title = ""
        self.notes: list[str] = []
        self._options = options
        self._pieces: list[str] = []
        self._length = 0
        self._pages: list[int] = []
        self._places: list[tuple[int, str]] = []

    def heading(self, text: str, level: int = 1) -> None:
        """A heading, from level 1 down to 6."""
        words = " ".join(text.split())
        if words:
            self._write(f"{'#' * min(max(level, 1), 6)} {words}", gap="\n\n")

    def paragraph(self, text: str, *, gap: str = "\n") -> None:
        """A paragraph, or several lines."""
        text = clean(text)
        if text:
            self._write(text, gap=gap)

    def join(self, text: str) -> None:
        """Words that go on in the line before them."""
        text = clean(text)
        if text:
            self._write(text, gap=gap_between(self._pieces[-1], text) if self._pieces else "")

    def table(self, rows: Iterable[Sequence[str]], *, has_header: bool = True) -> None:
        """The rows of a table, the first of them its header; rows without a cell are left out."""
        for text in table_text(rows, has_header=has_header):
            self._write(text, gap="\n\n")

    def page(self) -> None:
        """A new page begins with what is written next."""
        self._pages.append(-1)

    def place(self, name: str) -> None:
        """A new place (a sheet, a slide) begins with what is written next."""
        if self._places and self._places[-1][0] < 0:
            self._places.pop()
        self._places.append((-1, name))

    def note(self, text: str) -> None:
        """What was bounded, for the report."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def ends(self) -> str:
        """The last character that was written, or nothing."""
        return self._pieces[-1][-1:] if self._pieces else ""

    def part(self, name: str = "") -> Part:
        """What was written."""
        pages = tuple(self._length if start < 0 else start for start in self._pages)
        places = tuple(one for one in self._places if one[0] >= 0)
        text = "".join(self._pieces)
        return Part(text, self.title, name, pages, "; ".join(self.notes), places)

    def _write(self, text: str, *, gap: str) -> None:
        if self._pieces and gap:
            self._pieces.append(gap)
            self._length += len(gap)
        self._pages = [self._length if start < 0 else start for start in self._pages]
        if self._places and self._places[-1][0] < 0:
            self._places[-1] = (self._length, self._places[-1][1])
        self._pieces.append(text)
        self._length += len(text)
        self._options.bounded(self._length)


_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """Lines without characters that nobody sees and without blanks at their ends."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def gap_between(before: str, after: str) -> str:
    """What stands between two pieces of one line: nothing in Chinese, else a blank."""
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return ""
    is_chinese = [
        one > "\u2e7f" and not "\uac00" <= one <= "\ud7af" for one in (before[-1], after[0])
    ]
    return "" if any(is_chinese) else " "


def table_text(rows: Iterable[Sequence[str]], *, has_header: bool = True) -> Iterator[str]:
    """A table as text, in one piece or a piece for each row."""
    held = [[cell_text(cell) for cell in row] for row in rows]
    held = [row for row in held if any(row)]
    width = max((len(row) for row in held), default=0)
    columns = [i for i in range(width) if any(i < len(row) and row[i] for row in held)]
    held = [[row[i] if i < len(row) else "" for i in columns] for row in held]
    if not held:
        return
    if len(columns) == 1:
        yield "\n".join(row[0] for row in held)
    elif not has_header or len(held) == 1:
        yield "\n".join(" | ".join(row) for row in held)
    elif len(held) > MOST_TABLE_ROWS or sum(map(len, held[0])) > _MOST_TABLE_WIDTH:
        for row in held[1:]:
            yield row_text(held[0], row)
    else:
        ruled = ["---"] * len(columns)
        yield "\n".join(
            f"| {' | '.join(map(_escaped, row))} |" for row in (held[0], ruled, *held[1:])
        )


def row_text(header: Sequence[str], row: Sequence[str]) -> str:
    """A row as a paragraph: a line for each cell, with the name of its column."""
    lines: list[str] = []
    for number, cell in enumerate(row):
        name = header[number].strip() if number < len(header) else ""
        if cell:
            lines.append(f"{name}: {cell}" if name else cell)
    return "\n".join(lines)


def cell_text(cell: str) -> str:
    """The words of a cell on one line."""
    return " ".join(clean(cell).split())


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
