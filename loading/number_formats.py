"""Which cells of an XLSX show a percentage: what is stored as 0.15 is 15% to people."""

import re
from collections.abc import Mapping
from xml.parsers.expat import ExpatError, ParserCreate

from ..errors import DocumentError
from .zip_files import BoundedZip, xml_of

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_BUILT_IN = {9: 0, 10: 2}  # 0% and 0.00%, which no file declares
_LARGEST_SHEET = 60_000_000  # bytes of XML
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

#: By row and column, from 0: how many decimals a percentage shows.
Percents = Mapping[tuple[int, int], int]


def percent_cells(archive: BoundedZip) -> dict[str, Percents]:
    """The cells that show percentages, by the name of their sheet; none where none tells."""
    try:
        styles = _percent_styles(archive)
        if not styles:
            return {}
        return {name: _cells(archive, place, styles) for name, place in _sheets(archive).items()}
    except DocumentError:
        return {}  # whatever is wrong with the file, whoever reads its values says so


def _percent_styles(archive: BoundedZip) -> dict[str, int]:
    """The decimals of the styles that show percentages, by their number."""
    if "xl/styles.xml" not in archive.names:
        return {}
    root = xml_of(archive, "xl/styles.xml")
    decimals = {str(number): count for number, count in _BUILT_IN.items()}
    for one in root.iter(f"{_MAIN}numFmt"):
        code = re.sub(r'"[^"]*"|\\.', "", one.get("formatCode", ""))
        if "%" in code:
            behind = re.search(r"\.([0#?]+)", code)
            decimals[one.get("numFmtId", "")] = len(behind[1]) if behind else 0
    formats = root.find(f"{_MAIN}cellXfs")
    listed = [] if formats is None else list(formats)
    return {
        str(number): decimals[told]
        for number, one in enumerate(listed)
        if (told := one.get("numFmtId", "")) in decimals
    }


def _sheets(archive: BoundedZip) -> dict[str, str]:
    """Where the sheets stand in the archive, by their names."""
    places: dict[str, str] = {}
    for one in xml_of(archive, "xl/_rels/workbook.xml.rels"):
        target = one.get("Target", "")
        places[one.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return {
        one.get("name", ""): places.get(one.get(f"{_RELATIONS}id", ""), "")
        for one in xml_of(archive, "xl/workbook.xml").iter(f"{_MAIN}sheet")
    }


def _cells(archive: BoundedZip, place: str, styles: Mapping[str, int]) -> Percents:
    if place not in archive.names or archive.file.getinfo(place).file_size > _LARGEST_SHEET:
        return {}
    found: dict[tuple[int, int], int] = {}

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag == "c" and attributes.get("s") in styles and attributes.get("t", "n") == "n":
            match = _CELL.fullmatch(attributes.get("r", ""))
            if match is not None:
                column = 0
                for letter in match[1]:
                    column = column * 26 + ord(letter) - ord("A") + 1
                found[int(match[2]) - 1, column - 1] = styles[attributes["s"]]

    def refuse(*_: object) -> None:
        raise DocumentError(f"{place} declares entities of XML, which are not read")

    parser = ParserCreate()
    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(archive.read(place), True)
    except ExpatError as error:
        raise DocumentError(f"it is damaged: {place}: {error}") from error
    return found


def as_percent(value: float, decimals: int) -> str:
    """A number as a percentage.

    >>> as_percent(0.155, 1), as_percent(1, 0)
    ('15.5%', '100%')
    """
    return f"{value * 100:.{min(decimals, 10)}f}%"
