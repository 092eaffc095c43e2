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
from groundglm.retrieval import one_faiss as module


def vectors(*rows: list[float]) -> np.ndarray:
    array = np.asarray(rows, dtype=np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


EAST, NORTH, WEST = 1, 2, 5


@pytest.fixture
def index() -> VectorIndex:
    index = VectorIndex(2)
    index.add([EAST, NORTH, WEST], vectors([1, 0], [0, 1], [-1, 0]))
    return index


def numbers(hits: list[tuple[int, float]]) -> list[int]:
    return [number for number, _ in hits]


def test_the_nearest_come_first_with_their_cosine(index: VectorIndex) -> None:
    (first, second) = index.search(vectors([1, 0.5])[0], k=2)

    assert first == (EAST, pytest.approx(0.894, abs=1e-3))
    assert second == (NORTH, pytest.approx(0.447, abs=1e-3))


def test_a_deleted_vector_is_never_found(index: VectorIndex) -> None:
    index.delete([EAST, 99])

    assert numbers(index.search(vectors([1, 0])[0], k=9)) == [NORTH, WEST]
    assert len(index) == 2


def test_only_visible_numbers_are_ranked(index: VectorIndex) -> None:
    visible = np.array([True, False, True, True, True, True])
    found = index.search(vectors([1, 0])[0], k=9, visible=visible)

    assert numbers(found) == [NORTH, WEST]
    assert index.search(vectors([1, 0])[0], k=9, visible=np.zeros(9, dtype=bool)) == []
    assert index.search(vectors([1, 0])[0], k=9, visible=np.ones(2, dtype=bool)) == [(EAST, 1.0)]


def test_vectors_are_given_back(index: VectorIndex) -> None:
    index.delete([EAST])

    assert index.vectors([WEST, NORTH]).tolist() == [[-1, 0], [0, 1]]
    assert index.vectors([]).shape == (0, 2)


def test_an_empty_index_finds_nothing() -> None:
    assert VectorIndex(2).search(vectors([1, 0])[0], k=3) == []


def test_all_that_equal_the_last_come_too() -> None:
    index = VectorIndex(2)
    index.add(range(1, 101), vectors(*[[1, 1]] * 100))

    assert numbers(index.search(vectors([1, 0])[0], k=3)) == list(range(1, 101))


@pytest.mark.parametrize(
    ("new", "array"),
    [
        ([6], np.zeros((1, 3), dtype=np.float32)),
        ([6, 7], np.zeros((1, 2), dtype=np.float32)),
        ([6, 6], np.zeros((2, 2), dtype=np.float32)),
        ([7, 6], np.zeros((2, 2), dtype=np.float32)),
        ([WEST], np.zeros((1, 2), dtype=np.float32)),
        ([6], np.asarray([[np.nan, 0]], dtype=np.float32)),
        ([6], np.asarray([[1e6, 0]], dtype=np.float32)),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_vectors_that_do_not_fit_are_refused(index, new: list[int], array: np.ndarray) -> None:
    with pytest.raises(ValueError):
        index.add(new, array)
    assert len(index) == 3


def test_a_query_of_other_dimensions_is_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match="expected 2 dimensions, got 3"):
        index.search(np.zeros(3), k=1)
    with pytest.raises(ValueError, match="k must be at least 1"):
        index.search(np.zeros(2), k=0)


CHANGES = st.lists(
    st.tuples(st.integers(0, 4), st.sets(st.integers(1, 12)), st.integers(0, 1000)), max_size=8
)


@given(CHANGES, st.sets(st.integers(0, 12)), st.integers(1, 5))
def test_after_any_changes_it_equals_an_exhaustive_search(changes, hidden, k) -> None:
    index, kept, last = VectorIndex(3), {}, 0
    for added, gone, seed in changes:
        if added:
            array = vectors(*np.random.default_rng(seed).normal(size=(added, 3)))
            new = range(last + 1, last + 1 + added)
            index.add(new, array)
            kept |= dict(zip(new, array.astype("<f2").astype(np.float32), strict=True))
            last += added
        index.delete(gone)
        kept = {number: vector for number, vector in kept.items() if number not in gone}
    query = vectors([1, 2, 3])[0]
    visible = np.array([number not in hidden for number in range(9)])
    seen = {number: vector for number, vector in kept.items() if number < 9 and visible[number]}

    def nearest(held):
        return sorted(held, key=lambda number: (-round(float(held[number] @ query), 5), number))

    assert len(index) == len(kept)
    assert numbers(index.search(query, k=max(1, len(kept)))) == nearest(kept)
    assert numbers(index.search(query, k=k, visible=visible))[:k] == nearest(seen)[:k]


def test_threads_may_add_delete_and_search_at_once() -> None:
    index = VectorIndex(2)
    index.add([1], vectors([1, 0]))
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for number in range(2, 200):
                index.add([number], vectors([0, 1]))
                index.delete([number])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    def read() -> None:
        try:
            for _ in range(200):
                assert numbers(index.search(vectors([1, 0])[0], k=1))[0] == 1
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=write), *(threading.Thread(target=read) for _ in range(5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    assert len(index) == 1


def test_a_search_waits_for_no_other_thread_and_leaves_their_number(index, monkeypatch) -> None:
    during: list[int] = []
    real = index._index

    class Watched:
        def search(self, *arguments, **options):
            during.append(module.faiss.omp_get_max_threads())
            return real.search(*arguments, **options)

    usual = module.faiss.omp_get_max_threads()
    module.faiss.omp_set_num_threads(3)
    monkeypatch.setattr(index, "_index", Watched())
    try:
        index.search(vectors([1, 0])[0], k=1)
        after = module.faiss.omp_get_max_threads()
    finally:
        module.faiss.omp_set_num_threads(usual)

    assert during == [1]
    assert after == 3


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
