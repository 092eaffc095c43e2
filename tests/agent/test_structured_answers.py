"""Answers as data: what the model wrote in the wanted form, and nothing of the turn before."""

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.retrieval import HashEmbeddings


class Rent(BaseModel):
    """The rent of somebody."""

    name: str
    amount: int


GOOD = AIMessage(
    "", tool_calls=[{"name": "Rent", "args": {"name": "Bo", "amount": 700}, "id": "1"}]
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents([Document("The rent of Bo is 700.", id="rent")])
        yield opened


def agent_of(base, replies):
    model = ChatGLM3(engine=ScriptedEngine(replies))
    return build_agent(base, model=model, threshold=0, response_format=Rent)


@pytest.mark.parametrize("replies", [[GOOD], ["It is 700.", GOOD], ["x", "y", GOOD]])
@pytest.mark.parametrize("how", ["ask", "aask", "stream"])
def test_data_comes_also_where_it_is_written_on_a_later_try(base, replies, how):
    agent = agent_of(base, replies)
    question = "What is the rent of Bo?"
    if how == "stream":
        answer = list(agent.stream(question))[-1].answer
    else:
        answer = agent.ask(question) if how == "ask" else asyncio.run(agent.aask(question))
    assert answer.structured == Rent(name="Bo", amount=700)
    assert answer.to_dict()["structured"] == {"name": "Bo", "amount": 700}
    assert not answer.declined


def test_a_model_that_never_writes_it_is_told_of_and_the_turn_before_is_not_taken_for_it(base):
    agent = agent_of(base, [GOOD, *["It is 700."] * 5])
    assert agent.ask("What is the rent of Bo?", thread_id="t").structured is not None

    answer = agent.ask("And of Ann?", thread_id="t")

    assert answer.structured is None
    assert answer.reason.code == "no_structured_reply"
    assert "form" in answer.text
