"""Files of each format, made by the format's own libraries from the same known text."""

import email.message
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

TITLE = "Island Guide"
#: Chapters: a heading, and the sentences beneath it.
CHAPTERS = [
    (
        "Boats",
        [
            "The ferry to the island leaves in the morning at nine and comes back at noon.",
            "On Sundays there is no ferry at all, and visitors take the bridge.",
            "Bicycles cost two euros extra.",
        ],
    ),
    (
        "渡船",
        [
            "渡船每天早上九点从码头出发，中午返回。",
            "星期日没有渡船，游客可以走大桥。",
            "岛上有一座灯塔，建于一八九二年。",
        ],
    ),
]
TABLE = [["Fare", "Adult", "Child"], ["Single", "3 EUR", "1 EUR"], ["Return", "5 EUR", "2 EUR"]]
SENTENCES = [sentence for _, sentences in CHAPTERS for sentence in sentences]
CELLS = [cell for row in TABLE for cell in row]


def docx(path: Path) -> None:
    import docx as library

    document = library.Document()
    document.core_properties.title = TITLE
    for heading, sentences in CHAPTERS:
        document.add_heading(heading, 1)
        document.add_paragraph(" ".join(sentences[:2]))
        document.add_paragraph(sentences[2], style="List Bullet")
    table = document.add_table(rows=3, cols=3)
    for row, cells in enumerate(TABLE):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    document.save(str(path))


def pptx(path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    presentation = Presentation()
    presentation.core_properties.title = TITLE
    for heading, sentences in CHAPTERS:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(sentences[:2])
        slide.notes_slide.notes_text_frame.text = sentences[2]
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for row, cells in enumerate(TABLE):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    presentation.save(str(path))


def xlsx(path: Path) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    for heading, sentences in CHAPTERS:
        sheet = book.add_worksheet(heading)
        sheet.write_row(0, 0, ["No.", "Text"])
        for row, sentence in enumerate(sentences, start=1):
            sheet.write(row, 0, f"n{row}")
            sheet.write(row, 1, sentence)
    sheet = book.add_worksheet("Fares")
    for row, cells in enumerate(TABLE):
        sheet.write_row(row, 0, cells)
    book.close()


def _styles() -> tuple[object, object, object]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = ParagraphStyle("body", fontName="STSong-Light", fontSize=11, leading=16)
    chinese = ParagraphStyle("chinese", parent=body, wordWrap="CJK")
    return ParagraphStyle("heading", parent=body, fontSize=18, leading=26), body, chinese


def pdf(path: Path) -> None:
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A5
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

    heading_style, body, chinese = _styles()
    story: list[object] = []
    for heading, sentences in CHAPTERS:
        style = chinese if heading == "渡船" else body
        story += [Paragraph(heading, heading_style), Paragraph(" ".join(sentences[:2]), style)]
        story += [Spacer(1, 12), Paragraph(sentences[2], style), PageBreak()]
    story.append(Table(TABLE, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)]))
    SimpleDocTemplate(str(path), pagesize=A5, title=TITLE).build(story)


