"""Equal scores are settled by id, wherever the border falls."""

from hypothesis import given
from hypothesis import strategies as st

from groundglm.retrieval.ranking import best

SCORES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.sampled_from([0.5, 1.0, 2.0]))


@given(SCORES, st.integers(1, 60), st.randoms())
def test_the_order_in_which_equals_come_does_not_matter(scores, k, random) -> None:
    hits = list(scores.items())
    random.shuffle(hits)
    hits.sort(key=lambda hit: -hit[1])

    found = best(lambda asked: hits[:asked], k=k)

    assert found == sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def test_a_long_row_of_equals_at_the_border_is_looked_through() -> None:
    hits = [(f"{number:03d}", 1.0) for number in reversed(range(500))]

    assert best(lambda asked: hits[:asked], k=2) == [("000", 1.0), ("001", 1.0)]
