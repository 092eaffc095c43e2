"""The formats that are read: their endings, and what tells them by their first bytes."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import PurePosixPath

from ..errors import DocumentError
from .options import ReadingOptions
from .parts import Part, Reader

_PIP_LINE = 'pip install "groundglm[documents]"'


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what people call it, its endings, and its reader as "module:function".

    `needs` is the package of the extra `documents` that its reader imports.
    """

    name: str
    endings: tuple[str, ...]
    reader: str
    needs: str = ""

    def read(self, data: bytes, options: ReadingOptions) -> Iterator[Part]:
        """The parts of a file of it.

        Raises:
            DocumentError: the bytes are none of it, or a package is missing.
        """
        try:
            yield from _reader(self.reader)(data, options)
        except ModuleNotFoundError as error:
            raise DocumentError(f"reading {self.name} needs: {_PIP_LINE} ({error.name})") from error


@cache
def _reader(place: str) -> Reader:
    module, _, function = place.partition(":")
    return getattr(import_module(f".{module}", __package__), function)


_CODE = tuple(
    ".py .pyi .js .mjs .cjs .jsx .ts .tsx .java .kt .scala .go .rs .c .h .cc .cpp .cxx .hpp .cs "
    ".swift .rb .php .pl .lua .r .jl .sh .bash .sql .m .dart .ex .exs .hs .clj .vue .proto".split()
)

KNOWN: Mapping[str, Format] = {
    "text": Format("plain text", (".txt", ".text", ".log"), "plain:read_plain"),
    "markdown": Format("Markdown", (".md", ".markdown"), "plain:read_markdown"),
    "rst": Format("reStructuredText", (".rst",), "rst:read_rst", "docutils"),
    "code": Format("source code", _CODE, "plain:read_code"),
    "notebook": Format("Jupyter notebooks", (".ipynb",), "notebooks:read_notebook"),
    "html": Format("HTML", (".html", ".htm", ".xhtml"), "html:read_html"),
    "json": Format("JSON", (".json",), "json:read_json"),
    "jsonl": Format("JSON Lines", (".jsonl", ".ndjson"), "json:read_json_lines"),
    "yaml": Format("YAML", (".yaml", ".yml"), "configuration:read_yaml"),
    "toml": Format("TOML", (".toml",), "configuration:read_toml"),
    "csv": Format("CSV", (".csv", ".tsv"), "tables:read_table"),
    "subtitles": Format("subtitles", (".srt", ".vtt"), "subtitles:read_subtitles"),
    "eml": Format("e-mail", (".eml",), "mail:read_eml"),
    "mbox": Format("a box of e-mail", (".mbox",), "mail:read_mbox"),
    "epub": Format("EPUB", (".epub",), "epub:read_epub"),
    "pdf": Format("PDF", (".pdf",), "pdf:read_pdf", "pypdfium2"),
    "docx": Format("DOCX", (".docx", ".docm"), "word:read_docx", "mammoth"),
    "rtf": Format("RTF", (".rtf",), "word:read_rtf", "striprtf"),
    "odt": Format("ODT", (".odt",), "word:read_odt"),
    "odp": Format("ODP", (".odp",), "word:read_odp"),
    "doc": Format("the old format of Word and PowerPoint", (".doc", ".ppt"), "word:read_doc"),
    "pptx": Format("PPTX", (".pptx", ".pptm"), "slides:read_pptx", "pptx"),
    "workbook": Format(
        "a workbook",
        (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"),
        "spreadsheets:read_workbook",
        "python_calamine",
    ),
    "picture": Format(
        "a picture",
        (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
        "ocr:read_image",
        "rapidocr",
    ),
    "archive": Format(
        "an archive", (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"), "archives:read_archive"
    ),
}

#: The name of its format, by the ending of a file's name.
ENDINGS: Mapping[str, str] = {ending: name for name, one in KNOWN.items() for ending in one.endings}
#: Files of these formats hold several documents, which may be more or fewer the next time.
IN_PARTS = frozenset({"json", "jsonl", "eml", "mbox", "archive"})

# Formats that are read as text whatever their bytes are, unless these are plainly another's.
_PLAIN = frozenset(
    "text markdown rst code notebook html json jsonl yaml toml csv subtitles eml mbox doc "
    "rtf".split()
)
_IN_ZIP = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "workbook",
    "xl/workbook.bin": "workbook",
    "META-INF/container.xml": "epub",
}
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.spreadsheet": "workbook",
}
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def format_of(name: str) -> str:
    """The format that the ending of a name tells, or nothing."""
    return ENDINGS.get(PurePosixPath(name).suffix.lower(), "")


def read_bytes(data: bytes, name: str, options: ReadingOptions) -> Iterator[Part]:
    """The parts of a file; where its bytes are plainly of another format, it is read as that.

    Args:
        data: Its bytes.
        name: Its name, whose ending tells the format.
        options: What may be done, and what it may cost.

    Raises:
        DocumentError: the format is not read, or the bytes are none of it.
    """
    told = format_of(name)
    if not told:
        suffix = PurePosixPath(name).suffix or "(none)"
        known = ", ".join(one.name.removeprefix("a ").removeprefix("an ") for one in KNOWN.values())
        raise DocumentError(f"the format {suffix!r} is not read; known: {known}")
    true = _by_bytes(data, told)
    note = ""
    if true != told:
        note = f"it is named as {KNOWN[told].name}, but is {KNOWN[true].name}, and was read as that"
    characters = 0
    for number, part in enumerate(KNOWN[true].read(data, options)):
        characters += len(part.text)
        options.bounded(characters)
        notes = "; ".join(filter(None, (note if number == 0 else "", part.note)))
        yield replace(part, note=notes)


def _by_bytes(data: bytes, told: str) -> str:
    """The format by the first bytes, where they tell one; else what the name tells."""
    if told == "archive":
        return told
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"{\\rtf"):
        return "rtf" if told != "doc" else told
    if data.startswith(_PICTURES):
        return "picture"
    if data.startswith(b"PK\x03\x04"):
        return _by_members(data) or ("archive" if told in _PLAIN else told)
    if data.startswith(_OLE) and told in _PLAIN | {"pdf", "picture"}:
        return "doc"
    return told


def _by_members(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as file:
            names = frozenset(file.namelist())
            if "mimetype" in names and file.getinfo("mimetype").file_size < 200:
                found = _OPEN_DOCUMENT.get(file.read("mimetype").strip())
                if found:
                    return found
    except Exception:  # it is damaged, and refused by whoever reads it
        return ""
    return next((told for name, told in _IN_ZIP.items() if name in names), "")
