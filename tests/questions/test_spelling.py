"""A misspelt name is read as the nearest one that is known, and the reply says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.notation import NumberedEvidence
from groundglm.questions.spelling import correct_name
from groundglm.retrieval import HashEmbeddings

NAMES = ["Norholm ferry", "Ann Lee (painter)", "Harbour light", "灯塔管理局", "北山"]
PIECES = [NumberedEvidence(n, "passage", name, "x") for n, name in enumerate(NAMES, start=1)]
FACT = NumberedEvidence(9, "fact", "", "Kilimanjaro | height | 5,895 m")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("When does the Norholm fery leave?", "Norholm ferry"),
        ("When does the Norhlom ferry leave?", "Norholm ferry"),
        ("who keeps the harbor light", "Harbour light"),
        ("How high is Kilimanjarro?", "Kilimanjaro"),
        ("灯搭管理局在哪里？", "灯塔管理局"),
    ],
)
def test_a_slip_is_read_as_what_is_near(question, name) -> None:
    found = correct_name(question, [*PIECES, FACT])
    assert found is not None and found.name == name
    assert name in found.question and found.said in question


@pytest.mark.parametrize(
    "question",
    [
        "When does the Norholm ferry leave?",  # rightly named
        "When does the ferry of Norholm leave?",
        "Who is Ann Leighton?",
        "Where do light harbours lie?",
        "北川在哪里？",  # two characters tell too little
        "管理局在哪里？",
        "",
    ],
)
def test_what_is_right_or_something_else_is_left_alone(question) -> None:
    assert correct_name(question, [*PIECES, FACT]) is None


def test_two_names_as_near_are_not_guessed_between() -> None:
    pieces = [
        NumberedEvidence(n, "passage", t, "x") for n, t in enumerate(["Tower A1x", "Tower A2x"])
    ]
    assert correct_name("How old is Tower A3x?", pieces) is None


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_any_question_is_read(question, titles) -> None:
    pieces = [NumberedEvidence(n, "passage", title, "x") for n, title in enumerate(titles)]
    found = correct_name(question, pieces)
    assert found is None or (found.said in question and found.said != found.name)


def test_the_reply_says_how_it_read_the_name(tmp_path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        base.add_documents(
            [
                Document("The Norholm ferry is a car ferry.", metadata={"title": "Norholm ferry"}),
                Document("灯塔管理局是一个机构，位于南港。", metadata={"title": "灯塔管理局"}),
            ]
        )
        agent = build_agent(base, model=ChatGLM3(engine="extractive"))
        answer = agent.ask("What is the Norholm fery?")
        assert answer.text.startswith('("Norholm fery" is read as "Norholm ferry".)')
        assert "car ferry" in answer.text and answer.citations and not answer.declined
        assert "按“灯塔管理局”理解" in agent.ask("灯搭管理局是什么？").text
        assert "read as" not in agent.ask("What is the Norholm ferry?").text
