"""Vectors in a mapped file: found as in memory, never trusted, and nothing left of what went."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from groundglm.errors import GroundGLMError
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import FAISSVectorStore, HashEmbeddings, VectorIndex, dense_index
from groundglm.retrieval.array_file import DamagedFileError, map_arrays, write_arrays
from groundglm.retrieval.passage_indexes import PassageIndexes
from groundglm.retrieval.vector_file import VectorFile, train_centres, write_vectors


def some_vectors(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def one_list(dimensions: int) -> np.ndarray:
    return np.zeros((1, dimensions), dtype=np.float32)


@settings(deadline=None)
@given(
    st.integers(1, 40),
    st.sampled_from([1, 3, 8]),
    st.sets(st.integers(1, 80)),
    st.sets(st.integers(1, 80)),
    st.integers(1, 6),
    st.integers(0, 5),
)
def test_it_finds_what_an_index_in_memory_finds(count, dimensions, gone, hidden, k, seed) -> None:
    vectors = some_vectors(count, dimensions, seed).round(1)  # so that some are equal
    numbers = np.arange(1, count + 1) * 2
    kept = count // 2 + 1
    visible = np.ones(2 * count, dtype=bool)
    visible[[number for number in hidden if number < len(visible)]] = False
    plain = VectorIndex(dimensions)
    plain.add(numbers.tolist(), vectors)
    plain.delete(gone)
    # As many lists as are looked at in any case, so that the result must be the same.
    for lists in (1, min(4, kept)):
        centres = some_vectors(lists, dimensions, 9)
        with tempfile.TemporaryDirectory() as folder:
            path = write_vectors(
                Path(folder), numbers[:kept], vectors[:kept].astype("<f2"), centres
            )
            index = VectorIndex(dimensions, VectorFile(path))
            index.add(numbers[kept:].tolist(), vectors[kept:])
            index.delete(gone)
            assert len(index) == len(plain)
            query = vectors[0]
            assert index.search(query, k=k) == plain.search(query, k=k)
            assert index.search(query, k=k, visible=visible) == plain.search(
                query, k=k, visible=visible
            )
            alive = [number not in gone for number in numbers]
            held = vectors[alive][::-1].astype("<f2")
            assert (index.vectors(numbers[alive][::-1]) == held).all()
            of, codes = index.alive()
            assert of.tolist() == numbers[alive].tolist()
            assert (codes == vectors[alive].astype("<f2")).all()


def test_clusters_find_nearly_all_of_the_nearest(tmp_path: Path) -> None:
    topics = some_vectors(300, 64, 1)
    drawn = topics[np.random.default_rng(2).integers(300, size=20_000)]
    vectors = drawn + 0.6 * some_vectors(20_000, 64, 3)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes = vectors.astype("<f2")
    numbers = np.arange(1, 20_001)
    stored = VectorFile(write_vectors(tmp_path, numbers, codes, train_centres(codes, 512)))
    index, exact = VectorIndex(64, stored), VectorIndex(64)
    exact.add(numbers, vectors)
    seldom = np.zeros(20_001, dtype=bool)
    seldom[::200] = True
    for visible in (None, seldom):
        hits = sum(
            len(
                {number for number, _ in index.search(query, k=10, visible=visible)}
                & {number for number, _ in exact.search(query, k=10, visible=visible)}
            )
            for query in vectors[:50]
        )
        assert hits >= (475 if visible is None else 500)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write_vectors(
        tmp_path, np.arange(1, 51), some_vectors(50, 8).astype("<f2"), some_vectors(3, 8, 4)
    )


@pytest.mark.parametrize("suffix", [".vectors", ".safetensors"])
def test_a_damaged_or_missing_file_is_refused(written: Path, suffix: str) -> None:
    file = written.with_suffix(suffix)
    whole = file.read_bytes()
    for data in (whole[:-9], whole[:-1] + bytes([whole[-1] ^ 1]), b""):
        file.write_bytes(data)
        with pytest.raises(DamagedFileError):
            VectorFile(written)
    file.unlink()
    with pytest.raises(DamagedFileError):
        VectorFile(written)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sizes", lambda sizes: sizes + np.array([1, -1, 0])),
        ("sizes", lambda sizes: sizes * 0),
        ("sizes", lambda sizes: np.array([-1, 1, 50])),
        ("sizes", lambda sizes: sizes[:2]),
        ("numbers", lambda numbers: numbers[::-1]),
        ("numbers", lambda numbers: numbers[:-1]),
        ("centres", lambda centres: centres[:, :4]),
        ("centres", lambda centres: centres * np.inf),
    ],
)
def test_numbers_that_do_not_fit_together_are_refused(written: Path, name, change) -> None:
    beside = written.with_suffix(".safetensors")
    arrays = {key: np.array(value) for key, value in map_arrays(beside).items()}
    arrays[name] = np.ascontiguousarray(change(arrays[name]))
    write_arrays(beside, arrays)
    with pytest.raises(DamagedFileError):
        VectorFile(written)


# --- in a base ---


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_index, "WORTH_A_FILE", 20)
    monkeypatch.setattr(dense_index, "IVF_FROM", 60)


def documents(start: int, end: int) -> list[Document]:
    return [Document(f"Note {n} on topic {n % 7}.", id=f"d{n}") for n in range(start, end)]


def found(base: KnowledgeBase) -> list[tuple[str, float]]:
    return [
        (piece.id, round(piece.score, 5))
        for query in ("Note 3 on topic 3", "topic 5", "Note 41")
        for piece in base.search(query, k=30, mode="vector")
    ]


def vector_files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "indexes" / "vectors").glob("*.vectors"))


@pytest.mark.usefixtures("few")
def test_a_base_maps_its_vectors_and_follows_every_change(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents(documents(0, 40), extract_facts=False)
        base.keep_indexes()
        (first,) = vector_files(base.path)
        with KnowledgeBase.open(base.path, read_only=True) as reader:
            assert found(reader) == found(base)
            assert reader._passages.vectors(16).stored is not None
            base.delete(["d3", "d5"])
            base.add_documents(documents(40, 50), extract_facts=False)
            assert found(reader) == found(base)
            assert "d3" not in {piece for piece, _ in found(base)}
        with KnowledgeBase.open(base.path, read_only=True) as reader:
            assert found(reader) == found(base)
        base.add_documents(documents(50, 90), extract_facts=False)
        base.keep_indexes()
        assert vector_files(base.path) != [first]
        assert base._passages.vectors(16).stored.lists > 1
        with KnowledgeBase.open(base.path, read_only=True) as reader:
            assert found(reader) == found(base)


@pytest.mark.usefixtures("few")
def test_compacting_leaves_no_vector_of_what_was_deleted(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents([*documents(0, 40), Document("secret zebra", id="s")])
        base.keep_indexes()
        secret = HashEmbeddings(16).embed_query("secret zebra")
        code = np.asarray(secret, dtype="<f2").tobytes()
        folder = base.path / "indexes" / "vectors"
        before = {path.read_bytes() for path in folder.glob("*.vectors")}
        assert any(code in data for data in before)
        base.delete(["s"])
        base.compact()
        after = [path.read_bytes() for path in folder.glob("*.vectors")]
        assert len(after) == 1
        assert code not in after[0]
        assert base.search("topic 5", k=3, mode="vector")
        base.delete([f"d{number}" for number in range(35)])
        base.compact()
        assert vector_files(base.path) == []
        assert len(base.search("topic 5", k=30, mode="vector")) == 5


@pytest.mark.usefixtures("few")
def test_a_damaged_file_of_vectors_is_made_anew_with_a_notice(tmp_path: Path, caplog) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents(documents(0, 40), extract_facts=False)
        base.keep_indexes()
        whole = found(base)
        (name,) = vector_files(base.path)
        file = base.path / "indexes" / "vectors" / name
    for data in (b"", file.read_bytes()[:-3]):
        file.write_bytes(data)
        caplog.clear()
        with (
            caplog.at_level(logging.WARNING),
            KnowledgeBase.open(tmp_path / "kb", read_only=True) as reader,
        ):
            assert found(reader) == whole
        assert "are read anew" in caplog.text


@pytest.mark.usefixtures("few")
def test_the_vectors_of_another_model_are_not_taken(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents(documents(0, 40), extract_facts=False)
        base.keep_indexes()
        base.reembed(HashEmbeddings(32))
        assert len(base.search("topic 5", k=30, mode="vector")) == 30
        base.keep_indexes()
        with KnowledgeBase.open(base.path, read_only=True) as reader:
            assert found(reader) == found(base)


@pytest.mark.usefixtures("few")
def test_the_kind_that_a_base_is_given_stays(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16), vector_index="ivf") as base:
        base.add_documents(documents(0, 40), extract_facts=False)
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.keep_indexes()
        assert base._passages.vectors(16).stored.lists > 1
    with KnowledgeBase.open(tmp_path / "kb", vector_index="flat") as base:
        base.keep_indexes()
        assert base._passages.vectors(16).stored.lists == 1
    with pytest.raises((ValueError, GroundGLMError), match="vector_index must be one of"):
        KnowledgeBase.open(tmp_path / "kb", vector_index="tree")


@pytest.mark.usefixtures("few")
def test_a_store_maps_its_vectors_too(tmp_path: Path) -> None:
    texts = [f"Note {n} on topic {n % 7}." for n in range(90)]
    with FAISSVectorStore(HashEmbeddings(16), tmp_path / "s.sqlite") as store:
        ids = store.add_texts(texts)
        whole = store.similarity_search_with_score("topic 5", k=20)
    assert list((tmp_path / "s.sqlite.indexes" / "vectors").glob("*.vectors"))
    with FAISSVectorStore(HashEmbeddings(16), tmp_path / "s.sqlite", read_only=True) as reader:
        assert reader.similarity_search_with_score("topic 5", k=20) == whole
        assert reader._indexes.vectors(16).stored.lists > 1
    with FAISSVectorStore(HashEmbeddings(16), tmp_path / "s.sqlite") as store:
        store.delete(ids[:85])
        assert len(store.similarity_search("topic 5", k=20)) == 5


@pytest.mark.usefixtures("few")
def test_little_that_is_new_reads_no_vectors(tmp_path: Path, monkeypatch) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents(documents(0, 40), extract_facts=False)
        base.keep_indexes()
        before = vector_files(base.path)
        with monkeypatch.context() as patch:
            patch.setattr(dense_index.DenseIndex, "caught_up", lambda *_: pytest.fail("read"))
            base.add_documents(documents(40, 50), extract_facts=False)
            base.keep_indexes()
        assert vector_files(base.path) == before
        base.add_documents(documents(50, 75), extract_facts=False)
        base.keep_indexes()
        assert vector_files(base.path) != before
        base.delete([f"d{number}" for number in range(40)])
        base.add_documents(documents(100, 110), extract_facts=False)
        base.keep_indexes()
        with KnowledgeBase.open(base.path, read_only=True) as reader:
            assert found(reader) == found(base)


@pytest.mark.usefixtures("few")
def test_an_index_that_is_written_while_the_base_is_compacted_brings_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = np.asarray(HashEmbeddings(16).embed_query("secret zebra"), dtype="<f2").tobytes()
    with (
        KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base,
        KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as other,
    ):
        base.add_documents([*documents(0, 40), Document("secret zebra", id="s")])
        save = PassageIndexes.save

        def late(indexes: PassageIndexes) -> None:
            monkeypatch.setattr(PassageIndexes, "save", save)
            other.delete(["s"])
            other.compact()
            save(indexes)

        monkeypatch.setattr(PassageIndexes, "save", late)
        base.keep_indexes()
        kept = [path for path in (base.path / "indexes").rglob("*") if path.is_file()]
        assert not any(code in path.read_bytes() for path in kept)
        assert found(base) == found(other)
        assert "s" not in {piece for piece, _ in found(base)}
        base.keep_indexes()
        assert vector_files(base.path)


@pytest.mark.parametrize("share", [0.25, 0.3, 0.6, 0.95])
def test_what_may_be_seen_is_picked_out_exactly(tmp_path: Path, share: float) -> None:
    chance = np.random.default_rng(5)
    vectors = some_vectors(3000, 8).round(1)  # many are equal
    numbers = np.arange(1, 3001)
    stored = write_vectors(tmp_path, numbers, vectors.astype("<f2"), one_list(8))
    index, plain = VectorIndex(8, VectorFile(stored)), VectorIndex(8)
    plain.add(numbers.tolist(), vectors)
    for query in vectors[:40]:
        visible = chance.random(3001) < share
        visible[plain_best(plain, query)] = False  # what is nearest is hidden, too
        expected = plain.search(query, k=10, visible=visible)
        assert index.search(query, k=10, visible=visible) == expected


def plain_best(index: VectorIndex, query: np.ndarray) -> list[int]:
    return [number for number, _ in index.search(query, k=60)][:60]
