"""Whether evidence holds an answer: a score, and what was not found."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.evidence import Evidence, Source
from groundglm.questions import Question, score_answerability
from groundglm.questions.answerability import features

ROOM = Path(__file__).parents[2] / "questions"
WELL = "The well of Karst was dug in 1704 by monks. It is forty metres deep."
RIVER = "卡河发源于北山，全长一百二十公里，流经三座城市。"


def passage(text, title, score=1.0):
    return Evidence(f"p-{title}", "passage", text, score, "", (Source(title, title),))


EVIDENCE = [passage(WELL, "Karst"), passage(RIVER, "卡河", 0.4)]


@pytest.mark.parametrize(
    ("asked", "not_asked"),
    [
        ("When was the well of Karst dug?", "Who mayors the airport of Nantes?"),
        ("卡河全长多少公里？", "谁执导了电影《红门》？"),
    ],
)
def test_a_question_on_the_evidence_scores_above_one_on_something_else(asked, not_asked) -> None:
    evidence = EVIDENCE if Question(asked).language == "en" else EVIDENCE[::-1]
    there = score_answerability(Question(asked), evidence)
    away = score_answerability(Question(not_asked), evidence)
    assert there.score > 0.5 > away.score
    assert there.missing == () and away.missing != ()


def test_a_fact_that_answers_counts_as_an_answer() -> None:
    fact = Evidence("f", "fact", "Karst | mayor | Ann Lee", 1.0)
    assert score_answerability(Question("Who is the mayor of Karst?"), [fact]).score == 0.9


def test_nothing_found_scores_nothing_and_names_what_was_asked() -> None:
    found = score_answerability(Question("Who mayors Nantes?"), [])
    assert found.score == 0.0 and "nantes" in found.missing


@given(st.text(max_size=60), st.lists(st.text(max_size=80), max_size=4))
def test_any_text_gives_a_score_between_0_and_1(question, texts) -> None:
    pieces = [passage(text, "t", 1 / rank) for rank, text in enumerate(texts, start=1)]
    found = score_answerability(Question(question), pieces)
    assert 0 <= found.score <= 1
    assert len(found.missing) <= 5


def test_the_table_has_a_weight_for_every_feature_and_no_other() -> None:
    named = features(Question("When was the well of Karst dug?"), EVIDENCE)
    for weights in json.loads((ROOM / "answerability.json").read_text("utf-8")).values():
        assert set(weights) == {"bias", *named}
