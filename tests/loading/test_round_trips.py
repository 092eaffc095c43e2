"""What is written into a file of any format comes back out of it: all of it, in order, placed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.loading import ReadingOptions, load_files

from . import made_files
from .made_files import CELLS, CHAPTERS, MAKERS, SENTENCES, TABLE, TITLE, WITH_TABLE

OPTIONS = ReadingOptions(archives=True)


def read(path: Path, options: ReadingOptions = OPTIONS) -> list[Document]:
    found = list(load_files([path], root=path.parent, options=options, jobs=1))
    assert all(isinstance(one, Document) for one in found), found
    return found


def said_in(documents: list[Document]) -> str:
    """All that was read on one line, without what only marks headings and lists."""
    text = " ".join(one.page_content for one in documents)
    return re.sub(r"\s+", " ", re.sub(r"(?m)^[ ]*(?:#+|-) ", "", text))


def assert_in_order(text: str, pieces: list[str]) -> None:
    start = 0
    for piece in pieces:
        found = text.find(piece, start)
        assert found >= 0, (piece, text[start : start + 200])
        start = found + len(piece)


@pytest.mark.parametrize("ending", MAKERS)
def test_every_sentence_comes_back_in_order(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)

    text = said_in(read(path))

    assert_in_order(text, SENTENCES)


@pytest.mark.parametrize("ending", sorted(WITH_TABLE))
def test_every_cell_comes_back_in_order(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)

    text = said_in(read(path))

    # Where a row is a record, the names of the columns stand beside its cells.
    rows = TABLE if ending not in (".eml", ".mbox") else TABLE[1:]
    assert_in_order(text, [cell for row in rows for cell in row])
    assert all(cell in text for cell in CELLS)


@pytest.mark.parametrize(
    "ending", [".docx", ".pptx", ".pdf", ".epub", ".html", ".md", ".rst", ".ipynb"]
)
def test_a_table_with_a_header_stays_one(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)

    text = "\n".join(one.page_content for one in read(path))

    rows = [f"| {' | '.join(row)} |" for row in TABLE]
    assert "\n".join([rows[0], "| --- | --- | --- |", *rows[1:]]) in text


@pytest.mark.parametrize(
    "ending", [".docx", ".pptx", ".pdf", ".epub", ".html", ".md", ".rst", ".ipynb"]
)
def test_headings_are_headings(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)

    text = "\n".join(one.page_content for one in read(path))

    assert_in_order(text, ["# Boats\n", "# 渡船\n"])


@pytest.mark.parametrize(
    "ending", [".docx", ".pptx", ".pdf", ".epub", ".html", ".md", ".rst", ".ipynb"]
)
def test_the_title_is_found(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)

    assert read(path)[0].metadata["title"] == TITLE


@pytest.mark.parametrize("ending", [".pdf", ".pptx"])
def test_pages_and_slides_are_told(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)

    (document,) = read(path)

    starts = document.metadata["page_starts"]
    texts = [
        document.page_content[start:end]
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]
    assert len(texts) == 3
    for text, (heading, sentences) in zip(texts, CHAPTERS, strict=False):
        assert text.startswith(f"# {heading}")
        assert_in_order(said_in([Document(text)]), sentences)
    assert "Return" in texts[2]


def test_sheets_are_places(tmp_path: Path) -> None:
    path = tmp_path / "guide.xlsx"
    MAKERS[".xlsx"](path)

    (document,) = read(path)

    starts = [start for start, _ in document.metadata["places"]]
    assert [name for _, name in document.metadata["places"]] == [
        "sheet Boats",
        "sheet 渡船",
        "sheet Fares",
    ]
    assert document.page_content[starts[1] :].startswith("# 渡船")


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "columns.pdf"
    made_files.pdf_of_columns(path)

    text = said_in(read(path))

    sentences = [one for _, told in CHAPTERS for one in told * 2]
    assert_in_order(text, ["A study of ferries across the whole Sound", *sentences])


@pytest.fixture
def soffice() -> str:
    """LibreOffice; only the full tier asks for it, so `make system-packages` leaves it out."""
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("needs LibreOffice: apt-get install libreoffice-{writer,impress,calc}-nogui")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "other"), [(".docx", "odt"), (".pptx", "odp"), (".xlsx", "ods"), (".xlsx", "xls")]
)
def test_what_libreoffice_exports_comes_back(
    ending: str, other: str, tmp_path: Path, soffice: str
) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    subprocess.run(
        [soffice, home, "--headless", "--convert-to", other, "--outdir", tmp_path, path],
        check=True,
        capture_output=True,
        timeout=200,
    )

    text = said_in(read(tmp_path / f"guide.{other}"))

    assert_in_order(text, SENTENCES)
    assert all(cell in text for cell in CELLS)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".docx", ".pptx", ".xlsx"])
def test_a_pdf_that_libreoffice_exports_comes_back(
    ending: str, tmp_path: Path, soffice: str
) -> None:
    path = tmp_path / f"guide{ending}"
    MAKERS[ending](path)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    subprocess.run(
        [soffice, home, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, path],
        check=True,
        capture_output=True,
        timeout=200,
    )

    text = said_in(read(tmp_path / "guide.pdf")).replace(" ", "")

    told = SENTENCES[:2] + SENTENCES[3:5] if ending == ".pptx" else SENTENCES  # without its notes
    assert_in_order(text, [one.replace(" ", "") for one in told])
