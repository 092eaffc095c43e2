"""The vector store holds LangChain's contract, survives, and shows nobody what is not his."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from groundglm.errors import EmbeddingMismatchError, GroundGLMError
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import FAISSVectorStore, HashEmbeddings

TEXTS = [
    "Tea grows on the hills around the lake.",
    "Green tea is picked in spring.",
    "The lighthouse stands at the harbour.",
    "茶长在山上。",
]
METADATA = [
    {"lang": "en", "year": 1999, "tags": ["tea", "hills"]},
    {"lang": "en", "year": 2004.0, "tags": ["tea"]},
    {"lang": "en", "place": {"town": "Elm"}},
    {"lang": "zh", "year": 2010, "labels": ["board"]},
]
IDS = ["hills", "spring", "harbour", "山"]


class TestContract(VectorStoreIntegrationTests):
    """All of langchain-tests for vector stores."""

    @pytest.fixture
    def vectorstore(self, tmp_path):
        with FAISSVectorStore(self.get_embeddings(), tmp_path / "store.sqlite") as store:
            yield store


@pytest.fixture
def store(tmp_path) -> FAISSVectorStore:
    store = FAISSVectorStore(HashEmbeddings(), tmp_path / "store.sqlite")
    store.add_texts(TEXTS, METADATA, ids=IDS)
    return store


def found(store, query="tea", **options) -> list[str]:
    return [str(document.id) for document in store.similarity_search(query, 9, **options)]


def test_a_text_comes_back_as_it_was_given(store):
    (first,) = store.similarity_search("Green tea is picked in spring.", k=1)
    assert first == Document(TEXTS[1], id="spring", metadata=METADATA[1])


def test_scores_are_cosines_and_relevance_is_never_below_zero(store):
    ((document, score), *others) = store.similarity_search_with_score(TEXTS[0], k=4)
    assert (document.id, score) == ("hills", pytest.approx(1.0, abs=1e-3))
    assert all(-1.001 <= other <= score for _, other in others)
    relevant = store.similarity_search_with_relevance_scores(TEXTS[0], k=4)
    assert [one.id for one, _ in relevant] == [document.id, *(one.id for one, _ in others)]
    assert all(0 <= other <= 1 for _, other in relevant)
    near = store.similarity_search_with_relevance_scores(TEXTS[0], k=4, score_threshold=0.9)
    assert [one.id for one, _ in near] == ["hills"]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"lang": "zh"}, {"山"}),
        ({"lang": ["zh", "fr"]}, {"山"}),
        ({"year": 2004}, {"spring"}),
        ({"year": {"$gt": 1999, "$lt": 2010}}, {"spring"}),
        ({"year": {"$exists": False}}, {"harbour"}),
        ({"year": {"$ne": 1999}}, {"spring", "harbour", "山"}),
        ({"year": {"$gt": "a"}}, set()),
        ({"tags": "hills"}, {"hills"}),
        ({"tags": {"$nin": ["hills"]}}, {"spring", "harbour", "山"}),
        ({"place.town": "Elm"}, {"harbour"}),
        ({"place": {"town": "Elm"}}, {"harbour"}),
        ({"$id": {"$startswith": "h"}}, {"hills", "harbour"}),
        ({"lang": {"$contains": "n"}}, {"hills", "spring", "harbour"}),
        ({"$or": [{"lang": "zh"}, {"year": 1999}]}, {"hills", "山"}),
        ({"$not": {"$or": [{"lang": "zh"}, {"year": 1999}]}}, {"spring", "harbour"}),
        ({"$and": [{"lang": "en"}, {"tags": "tea"}]}, {"hills", "spring"}),
        ({"year": True}, set()),
        ({}, {"hills", "spring", "harbour", "山"}),
        (lambda metadata: metadata.get("year") == 1999, {"hills"}),
    ],
)
def test_a_filter_holds_before_the_ranking(store, filter, expected):
    assert set(found(store, filter=filter)) == expected
    nearest = store.similarity_search("harbour lighthouse", 1, filter)
    assert len(nearest) == min(1, len(expected))


@pytest.mark.parametrize(
    "wrong",
    [
        {"year": {"$more": 1}},
        {"$nor": []},
        {"$and": []},
        {"$or": "ab"},
        {"year": {"$in": 5}},
        {"year": {"$gt": None}},
        {"year": {"$exists": 1}},
        {"year": {"$contains": 1}},
        {1: 2},
        ["lang"],
    ],
)
def test_a_wrong_filter_is_an_error_that_names_the_place(store, wrong):
    with pytest.raises(ValueError, match=r"filter|\$|takes"):
        store.similarity_search("tea", filter=wrong)


def test_unknown_arguments_are_refused(store):
    with pytest.raises(TypeError, match="'filters'"):
        store.similarity_search("tea", filters={"lang": "zh"})
    assert store.similarity_search("tea", fetch_k=50)  # of LangChain's FAISS


def test_labels_show_nobody_what_is_not_his(store, tmp_path):
    assert "山" in found(store)
    assert "山" in found(store, labels=["board", "x"])
    assert "山" not in found(store, labels=["x"])
    with FAISSVectorStore(
        HashEmbeddings(), tmp_path / "store.sqlite", read_only=True, labels=["staff"]
    ) as other:
        assert set(found(other)) == {"hills", "spring", "harbour"}
        assert "山" not in found(other, labels=["board"])  # a call cannot see more than its store
        assert other.get_by_ids(["山", "hills"]) == store.get_by_ids(["hills"])
        assert len(other.max_marginal_relevance_search("茶长在山上。", k=9)) == 3
    with pytest.raises(ValueError, match="labels"):
        store.similarity_search("tea", labels="board")
    with pytest.raises(ValueError, match="labels"):
        store.add_texts(["secret"], [{"labels": "board"}])


@pytest.mark.parametrize("kind", ["similarity", "mmr", "similarity_score_threshold"])
async def test_retrievers_of_every_kind(store, kind):
    options = {"k": 2, "filter": {"lang": "en"}}
    if kind == "similarity_score_threshold":
        options["score_threshold"] = 0.01
    retriever = store.as_retriever(search_type=kind, search_kwargs=options)
    documents = retriever.invoke("green tea in spring")
    assert documents[0].id == "spring"
    assert len(documents) == 2
    assert await retriever.ainvoke("green tea in spring") == documents


def test_unlike_ones_are_chosen_where_that_is_asked(tmp_path):
    store = FAISSVectorStore(HashEmbeddings(), tmp_path / "store.sqlite")
    store.add_texts(["tea tea hills", "tea tea hill", "lighthouse tea"], ids=["a", "b", "c"])
    near = store.max_marginal_relevance_search("tea tea hills", k=2, lambda_mult=1)
    unlike = store.max_marginal_relevance_search("tea tea hills", k=2, lambda_mult=0)
    assert [one.id for one in near] == ["a", "b"]
    assert [one.id for one in unlike] == ["a", "c"]
    with pytest.raises(ValueError, match="lambda_mult"):
        store.max_marginal_relevance_search("tea", lambda_mult=2)


def test_it_is_there_when_it_is_opened_again(store, tmp_path):
    store.delete(["spring"])
    store.close()
    with FAISSVectorStore(HashEmbeddings(), tmp_path / "store.sqlite", create=False) as again:
        assert set(found(again)) == {"hills", "harbour", "山"}
        assert len(again) == 3


def test_another_model_is_refused(store, tmp_path):
    other = FAISSVectorStore(DeterministicFakeEmbedding(size=8), tmp_path / "store.sqlite")
    with pytest.raises(EmbeddingMismatchError):
        other.similarity_search("tea")
    with pytest.raises(EmbeddingMismatchError):
        other.add_texts(["new"])
    assert other.get_by_ids(["hills"])  # needs no model


@pytest.mark.parametrize("texts", [["one", ""], ["one", "\ud83d"]])
def test_one_text_that_cannot_be_stored_keeps_all_out(store, texts):
    with pytest.raises(ValueError):
        store.add_texts(texts)
    assert len(store) == 4
    with pytest.raises(ValueError, match="2 texts were given, but 1 ids"):
        store.add_texts(["one", "two"], ids=["a"])


def cyclic() -> dict:
    made: dict = {}
    made["itself"] = made
    return made


@pytest.mark.parametrize("metadata", [{"a": "\ud83d"}, {("a",): 1}, cyclic()])
def test_metadata_that_cannot_be_stored_keeps_all_out(store, metadata):
    with pytest.raises(ValueError, match="metadata of text"):
        store.add_texts(["one", "two"], [{}, metadata], batch_size=1)
    assert len(store) == 4


def test_no_text_and_no_id_change_nothing(store):
    assert store.add_texts([]) == []
    assert store.get_by_ids([]) == []
    store.delete([])
    with pytest.raises(ValueError, match="ids"):
        store.delete()
    with pytest.raises(ValueError, match="k must be at least 1"):
        store.similarity_search("tea", k=0)
    assert len(store) == 4


def test_the_last_of_one_id_counts(store):
    store.add_texts(["first", "second"], ids=["same", "same"])
    assert [one.page_content for one in store.get_by_ids(["same"])] == ["second"]


def test_equal_texts_come_by_id(tmp_path):
    store = FAISSVectorStore(HashEmbeddings(), tmp_path / "store.sqlite")
    names = [f"{number:03d}" for number in range(60)]
    store.add_texts(["the same"] * 60, ids=names[::-1])
    assert found(store, "same")[:3] == names[:3]


def test_documents_of_langchain_go_in_and_a_temporary_store_goes():
    documents = [Document(text, id=id_) for text, id_ in zip(TEXTS, IDS, strict=True)]
    store = FAISSVectorStore.from_documents(documents, HashEmbeddings())
    path = store._database.path
    assert found(store, "lighthouse")[0] == "harbour"
    store.close()
    assert not path.exists()


def test_a_base_is_a_store_to_read(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        long = "The harbour of Elm is old.\n\n" * 80
        base.add_documents([Document(long, id="a.txt", metadata={"title": "Elm", "year": 1901})])
        store = base.as_vector_store()
        (first, *_) = store.similarity_search("old harbour", k=3, filter={"year": 1901})
        assert first.metadata["document_id"] == "a.txt"
        assert long[first.metadata["start"] : first.metadata["end"]] == first.page_content
        assert store.get_by_ids([str(first.id)]) == [first]
        base.delete(["a.txt"])
        assert store.similarity_search("old harbour") == []
        with pytest.raises(GroundGLMError, match="to that"):
            store.add_texts(["new"])
        with pytest.raises(GroundGLMError, match="there"):
            store.delete(["a.txt"])


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.5, 1.0]),
    st.sampled_from(["a", "b", "ab"]),
    st.lists(st.sampled_from(["a", "b", 1]), max_size=2),
)
KEYS = st.sampled_from(["x", "y"])
LEAVES = st.one_of(
    st.dictionaries(KEYS, VALUES, max_size=2),
    st.tuples(KEYS, st.sampled_from(["$gt", "$lte"]), st.sampled_from([0, 0.5, "a"])).map(
        lambda one: {one[0]: {one[1]: one[2]}}
    ),
    st.tuples(KEYS, st.sampled_from(["$ne", "$eq"]), VALUES).map(
        lambda one: {one[0]: {one[1]: one[2]}}
    ),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$and": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$or": parts}),
        inner.map(lambda one: {"$not": one}),
    ),
    max_leaves=5,
)


def equal(one, other) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def holds(filter, metadata) -> bool:
    """What the language says, one document at a time."""

    def fits(key, wanted) -> bool:
        there = key in metadata
        values = (
            [metadata[key], *metadata[key]]
            if there and isinstance(metadata[key], list)
            else ([metadata[key]] if there else [])
        )
        if isinstance(wanted, dict):
            ((operator, other),) = wanted.items()
            if operator == "$ne":
                return not any(equal(value, other) for value in values)
            if operator == "$eq":
                return any(equal(value, other) for value in values)
            kind = str if isinstance(other, str) else (int, float)
            fitting = [v for v in values if isinstance(v, kind) and not isinstance(v, bool)]
            return any(v > other if operator == "$gt" else v <= other for v in fitting)
        listed = wanted if isinstance(wanted, list) else [wanted]
        return any(equal(value, one) for value in values for one in listed)

    def part(key, wanted) -> bool:
        if key == "$and":
            return all(holds(one, metadata) for one in wanted)
        if key == "$or":
            return any(holds(one, metadata) for one in wanted)
        if key == "$not":
            return not holds(wanted, metadata)
        return fits(key, wanted)

    return all(part(key, wanted) for key, wanted in filter.items())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(KEYS, VALUES),
            st.lists(st.sampled_from(["p", "q"]), max_size=2, unique=True),
        ),
        min_size=1,
        max_size=5,
    ),
    st.lists(FILTERS, min_size=1, max_size=2),
    st.one_of(st.none(), st.lists(st.sampled_from(["p", "q"]), max_size=2)),
    st.sets(st.integers(0, 4)),
)
def test_a_filter_and_labels_let_through_what_they_say(documents, filters, own, gone):
    held = {
        str(number): metadata | ({"labels": labels} if labels else {})
        for number, (metadata, labels) in enumerate(documents)
    }
    with FAISSVectorStore(HashEmbeddings(8)) as store:
        store.add_texts(["text"] * len(held), list(held.values()), ids=list(held))
        for _ in range(2):  # afterwards again, when some are gone and others are new
            for filter in filters:
                expected = {
                    id_
                    for id_, metadata in held.items()
                    if holds(filter, metadata)
                    and (
                        own is None
                        or not metadata.get("labels")
                        or set(own) & set(metadata["labels"])
                    )
                }
                assert set(found(store, filter=filter, labels=own)) == expected
            store.delete([str(number) for number in gone])
            held = {id_: metadata for id_, metadata in held.items() if int(id_) not in gone}
            store.add_texts(["text"], [{"x": 1}], ids=["7"])
            held["7"] = {"x": 1}


def test_another_process_sees_what_was_written(store: FAISSVectorStore, tmp_path: Path):
    code = (
        "from groundglm.retrieval import FAISSVectorStore, HashEmbeddings\n"
        f"store = FAISSVectorStore(HashEmbeddings(), {str(tmp_path / 'store.sqlite')!r})\n"
        "store.add_texts(['A tea house.'], ids=['house'])\n"
        "store.delete(['hills'])\n"
    )
    assert "hills" in found(store)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert set(found(store)) == {"spring", "harbour", "山", "house"}
