"""Scanned pages are read by OCR: nearly every character, in order, with the page."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.loading import ReadingOptions, Refusal, load_files

from . import made_files
from .made_files import SENTENCES


def scan(source: Path, target: Path, dpi: int, turn: int = 0) -> None:
    """A PDF of pictures of the pages of another one."""
    import pypdfium2

    document = pypdfium2.PdfDocument(source)
    pages = [page.render(scale=dpi / 72).to_pil().rotate(turn, expand=True) for page in document]
    pages[0].save(target, save_all=True, append_images=pages[1:], resolution=dpi)


def distance(one: str, other: str) -> int:
    """How many characters must be put in, taken out or changed (Levenshtein)."""
    before = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        line = [row]
        for column, b in enumerate(other, start=1):
            line.append(min(before[column] + 1, line[-1] + 1, before[column - 1] + (a != b)))
        before = line
    return before[-1]


def plain(text: str) -> str:
    return "".join(text.replace("#", "").replace("|", "").replace("---", "").split())


@pytest.fixture
def page(tmp_path: Path) -> Path:
    made_files.pdf(tmp_path / "guide.pdf")
    return tmp_path / "guide.pdf"


@pytest.mark.slow
@pytest.mark.parametrize(("dpi", "turn"), [(300, 0), (150, 0), (200, 180), (200, 90)])
def test_a_scan_says_what_the_page_says(dpi: int, turn: int, page: Path, tmp_path: Path) -> None:
    (written,) = load_files([page], jobs=1)
    scan(page, tmp_path / "scan.pdf", dpi, turn)

    (document,) = load_files([tmp_path / "scan.pdf"], jobs=1)

    truth, read = plain(written.page_content), plain(document.page_content)
    assert distance(truth, read) < (0.02 if dpi == 300 else 0.05) * len(truth), read
    assert len(document.metadata["page_starts"]) == 3
    third = document.page_content[document.metadata["page_starts"][2] :]
    assert "Return" in third and SENTENCES[0] not in third


def test_without_ocr_a_scan_is_refused_with_what_to_do(page: Path, tmp_path: Path) -> None:
    scan(page, tmp_path / "scan.pdf", 60)

    (refused,) = load_files([tmp_path / "scan.pdf"], options=ReadingOptions(ocr="off"), jobs=1)

    assert isinstance(refused, Refusal) and "--ocr auto" in refused.reason


@pytest.mark.slow
def test_a_bound_on_pictures_is_noted(page: Path, tmp_path: Path) -> None:
    scan(page, tmp_path / "scan.pdf", 80)

    (document,) = load_files(
        [tmp_path / "scan.pdf"], options=ReadingOptions(max_pictures=1), jobs=1
    )

    assert isinstance(document, Document)
    assert document.metadata["groundglm_reading"]["notes"] == [
        "only the first 1 pages that are pictures were read"
    ]


def test_a_picture_of_text_is_read(page: Path, tmp_path: Path) -> None:
    import pypdfium2

    pypdfium2.PdfDocument(page)[0].render(scale=2).to_pil().save(tmp_path / "page.png")

    (document,) = load_files([tmp_path / "page.png"], jobs=1)

    assert SENTENCES[2] in document.page_content
