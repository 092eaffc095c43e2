"""OCR: a picture of text to its words and their places, by rapidocr or tesseract."""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

from ..errors import DocumentError
from .extracted import ExtractedText
from .layout import Run, blocks, goes_on, joined
from .options import ReadingOptions
from .parts import Part

#: Why a picture is refused that holds no text, as most pictures do.
NO_WORDS = "no words were found in the picture"
PIP_LINE = 'pip install "groundglm[documents]"'
_LEAST_SCORE = 0.5
_SURE_SCORE = 0.8
_BETTER = 0.1
#: The environment says under this name how many processors a picture may take.
THREADS = "GROUNDGLM_OCR_THREADS"
_MOST_PIXELS = 80_000_000
_LARGEST_SIDE = 4_000
_TESSERACT_SECONDS = 120
_LANGUAGES = ("chi_sim", "eng")
_MOST_FRAMES = 500


def read_image(data: bytes, options: ReadingOptions) -> Iterator[Part]:
    """The words in a picture; each picture of a TIFF of several is a page."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    if options.ocr == "off":
        raise DocumentError("it is a picture; its words are read with --ocr auto")
    out = ExtractedText(options)
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise DocumentError(
                    f"it has {image.width:,} by {image.height:,} pixels, which is too large"
                )
            frames = getattr(image, "n_frames", 1)
            is_paged = frames > 1 and image.format == "TIFF"
            for number in range(min(frames, options.max_pictures) if is_paged else 1):
                image.seek(number)
                if is_paged:
                    out.page()
                turned = ImageOps.exif_transpose(image).convert("RGB")
                _write(out, read_picture(turned, options))
                options.still_going()
            if is_paged and frames > options.max_pictures:
                out.note(f"only the first {options.max_pictures} of {frames} pages were read")
    except DocumentError:
        raise
    except Image.DecompressionBombError as error:
        raise DocumentError("it has too many pixels") from error
    except UnidentifiedImageError as error:
        raise DocumentError("it is no picture, or is damaged") from error
    except MemoryError:
        raise
    except Exception as error:  # each of Pillow's formats fails in its own ways
        raise DocumentError(f"it is no picture that can be opened: {error}") from error
    if not out.ends:
        raise DocumentError(NO_WORDS)
    yield out.part()


def _write(out: ExtractedText, runs: list[Run]) -> None:
    for block in blocks(runs):
        text = ""
        for position, line in enumerate(block.lines):
            if position and goes_on(block.lines[position - 1], line, block):
                text = joined(text, line.text)
                continue
            out.paragraph(text)
            text = line.text
        out.paragraph(text)


def read_picture(image: Any, options: ReadingOptions, *, scale: float = 1.0) -> list[Run]:
    """The words in a picture (of Pillow, RGB) as runs.

    Args:
        image: The picture.
        options: Which program reads it.
        scale: How many pixels it has to the unit of the runs.

    Raises:
        DocumentError: no such program is installed, or it failed.
    """
    longest = max(image.width, image.height)
    if longest > _LARGEST_SIDE:
        smaller = _LARGEST_SIDE / longest
        image = image.resize((round(image.width * smaller), round(image.height * smaller)))
        scale *= smaller
    engine = _engine(options.ocr)
    words = _by_tesseract(image) if engine == "tesseract" else _by_rapidocr(image)
    return [
        Run(text, left / scale, top / scale, right / scale, bottom / scale, (bottom - top) / scale)
        for text, (left, top, right, bottom) in words
    ]


@cache
def _engine(wanted: str) -> str:
    has = {
        "rapidocr": find_spec("rapidocr") is not None,
        "tesseract": bool(shutil.which("tesseract")),
    }
    order = ("rapidocr", "tesseract") if wanted == "auto" else (wanted,)
    found = next((name for name in order if has.get(name)), "")
    if not found:
        raise DocumentError(
            "reading pictures needs tesseract, which is not installed"
            if wanted == "tesseract"
            else f"reading pictures needs: {PIP_LINE}"
        )
    return found


_Words = list[tuple[str, tuple[float, float, float, float]]]


@cache
def _rapidocr() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    threads = int(os.environ.get(THREADS, "0")) or -1
    # Its classifier of lines turns many of them upside down that are not; pages are turned here.
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        }
    )


def _by_rapidocr(image: Any) -> _Words:
    """The lines of a picture; one that reads badly is turned, and read as it reads best."""
    best, score = _lines_of(image)
    if not best or (score >= _SURE_SCORE and not _is_sideways(best)):
        return best
    if _is_sideways(best):
        score -= 2 * _BETTER  # its lines are read one by one, but stand in no order
    for turn in (180, 90, 270):
        found, again = _lines_of(image.rotate(turn, expand=True))
        if again > score + _BETTER and not _is_sideways(found):
            best, score = found, again
    return best


def _is_sideways(words: _Words) -> bool:
    """Whether most lines run up or down the picture."""
    long = [box for text, box in words if len(text) > 2]
    tall = [box for box in long if box[3] - box[1] > 1.5 * (box[2] - box[0])]
    return len(tall) * 2 > len(long)


def _lines_of(image: Any) -> tuple[_Words, float]:
    """The lines of a picture as it lies, and how sure the program is of them, from 0 to 1."""
    import numpy

    try:
        found = _rapidocr()(numpy.asarray(image)[:, :, ::-1])  # it takes colours as BGR
    except MemoryError:
        raise
    except Exception as error:
        raise DocumentError(f"rapidocr failed: {error}") from error
    if found.boxes is None or found.txts is None:
        return [], 0.0
    words: _Words = []
    for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        if score >= _LEAST_SCORE and text.strip():
            across, down = [float(x) for x, _ in box], [float(y) for _, y in box]
            words.append((text, (min(across), min(down), max(across), max(down))))
    return words, sum(found.scores) / len(found.scores)


def _by_tesseract(image: Any) -> _Words:
    """Lines of words as tesseract's TSV has them; its box of a line is that of its words."""
    held = io.BytesIO()
    image.save(held, "PNG")
    known = _tesseract_languages()
    languages = "+".join(one for one in _LANGUAGES if one in known) or "eng"
    try:
        done = subprocess.run(
            ["tesseract", "-", "-", "-l", languages, "tsv"],
            input=held.getvalue(),
            capture_output=True,
            timeout=_TESSERACT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DocumentError(f"tesseract failed: {error}") from error
    lines: dict[tuple[str, ...], _Words] = {}
    for row in done.stdout.decode("utf-8", "replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12 or not cells[11].strip() or float(cells[10]) < 0:
            continue
        left, top, width, height = (float(one) for one in cells[6:10])
        box = (left, top, left + width, top + height)
        lines.setdefault(tuple(cells[1:5]), []).append((cells[11], box))
    return [_whole_line(line) for line in lines.values()]


def _whole_line(words: _Words) -> tuple[str, tuple[float, float, float, float]]:
    text = words[0][0]
    for word, _ in words[1:]:
        text = joined(text, word)
    boxes = [box for _, box in words]
    return text, (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


@cache
def _tesseract_languages() -> frozenset[str]:
    done = subprocess.run(
        ["tesseract", "--list-langs"], capture_output=True, timeout=30, encoding="utf-8"
    )
    return frozenset(done.stdout.split())
