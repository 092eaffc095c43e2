"""Questions answered from facts: other names, times, yes and no, and what the facts do not bear."""

import pytest

from groundglm.notation import NumberedEvidence, format_fact
from groundglm.questions.asked_kinds import asks_yes_no
from groundglm.questions.fact_answers import answer_from_facts
from groundglm.questions.question import Question

FACTS = [
    ("Hamlet", "author", "William Shakespeare", ""),
    ("War and Peace", "author", "Leo Tolstoy", ""),
    ("William Shakespeare", "also known as", "the Bard of Avon", ""),
    ("William Shakespeare", "birthplace", "Stratford-upon-Avon", ""),
    ("Mumbai", "former name", "Bombay", ""),
    ("Mumbai", "population", "12.4 million", "2011"),
    ("Mumbai", "population", "9.9 million", "1991"),
    ("Kilimanjaro", "country", "Tanzania", ""),
    ("红楼梦", "作者", "曹雪芹", ""),
    ("红楼梦", "别名", "石头记", ""),
    ("骆驼祥子", "作者", "老舍", ""),
    ("老舍", "本名", "舒庆春", ""),
    ("成都", "人口", "2140.3万", "2023"),
    ("成都", "人口", "2093.8万", "2020"),
]
PIECES = [
    NumberedEvidence(number, "fact", "", format_fact(*fact))
    for number, fact in enumerate(FACTS, start=1)
]


def answered(question):
    found = answer_from_facts(Question(question), PIECES)
    return "" if found is None else f"{found.text} | {'; '.join(told for told, _ in found.steps)}"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where was the Bard of Avon born?", "Stratford-upon-Avon"),
        ("石头记的作者是谁？", "曹雪芹"),
        ("舒庆春写了什么？", "骆驼祥子"),
    ],
)
def test_another_name_leads_to_the_answer_and_is_shown(question, answer):
    text, step = answered(question).split(" | ", 1)
    assert answer in text
    assert "also known as" in step or "别名" in step or "本名" in step


def test_times_reach_the_answer_in_order():
    assert answered("What is the population of Mumbai?").startswith(
        "9.9 million (1991), 12.4 million (2011)"
    )
    assert answered("成都有多少人口？").startswith("2093.8万（2020）、2140.3万（2023）")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Did Leo Tolstoy write War and Peace?", "Yes: War and Peace — author: Leo Tolstoy"),
        ("Is Kilimanjaro in Tanzania?", "Yes: Kilimanjaro — country: Tanzania"),
        ("红楼梦的作者是曹雪芹吗？", "是的，红楼梦 — 作者：曹雪芹"),
        ("Did Leo Tolstoy write Hamlet?", "Hamlet — author: William Shakespeare"),
        ("老舍写过红楼梦吗？", "红楼梦 — 作者：曹雪芹"),
    ],
)
def test_yes_or_what_the_fact_says_instead(question, answer):
    assert answered(question).startswith(answer)


@pytest.mark.parametrize(
    "question", ["When did Leo Tolstoy write Hamlet?", "When did William Shakespeare write Hamlet?"]
)
def test_a_person_is_no_time(question):
    assert answered(question) == ""


def test_what_a_fact_does_not_bear_out_is_not_answered():
    assert answered("Why did Leo Tolstoy write Hamlet?") == ""
    assert answered("What did Leo Tolstoy say of the author of Hamlet?") == ""


@pytest.mark.parametrize(
    ("question", "is_one"),
    [
        ("is the bridge open?", True),
        ("does it rain?", True),
        ("周末开门吗？", True),
        ("这本书是不是鲁迅写的？", True),
        ("what is it?", False),
        ("is it open or closed?", False),
        ("周末几点开门？", False),
        ("谁写的吗？", False),
    ],
)
def test_yes_or_no_is_asked(question, is_one):
    assert asks_yes_no(question) is is_one
