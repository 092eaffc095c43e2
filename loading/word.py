"""Word processors: DOCX (through mammoth), RTF and ODT."""

import io
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import DocumentError
from .extracted import ExtractedText
from .html import html_to_text
from .options import ReadingOptions
from .parts import Part, text_of
from .zip_files import open_zip, xml_of

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => h2:fresh
p[style-name='标题'] => h1:fresh
p[style-name='副标题'] => h2:fresh
"""


def read_docx(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """A Word document: headings, lists, tables, notes; pictures and comments are left out."""
    import mammoth

    archive = open_zip(data, options)
    if "word/document.xml" not in archive.names:
        raise DocumentError("it is no DOCX: there is no document in it")
    image = mammoth.images.img_element(lambda _: {})  # never decoded
    try:
        page = mammoth.convert_to_html(
            io.BytesIO(data), style_map=_STYLES, convert_image=image, external_file_access=False
        ).value
    except Exception as error:  # what a damaged file makes of the library is many things
        raise DocumentError(f"it is no DOCX that can be opened: {error}") from error
    options.bounded(len(page) // 4)
    title = _docx_title(archive)
    _, text = html_to_text(page, headed=True)
    yield Part(text, title, note=_macros(archive.names))


def _macros(names: frozenset[str]) -> str:
    found = any(name.endswith("vbaProject.bin") for name in names)
    return "its macros were left out, not run" if found else ""


def _docx_title(archive: Any) -> str:
    if "docProps/core.xml" not in archive.names:
        return ""
    title = xml_of(archive, "docProps/core.xml").find("{http://purl.org/dc/elements/1.1/}title")
    return " ".join((title.text or "").split()) if title is not None else ""


def read_rtf(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The text of an RTF document."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise DocumentError("it is no RTF")
    try:
        text = rtf_to_text(data.decode("latin-1"), encoding=options.encoding or "cp1252")
    except Exception as error:
        raise DocumentError(f"it is no RTF that can be read: {error}") from error
    out = ExtractedText(options)
    for paragraph in text.split("\n"):
        cells = [cell for cell in paragraph.split("|") if cell.strip()]
        out.paragraph(" | ".join(cells) if paragraph.count("|") > 1 else paragraph)
    yield out.part()


_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_MOST_REPEATED = 100  # a cell or blank that is written once may stand for millions


def read_odt(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """An OpenDocument text: headings, lists, tables, notes."""
    out = ExtractedText(options)
    _write(out, open_document(data, options, "text"))
    yield out.part()


def read_odp(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """An OpenDocument presentation: each slide is a page."""
    out = ExtractedText(options)
    body = open_document(data, options, "presentation")
    for number, slide in enumerate(body.iter(f"{_DRAW}page"), start=1):
        out.page()
        out.place(f"slide {number}")
        _write(out, slide)
    yield out.part()


def open_document(data: bytes, options: ReadingOptions, kind: str) -> Element:
    """The body of an OpenDocument file."""
    archive = open_zip(data, options)
    if "content.xml" not in archive.names:
        raise DocumentError("it is no OpenDocument file: there is no content in it")
    root = xml_of(archive, "content.xml")
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    body = root.find(f"{office}body/{office}{kind}")
    if body is None:
        raise DocumentError(f"it is an OpenDocument file, but no {kind}")
    return body


def _write(out: ExtractedText, element: Element) -> None:
    for child in element:
        if child.tag == f"{_TEXT}h":
            level = child.get(f"{_TEXT}outline-level", "1")
            out.heading(words_of(child), int(level) if level.isdigit() else 1)
        elif child.tag == f"{_TEXT}p":
            out.paragraph(words_of(child))
            for frame in child.iter(f"{_DRAW}text-box"):
                _write(out, frame)
        elif child.tag == f"{_TABLE}table":
            out.table(_rows(child))
        elif child.tag == f"{_TEXT}list-item":
            held = ExtractedText(ReadingOptions())
            _write(held, child)
            text = held.part().text
            out.paragraph(f"- {text}" if text and not text.startswith("- ") else text)
        elif not child.tag.endswith(("}tracked-changes", "}annotation", "}forms")):
            _write(out, child)


def _rows(table: Element) -> Iterator[list[str]]:
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row:
            if not cell.tag.endswith("table-cell"):
                continue
            times = cell.get(f"{_TABLE}number-columns-repeated", "1")
            text = " ".join(words_of(one) for one in cell.iter(f"{_TEXT}p"))
            cells += [text] * min(int(times) if times.isdigit() else 1, _MOST_REPEATED)
        yield cells


def words_of(element: Element) -> str:
    """The words within a paragraph of OpenDocument; its notes stand behind it in brackets."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == f"{_TEXT}s":
            count = child.get(f"{_TEXT}c", "1")
            parts.append(" " * min(int(count) if count.isdigit() else 1, _MOST_REPEATED))
        elif child.tag in (f"{_TEXT}line-break", f"{_TEXT}tab"):
            parts.append("\n" if child.tag.endswith("break") else "\t")
        elif child.tag == f"{_TEXT}note":
            body = child.find(f"{_TEXT}note-body")
            told = (
                " ".join(words_of(one) for one in body.iter(f"{_TEXT}p"))
                if body is not None
                else ""
            )
            parts.append(f" [{told}]" if told else "")
        elif not child.tag.endswith(
            ("}frame", "}annotation", "}bookmark", "}page-number", "}page-count")
        ):
            parts.append(words_of(child))
        parts.append(child.tail or "")
    return "".join(parts)


def read_doc(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """Word before 2007: refused, with what to do; some such files are RTF or HTML by content.

    Raises:
        DocumentError: always, unless it is RTF or a page.
    """
    start = data[:512].lstrip().lower()
    if start.startswith(b"{\\rtf"):
        yield from read_rtf(data, options)
    elif start.startswith((b"<html", b"<!doctype html")):
        title, text = html_to_text(text_of(data, options.encoding))
        yield Part(text, title)
    else:
        raise DocumentError(
            "it is of the old binary format of Office; save it in the new one, for example: "
            "soffice --headless --convert-to docx FILE (or pptx)"
        )
