"""Reading documents: what is kept of 200 files, in which order, and how long it takes.

The files are made from passages of the data in ../shared (Wikipedia, in both languages): PDF of one
and of two columns with tables, DOCX, PPTX, XLSX, EPUB and HTML. Ours reads them as `groundglm add`
does; `markitdown` and LangChain's loaders read the same files, each in a process of its own:

    python benchmarks/documents.py --peers PYTHON

PYTHON is an interpreter that has them (pip install "markitdown[pdf,docx,pptx,xlsx]"
langchain-community pypdf docx2txt openpyxl beautifulsoup4); without it only ours is measured.
A sentence is kept where all its characters stand together; a row of a table where its cells stand
on one line or in one paragraph.
"""

import argparse
import json
import lzma
import random
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
KINDS = (
    ["pdf"] * 30 + ["columns.pdf"] * 30 + ["docx"] * 40 + ["pptx"] * 30
    + ["xlsx"] * 30 + ["epub"] * 20 + ["html"] * 20
)  # fmt: skip


# --- the files ------------------------------------------------------------------------------------


def passages(seed: int) -> Iterator[list[str]]:
    """Sentences of a passage, Chinese and English by turns."""
    from groundglm.text.sentences import sentences as cut

    draw = random.Random(seed)
    corpora: list[list[str]] = []
    for name in ("cmrc2018", "hotpotqa"):
        with lzma.open(DATA / name / "corpus.jsonl.xz", "rt", encoding="utf-8") as file:
            texts = [json.loads(line)["text"] for line, _ in zip(file, range(4_000), strict=False)]
        draw.shuffle(texts)
        corpora.append(texts)
    for number in range(10_000):
        text = " ".join(corpora[number % 2][number // 2 % len(corpora[number % 2])].split())
        found = [span.cut(text) for span in cut(text)]
        kept = [one for one in found if 12 <= len(one) <= 200 and _is_plain(one)]
        if len(kept) >= 3:
            yield kept[:8]


def _is_plain(text: str) -> bool:
    """Whether the Chinese font of PDF has each character."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return "<" not in text and "&" not in text and "|" not in text


def table(draw: random.Random) -> list[list[str]]:
    """A header and rows of a table whose cells are told from each other."""
    head = draw.choice([["Item", "Price", "Stock"], ["名称", "价格", "库存"]])
    rows = [
        [f"N{draw.randrange(10**6)}", f"{draw.randrange(9999)} EUR", f"S{draw.randrange(10**6)}"]
        for _ in range(draw.randrange(3, 9))
    ]
    return [head, *rows]


def write(path: Path, kind: str, told: list[list[str]], rows: list[list[str]]) -> None:
    """A file of a kind: its passages each under a heading, then the table."""
    if kind.endswith("pdf"):
        _pdf(path, told, rows, columns=kind == "columns.pdf")
    elif kind == "docx":
        import docx

        document = docx.Document()
        for number, sentences in enumerate(told):
            document.add_heading(f"Part {number + 1}", 1)
            document.add_paragraph("".join(_spaced(sentences)))
        grid = document.add_table(rows=len(rows), cols=3)
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                grid.cell(y, x).text = cell
        document.save(str(path))
    elif kind == "pptx":
        from pptx import Presentation
        from pptx.util import Inches

        slides = Presentation()
        for number, sentences in enumerate(told):
            slide = slides.slides.add_slide(slides.slide_layouts[1])
            slide.shapes.title.text = f"Part {number + 1}"
            slide.placeholders[1].text = "\n".join(sentences)
        slide = slides.slides.add_slide(slides.slide_layouts[6])
        shape = slide.shapes.add_table(len(rows), 3, Inches(1), Inches(1), Inches(7), Inches(3))
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                shape.table.cell(y, x).text = cell
        slides.save(str(path))
    elif kind == "xlsx":
        import xlsxwriter

        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("Texts")
        sheet.write_row(0, 0, ["No.", "Text"])
        for number, sentence in enumerate([one for sentences in told for one in sentences]):
            sheet.write_row(number + 1, 0, [f"n{number}", sentence])
        sheet = book.add_worksheet("Table")
        for y, row in enumerate(rows):
            sheet.write_row(y, 0, row)
        book.close()
    else:
        parts = [
            f"<h1>Part {number + 1}</h1><p>{''.join(_spaced(sentences))}</p>"
            for number, sentences in enumerate(told)
        ]
        grid = "".join(
            "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>"
            for tag, row in zip(["th"] + ["td"] * len(rows), rows, strict=False)
        )
        parts.append(f"<table>{grid}</table>")
        if kind == "html":
            page = f"<html><head><title>x</title></head><body><nav>menu</nav>{''.join(parts)}"
            path.write_text(f"{page}<footer>end</footer></body></html>", "utf-8")
        else:
            _epub(path, parts)


def _spaced(sentences: list[str]) -> list[str]:
    return [one if one[-1] > "\u2e7f" else f"{one} " for one in sentences]


def _epub(path: Path, parts: list[str]) -> None:
    names = [f"c{number}" for number in range(len(parts))]
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr(
            "META-INF/container.xml",
            '<?xml version="1.0"?><container version="1.0" '
            'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
            'full-path="b.opf" media-type="application/oebps-package+xml"/></rootfiles>'
            "</container>",
        )
        file.writestr(
            "b.opf",
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>x</dc:title></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for name, part in zip(names, parts, strict=True):
            page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{part}</body></html>'
            file.writestr(f"{name}.xhtml", page)


def _pdf(path: Path, told: list[list[str]], rows: list[list[str]], *, columns: bool) -> None:
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer, Table

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    latin = ParagraphStyle("latin", fontName="Helvetica", fontSize=10, leading=14)
    chinese = ParagraphStyle(
        "chinese", fontName="STSong-Light", fontSize=10, leading=15, wordWrap="CJK"
    )
    heading = ParagraphStyle("heading", parent=latin, fontSize=15, leading=20)
    wide, high = A4
    across = (wide - 120) / 2
    frames = (
        [Frame(50, 60, across, high - 120), Frame(70 + across, 60, across, high - 120)]
        if columns
        else [Frame(60, 60, wide - 120, high - 120)]
    )

    def foot(canvas, document) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(60, 30, f"A running title, page {document.page}")

    document = BaseDocTemplate(str(path))
    document.addPageTemplates([PageTemplate(frames=frames, onPage=foot)])
    story: list[object] = []
    for number, sentences in enumerate(told):
        text = "".join(_spaced(sentences))
        is_chinese = any(one > "\u2e7f" for one in text)
        story += [
            Paragraph(f"Part {number + 1}", heading),
            Paragraph(text, chinese if is_chinese else latin),
            Spacer(1, 10),
        ]
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
        ("FONTNAME", (0, 0), (-1, -1), "STSong-Light"),
    ]
    story.append(Table(rows, style=style))
    document.build(story)


# --- readers, each run as `documents.py --read NAME FOLDER` ---------------------------------------


def read_ours(paths: list[Path]) -> Iterator[str]:
    from groundglm.loading import load_files

    for one in load_files(paths, root=paths[0].parent, jobs=1):
        yield getattr(one, "page_content", "")


def read_markitdown(paths: list[Path]) -> Iterator[str]:
    from markitdown import MarkItDown

    converter = MarkItDown()
    for path in paths:
        try:
            yield converter.convert(str(path)).text_content
        except Exception as error:
            print(f"{path.name}: {error!s:.100}", file=sys.stderr)
            yield ""


def read_langchain(paths: list[Path]) -> Iterator[str]:
    """What LangChain's pages name first for each format, and what needs no system package."""
    import warnings

    warnings.simplefilter("ignore")
    from langchain_community import document_loaders as loaders

    makers = {
        ".pdf": loaders.PyPDFLoader,
        ".docx": loaders.Docx2txtLoader,
        ".html": loaders.BSHTMLLoader,
        ".pptx": loaders.UnstructuredPowerPointLoader,
        ".xlsx": loaders.UnstructuredExcelLoader,
        ".epub": loaders.UnstructuredEPubLoader,
    }
    failed: dict[str, str] = {}
    for path in paths:
        try:
            found = makers[path.suffix](str(path)).load()
            yield "\n".join(one.page_content for one in found)
        except Exception as error:
            failed[path.suffix] = f"{type(error).__name__}: {error!s:.80}"
            yield ""
    for ending, why in failed.items():
        print(f"{ending} cannot be read: {why}", file=sys.stderr)


READERS = {"groundglm": read_ours, "markitdown": read_markitdown, "langchain": read_langchain}


def read(name: str, folder: Path) -> None:
    """Read the files of a folder one by one; times and texts as JSON."""
    paths = sorted(path for path in folder.iterdir() if path.name != "truth.json")
    texts: list[str] = []
    seconds: list[float] = []
    reader = READERS[name]
    list(reader(paths[:1]))  # what is loaded once is no part of a file's time
    found = reader(paths)
    start = time.perf_counter()
    for text in found:
        seconds.append(time.perf_counter() - start)
        texts.append(text)
        start = time.perf_counter()
    names = [path.name for path in paths]
    json.dump({"names": names, "texts": texts, "seconds": seconds}, sys.stdout)


# --- figures --------------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return re.sub(r"[\s|]+", "", text)


def score(text: str, sentences: list[str], rows: list[list[str]]) -> tuple[float, float, float]:
    """Shares of characters kept, of neighbours in order, of rows kept together."""
    plain = squeezed(text)
    places = [plain.find(squeezed(one)) for one in sentences]
    kept = sum(len(one) for one, at in zip(sentences, places, strict=True) if at >= 0)
    found = [at for at in places if at >= 0]
    ordered = [one < other for one, other in zip(found, found[1:], strict=False)]
    pieces = [squeezed(piece) for piece in (*text.split("\n"), *re.split(r"\n\s*\n", text))]
    together = [
        any(_in_order(piece, row) for piece in pieces if len(piece) < 400) for row in rows[1:]
    ]
    order = sum(ordered) / len(ordered) if ordered else 0.0
    return kept / sum(map(len, sentences)), order, sum(together) / len(together)


def _in_order(piece: str, row: list[str]) -> bool:
    at = 0
    for cell in row:
        at = piece.find(squeezed(cell), at)
        if at < 0:
            return False
        at += len(squeezed(cell))
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="a Python that has markitdown and langchain-community")
    parser.add_argument("--files", type=int, default=len(KINDS))
    parser.add_argument("--scans", type=int, metavar="PAGES", help="the errors of OCR instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--read", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read(given.read[0], Path(given.read[1]))
        return
    if not DATA.is_dir():
        sys.exit(f"skipped: the texts are not there: {DATA}")
    if given.scans:
        scans(given.scans, given.seed)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        draw, texts = random.Random(given.seed), passages(given.seed)
        kinds = draw.sample(KINDS, given.files)
        truth: dict[str, tuple[str, list[str], list[list[str]]]] = {}
        for number, kind in enumerate(kinds):
            told = [next(texts) for _ in range(draw.randrange(3, 9))]
            rows = table(draw)
            name = f"{number:03}.{kind.rpartition('.')[2]}"
            write(folder / name, kind, told, rows)
            truth[name] = (kind, [one for sentences in told for one in sentences], rows)
        pythons = {"groundglm": sys.executable}
        if given.peers:
            pythons |= {"markitdown": given.peers, "langchain": given.peers}
        print(f"{len(truth)} files; characters kept, neighbours in order, rows together, seconds")
        for name, python in pythons.items():
            done = subprocess.run(
                [python, __file__, "--read", name, str(folder)],
                stdout=subprocess.PIPE,
                encoding="utf-8",
                check=True,
            )
            show(name, json.loads(done.stdout), truth)


def scans(pages: int, seed: int) -> None:
    """The share of characters that OCR reads otherwise, on pages of one column as pictures."""
    import pypdfium2

    from groundglm.loading import load_files

    texts = passages(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number in range(pages):
            write(folder / f"{number}.pdf", "pdf", [next(texts) for _ in range(4)], [["a", "b"]])
        for dpi in (300, 150):
            wrong = wide = characters = 0
            seconds = 0.0
            for number in range(pages):
                document = pypdfium2.PdfDocument(folder / f"{number}.pdf")
                drawn = [page.render(scale=dpi / 72).to_pil() for page in document]
                drawn[0].save(
                    folder / "scan.pdf", save_all=True, append_images=drawn[1:], resolution=dpi
                )
                (written,) = load_files([folder / f"{number}.pdf"], jobs=1)
                truth = squeezed(written.page_content).replace("#", "")
                start = time.perf_counter()
                (read_back,) = load_files([folder / "scan.pdf"], jobs=1)
                seconds += time.perf_counter() - start
                told = squeezed(read_back.page_content).replace("#", "")
                wrong += distance(truth, told)
                wide += distance(
                    unicodedata.normalize("NFKC", truth), unicodedata.normalize("NFKC", told)
                )
                characters += len(truth)
            print(
                f"{dpi} dpi: {pages} files, {characters:,} characters, "
                f"{100 * wrong / characters:.2f} % otherwise ({100 * wide / characters:.2f} % but "
                f"for the width of signs), {seconds / pages:.1f} s a file"
            )


def distance(one: str, other: str) -> int:
    """How many characters must be put in, taken out or changed (Levenshtein)."""
    before = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        line = [row]
        for column, b in enumerate(other, start=1):
            line.append(min(before[column] + 1, line[-1] + 1, before[column - 1] + (a != b)))
        before = line
    return before[-1]


def show(name: str, found: dict, truth: dict[str, tuple[str, list[str], list[list[str]]]]) -> None:
    """A line for all, and one for each kind of file."""
    held: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for file, text, seconds in zip(found["names"], found["texts"], found["seconds"], strict=True):
        kind, sentences, rows = truth[file]
        figures = (*score(text, sentences, rows), seconds)
        held[kind].append(figures)
        held["all"].append(figures)
    for kind in sorted(held, key=lambda one: (one != "all", one)):
        listed = held[kind]
        means = [100 * sum(one[n] for one in listed) / len(listed) for n in range(3)]
        total = sum(one[3] for one in listed)
        told = "  ".join(f"{mean:5.1f} %" for mean in means)
        print(f"{name:11} {kind:12} {len(listed):4}  {told}  {total:6.1f} s")


if __name__ == "__main__":
    main()
