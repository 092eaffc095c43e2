"""No passage ever loses its vector: a plain model, swaps, deletes and two writers."""

import shutil
import tempfile

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.knowledge.writing import DocumentWriter
from groundglm.retrieval import HashEmbeddings

TEXTS = ("The otter lives in the river.", "The falcon nests on the cliff.", "水獭住在河里。")
IDS = ("a", "b", "c")


def held(base: KnowledgeBase) -> dict[str, str]:
    """Each document with the text that its stored vectors belong to."""
    by_vector = {bytes(stored_vector(text)): text for text in TEXTS}
    owners = {
        number: found.passage.document_id
        for number, found in base.database.passages_by_number(range(200)).items()
    }
    return {
        owners[number]: by_vector[bytes(vector)]
        for number, vector in base.database.vectors_after(0)
    }


def stored_vector(text: str) -> bytes:
    import numpy as np

    from groundglm.retrieval.vector_index import normalized

    return (
        normalized(np.asarray(HashEmbeddings().embed_documents([text]), dtype="<f4"))[0]
        .astype("<f2")
        .tobytes()
    )


class Base(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.base = KnowledgeBase.open(self.folder, HashEmbeddings())
        self.other = KnowledgeBase.open(self.folder, HashEmbeddings())
        self.model: dict[str, str] = {}

    @rule(pairs=st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(TEXTS)), min_size=1))
    def add(self, pairs):
        self.base.add_documents([Document(text, id=id_) for id_, text in pairs])
        self.model |= dict(pairs)

    @rule(id_=st.sampled_from(IDS), text=st.sampled_from(TEXTS), gone=st.sampled_from(IDS))
    def add_while_another_deletes(self, id_, text, gone):
        embed = DocumentWriter._embed

        def embed_then_delete(writer, records):
            vectors = embed(writer, records)
            self.other.delete([gone])
            return vectors

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DocumentWriter, "_embed", embed_then_delete)
            report = self.base.add_documents([Document(text, id=id_)])
        self.model.pop(gone, None)
        if not report.unchanged:  # else nothing was written after the other's deletion
            self.model[id_] = text

    @rule(id_=st.sampled_from(IDS))
    def delete(self, id_):
        self.other.delete([id_])
        self.model.pop(id_, None)

    @rule()
    def reopen(self):
        self.base.close()
        self.base = KnowledgeBase.open(self.folder, HashEmbeddings())

    @invariant()
    def every_document_has_its_vector(self):
        assert held(self.base) == self.model
        assert self.base.database.integrity_problems() == []

    def teardown(self):
        self.base.close()
        self.other.close()
        shutil.rmtree(self.folder)


Base.TestCase.settings = settings(max_examples=6, stateful_step_count=8, deadline=None)
TestBase = Base.TestCase


def test_documents_that_exchange_their_texts_keep_their_vectors(tmp_path):
    first, second = TEXTS[:2]
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([Document(first, id="a"), Document(second, id="b")])
        base.add_documents([Document(second, id="a"), Document(first, id="b")])
        assert base.statistics()["vectors"] == 2
        assert base.search("otter river", mode="vector", k=1)[0].source.document_id == "b"


def test_a_lost_vector_is_reported_and_adding_again_mends_it(tmp_path):
    document = Document(TEXTS[0], id="a")
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([document])
        with base.database.connections.writing() as connection:
            connection.execute("DELETE FROM vectors")
        (problem,) = base.database.integrity_problems()
        assert "'a'" in problem
        assert base.add_documents([document]).updated == ["a"]
        assert base.database.integrity_problems() == []
        assert base.search("otter", mode="vector")


def test_immutable_is_only_for_reading(tmp_path):
    with pytest.raises(ValueError, match="read_only"):
        KnowledgeBase.open(tmp_path, HashEmbeddings(), immutable=True)


def test_the_last_of_several_texts_for_one_document_counts(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([Document(TEXTS[n], id="a") for n in (0, 1, 0)])
        assert base.text("a") == TEXTS[0]
