"""PDF to text: pages, columns in reading order, headings, tables; scanned pages through OCR."""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from ..errors import DocumentError
from .extracted import ExtractedText
from .layout import Block, Line, Run, blocks, goes_on, goes_on_above, is_cell_row, is_full, joined
from .ocr import read_picture
from .options import ReadingOptions
from .parts import Part
from .pdf_words import count_rules, holds_picture, is_garbled, picture_of, runs_of

if TYPE_CHECKING:
    import pypdfium2

MOST_PAGES_READ = 20_000
_FEW_CHARACTERS = 16  # a page with fewer is looked at as a picture
_MARGIN = 0.09  # of the page's height, in which running titles stand
_LEAST_PAGES = 3
_APART = 0.9  # of the size of its type, between a running title and the text
_LONGEST_TITLE = 150
_SENTENCE = re.compile(r"(?:[。！？!?]|\w\.)[\"'”’」』）)]*$")
_SAME_HEIGHT = 2.0  # in points
_LEAST_RULES = 3
_LONGEST_HEADING = 120


@dataclass(slots=True)
class Table:
    """A table with ruled cells: where it stands on its page, and its rows."""

    top: float
    bottom: float
    left: float
    right: float
    rows: list[list[str]]


@dataclass(slots=True)
class _Page:
    height: float
    blocks: list[Block] = field(default_factory=list[Block])
    tables: list[Table] = field(default_factory=list[Table])
    is_scan: bool = False


def read_pdf(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The text of a PDF with the beginnings of its pages.

    Raises:
        DocumentError: it is encrypted, damaged or too long, or holds nothing that can be read.
    """
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
        count = len(document)
    except pdfium.PdfiumError as error:
        raise DocumentError(_why(str(error))) from error
    try:
        if count > MOST_PAGES_READ:
            raise DocumentError(f"it has {count:,} pages, more than {MOST_PAGES_READ:,}; split it")
        out = ExtractedText(options)
        out.title = _title(document)
        pages = list(_pages(document, data, options, out))
        writer = _Writer(out, pages)
        for page in pages:
            out.page()
            writer.write(page)
            options.still_going()
        part = out.part()
        if not part.text.strip():
            raise DocumentError(_nothing(options, out.notes))
        yield part
    finally:
        document.close()


def _why(error: str) -> str:
    if "password" in error.lower():
        return "it is encrypted; save a copy that opens without a password"
    return f"it is no PDF that can be opened, or is damaged: {error}"


def _nothing(options: ReadingOptions, notes: Sequence[str]) -> str:
    if options.ocr == "off":
        return "it holds no text, only pictures of it; read them with --ocr auto"
    return "; ".join(("it holds no text", *notes))


def _title(document: "pypdfium2.PdfDocument") -> str:
    """The title that it states, unless a program made it up ("Microsoft Word - a.doc")."""
    try:
        title = " ".join(document.get_metadata_value("Title").split())
    except (UnicodeError, ValueError):
        return ""
    made_up = re.search(
        r"^(?:Microsoft|\(?anonymous|untitled|unnamed)|\.\w{2,5}$|[\ud800-\udfff]", title, re.I
    )
    return "" if made_up else title


def _pages(
    document: "pypdfium2.PdfDocument", data: bytes, options: ReadingOptions, out: ExtractedText
) -> Iterator[_Page]:
    ruled = _RuledTables(data, out)
    pictures = 0
    for number in range(len(document)):
        try:
            page = document[number]
            height, runs = page.get_height(), runs_of(page)
        except MemoryError:
            raise
        except Exception as error:  # pdfium says no more than that it failed
            out.note(f"page {number + 1} is damaged and was left out: {error}")
            yield _Page(0.0)
            continue
        found: list[Table] = []
        is_scan = False
        is_empty = sum(len(run.text) for run in runs) < _FEW_CHARACTERS
        if (is_empty and holds_picture(page)) or (runs and is_garbled(runs)):
            if options.ocr == "off":
                out.note("pages that are pictures were left out")
            elif pictures >= options.max_pictures:
                out.note(f"only the first {pictures} pages that are pictures were read")
            else:
                pictures += 1
                scanned = _read_scan(page, options, out)
                runs, is_scan = scanned or runs, bool(scanned)
        elif runs and count_rules(page) >= _LEAST_RULES:
            found = ruled.on(number)
            runs = [run for run in runs if not any(_is_in(run, one) for one in found)]
        page.close()
        options.still_going()
        yield _Page(height, blocks(runs), found, is_scan)


def _read_scan(page: Any, options: ReadingOptions, out: ExtractedText) -> list[Run]:
    image, scale = picture_of(page)
    try:
        return read_picture(image, options, scale=scale)
    except DocumentError as error:
        out.note(f"pages that are pictures were left out: {error}")
        return []


# --- tables ---------------------------------------------------------------------------------------


class _RuledTables:
    """Finds the tables of a PDF whose cells are ruled; the library reads the file for itself."""

    def __init__(self, data: bytes, out: ExtractedText) -> None:
        self._data = data
        self._out = out
        self._opened: Any = None

    def on(self, number: int) -> list[Table]:
        """Those of a page. Whatever a damaged file makes of the library, its text is still read."""
        import pdfplumber

        try:
            if self._opened is None:
                self._opened = pdfplumber.open(io.BytesIO(self._data))
            page = self._opened.pages[number]
            found = list(_tables(page))
            page.close()
        except MemoryError:
            raise
        except Exception as error:
            self._out.note(f"tables were not looked for on page {number + 1}: {error!s:.100}")
            return []
        return found


def _tables(page: Any) -> Iterator[Table]:
    for one in page.find_tables():
        rows = [[cell or "" for cell in row] for row in one.extract()]
        full = [row for row in rows if sum(bool(cell.strip()) for cell in row) > 1]
        if len(full) > 1:
            left, top, right, bottom = one.bbox
            yield Table(top, bottom, left, right, rows)


def _is_in(run: Run, table: Table) -> bool:
    across = (run.left + run.right) / 2
    return table.top <= run.middle <= table.bottom and table.left <= across <= table.right


# --- what stands on every page --------------------------------------------------------------------


def _running_lines(pages: Sequence[_Page]) -> frozenset[str]:
    """The lines in the margins at one height on several pages, whatever number is in them.

    A title of a chapter runs over its own pages only, so few of them are enough.
    """
    heights: defaultdict[str, list[float]] = defaultdict(list)
    for page in pages:
        for key, top in {_key(line): line.top for line in _lines_in_margin(page)}.items():
            heights[key].append(top)
    least = min(len(pages), _LEAST_PAGES)
    slack = _SAME_HEIGHT * (4 if any(page.is_scan for page in pages) else 1)
    return frozenset(
        key
        for key, tops in heights.items()
        if len(tops) >= max(2, least)
        and sum(abs(top - median(tops)) <= slack for top in tops) * 5 >= len(tops) * 4
    )


def _lines_in_margin(page: _Page) -> Iterator[Line]:
    for block in page.blocks:
        yield from (line for line in block.lines if _is_apart(line, block, page))


def _is_apart(line: Line, block: Block, page: _Page) -> bool:
    """Whether a line stands in a margin, away from the text, and may be a running title."""
    if not _may_run(line) or not _in_margin(line, page):
        return False
    text = [one for one in block.lines if not _in_margin(one, page)]
    gaps = (max(one.top - line.bottom, line.top - one.bottom) for one in text)
    return min(gaps, default=line.size) > _APART * line.size


def _in_margin(line: Line, page: _Page) -> bool:
    return line.bottom < _MARGIN * page.height or line.top > (1 - _MARGIN) * page.height


def _may_run(line: Line) -> bool:
    # What ends like a sentence is no running title, however often it is said.
    return len(line.text) <= _LONGEST_TITLE and _SENTENCE.search(line.text) is None


def _key(line: Line) -> str:
    return re.sub(r"\d+", "0", line.text)


def _body_size(pages: Sequence[_Page]) -> float:
    """The size of type in which most is written."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for block in page.blocks:
            for line in block.lines:
                sizes[round(line.size * 2) / 2] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], -size), default=0.0)


