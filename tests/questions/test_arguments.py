"""Arguments come out of the question, or there is no call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.questions import Question, choose_tool
from groundglm.questions.arguments import read_arguments_off
from groundglm.text import fold


def schema(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}


@pytest.mark.parametrize(
    ("question", "properties", "args"),
    [
        (
            "book seats for 12 guests in Bern",
            {"guests": WHOLE, "city": TEXT},
            {"guests": 12, "city": "Bern"},
        ),
        ("把房间调到 21.5 度", {"degrees": NUMBER}, {"degrees": 21.5}),
        (
            'post "Closed on Monday" in red',
            {"text": TEXT, "color": {"type": "string", "enum": ["red", "green"]}},
            {"text": "Closed on Monday", "color": "red"},
        ),
        ("订三百张票", {"count": WHOLE}, {"count": 300}),
    ],
)
def test_arguments_are_read_where_they_stand(question, properties, args) -> None:
    assert read_arguments_off(question, schema(properties, **properties)) == args


@pytest.mark.parametrize(
    ("question", "properties"),
    [
        ("move the chairs", {"count": WHOLE}),
        ("move 12.5 chairs", {"count": WHOLE}),
        ("paint it blue", {"color": {"type": "string", "enum": ["red", "green"]}}),
        ("move 3 or 4 chairs", {"count": WHOLE}),
    ],
)
def test_what_is_not_said_plainly_is_no_argument(question, properties) -> None:
    assert read_arguments_off(question, schema(properties, **properties)) is None


@given(st.text(max_size=60))
def test_text_of_an_argument_is_never_invented(question) -> None:
    listed = schema(name=TEXT, count=WHOLE, to=TEXT, on={"type": "boolean"})
    args = read_arguments_off(question, listed) or {}
    for value in args.values():
        if isinstance(value, str):
            assert fold(value) in fold(question)


CLOSE = {
    "name": "close_valve",
    "description": "Close a valve of the plant.",
    "parameters": schema(["number"], number=WHOLE),
}


@pytest.mark.parametrize(
    "said",
    [
        "Do not close valve 7.",
        "Should I close valve 7?",
        "He closed valve 7 yesterday.",
        "If it leaks, close valve 7.",
        "Close it.",
        "Close the valve.",
        "Open valve 7.",
        "别关 7 号阀门。",
        "",
    ],
)
def test_no_tool_is_chosen_where_nobody_plainly_asks_for_it(said) -> None:
    assert choose_tool(Question(said), [CLOSE]) is None


def test_a_plain_request_chooses_the_tool_unless_tools_are_switched_off() -> None:
    said = Question("Please close valve 7.")
    assert choose_tool(said, [CLOSE]) == ("close_valve", {"number": 7})
    assert choose_tool(said, [CLOSE], tool_choice="none") is None
    twin = {**CLOSE, "name": "close_valve_b"}
    assert choose_tool(said, [CLOSE, twin]) is None  # either might be meant
    forced = Question("What about valve 9?")
    assert choose_tool(forced, [CLOSE], tool_choice="close_valve") == ("close_valve", {"number": 9})
    assert choose_tool(Question("Which valve?"), [CLOSE], tool_choice="close_valve") is None
