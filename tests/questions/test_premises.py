"""What a question supposes: names and deeds that the evidence does not know are told apart."""

import pytest

from groundglm.notation import NumberedEvidence
from groundglm.questions.premises import unmet_premise
from groundglm.questions.question import Question

BERG = (
    "Alban Berg was an Austrian composer. He began the opera Lulu in 1929. He died of an infected "
    "insect bite, because it was treated too late."
)
SNAKE = "钩盲蛇是一种无毒蛇种。由于体型细小，经常被误认为蚯蚓。1990年在台湾首次发现。"
PIECES = [
    NumberedEvidence(1, "passage", "Alban Berg", BERG),
    NumberedEvidence(2, "passage", "钩盲蛇", SNAKE),
]


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Why did Alban Berg write Carmen?", "carmen"),
        ("When did Alban Berg win the Nobel Prize?", "nobel"),
        ("Why did Alban Berg emigrate?", "emigrate"),
        ("钩盲蛇为什么会飞？", "飞"),
        ("钩盲蛇是什么时候当选总统的？", "总统"),
    ],
)
def test_what_is_supposed_and_unknown_is_named(question, word):
    assert any(word in one for one in unmet_premise(Question(question), PIECES))


@pytest.mark.parametrize(
    "question",
    [
        "Why did Alban Berg die?",
        "When did Alban Berg begin Lulu?",
        "When did Berg die?",
        "Who was Alban Berg?",
        "What does the Austrian's opera tell?",
        "钩盲蛇为什么被误认为蚯蚓？",
        "钩盲蛇何时发现？",
        "它为什么有毒？",
        "",
    ],
)
def test_what_may_be_so_is_let_through(question):
    assert unmet_premise(Question(question), PIECES) == []
