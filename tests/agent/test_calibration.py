"""Choosing a threshold for one's own documents."""

import pytest

from groundglm.agent.calibration import (
    LEAST_QUESTIONS,
    calibrate_from_questions,
    calibrate_from_sentences,
    make_questions,
)
from groundglm.evidence import Evidence, Source

TOWNS = "Paris Rome Oslo Cairo Lima Quito Delhi Tokyo Seoul Hanoi Accra Dakar Tunis Sofia".split()
DOCUMENTS = [
    (town, town, f"{town} celebrates its harvest festival with paper lanterns near the river.")
    for town in TOWNS
]


def search(query: str, k: int) -> list[Evidence]:
    """The documents that share most words with a question, best first."""
    asked = set(query.lower().split())

    def shared(document) -> int:
        return len(asked & set(document[2].lower().rstrip(".").split()))

    ranked = sorted(DOCUMENTS, key=lambda document: (-shared(document), document[0]))
    return [
        Evidence(id_, "passage", text, shared((id_, id_, text)) / 10, "", (Source(id_, id_),))
        for id_, _, text in ranked[:k]
    ]


def test_the_threshold_tells_a_user_s_answerable_questions_from_the_others() -> None:
    asked = [(f"What does {town} celebrate near the river?", True) for town in TOWNS]
    asked += [(f"Which submarine has {town} exported to volcanoes?", False) for town in TOWNS]
    (found,) = calibrate_from_questions(asked, search).values()
    assert found.answered == 1.0 and found.declined >= 0.8
    assert (found.answerable, found.unanswerable) == (len(TOWNS), len(TOWNS))
    assert found.curve[0].declined == 0 and found.curve[-1].declined == 1


def test_a_lower_share_to_decline_gives_no_higher_threshold() -> None:
    asked = [(f"What does {town} celebrate near the river?", True) for town in TOWNS]
    asked += [(f"Which lanterns does {town} sell in {n}?", False) for n, town in enumerate(TOWNS)]
    low, high = (
        calibrate_from_questions(asked, search, decline_rate=rate)["en"].threshold
        for rate in (0.5, 0.95)
    )
    assert low <= high


def test_a_base_calibrates_itself_on_its_own_sentences_the_same_each_time() -> None:
    first = calibrate_from_sentences(DOCUMENTS, search)
    assert first == calibrate_from_sentences(list(reversed(DOCUMENTS)), search)
    assert first["en"].answerable == first["en"].unanswerable >= LEAST_QUESTIONS


def test_languages_are_calibrated_apart_and_one_with_too_few_is_left_out() -> None:
    asked = [(f"What does {town} celebrate near the river?", True) for town in TOWNS]
    asked += [(f"Which submarine has {town} exported?", False) for town in TOWNS]
    asked += [("巴黎庆祝什么？", True), ("巴黎出口什么潜艇？", False)]
    assert list(calibrate_from_questions(asked, search)) == ["en"]


def test_too_few_questions_are_counted_in_the_error() -> None:
    asked = [(f"What does {town} celebrate?", True) for town in TOWNS]
    with pytest.raises(ValueError, match=f"en: {len(TOWNS)} and 0"):
        calibrate_from_questions(asked, search)
    with pytest.raises(ValueError, match="there are none"):
        calibrate_from_sentences([("a", "", "Too short.")], search)


def test_a_made_question_has_no_number_and_not_every_word_of_its_sentence() -> None:
    text = "In 1889 the tall iron tower was opened by the young engineer beside the wide river."
    ((id_, question),) = make_questions([("a", "Tower of Novaria", text)])
    assert id_ == "a" and question.startswith("Tower of Novaria")
    assert "1889" not in question
    assert not {"iron", "opened", "engineer", "river"} <= set(question.split())
