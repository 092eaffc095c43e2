"""The formats by name and by first bytes; what is missing is named with the line that brings it."""

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundglm.errors import DocumentError
from groundglm.loading import ReadingOptions
from groundglm.loading.formats import ENDINGS, KNOWN, format_of, read_bytes

from .made_files import MAKERS, SENTENCES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["pdf", "rst", "rtf", "workbook"])
def test_a_missing_package_is_named_with_the_line_that_brings_it(name, monkeypatch) -> None:
    wanted = KNOWN[name]
    for module in [one for one in sys.modules if one.split(".")[0] == wanted.needs]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, wanted.needs, None)
    data = b"{\\rtf1 x}"

    with pytest.raises(DocumentError, match=r'pip install "groundglm\[documents\]"'):
        list(wanted.read(data, ReadingOptions()))


@pytest.mark.parametrize("ending", [".docx", ".pptx"])
def test_a_missing_package_of_office_files_is_named(ending, monkeypatch, tmp_path) -> None:
    MAKERS[ending](tmp_path / f"guide{ending}")
    data = (tmp_path / f"guide{ending}").read_bytes()
    needs = KNOWN[format_of(f"x{ending}")].needs
    for module in [one for one in sys.modules if one.split(".")[0] == needs]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, needs, None)

    with pytest.raises(DocumentError, match=r'pip install "groundglm\[documents\]"'):
        list(read_bytes(data, f"guide{ending}", ReadingOptions()))


def test_a_picture_needs_either(monkeypatch) -> None:
    from groundglm.loading import ocr

    ocr._engine.cache_clear()
    monkeypatch.setattr(ocr, "find_spec", lambda name: None)
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    with pytest.raises(DocumentError, match=r'pip install "groundglm\[documents\]"'):
        ocr._engine("auto")
    with pytest.raises(DocumentError, match="tesseract, which is not installed"):
        ocr._engine("tesseract")
    monkeypatch.setattr(ocr.shutil, "which", lambda name: "/usr/bin/tesseract")
    assert ocr._engine("auto") == "tesseract"
    ocr._engine.cache_clear()


@pytest.mark.parametrize("page", ["documents.md", "documents.zh-CN.md"])
def test_the_page_lists_every_format(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    told = {f".{word}" for word in re.findall(r"\.(\w{1,8})", text)}

    of_code = set(KNOWN["code"].endings)
    assert set(ENDINGS) - told - of_code == set()


def test_what_is_not_read_is_told_with_what_is() -> None:
    with pytest.raises(DocumentError, match="'.xyz' is not read; known: plain text, Markdown"):
        list(read_bytes(b"x", "a.xyz", ReadingOptions()))


def test_a_file_is_read_as_what_it_is(tmp_path: Path) -> None:
    MAKERS[".pdf"](tmp_path / "guide.pdf")

    (part,) = read_bytes((tmp_path / "guide.pdf").read_bytes(), "guide.txt", ReadingOptions())

    assert SENTENCES[2] in part.text
    assert part.note == "it is named as plain text, but is PDF, and was read as that"


HEADS = st.sampled_from(
    [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"{\\rtf1 ", b"\x89PNG\r\n\x1a\n", b"From: a\n\n", b"a: "]
)


@pytest.mark.parametrize("name", sorted(set(KNOWN) - {"picture"}))
@given(head=HEADS, rest=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_make_a_reader_fail_otherwise_than_it_says(name, head, rest) -> None:
    options = ReadingOptions(archives=True, ocr="off")
    try:
        parts = list(KNOWN[name].read(head + rest, options))
    except DocumentError:
        return
    assert all(isinstance(part.text, str) for part in parts)


@pytest.mark.parametrize("ending", sorted(set(MAKERS)))
@given(data=st.data())
@settings(max_examples=1_000 if os.environ.get("GROUNDGLM_FULL") == "1" else 15)
def test_a_damaged_file_is_read_or_refused(ending, data, made) -> None:
    whole = made[ending]
    at = data.draw(st.integers(0, len(whole) - 1))
    size = data.draw(st.integers(0, 40))
    broken = whole[:at] + data.draw(st.binary(min_size=size, max_size=size)) + whole[at + size :]
    if data.draw(st.booleans()):
        broken = broken[: data.draw(st.integers(0, len(broken)))]
    try:
        parts = list(read_bytes(broken, f"x{ending}", ReadingOptions(archives=True, ocr="off")))
    except DocumentError:
        return
    assert all(isinstance(part.text, str) for part in parts)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("made")
    for ending, make in MAKERS.items():
        make(folder / f"guide{ending}")
    return {ending: (folder / f"guide{ending}").read_bytes() for ending in MAKERS}
