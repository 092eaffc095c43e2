"""Presentations of PowerPoint (PPTX): each slide is a page, with its tables, charts and notes."""

import io
from collections.abc import Iterator
from typing import Any

from ..errors import DocumentError
from .extracted import ExtractedText
from .options import ReadingOptions
from .parts import Part
from .zip_files import open_zip

_MOST_DEPTH = 20


def read_pptx(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The slides of a presentation, each its title, its shapes down the slide, and its notes."""
    from pptx import Presentation

    archive = open_zip(data, options)
    try:
        presentation = Presentation(io.BytesIO(data))
        slides = list(presentation.slides)
        title = " ".join((presentation.core_properties.title or "").split())
    except Exception as error:  # what a damaged file makes of the library is many things
        raise DocumentError(f"it is no PPTX that can be opened: {error}") from error
    out = ExtractedText(options)
    out.title = "" if title == "PowerPoint Presentation" else title
    if any(name.endswith("vbaProject.bin") for name in archive.names):
        out.note("its macros were left out, not run")
    for number, slide in enumerate(slides, start=1):
        out.page()
        out.place(f"slide {number}")
        try:
            _write_slide(out, slide)
        except DocumentError:
            raise
        except Exception as error:
            out.note(f"slide {number} is damaged and was read in part only: {error}")
        options.still_going()
    yield out.part()


def _write_slide(out: ExtractedText, slide: Any) -> None:
    named = slide.shapes.title
    if named is not None:
        out.heading(named.text_frame.text)
    for shape in _in_order(slide.shapes, 0):
        if named is not None and shape.shape_id == named.shape_id:
            continue
        _write_shape(out, shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        out.paragraph(slide.notes_slide.notes_text_frame.text, gap="\n\n")


def _in_order(shapes: Any, depth: int) -> Iterator[Any]:
    """Shapes from the top down, those of a group in its place."""

    def place(shape: Any) -> tuple[int, int]:
        return (shape.top or 0, shape.left or 0)

    for shape in sorted(shapes, key=place):
        if hasattr(shape, "shapes"):
            if depth < _MOST_DEPTH:
                yield from _in_order(shape.shapes, depth + 1)
        else:
            yield shape


def _write_shape(out: ExtractedText, shape: Any) -> None:
    if getattr(shape, "has_table", False):
        out.table([cell.text for cell in row.cells] for row in shape.table.rows)
    elif getattr(shape, "has_chart", False):
        _write_chart(out, shape.chart)
    elif getattr(shape, "has_text_frame", False):
        lines: list[str] = []
        for paragraph in shape.text_frame.paragraphs:
            text = "".join(run.text for run in paragraph.runs).strip()
            mark = "- " if text and paragraph.level else ""
            lines.append(f"{'  ' * min(paragraph.level, 8)}{mark}{text}" if text else "")
        out.paragraph("\n".join(filter(None, lines)), gap="\n\n")


def _write_chart(out: ExtractedText, chart: Any) -> None:
    if chart.has_title:
        out.paragraph(chart.chart_title.text_frame.text, gap="\n\n")
    plot = next(iter(chart.plots), None)
    if plot is None:
        return
    series = [(one.name, list(one.values)) for one in plot.series]
    categories = [str(category) for category in plot.categories]
    rows = [["", *(str(name) for name, _ in series)]]
    for number, category in enumerate(categories):
        values = [values[number] if number < len(values) else None for _, values in series]
        rows.append([category, *("" if value is None else f"{value:g}" for value in values)])
    out.table(rows)
