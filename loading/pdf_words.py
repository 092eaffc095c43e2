"""What stands on a page of a PDF: its words with their boxes, its rules and its pictures."""

import ctypes
from collections.abc import Iterator
from typing import Any

from .layout import Run

_RESOLUTION = 300 / 72  # pixels a point
_MOST_PIXELS = 30_000_000
_GAP = 0.9  # in sizes of the type: where words are this far apart, another run begins
_FALLBACK_SIZE = 10.0
_MOST_CHARACTERS = 400_000
_GARBLED = 0.3
_PICTURE_SHARE = 0.25


_Box = tuple[float, float, float, float]


def runs_of(page: Any) -> list[Run]:
    """The words of a page in runs, in the order in which the file writes them."""
    textpage = page.get_textpage()
    try:
        return list(_runs(textpage, _Turned(page.get_rotation(), page.get_bbox())))
    finally:
        textpage.close()


class _Turned:
    """From boxes of a file, y up, to boxes on the page as it is shown, y down."""

    def __init__(self, rotation: int, box: tuple[float, float, float, float]) -> None:
        self._rotation = rotation % 360
        self._left, self._bottom, self._right, self._top = box

    def box(self, left: float, bottom: float, right: float, top: float) -> _Box:
        """Left, top, right and bottom."""
        if self._rotation == 90:
            return bottom - self._bottom, left - self._left, top - self._bottom, right - self._left
        if self._rotation == 180:
            return (
                self._right - right,
                bottom - self._bottom,
                self._right - left,
                top - self._bottom,
            )
        if self._rotation == 270:
            return self._top - top, self._right - right, self._top - bottom, self._right - left
        return left - self._left, self._top - top, right - self._left, self._top - bottom


def _runs(textpage: Any, turned: _Turned) -> Iterator[Run]:
    import pypdfium2.raw as raw

    count = min(textpage.count_chars(), _MOST_CHARACTERS)
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    edges = tuple(ctypes.byref(one) for one in (left, right, bottom, top))
    text: list[str] = []
    run = (0.0, 0.0, 0.0, 0.0, 0.0)  # left, top, right, bottom, size
    blank = False

    def taken() -> Run:
        return Run("".join(text), run[0], run[1], run[2], run[3], run[4])

    for index in range(count):
        code = raw.FPDFText_GetUnicode(textpage, index)
        character = _character(code)
        if character in "\r\n" or not character:
            blank = True
            continue
        if character.isspace():
            blank = True
            continue
        if not raw.FPDFText_GetCharBox(textpage, index, *edges):
            continue
        size = raw.FPDFText_GetFontSize(textpage, index)
        here = turned.box(left.value, bottom.value, right.value, top.value)
        size = _size(size, here)
        if text and _continues(run, here, size):
            gap = here[0] - run[2]
            text.append(" " if blank and gap > -0.5 * size else "")
            text.append(character)
            run = (
                min(run[0], here[0]),
                min(run[1], here[1]),
                max(run[2], here[2]),
                max(run[3], here[3]),
                max(run[4], size),
            )
        else:
            if text:
                yield taken()
            text = [character]
            run = (*here, size)
        blank = False
    if text:
        yield taken()


def _size(size: float, box: tuple[float, float, float, float]) -> float:
    # A file may write in size 1 and enlarge it by a matrix: then the boxes tell the size.
    tall = box[3] - box[1]
    if size < 3 or size > 200 or tall > 1.6 * size:
        return min(max(tall * 1.3, 3.0), 200.0) if tall > 0 else _FALLBACK_SIZE
    return size


def _continues(
    run: tuple[float, float, float, float, float],
    here: tuple[float, float, float, float],
    size: float,
) -> bool:
    """Whether a character goes on in the run before it."""
    gap = here[0] - run[2]
    shared = min(run[3], here[3]) - max(run[1], here[1])
    least = min(run[3] - run[1], here[3] - here[1])
    is_level = shared > 0.2 * least or abs((run[1] + run[3]) / 2 - (here[1] + here[3]) / 2) < (
        0.5 * size
    )
    return is_level and -0.6 * size < gap < _GAP * size and size < 1.6 * run[4] < 4 * size


def _character(code: int) -> str:
    if code in (0x02, 0xAD):  # where a line was broken within a word
        return "\u00ad"
    if code < 0x20 and code not in (0x09, 0x0A, 0x0D) or 0xD800 <= code <= 0xDFFF:
        return ""
    return chr(code) if 0 < code < 0x110000 else ""


def is_garbled(runs: list[Run]) -> bool:
    """Whether the fonts of a page do not say which characters its shapes are."""
    text = "".join(run.text for run in runs)
    unknown = sum(one == "\ufffd" or "\ue000" <= one <= "\uf8ff" for one in text)
    return unknown > _GARBLED * len(text)


def count_rules(page: Any, most: int = 400) -> int:
    """How many lines and boxes are drawn on a page, up to a bound."""
    import pypdfium2.raw as raw

    count = 0
    for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=2):
        count += 1
        if count >= most:
            break
    return count


def holds_picture(page: Any) -> bool:
    """Whether pictures cover much of a page."""
    import pypdfium2.raw as raw

    covered = 0.0
    for number, one in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        left, bottom, right, top = one.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
        if number > 500:
            break
    return covered > _PICTURE_SHARE * page.get_width() * page.get_height()


def picture_of(page: Any) -> tuple[Any, float]:
    """A page drawn as a picture, and how many pixels it has to a point."""
    area = max(page.get_width() * page.get_height(), 1.0)
    scale = min(_RESOLUTION, (_MOST_PIXELS / area) ** 0.5)
    return page.render(scale=scale).to_pil(), scale
