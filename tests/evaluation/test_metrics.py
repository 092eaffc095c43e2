"""Metrics: what holds of them whatever the data is, and what they refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.evaluation import (
    answer_containment,
    area_under_curve,
    contains_answer,
    declined_answered_curve,
    mean_reciprocal_rank,
    rates_at,
    recall_at_k,
    threshold_for,
    tool_call_accuracy,
)

scores = st.lists(st.floats(0, 1), min_size=1, max_size=30)
shares = st.floats(0.5, 0.99)


@given(scores, scores)
def test_the_curve_runs_from_answering_all_to_declining_all(answerable, unanswerable) -> None:
    curve = declined_answered_curve(answerable, unanswerable)
    assert (curve[0].declined, curve[0].answered) == (0, 1)
    assert (curve[-1].declined, curve[-1].answered) == (1, 0)
    for before, after in zip(curve, curve[1:], strict=False):
        assert before.threshold < after.threshold
        assert before.declined <= after.declined and before.answered >= after.answered
    for point in curve:
        assert rates_at(answerable, unanswerable, point.threshold) == point


@given(scores, shares)
def test_a_threshold_declines_at_least_the_share_asked_for_and_is_the_lowest(scored, share):
    threshold = threshold_for(scored, share)
    declined = [score for score in scored if score < threshold]
    assert len(declined) >= share * len(scored)
    # Without the highest of those that it declines, the share would not be reached.
    fewer = [score for score in declined if score < max(declined)]
    assert len(fewer) < share * len(scored)


@given(scores, scores)
def test_the_area_is_turned_around_with_the_lists(answerable, unanswerable) -> None:
    area = area_under_curve(answerable, unanswerable)
    assert 0 <= area <= 1
    assert area + area_under_curve(unanswerable, answerable) == pytest.approx(1)


@given(st.lists(st.sampled_from("abcdef"), max_size=8), st.sets(st.sampled_from("abc"), min_size=1))
def test_recall_grows_with_k_up_to_what_was_ranked(ranked, gold) -> None:
    found = [recall_at_k(ranked, gold, k) for k in range(1, 10)]
    assert found == sorted(found)
    assert found[-1] == len(gold & set(ranked)) / len(gold)


def test_an_id_ranked_twice_counts_once() -> None:
    assert recall_at_k(["a", "a", "b"], ["a", "b"], 2) == 0.5
    assert mean_reciprocal_rank([(["x"], {"a"}), (["x", "a"], {"a"})]) == 0.25


@pytest.mark.parametrize(
    ("text", "answers", "holds"),
    [
        ("Ｐａｒｉｓ．", ["paris"], True),
        ("蘇軾", ["苏轼"], True),
        ("It is 1,889 metres.", ["1889"], True),
        ("Rome", ["Paris", ""], False),  # an empty answer is in no text
        ("Rome", [], False),
    ],
)
def test_an_answer_is_found_however_it_is_written(text, answers, holds) -> None:
    assert contains_answer(text, answers) is holds
    assert answer_containment([(text, answers)]) == float(holds)


def test_a_call_is_right_with_its_name_and_every_argument() -> None:
    right = ("f", {"x": 1, "y": [1, 2]})
    assert tool_call_accuracy([(right, right), (None, None)]) == 1
    for wrong in (("g", right[1]), ("f", {"x": 1}), ("f", {**right[1], "z": 0}), None):
        assert tool_call_accuracy([(wrong, right)]) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: recall_at_k(["a"], [], 1),
        lambda: recall_at_k(["a"], ["a"], 0),
        lambda: declined_answered_curve([], [0.1]),
        lambda: area_under_curve([0.1], []),
        lambda: threshold_for([], 0.9),
        lambda: answer_containment([]),
    ],
)
def test_nothing_to_measure_is_an_error_and_no_number(call) -> None:
    with pytest.raises(ValueError, match="need|least|nothing"):
        call()
