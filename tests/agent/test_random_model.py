"""Weights that mean nothing, held to the grammar: whatever they write, a turn ends and is whole."""

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ToolMessage

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool

from ..random_model import random_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    # Ids that a vocabulary of bytes can spell are likelier, so that there is text and are calls.
    return random_engine(tmp_path_factory.mktemp("random") / "model", favoured=slice(3, 259))


@tool(read_only=True)
def get_weather(city: str, days: int = 1) -> str:
    """The weather of a city."""
    return f"{city} {days}"


@tool(read_only=True)
def breaks(value: float) -> str:
    """Break."""
    raise RuntimeError(f"no {value}")


@pytest.mark.parametrize(
    "seed", [pytest.param(n, marks=[pytest.mark.slow] if n else []) for n in range(4)]
)
def test_a_turn_of_random_weights_ends_and_leaves_no_call_open(tmp_path, engine, seed):
    model = ChatGLM3(engine=engine, max_tokens=120, temperature=1.0, seed=seed)
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([Document("The museum opens at nine.", id="m")])
        agent = build_agent(
            base, model=model, tools=[get_weather, breaks], threshold=0, max_steps=3
        )
        for question in ("When does the museum open?", "北京天气怎么样？"):
            agent.ask(question, thread_id="t")
        messages = agent.history("t")
    made = {c["id"] for m in messages if isinstance(m, AIMessage) for c in m.tool_calls}
    assert made == {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
