"""What something is: said by what is about it, and by nothing that merely names it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.notation import NumberedEvidence
from groundglm.questions.definitions import asked_subject, find_definition

FERRY = (
    "The Norholm ferry (Danish: Norholmfærgen), also known as the Old Lady, is a car ferry built "
    "in 1931. It runs from March to October."
)
HARBOUR = "Norholm harbour has one pier. The Norholm ferry is repaired there every winter."
LAMP = "灯塔灯（英语：Lamp），又名海灯，是指引船只的灯。灯塔灯每晚点亮。"
LEAVE = "You can ask for Leave Without Pay (LWOP) at any time. LWOP is unpaid."


def piece(number, title, text):
    return NumberedEvidence(number, "passage", title, text)


PIECES = [
    piece(1, "Norholm harbour", HARBOUR),
    piece(2, "Norholm ferry", FERRY),
    piece(3, "灯塔灯", LAMP),
    piece(4, "Handbook", LEAVE),
]


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("What is the Norholm ferry?", "The Norholm ferry (Danish"),
        ("norholm ferry", "The Norholm ferry (Danish"),
        ("Tell me about the Norholm ferry!", "The Norholm ferry (Danish"),
        ("Who is the Old Lady?", "The Norholm ferry (Danish"),
        ("Give me a short summary of Norholm harbour.", "Norholm harbour has"),
        ("What does LWOP mean?", "LWOP is unpaid."),
        ("灯塔灯是什么？", "灯塔灯（英语"),
        ("请介绍一下海灯", "灯塔灯（英语"),
        ("什么是灯塔灯", "灯塔灯（英语"),
    ],
)
def test_the_sentence_that_says_what_it_is_is_found(question, begins) -> None:
    found = find_definition(question, PIECES)
    assert found is not None and found.text.startswith(begins)
    (source,) = [one for one in PIECES if one.number == found.number]
    assert found.span.cut(source.text) == found.text


@pytest.mark.parametrize(
    "question",
    [
        "What is a pier?",  # named, and not said what it is
        "What is the repair of the ferry?",
        "When was the Norholm ferry built?",
        "Is the Norholm ferry old?",
        "The Norholm ferry, please, and quickly",
        "码头是什么？",
        "灯塔灯什么时候点亮？",
        "",
        "???",
    ],
)
def test_a_mere_mention_defines_nothing(question) -> None:
    assert find_definition(question, PIECES) is None


def test_facts_define_nothing_here() -> None:
    fact = NumberedEvidence(1, "fact", "Norholm ferry", "Norholm ferry | is a | car ferry")
    assert find_definition("What is the Norholm ferry?", [fact]) is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_read(question, text) -> None:
    subject = asked_subject(question)
    assert len(subject) <= 80 and subject == subject.strip()
    found = find_definition(question, [piece(1, "t", text)])
    assert found is None or found.text in text
