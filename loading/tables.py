"""Tables as CSV writes them: rows, whatever separates their cells."""

import csv
import io
import re
from collections.abc import Iterator

from ..errors import DocumentError
from .extracted import row_text
from .options import ReadingOptions
from .parts import Part, text_of

#: A longer cell is refused by readers of rows.
LONGEST_FIELD = 10_000
_LONGEST_RECORD = 4 * LONGEST_FIELD
_SEPARATORS = ",\t;|，"
_MOST_TOLD = 5  # rows that cannot be read


def read_table(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """A table as text: a paragraph for each row, a line for each cell with its column's name.

    A row that cannot be read stays as it is written, and the note tells of it; a text without rows
    below a header stays as it is.

    Raises:
        DocumentError: no row below the header can be read.
    """
    text = text_of(data, options.encoding)
    lines = text.split("\n")
    found = list(table_rows(text, separator_of(text)))
    ends = [*(line - 1 for line, _ in found[1:]), len(lines)][: len(found)]
    rows = [(line, row, end) for (line, row), end in zip(found, ends, strict=True) if any(row)]
    header = next((row for _, row, _ in rows if not isinstance(row, str)), None)
    bad = [f"line {line}: {row}" for line, row, _ in rows if isinstance(row, str)]
    note = "; ".join(bad[:_MOST_TOLD])
    if len(bad) > _MOST_TOLD:
        note += f"; and {len(bad) - _MOST_TOLD} more"
    if bad and len(rows) - len(bad) < 2:
        raise DocumentError(f"it is no valid CSV: {note}")
    if header is None or len(rows) < 2:
        yield Part(text, note=note)
        return
    paragraphs = [
        "\n".join(lines[line - 1 : end]).strip()
        if isinstance(row, str)
        else row_text(header, [" ".join(cell.split()) for cell in row])
        for line, row, end in rows
        if row is not header
    ]
    yield Part("\n\n".join(paragraphs), note=note)


def separator_of(text: str) -> str:
    """What stands most often in the first line, outside quotes; a comma where nothing does."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=lambda mark: (bare.count(mark), mark == ","))


class _Unclosed(Exception):
    """A record goes on for longer than any row does."""


def table_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The rows of a table with the line each begins in, or why one cannot be read.

    A quotation mark that is never closed makes the rest of a file one cell: such a line is given up
    alone, and reading goes on behind it.
    """
    lines = list(io.StringIO(text, newline=""))
    position = start = size = 0

    def feed() -> Iterator[str]:
        nonlocal position, size
        while position < len(lines):
            size += len(lines[position])
            if size > _LONGEST_RECORD and position > start:
                raise _Unclosed
            position += 1
            yield lines[position - 1]

    while position < len(lines):
        start, size = position, 0
        try:
            row = next(csv.reader(feed(), delimiter=delimiter))
            if position == len(lines) > start + 1 and "".join(lines[start:]).count('"') % 2:
                raise _Unclosed
            yield start + 1, row
        except _Unclosed:
            position = start + 1
            yield start + 1, "a quotation mark is not closed"
        except csv.Error as error:
            position = max(position, start + 1)
            yield start + 1, f"not readable as CSV: {error}"
