"""A name that several documents bear: asked back, unless the question says which it means."""

import pytest

from groundglm.notation import NumberedEvidence
from groundglm.questions.ambiguity import find_ambiguity, meant_title, of_what_is_meant
from groundglm.questions.question import Question

PLANET = NumberedEvidence(
    1, "passage", "Mercury (planet)",
    "Mercury is the first planet from the Sun. It was observed in 265 BC.",
)  # fmt: skip
ELEMENT = NumberedEvidence(
    2, "passage", "Mercury (element)",
    "Mercury is an element with the symbol Hg. It boils at 357 degrees. It was observed early.",
)  # fmt: skip
SINGER = NumberedEvidence(3, "passage", "李娜（歌手）", "李娜，1963年出生于郑州，中国女歌手。")
PLAYER = NumberedEvidence(4, "passage", "李娜（网球运动员）", "李娜，1982年出生于武汉，网球冠军。")
BOTH = [PLANET, ELEMENT, SINGER, PLAYER]


def titles(text):
    found = find_ambiguity(Question(text), BOTH)
    return [one.title for one in found.meanings] if found is not None else []


@pytest.mark.parametrize("text", ["What is Mercury?", "mercury", "When was Mercury observed?"])
def test_a_name_of_two_things_is_asked_back(text):
    assert titles(text) == ["Mercury (planet)", "Mercury (element)"]


@pytest.mark.parametrize("text", ["李娜是谁？", "李娜", "李娜出生在哪里？"])
def test_a_chinese_name_of_two_people_is_asked_back(text):
    assert titles(text) == ["李娜（歌手）", "李娜（网球运动员）"]


@pytest.mark.parametrize(
    "text",
    [
        "What is the planet Mercury?",
        "What is Mercury (element)?",
        "At how many degrees does Mercury boil?",  # only one of them speaks of it
        "Who wrote about Mercury's dragons?",  # neither does
        "What is Venus?",
        "歌手李娜是谁？",
        "李娜得过冠军吗？",
    ],
)
def test_what_is_told_apart_is_not_asked_back(text):
    assert titles(text) == []


def test_what_it_is_stands_beside_each_meaning():
    found = find_ambiguity(Question("What is Mercury?"), BOTH)
    assert found is not None and found.name == "Mercury"
    assert [one.told for one in found.meanings] == [
        "Mercury is the first planet from the Sun.",
        "Mercury is an element with the symbol Hg.",
    ]


def test_pieces_of_what_is_not_meant_are_left_out():
    kept = of_what_is_meant(Question("What is the planet Mercury?"), BOTH)
    assert kept == [PLANET, SINGER, PLAYER]
    assert of_what_is_meant(Question("What is Mercury?"), BOTH) == BOTH


def test_passages_of_one_document_are_one_thing():
    again = NumberedEvidence(5, "passage", "Mercury (planet)", "Mercury has no moon.")
    assert find_ambiguity(Question("What is Mercury?"), [PLANET, again]) is None


@pytest.mark.parametrize(
    ("said", "picked"),
    [
        ("the element", "Mercury (element)"),
        ("The second one, please", "Mercury (element)"),
        ("The first", "Mercury (planet)"),
        ("the last", "Mercury (element)"),
        ("Mercury (planet)", "Mercury (planet)"),
        ("the planet or the element?", ""),
        ("the third one", ""),
        ("What is Venus?", ""),
        ("Who discovered the planet Neptune?", ""),
        ("What came first?", ""),
        ("the planet?", "Mercury (planet)"),
        ("", ""),
    ],
)
def test_which_one_a_reply_picks(said, picked):
    assert meant_title(said, [PLANET.title, ELEMENT.title]) == picked


@pytest.mark.parametrize("title", ["Mercury", "Mercury (disambiguation)"])
def test_a_bare_title_is_the_plain_meaning(title):
    other = NumberedEvidence(2, "passage", title, "Mercury may be a planet or an element.")
    assert find_ambiguity(Question("What is Mercury?"), [PLANET, other]) is None
