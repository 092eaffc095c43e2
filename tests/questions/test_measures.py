"""Measures: each is asked for and given as its table says, and none is invented."""

import tomllib
from pathlib import Path

import pytest

from groundglm.notation import NumberedEvidence
from groundglm.questions import measures
from groundglm.questions.measures import (
    asked_measure,
    find_measure,
    is_uncounted,
    lacks_measure,
)
from groundglm.questions.question import Question

TABLE = tomllib.loads(Path(measures.__file__).with_name("measures.toml").read_text("utf-8"))
CANAL = (
    "The Bode Canal was dug in 1831. It is 30 km long and 4 m deep, and 12 km from the sea. "
    "Its locks hold 300 boats."
)
PIECES = [
    NumberedEvidence(1, "passage", "Bode Canal", CANAL),
    NumberedEvidence(2, "passage", "Lee Canal", "The Lee Canal is 99 km long."),
]


@pytest.mark.parametrize("row", TABLE["measure"], ids=lambda row: row["name"])
def test_each_is_asked_and_given_as_its_example_says(row) -> None:
    measure = asked_measure(row["question"])
    assert measure is not None and measure.name == row["name"]
    assert measure.given.search(row["answer"])


@pytest.mark.parametrize("question", ["How long is the Bode Canal?", "How deep is the Bode Canal?"])
def test_the_sentence_with_the_measure_is_found(question):
    found = find_measure(Question(question), PIECES)
    assert found is not None and "30 km long and 4 m deep" in found.text
    assert found.span.cut(CANAL) == found.text


@pytest.mark.parametrize(
    "question",
    [
        "How heavy is the Bode Canal?",
        "How much did the Bode Canal cost?",
        "How long is the bridge over the Bode Canal?",
    ],
)
def test_a_measure_that_no_sentence_gives_is_missed(question):
    assert find_measure(Question(question), PIECES) is None
    assert lacks_measure(Question(question), PIECES)


@pytest.mark.parametrize(
    "question", ["Who dug the Bode Canal?", "How long is it?", "How long is the Rhine?"]
)
def test_what_names_nothing_here_or_asks_otherwise_is_left_to_others(question):
    assert find_measure(Question(question), PIECES) is None
    assert not lacks_measure(Question(question), PIECES)


@pytest.mark.parametrize(
    ("question", "uncounted"),
    [
        ("How many boats do its locks hold?", False),
        ("How many bridges cross the Bode Canal?", True),
        ("How many locks are there?", True),
        ("How long is it?", False),
        ("公司有多少员工？", True),
        ("工厂有多少工人？", False),
    ],
)
def test_what_nothing_counts(question, uncounted):
    pieces = [
        *PIECES,
        NumberedEvidence(3, "passage", "工厂", "工厂现有三百名熟练工人，员工食堂在二楼。"),
    ]
    assert is_uncounted(Question(question), pieces) is uncounted
