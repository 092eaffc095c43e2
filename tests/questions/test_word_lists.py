"""Words as data: every row does what its example says."""

import tomllib
from pathlib import Path

import pytest

from groundglm.questions.question import Question
from groundglm.questions.requests import read_request
from groundglm.questions.sentence_selection import fits_asked_kind
from groundglm.questions.small_talk import small_talk, small_talk_reply
from groundglm.questions.tool_selection import tool_fit
from groundglm.text.words import stop_words

ROOM = Path(__file__).parents[2] / "questions"
LISTS = tomllib.loads((ROOM / "word_lists.toml").read_text("utf-8"))
KINDS = tomllib.loads((ROOM / "asked_kinds.toml").read_text("utf-8"))
TALK = tomllib.loads((ROOM / "small_talk.toml").read_text("utf-8"))


@pytest.mark.parametrize("row", LISTS["action"], ids=lambda row: row["name"])
def test_the_examples_of_an_action_are_requests_for_it(row) -> None:
    for example in row["examples"]:
        request = read_request(example)
        assert request is not None, example
        assert row["name"] in request.actions


@pytest.mark.parametrize("row", LISTS["subject"], ids=lambda row: row["en"][0])
def test_the_example_of_a_subject_speaks_of_a_tool_for_it(row) -> None:
    tool = {"name": row["en"][0], "description": row["zh"][0]}
    assert tool_fit(row["example"], tool) >= 0.7
    assert tool_fit("Please paint the fence green", tool) < 0.7


@pytest.mark.parametrize("row", KINDS["kind"], ids=lambda row: row["name"])
def test_the_answer_of_a_kind_is_what_its_question_asks_for(row) -> None:
    assert fits_asked_kind(Question(row["question"]), row["answer"])
    assert not fits_asked_kind(Question(row["question"]), "没有。")


@pytest.mark.parametrize("place", ["base", "predicate", "name", "description"])
def test_no_stop_word_is_listed_twice(place: str) -> None:
    table = tomllib.loads((ROOM.parent / "text/stop_words.toml").read_text("utf-8"))
    listed = [*table[place]["en"], *table[place]["zh"]]
    assert len(set(listed)) == len(listed)
    if place != "base":
        assert not stop_words().intersection(listed)


@pytest.mark.parametrize("row", TALK["kind"], ids=lambda row: row["name"])
def test_an_example_of_small_talk_is_no_more_than_that(row) -> None:
    for example in row["examples"]:
        assert small_talk(example) == row["name"], example
        assert small_talk(f"{example} 😀 !!!") == row["name"]
    for example in row["more"]:
        assert small_talk(example) is None, example
    for language in ("en", "zh"):
        assert small_talk_reply(row["name"], language)


@pytest.mark.parametrize("row", LISTS["action"], ids=lambda row: row["name"])
def test_a_request_is_no_small_talk(row) -> None:
    assert [one for one in row["examples"] if small_talk(one)] == []