def pdf_of_columns(path: Path) -> None:
    """Two columns below a title that runs across both."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, PageTemplate, Paragraph

    heading_style, body, chinese = _styles()
    wide, high = A4
    across = (wide - 120) / 2
    frames = [
        Frame(50, high - 110, wide - 100, 70),
        Frame(50, high - 420, across, 300),
        Frame(70 + across, high - 420, across, 300),
    ]
    document = BaseDocTemplate(str(path), title=TITLE)
    document.addPageTemplates([PageTemplate(frames=frames, pagesize=A4)])
    story: list[object] = [Paragraph("A study of ferries across the whole Sound", heading_style)]
    for heading, sentences in CHAPTERS:
        style = chinese if heading == "渡船" else body
        story += [FrameBreak(), Paragraph("".join(f"{one} " for one in sentences * 2), style)]
    document.build(story)


def epub(path: Path) -> None:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="O/book.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    items = "".join(f'<item id="c{n}" href="c%20{n}.xhtml"/>' for n in range(len(CHAPTERS)))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(CHAPTERS)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{TITLE}</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr("META-INF/container.xml", container)
        file.writestr("O/book.opf", package)
        for number, (heading, sentences) in enumerate(CHAPTERS):
            told = "".join(f"<p>{sentence}</p>" for sentence in sentences)
            table = _html_table() if number == 1 else ""
            file.writestr(
                f"O/c {number}.xhtml",
                f"<html><body><h1>{heading}</h1>{told}{table}</body></html>",
            )


def _html_table() -> str:
    rows = "".join(
        "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>"
        for tag, row in zip(("th", "td", "td"), TABLE, strict=True)
    )
    return f"<table>{rows}</table>"


def html(path: Path) -> None:
    told = "".join(
        f"<h1>{heading}</h1>" + "".join(f"<p>{one} <a href='/x'>more</a></p>" for one in sentences)
        for heading, sentences in CHAPTERS
    )
    path.write_text(
        f"<html><head><title>{TITLE}</title></head><body><nav>menu</nav>{told}{_html_table()}"
        "</body></html>",
        "utf-8",
    )


def _markdown_table() -> str:
    header, *rows = (f"| {' | '.join(row)} |" for row in TABLE)
    return "\n".join([header, "| --- | --- | --- |", *rows])


def markdown(path: Path) -> None:
    told = "\n\n".join(f"## {head}\n\n{' '.join(sentences)}" for head, sentences in CHAPTERS)
    path.write_text(f"# {TITLE}\n\n{told}\n\n{_markdown_table()}\n", "utf-8")


def rst(path: Path) -> None:
    told = "\n\n".join(
        f"{head}\n{'-' * 2 * len(head)}\n\n{sentences[0]} {sentences[1]}\n\n"
        f".. versionadded:: 2.0\n   {sentences[2]}"
        for head, sentences in CHAPTERS
    )
    rows = "\n".join(f"{a:7} {b:7} {c:7}" for a, b, c in TABLE[1:])
    rule = "======= ======= ======="
    table = f"{rule}\n{'Fare':7} {'Adult':7} {'Child':7}\n{rule}\n{rows}\n{rule}"
    path.write_text(f"{TITLE}\n{'=' * 20}\n\n{told}\n\n{table}\n\n.. toctree::\n\n   x\n", "utf-8")


def eml(path: Path) -> None:
    message = email.message.EmailMessage()
    message["From"], message["To"] = "王芳 <wang@example.org>", "li@example.org"
    message["Subject"], message["Date"] = TITLE, "Mon, 1 Jan 2024 10:00:00 +0000"
    message.set_content("\n".join(SENTENCES))
    held = io.BytesIO()
    book = json.dumps([dict(zip(TABLE[0], row, strict=True)) for row in TABLE[1:]]).encode()
    held.write(book)
    message.add_attachment(
        held.getvalue(), maintype="application", subtype="json", filename="票价.json"
    )
    path.write_bytes(bytes(message))


def mbox(path: Path) -> None:
    eml(path)
    head = b"From wang@example.org Mon Jan  1 10:00:00 2024\n"
    path.write_bytes(head + path.read_bytes() + b"\n" + head + path.read_bytes())


def srt(path: Path) -> None:
    cues = [
        f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:05,500\n<i>{sentence}</i>\n"
        for n, sentence in enumerate(SENTENCES, start=1)
    ]
    path.write_text("\n".join(cues), "utf-8")


def json_file(path: Path) -> None:
    told = {head: {"said": sentences} for head, sentences in CHAPTERS}
    path.write_text(json.dumps({"guide": told, "fares": TABLE}, ensure_ascii=False), "utf-8")


def yaml(path: Path) -> None:
    told = "\n".join(
        f"{head}:\n" + "\n".join(f"  - {json.dumps(one, ensure_ascii=False)}" for one in sentences)
        for head, sentences in CHAPTERS
    )
    path.write_text(f"# what the guide says\n{told}\nfares: {json.dumps(CELLS)}\n", "utf-8")


def toml(path: Path) -> None:
    told = "\n".join(
        f"# {head}\n[c{n}]\n"
        + "\n".join(f's{m} = "{sentence}"' for m, sentence in enumerate(sentences))
        for n, (head, sentences) in enumerate(CHAPTERS)
    )
    path.write_text(f"fares = {json.dumps(CELLS)}\n{told}\n", "utf-8")


def csv(path: Path) -> None:
    rows = [["n", "text"], *([str(n), one] for n, one in enumerate(SENTENCES))]
    told = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    path.write_text(told, "utf-8")


def rtf(path: Path) -> None:
    def escaped(text: str) -> str:
        return "".join(
            one if one.isascii() else f"\\u{ord(one) if ord(one) < 32768 else ord(one) - 65536}?"
            for one in text
        )

    told = "".join(
        f"{{\\b {escaped(head)}}}\\par " + "".join(f"{escaped(one)}\\par " for one in sentences)
        for head, sentences in CHAPTERS
    )
    path.write_text(f"{{\\rtf1\\ansi\\deff0 {told}}}", "ascii")


def code(path: Path) -> None:
    told = "\n\n".join(
        f"def part_{n}():\n    " + "\n    ".join(f"# {one}" for one in sentences) + "\n    return 1"
        for n, (_, sentences) in enumerate(CHAPTERS)
    )
    path.write_text(told + "\n", "utf-8")


def notebook(path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": [f"# {TITLE}\n"]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": ["not this"]}]},
    ]
    for head, sentences in CHAPTERS:
        cells.append({"cell_type": "markdown", "source": f"## {head}\n\n{' '.join(sentences)}"})
    cells.append({"cell_type": "markdown", "source": _markdown_table()})
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}, ensure_ascii=False), "utf-8")


def archive(path: Path) -> None:
    held = path.with_name(f"{path.name}.docx")
    docx(held)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(held, "guides/guide.docx")
        file.writestr("__MACOSX/guides/._guide.docx", b"\x00\x05")
    held.unlink()


#: The makers, by the ending of what they make.
MAKERS: dict[str, Callable[[Path], None]] = {
    ".docx": docx,
    ".pptx": pptx,
    ".xlsx": xlsx,
    ".pdf": pdf,
    ".epub": epub,
    ".html": html,
    ".md": markdown,
    ".rst": rst,
    ".eml": eml,
    ".mbox": mbox,
    ".srt": srt,
    ".json": json_file,
    ".yaml": yaml,
    ".toml": toml,
    ".csv": csv,
    ".rtf": rtf,
    ".py": code,
    ".ipynb": notebook,
    ".zip": archive,
}
#: Those whose files hold the table as well.
WITH_TABLE = frozenset(MAKERS) - {".srt", ".csv", ".rtf", ".py"}
