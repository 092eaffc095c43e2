"""PDF as people have them: turned pages, broken words, running titles, unruled tables."""

from pathlib import Path

import pytest

from groundglm.loading import load_files

from . import made_files
from .hostile_files import page_of, stream
from .made_files import CHAPTERS, SENTENCES


def read(path: Path) -> str:
    (document,) = load_files([path], root=path.parent, jobs=1)
    return document.page_content


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_pages_that_are_turned_read_like_others(rotation: int, tmp_path: Path) -> None:
    import pypdfium2

    made_files.pdf(tmp_path / "straight.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "straight.pdf")
    for page in document:
        # The text is written along the other edge, and the page is shown turned back.
        wide, high = page.get_size()
        turn = {90: (0, 1, -1, 0, high, 0), 180: (-1, 0, 0, -1, wide, high)}
        matrix = turn.get(rotation, (0, -1, 1, 0, 0, wide))
        for one in page.get_objects(max_depth=1):
            one.transform(pypdfium2.PdfMatrix(*matrix))
        if rotation != 180:
            page.set_mediabox(0, 0, high, wide)
        page.set_rotation(rotation)
        page.gen_content()
    document.save(tmp_path / "turned.pdf")

    text = read(tmp_path / "turned.pdf")

    start = 0
    for heading, sentences in CHAPTERS:
        for piece in (heading, *sentences):
            start = text.index(piece, start)
    assert "Return" in text


def paragraphs(path: Path, texts: list[str], foot: str = "") -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    style = ParagraphStyle("body", fontName="Helvetica", fontSize=11, leading=15)
    story: list[object] = []
    for text in texts:
        story += [Paragraph(text, style), PageBreak()]

    def draw(canvas, document) -> None:
        if foot:
            canvas.drawString(72, 30, foot.format(document.page))

    SimpleDocTemplate(str(path)).build(story, onFirstPage=draw, onLaterPages=draw)


@pytest.mark.parametrize("pages", [2, 3, 7])
def test_what_stands_on_every_page_is_left_out(pages: int, tmp_path: Path) -> None:
    texts = [f"{SENTENCES[0]} Page of boat {n}." for n in range(pages)]
    paragraphs(tmp_path / "a.pdf", texts, "Guide of the island, page {}")

    text = read(tmp_path / "a.pdf")

    assert "Guide of the island" not in text
    assert all(f"Page of boat {n}." in text for n in range(pages))


def test_a_single_page_keeps_its_last_line(tmp_path: Path) -> None:
    paragraphs(tmp_path / "a.pdf", [SENTENCES[0]], "Printed in Aarhus")

    assert "Printed in Aarhus" in read(tmp_path / "a.pdf")


def lines(*told: tuple[int, int, str]) -> bytes:
    """A page with words at places, in points from the left and from the bottom."""
    said = " ".join(f"BT /F 11 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in told)
    return page_of(stream(said.encode()))


def test_a_word_that_was_broken_at_the_end_of_a_line_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(
        lines(
            (50, 700, "The ferry leaves the harbour of the island in the mor-"),
            (50, 686, "ning at nine, and the well-known bridge is open all day."),
        )
    )

    assert read(tmp_path / "a.pdf") == (
        "The ferry leaves the harbour of the island in the morning at nine, and the well-known "
        "bridge is open all day."
    )


def test_columns_of_cells_without_rules_are_a_table(tmp_path: Path) -> None:
    rows = [("Fare", "Adult", "Child"), ("Single", "3 EUR", "1 EUR"), ("Return", "5 EUR", "2 EUR")]
    told = [
        (50 + 150 * column, 700 - 16 * row, cell)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    ]
    (tmp_path / "a.pdf").write_bytes(lines(*told))

    assert read(tmp_path / "a.pdf") == (
        "| Fare | Adult | Child |\n| --- | --- | --- |\n| Single | 3 EUR | 1 EUR |\n"
        "| Return | 5 EUR | 2 EUR |"
    )


def test_words_are_in_order_however_the_file_writes_them(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(
        lines((50, 660, "Third."), (50, 700, "First."), (90, 680, "line."), (50, 680, "Second"))
    )

    assert read(tmp_path / "a.pdf").split() == ["First.", "Second", "line.", "Third."]
