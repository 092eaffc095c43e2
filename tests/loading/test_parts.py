"""One interface for all formats: bytes to parts; one reader of rows; pages reach the evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from groundglm.errors import DocumentError
from groundglm.knowledge import KnowledgeBase
from groundglm.loading import ReadingOptions
from groundglm.loading.html import read_html
from groundglm.loading.json import read_json, read_json_lines
from groundglm.loading.parts import page_of
from groundglm.loading.plain import read_markdown, read_plain
from groundglm.loading.tables import read_table
from groundglm.retrieval import HashEmbeddings

READERS = [read_plain, read_markdown, read_html, read_json, read_json_lines, read_table]


@pytest.mark.parametrize("read", READERS)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode()))
def test_a_reader_gives_parts_or_a_document_error(read, data: bytes) -> None:
    try:
        parts = list(read(data, ReadingOptions()))
    except DocumentError:
        return
    assert all(isinstance(part.text, str) and "\r" not in part.text for part in parts)


def test_a_row_that_cannot_be_read_stays_as_it_is_written() -> None:
    (part,) = read_table(b'name,note\nA,one\nB,"never closed\nC,three\n', ReadingOptions())
    assert part.text == 'name: A\nnote: one\n\nB,"never closed\n\nname: C\nnote: three'
    assert "line 3: a quotation mark is not closed" in part.note


def test_a_record_of_several_lines_that_cannot_be_read_loses_none_of_them() -> None:
    long = "x" * 140_000  # more than Python's csv takes in one cell
    (part,) = read_table(
        f'name,note\nA,one\nB,"first\n{long}"\nC,three\n'.encode(), ReadingOptions()
    )
    assert long in part.text and "first" in part.text
    assert part.text.endswith("name: C\nnote: three")


def test_pages_reach_evidence_and_facts(tmp_path) -> None:
    first = "The harbour is old. " * 40
    text = first + "The capital of Fenland is Nim."
    document = Document(
        text, id="guide", metadata={"title": "Guide", "page_starts": [0, len(first)]}
    )
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings()) as base:
        base.add_documents([document, Document("Nim is small.", id="b", metadata={"page": 7})])
        found = base.search("capital of Fenland", k=5, mode="graph")
        pages = {(one.kind, one.source.document_id): one.source.page for one in found}
        passages = [one.source.page for one in base.passages("guide")]
    assert passages[0] == 1
    assert pages["fact", "guide"] == 2
    assert pages["passage", "b"] == 7


def test_pages_that_are_none_are_no_pages() -> None:
    assert page_of({"page_starts": "12"}, 3) is None
    assert page_of({"page_starts": ["a"]}, 3) is None
    assert page_of({"page": True}, 3) is None
    assert page_of({"page": -1}, 3) is None
    assert page_of({"page": 10**30}, 3) is None
    assert page_of({"page_starts": [5]}, 3) is None