# --- writing --------------------------------------------------------------------------------------


class _Writer:
    """Writes pages; a paragraph may go on from one column or page to the next."""

    def __init__(self, out: ExtractedText, pages: Sequence[_Page]) -> None:
        self._out = out
        self._body = _body_size(pages)
        self._running = _running_lines(pages)
        self._open: Line | None = None  # the full line at the end of a column, within a sentence

    def write(self, page: _Page) -> None:
        waiting = sorted(page.tables, key=lambda table: (table.top, table.left))
        for block in page.blocks:
            lines = [
                line
                for line in block.lines
                if not (_key(line) in self._running and _is_apart(line, block, page))
            ]
            position = 0
            while position < len(lines):
                while waiting and _stands_before(waiting[0], lines[position]):
                    self._out.table(waiting.pop(0).rows)
                    self._open = None
                if is_cell_row(lines[position]):
                    position = self._write_cells(lines, position)
                else:
                    position = self._write_paragraph(lines, position, block, page)
        for table in waiting:
            self._out.table(table.rows)

    def _write_cells(self, lines: Sequence[Line], position: int) -> int:
        """Write the rows of cells that begin at a line; as a table where each has as many."""
        end = position + 1
        while end < len(lines) and is_cell_row(lines[end]):
            end += 1
        rows = [list(one.cells) for one in lines[position:end]]
        if len(rows) > 2 and len({len(row) for row in rows}) == 1:
            self._out.table(rows)
        else:
            for one in lines[position:end]:
                self._out.paragraph(" | ".join(one.cells) if len(rows) > 1 else one.text)
        self._open = None
        return end

    def _write_paragraph(
        self, lines: Sequence[Line], position: int, block: Block, page: _Page
    ) -> int:
        """Write the paragraph, or the heading, that begins at a line."""
        line = lines[position]
        text, end = line.text, position + 1
        while end < len(lines) and goes_on(lines[end - 1], lines[end], block):
            text = joined(text, lines[end].text)
            end += 1
        level = 0 if len(text) > _LONGEST_HEADING else _level(line.size, self._body, page)
        before, self._open = self._open, None
        if level:
            self._out.heading(text, level)
            return end
        if position == 0 and before is not None and goes_on_above(before, line):
            self._out.join(text)
        else:
            gap = line.top - lines[position - 1].bottom if position else 1e9
            self._out.paragraph(text, gap="\n" if gap < 0.9 * line.size else "\n\n")
        if end == len(lines) and is_full(lines[-1], block):
            self._open = lines[-1]
        return end


def _stands_before(table: Table, line: Line) -> bool:
    beside = min(table.right, line.right) - max(table.left, line.left)
    return table.top < line.top and beside > 0


def _level(size: float, body: float, page: _Page) -> int:
    """The level of a heading by the size of its type; boxes of OCR tell sizes roughly only."""
    if not body or size < (1.5 if page.is_scan else 1.14) * body:
        return 0
    return 1 if size >= 1.6 * body else 2 if size >= 1.3 * body else 3
