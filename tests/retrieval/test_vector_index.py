"""The vector index gives what an exhaustive search gives, whatever was added and deleted."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.errors import GroundGLMError
from groundglm.retrieval import VectorIndex
from groundglm.retrieval import vector_index as module


def vectors(*rows: list[float]) -> np.ndarray:
    array = np.asarray(rows, dtype=np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


@pytest.fixture
def index() -> VectorIndex:
    index = VectorIndex(2)
    index.add(["east", "north", "west"], vectors([1, 0], [0, 1], [-1, 0]))
    return index


def test_the_nearest_come_first_with_their_cosine(index: VectorIndex) -> None:
    (first, second) = index.search(vectors([1, 0.5])[0], k=2)

    assert first == ("east", pytest.approx(0.894, abs=1e-3))
    assert second == ("north", pytest.approx(0.447, abs=1e-3))


def test_a_deleted_vector_is_never_found(index: VectorIndex) -> None:
    index.delete(["east", "unknown"])

    assert [id_ for id_, _ in index.search(vectors([1, 0])[0], k=9)] == ["north", "west"]
    assert len(index) == 2


def test_the_same_id_replaces(index: VectorIndex) -> None:
    index.add(["east"], vectors([0, -1]))

    assert len(index) == 3
    assert index.search(vectors([0, -1])[0], k=1) == [("east", pytest.approx(1.0))]


def test_only_allowed_ids_are_ranked(index: VectorIndex) -> None:
    found = index.search(vectors([1, 0])[0], k=9, allowed={"west", "north", "unknown"})

    assert [id_ for id_, _ in found] == ["north", "west"]
    assert index.search(vectors([1, 0])[0], k=9, allowed=set()) == []


def test_an_empty_index_finds_nothing() -> None:
    assert VectorIndex(2).search(vectors([1, 0])[0], k=3) == []


def test_equal_vectors_come_in_the_order_of_their_ids() -> None:
    index = VectorIndex(2)
    names = [f"{number:03d}" for number in range(100)]
    index.add(names[::-1], vectors(*[[1, 1]] * 100))

    assert [id_ for id_, _ in index.search(vectors([1, 0])[0], k=3)] == names[:3]


@pytest.mark.parametrize(
    ("ids", "array"),
    [
        (["a"], np.zeros((1, 3), dtype=np.float32)),
        (["a", "b"], np.zeros((1, 2), dtype=np.float32)),
        (["a", "a"], np.zeros((2, 2), dtype=np.float32)),
        (["a"], np.asarray([[np.nan, 0]], dtype=np.float32)),
    ],
)
def test_vectors_that_do_not_fit_are_refused(ids: list[str], array: np.ndarray) -> None:
    index = VectorIndex(2)

    with pytest.raises(ValueError):
        index.add(ids, array)
    assert len(index) == 0


def test_a_query_of_other_dimensions_is_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match="expected 2 dimensions, got 3"):
        index.search(np.zeros(3), k=1)
    with pytest.raises(ValueError, match="k must be at least 1"):
        index.search(np.zeros(2), k=0)


CHANGES = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.sampled_from("abcdef"), unique=True, max_size=4),
        st.integers(0, 1000),
    ),
    max_size=8,
)


@given(CHANGES)
def test_after_any_changes_it_equals_an_exhaustive_search(changes) -> None:
    index, kept = VectorIndex(3), {}
    for is_deletion, ids, seed in changes:
        if is_deletion:
            index.delete(ids)
            kept = {id_: vector for id_, vector in kept.items() if id_ not in ids}
        elif ids:
            array = vectors(*np.random.default_rng(seed).normal(size=(len(ids), 3)))
            index.add(ids, array)
            kept |= dict(zip(ids, array, strict=True))
    query = vectors([1, 2, 3])[0]

    expected = sorted(kept, key=lambda id_: (-float(kept[id_] @ query), id_))

    assert len(index) == len(kept)
    assert [id_ for id_, _ in index.search(query, k=10)] == expected


def test_threads_may_add_delete_and_search_at_once() -> None:
    index = VectorIndex(2)
    index.add(["stays"], vectors([1, 0]))
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(50):
                index.add([name], vectors([0, 1]))
                assert index.search(vectors([1, 0])[0], k=1)[0][0] == "stays"
                index.delete([name])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    assert len(index) == 1


def test_two_builds_of_faiss_side_by_side_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(module, "_is_installed", lambda name: name in ("faiss-cpu", "faiss-gpu"))

    with pytest.raises(GroundGLMError, match="pip uninstall -y faiss-cpu faiss-gpu && pip install"):
        module.check_one_faiss()


def test_without_faiss_the_error_says_which_line_installs_it() -> None:
    code = "import sys; sys.modules['faiss'] = None\nfrom groundglm.retrieval import VectorIndex"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )

    assert "MissingExtraError" in result.stderr
    assert "pip install 'groundglm[cpu]'" in result.stderr
