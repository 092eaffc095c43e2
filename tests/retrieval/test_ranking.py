"""The best are given with all that equal the last of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from groundglm.retrieval.ranking import best


@given(st.lists(st.sampled_from([0.5, 1.0, 2.0])), st.integers(1, 30))
def test_no_equal_of_the_last_is_cut_off(scores: list[float], k: int) -> None:
    found = best(np.arange(len(scores)), np.array(scores), k=k)

    ranked = sorted(enumerate(scores), key=lambda hit: (-hit[1], hit[0]))
    border = ranked[:k][-1][1] if ranked else 0.0
    assert found == [hit for hit in ranked if hit[1] >= border]
