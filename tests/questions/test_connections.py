"""How two things are connected, chains of facts, several things at once."""

import pytest

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.facts import Fact
from groundglm.notation import NumberedEvidence, format_fact
from groundglm.questions.connections import asked_ends, find_connection
from groundglm.questions.fact_answers import answer_from_facts
from groundglm.questions.question import Question
from groundglm.retrieval import HashEmbeddings

FACTS = [
    ("Moonrise", "author", "Ann Lee"),
    ("Ann Lee", "birthplace", "Oldham"),
    ("Oldham", "county", "Lancashire"),
    ("Ann Lee", "sister", "Eve Lee"),
    ("Nodo", "capital", "Bel"),
    ("Nodo", "population", "3 million"),
    ("Kara", "population", "5 million"),
    ("月出", "作者", "李安妮"),
    ("李安妮", "出生地", "绍兴"),
    ("绍兴", "所属省份", "浙江省"),
]
PIECES = [
    NumberedEvidence(number, "fact", "", format_fact(*fact, ""))
    for number, fact in enumerate(FACTS, start=1)
]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("How is Moonrise connected to Lancashire?", (1, 2, 3)),
        ("How are Ann Lee and Eve Lee related?", (4,)),
        ("What is the relationship between Moonrise and Eve Lee?", (1, 4)),
        ("月出和浙江省有什么关系？", (8, 9, 10)),
        ("月出与绍兴之间有什么联系？", (8, 9)),
    ],
)
def test_the_facts_between_two_things_are_told_in_order(question, numbers):
    found = answer_from_facts(Question(question), PIECES)
    assert found is not None and found.tells and found.numbers == numbers


@pytest.mark.parametrize(
    ("question", "answer", "steps"),
    [
        ("In which county was the author of Moonrise born?", "Lancashire", 2),
        ("Where was the author of Moonrise born?", "Oldham", 1),
        ("月出的作者出生在哪个省？", "浙江省", 2),
    ],
)
def test_a_chain_of_three_facts_answers_and_shows_its_steps(question, answer, steps):
    found = answer_from_facts(Question(question), PIECES)
    assert found is not None and found.text == answer and len(found.steps) == steps


def test_several_things_are_answered_together_or_not_at_all():
    found = answer_from_facts(Question("Compare the population of Nodo and Kara."), PIECES)
    assert found is not None and found.numbers == (6, 7)
    assert answer_from_facts(Question("Compare the capitals of Nodo and Kara."), PIECES) is None


@pytest.mark.parametrize(
    ("question", "ends"),
    [
        ("How is Moonrise linked to the Nodo war?", ("Moonrise", "the Nodo war")),
        ("请问月出跟浙江省有何关系？", ("月出", "浙江省")),
        ("What is a relationship?", None),
        ("他们的关系怎么样？", None),
        ("How are you related to me?", None),
    ],
)
def test_what_is_asked_to_be_connected(question, ends):
    assert asked_ends(Question(question)) == ends


def test_two_things_in_one_passage_are_not_connected_by_it():
    text = "Moonrise is a novel. The ferry of Bel sails at nine."
    assert find_connection(("Moonrise", "Bel"), [NumberedEvidence(1, "passage", "", text)]) is None
    assert find_connection(("sail", "Be"), [NumberedEvidence(1, "passage", "", text)]) is None
    joined = find_connection(("ferry", "Bel"), [NumberedEvidence(1, "passage", "", text)])
    assert joined is not None and joined.text == "The ferry of Bel sails at nine."


def test_an_agent_tells_the_path_or_names_the_missing_link(tmp_path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        base.add_facts([Fact(*fact) for fact in FACTS])
        agent = build_agent(base, model=ChatGLM3(engine="extractive"))
        told = agent.ask("How is Moonrise connected to Lancashire?")
        assert not told.declined and len(told.citations) == 3
        declined = agent.ask("How is Moonrise connected to Nodo?")
        assert declined.declined and '"Moonrise" with "Nodo"' in declined.text
        assert agent.ask("In which county was the author of Moonrise born?").text.startswith(
            "Lancashire"
        )
        assert "capital" in agent.ask("Tell me about Nodo.").text
