"""Spreadsheets: XLSX, XLS, XLSB and ODS; each sheet a place, each row with its header."""

import datetime
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import DocumentError
from .extracted import ExtractedText
from .number_formats import Percents, as_percent, percent_cells
from .options import ReadingOptions
from .parts import Part
from .zip_files import open_zip

_MOST_CELLS = 5_000_000
_HEADER_ROWS = 20  # a header stands among the first rows


def read_workbook(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The sheets of a workbook as tables; formulas as the values that were stored with them."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    out = ExtractedText(options)
    percents: Mapping[str, Percents] = {}
    if data.startswith(b"PK"):
        archive = open_zip(data, options)
        percents = percent_cells(archive)
        if any(name.endswith("vbaProject.bin") for name in archive.names):
            out.note("its macros were left out, not run")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        cells = 0
        for described in book.sheets_metadata:
            if described.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(described.name)
            cells += sheet.height * sheet.width
            if cells > _MOST_CELLS:
                raise DocumentError(
                    f"it has more than {_MOST_CELLS:,} cells; export what matters as CSV"
                )
            shown = _Shown(percents.get(described.name, {}), sheet.start or (0, 0))
            _write_sheet(out, described.name, sheet.to_python(skip_empty_area=True), shown)
            options.still_going()
    except PasswordError as error:
        raise DocumentError("it is encrypted; save a copy without a password") from error
    except (CalamineError, ValueError, OSError) as error:
        raise DocumentError(f"it is no workbook that can be opened: {error}") from error
    yield out.part()


@dataclass(frozen=True, slots=True)
class _Shown:
    """The cells of a sheet that show percentages, and the first cell that is read."""

    percents: Percents
    start: tuple[int, int]

    def text(self, value: object, row: int, column: int) -> str:
        decimals = self.percents.get((row + self.start[0], column + self.start[1]))
        if decimals is not None and isinstance(value, float):
            return as_percent(value, decimals)
        return _cell(value)


def _write_sheet(
    out: ExtractedText, name: str, rows: Sequence[Sequence[object]], shown: _Shown
) -> None:
    texts = [[shown.text(cell, y, x) for x, cell in enumerate(row)] for y, row in enumerate(rows)]
    texts = [row for row in texts if any(row)]
    if not texts:
        return
    out.place(f"sheet {name}")
    out.heading(name)
    header = header_row(texts)
    for row in texts[: header or 0]:
        out.paragraph(" ".join(filter(None, row)))
    out.table(texts[header or 0 :], has_header=header is not None)


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Which row names the columns: the first of several words that has no number in it.

    >>> header_row([["Prices 2024", ""], ["Item", "Price"], ["Tea", "3"]])
    1
    """
    for number, row in enumerate(rows[:_HEADER_ROWS]):
        cells = [cell for cell in row if cell]
        if len(cells) < 2:
            continue
        if any(_is_number(cell) for cell in cells) or number + 1 == len(rows):
            return None
        return number
    return None


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return not (len(cell) == 4 and cell[:2] in ("19", "20"))  # a year may name a column


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        is_date = value.time() == datetime.time(0)
        return value.date().isoformat() if is_date else value.isoformat(" ", "seconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return "" if value is None else str(value).strip()
