"""Evidence and Documents are two forms of the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from groundglm.evidence import Evidence, Source
from groundglm.retrieval import to_document, to_evidence
from groundglm.text import Span

words = st.text(min_size=1, max_size=20)
spans = st.none() | st.builds(
    lambda start, length: Span(start, start + length), st.integers(0, 10**6), st.integers(1, 5000)
)
passages = st.builds(
    Evidence,
    id=words,
    kind=st.just("passage"),
    text=words,
    score=st.floats(allow_nan=False),
    why=words,
    sources=st.tuples(
        st.builds(
            Source,
            document_id=words,
            title=st.just("") | words,
            page=st.none() | st.integers(0, 9999),
            span=spans,
        )
    ),
)


@given(passages)
def test_a_passage_comes_back_whole(piece: Evidence) -> None:
    assert to_evidence(to_document(piece), rank=7) == piece


def test_a_foreign_document_is_named_by_what_it_has() -> None:
    bare = to_evidence(Document("text"), rank=3)
    assert (bare.score, bare.why) == (1 / 3, "retriever rank 3")
    assert bare.id == to_evidence(Document("text"), rank=1).id
    assert bare.id != to_evidence(Document("another text"), rank=3).id
    read = to_evidence(Document("text", id="a", metadata={"source": "a.txt", "page": 4}))
    assert (read.id, read.sources) == ("a", (Source("a.txt", page=4),))


@pytest.mark.parametrize("page", ["4", -1, True, 1.5, [1]])
def test_a_page_that_is_none_is_left_out(page: object) -> None:
    odd = Document("text", metadata={"page": page, "start": 5, "end": 5})
    source = to_evidence(odd).source
    assert source is not None
    assert (source.page, source.span) == (None, None)
