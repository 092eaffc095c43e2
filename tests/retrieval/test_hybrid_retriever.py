"""Any two LangChain parts as one retriever; LangChain's own suite and our promises."""

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_tests.integration_tests import RetrieversIntegrationTests

from groundglm.knowledge import KnowledgeBase, KnowledgeBaseRetriever
from groundglm.retrieval import FAISSVectorStore, HashEmbeddings, HybridRetriever

TEXTS = ["Tea grows on hills.", "Coffee grows in the shade.", "Rivers carry sand.", "茶长在山上。"]


class Fixed(BaseRetriever):
    """Gives the same documents for every question, as many as `k`."""

    documents: list[Document]
    k: int = 5

    def _get_relevant_documents(self, query, *, run_manager, k=None):
        return self.documents[: k or self.k]


def store() -> InMemoryVectorStore:
    made = InMemoryVectorStore(HashEmbeddings(64))
    made.add_texts(TEXTS)
    return made


class TestHybridRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self):
        return HybridRetriever

    @property
    def retriever_constructor_params(self):
        return {"parts": [store(), FAISSVectorStore.from_texts(TEXTS, HashEmbeddings(64))]}

    @property
    def retriever_query_example(self):
        return "Where does tea grow?"


class TestKnowledgeBaseRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _base(self, tmp_path):
        with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(64)) as base:
            base.add_documents(Document(text, id=f"d{n}") for n, text in enumerate(TEXTS))
            self.base = base
            yield

    @property
    def retriever_constructor(self):
        return KnowledgeBaseRetriever

    @property
    def retriever_constructor_params(self):
        return {"base": self.base}

    @property
    def retriever_query_example(self):
        return "Where does tea grow?"


def document(name: str, score: float | None = None) -> Document:
    metadata = {} if score is None else {"score": score}
    return Document(f"Text {name}.", id=name, metadata=metadata)


def test_ranks_of_both_parts_are_added_up():
    first = Fixed(documents=[document("a"), document("b")])
    second = Fixed(documents=[document("b"), document("c")])
    hybrid = HybridRetriever(parts=[first, second])

    found = hybrid.invoke("?")

    assert [one.id for one in found] == ["b", "a", "c"]
    assert found[0].metadata["why"] == "part 1 rank 2, part 2 rank 1"
    assert found[0].metadata["score"] == pytest.approx(0.5 * (61 / 62 + 1))
    assert asyncio.run(hybrid.ainvoke("?")) == found
    assert [one.id for one in HybridRetriever(parts=[first, second], weights=[0, 1]).invoke("?")][
        0
    ] == "b"
    assert len(hybrid.invoke("?", k=2)) == 2


def test_scores_are_fused_where_there_are_some():
    scored = Fixed(documents=[document("a", 9.0), document("b", 8.0), document("c", 1.0)])
    other = Fixed(documents=[document("b", 0.9), document("a", 0.1)])

    found = HybridRetriever(parts=[scored, other], fusion="score").invoke("?")

    assert [one.id for one in found] == ["b", "a", "c"]
    with pytest.raises(ValueError, match="part 2 gives no scores"):
        HybridRetriever(parts=[scored, Fixed(documents=[document("a")])], fusion="score").invoke(
            "?"
        )


def test_a_vector_store_and_a_base_are_parts_alike(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings(64)) as base:
        base.add_documents(Document(text) for text in TEXTS)
        faiss = FAISSVectorStore.from_texts(TEXTS, HashEmbeddings(64))
        hybrid = HybridRetriever(parts=[base.as_retriever(mode="bm25"), faiss], fusion="score")
        found = hybrid.invoke("tea hills")
    assert found[0].page_content == TEXTS[0]
    assert len({one.page_content for one in found}) == len(found)


def test_one_id_of_two_texts_and_two_ids_of_one_text():
    first = Fixed(documents=[Document("Tea.", id="1"), Document("Sand.", id="2")])
    second = Fixed(documents=[Document("Coffee.", id="1"), Document("Sand.", id="9")])

    found = HybridRetriever(parts=[first, second]).invoke("?")

    assert [one.page_content for one in found][0] == "Sand."
    assert {one.page_content for one in found} == {"Tea.", "Coffee.", "Sand."}


def test_documents_of_a_part_are_left_as_they_are():
    given = document("a")
    HybridRetriever(parts=[Fixed(documents=[given, given])]).invoke("?")
    assert given.metadata == {}


@pytest.mark.parametrize(
    "options",
    [
        {"parts": []},
        {"parts": ["store"]},
        {"parts": [Fixed(documents=[])], "weights": [1, 2]},
        {"parts": [Fixed(documents=[])], "weights": [0]},
        {"parts": [Fixed(documents=[])], "fusion": "best"},
        {"parts": [Fixed(documents=[])], "k": 0},
    ],
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValueError):
        HybridRetriever(**options)


def test_what_fails_in_a_part_is_not_hidden():
    class Broken(Fixed):
        def _get_relevant_documents(self, query, *, run_manager, k=None):
            raise ConnectionError("no answer")

    hybrid = HybridRetriever(parts=[Broken(documents=[]), store()])
    with pytest.raises(ConnectionError):
        hybrid.invoke("tea")
    with pytest.raises(ConnectionError):
        asyncio.run(hybrid.ainvoke("tea"))
