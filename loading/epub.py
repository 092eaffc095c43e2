"""Books as EPUB: their chapters in the order of reading."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from ..errors import DocumentError
from .extracted import ExtractedText
from .html import html_to_text
from .options import ReadingOptions
from .parts import Part, text_of
from .zip_files import BoundedZip, open_zip, xml_of

_CONTAINER = "META-INF/container.xml"
_RIGHTS = "META-INF/encryption.xml"


def read_epub(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The chapters of a book, each a place that is called by its first heading.

    Raises:
        DocumentError: it is no EPUB, or protected.
    """
    archive = open_zip(data, options)
    if _CONTAINER not in archive.names:
        raise DocumentError("it is no EPUB: it does not say where the book stands")
    out = ExtractedText(options)
    out.title, chapters = _spine(archive)
    unread = 0
    for name in chapters:
        if name not in archive.names:
            out.note(f"a chapter is missing: {name}")
            continue
        try:
            title, text = html_to_text(text_of(archive.read(name)))
        except DocumentError:
            unread += 1
            continue
        heading = re.search(r"^#{1,6} (.{1,120})$", text, re.MULTILINE)
        if text.strip():
            out.place(heading[1] if heading else title or posixpath.basename(name))
            out.paragraph(text, gap="\n\n")
        options.still_going()
    if unread:
        protected = _RIGHTS in archive.names
        out.note(f"{unread} chapters cannot be read{', for they are protected' * protected}")
        if not out.ends:
            raise DocumentError("it is protected (DRM)" if protected else "no chapter can be read")
    yield out.part()


def _spine(archive: BoundedZip) -> tuple[str, list[str]]:
    """The title of a book, and the names of its chapters in order."""
    root = xml_of(archive, _CONTAINER)
    place = next(
        (one.get("full-path") for one in root.iter() if one.tag.endswith("}rootfile")), None
    )
    if not place or place not in archive.names:
        raise DocumentError("it is no EPUB: the description of the book is missing")
    package = xml_of(archive, place)
    folder = posixpath.dirname(place)
    items: dict[str, str] = {}
    order: list[str] = []
    title = ""
    for one in package.iter():
        if one.tag.endswith("}item"):
            held = unquote(one.get("href", ""))
            items[one.get("id", "")] = posixpath.normpath(posixpath.join(folder, held))
        elif one.tag.endswith("}itemref") and one.get("linear") != "no":
            order.append(one.get("idref", ""))
        elif one.tag == "{http://purl.org/dc/elements/1.1/}title" and not title:
            title = " ".join((one.text or "").split())
    return title, [items[id_] for id_ in order if id_ in items]
