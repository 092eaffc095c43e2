"""Jupyter notebooks: their text and their code, without what the code has printed."""

import json
from collections.abc import Iterator
from typing import Any, cast

from ..errors import DocumentError
from ..text.headings import markdown_heading
from .extracted import ExtractedText
from .options import ReadingOptions
from .parts import Part, text_of
from .plain import without_targets


def read_notebook(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The cells of a notebook in order, code between fences; its first heading is its title.

    Raises:
        DocumentError: it is no notebook.
    """
    try:
        told: Any = json.loads(text_of(data, options.encoding))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"it is no valid JSON: {error}") from error
    cells = cast("dict[str, Any]", told).get("cells") if isinstance(told, dict) else None
    if not isinstance(cells, list):
        raise DocumentError("it is no notebook: it has no cells")
    out = ExtractedText(options)
    for cell in cast("list[Any]", cells):
        kind, source = _cell(cell)
        if kind == "code" and source.strip():
            out.paragraph(f"```\n{source}\n```", gap="\n\n")
        elif kind != "code":
            out.paragraph(without_targets(source), gap="\n\n")
    part = out.part()
    headings = (markdown_heading(line) for line in part.text.split("\n") if line[:2] == "# ")
    yield Part(part.text, next(filter(None, headings), ""), note=part.note)


def _cell(cell: object) -> tuple[str, str]:
    """The kind and the text of a cell; nothing where it is none."""
    if not isinstance(cell, dict):
        return "", ""
    held = cast("dict[str, object]", cell)
    source = held.get("source")
    if isinstance(source, list):
        source = "".join(one for one in cast("list[object]", source) if isinstance(one, str))
    return str(held.get("cell_type")), source if isinstance(source, str) else ""
