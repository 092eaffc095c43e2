"""A slip in labels or metadata refuses that one document and never makes it public."""

import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings


@pytest.mark.parametrize(
    "metadata",
    [{"labels": labels} for labels in ("", 0, False, "board", 5, [""], [1], {"a": 1})]
    + [{1: "a", "b": 2}, {"author": "\ud83d"}],
)
def test_a_slip_refuses_one_document_and_keeps_the_others(tmp_path, metadata):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        bad = Document("secret falcon", id="x")
        bad.metadata = metadata
        report = base.add_documents([Document("one", id="a"), bad, Document("two", id="b")])
        assert report.added == ["a", "b"]
        assert [id_ for id_, _ in report.refused] == ["x"]
        assert [info.id for info in base.documents()] == ["a", "b"]


@pytest.mark.parametrize("metadata", [{}, {"labels": None}, {"labels": []}])
def test_no_labels_are_public(tmp_path, metadata):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([Document("falcon", id="x", metadata=metadata)])
        assert base.search("falcon", mode="bm25", labels=[])


@pytest.mark.parametrize("labels", ["board", "", 0, [""], [1]])
def test_labels_of_a_caller_are_a_list_of_strings(tmp_path, labels):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        with pytest.raises(ValueError, match="labels"):
            base.search("falcon", mode="bm25", labels=labels)
        with pytest.raises(ValueError, match="labels"):
            base.as_retriever(labels=labels, mode="bm25").invoke("falcon")
        with pytest.raises(ValueError, match="labels"):
            base.add_facts([{"subject": "a", "predicate": "b", "object": "c"}], labels=labels)
