"""A conversation that goes on and on: it fits the model's context and grows by what is new only."""

import asyncio
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.sqlite import SqliteSaver

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import Text
from groundglm.agent.budget import ContextBudget, budget_of, estimated_tokens
from groundglm.agent.conversation import Conversation
from groundglm.agent.view import model_view
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.notation import parse_evidence
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool
from groundglm.wire.prompt import decode_segments


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents(
            Document(
                f"The village number {n} of Rookham burned down during the flood. " * 9,
                id=f"e{n}",
                metadata={"title": f"Rookham {n}"},
            )
            for n in range(30)
        )
        yield opened


class Small(ScriptedEngine):
    """An engine of little context."""

    def __init__(self, replies, max_context):
        super().__init__(replies)
        self.max_context = max_context


def agent_of(base, context, replies, **options):
    engine = Small(replies, context)
    return build_agent(base, model=ChatGLM3(engine=engine), threshold=0, **options), engine


@pytest.mark.parametrize("context", [6_000, 20_000, 100_000])
@pytest.mark.parametrize("style", ["tool_call", "template"])
def test_every_turn_fits_the_context(base, context, style):
    agent, engine = agent_of(base, context, ["It burned down.[1]"] * 12, grounding=style)

    for n in range(12):
        answer = agent.ask(f"What burned down in Rookham village {n}?", thread_id="t")
        assert answer.text == "It burned down.[1]"

    assert all(len(one.prompt_ids) < context for one in engine.requests)


def test_what_had_no_room_is_not_said_to_have_been_shown(base):
    agent, engine = agent_of(base, 6_000, ["It burned down.[1]"], k=30)

    answer = agent.ask("What burned down in Rookham?")

    shown = decode_segments(engine.requests[-1].prompt_ids, engine.tokenizer)[-1].content
    assert [piece.number for piece in parse_evidence(shown)] == sorted(answer.numbered)
    assert 1 <= len(answer.evidence) < 30
    assert "left out" in shown


def test_a_piece_stands_once_in_a_prompt_however_often_it_is_found(base):
    agent, engine = agent_of(base, 100_000, ["It burned down.[1]"] * 5)

    for _ in range(5):
        agent.ask("What burned down in Rookham village 7?", thread_id="t")

    segments = decode_segments(engine.requests[-1].prompt_ids, engine.tokenizer)
    numbers = [piece.number for one in segments for piece in parse_evidence(one.content)]
    assert len(numbers) == len(set(numbers))
    assert parse_evidence(segments[-1].content), "the newest search shows what it found"


def test_turns_without_room_are_told_of(base):
    agent, engine = agent_of(base, 6_000, ["It burned down.[1]"] * 30, calculator=False)

    for n in range(30):
        agent.ask(f"What burned down in Rookham village {n}?", thread_id="t")

    prompt = engine.tokenizer.decode(engine.requests[-1].prompt_ids)
    assert "earlier turns are left out" in prompt


def test_a_result_longer_than_the_context_is_cut(base):
    @tool(read_only=True)
    def read_archive() -> str:
        """Read the archive."""
        return "x" * 19_000

    call = AIMessage("", tool_calls=[{"name": "read_archive", "args": {}, "id": "1"}])
    agent, engine = agent_of(base, 8_192, [call, "done"], tools=[read_archive])

    assert agent.ask("Read the archive of Rookham, please").text == "done"
    assert len(engine.requests[-1].prompt_ids) < 8_192


def test_a_conversation_grows_by_what_is_new(base, tmp_path):
    path = tmp_path / "talk.sqlite"
    connection = sqlite3.connect(path, check_same_thread=False)
    saver = SqliteSaver(connection)
    engine = ScriptedEngine(["It burned down.[1]"] * 60)
    agent = build_agent(base, model=ChatGLM3(engine=engine), threshold=0, k=10, checkpointer=saver)
    sizes = []
    for n in range(60):
        agent.ask(f"What burned down in Rookham village {n}?", thread_id="t")
        connection.execute("pragma wal_checkpoint(truncate)")
        sizes.append(path.stat().st_size)
    connection.close()

    assert sizes[-1] - sizes[-21] < 20 * 100_000
    assert sizes[-1] - sizes[-21] < 1.5 * (sizes[20] - sizes[0])


# --- the view by itself ---------------------------------------------------------------------------


def piece(number, text):
    return {"id": f"p{number}", "kind": "passage", "text": text, "score": 1.0, "sources": []}


def found(number, ids):
    call = {"name": "search_knowledge", "args": {"query": "q"}, "id": f"search-q{number}"}
    return [
        AIMessage("", id=f"q{number}-search", tool_calls=[call]),
        ToolMessage(
            "found",
            id=f"q{number}-evidence",
            name="search_knowledge",
            tool_call_id=call["id"],
            artifact={"evidence": list(ids), "sufficient": True},
        ),
    ]


TURNS = st.lists(
    st.tuples(
        st.text(max_size=40).map(lambda text: "问 " + text),
        st.lists(st.integers(1, 9), max_size=5, unique=True),
        st.text(max_size=60),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=100)
@given(turns=TURNS, room=st.integers(0, 3_000), style=st.sampled_from(["tool_call", "template"]))
def test_a_view_keeps_the_question_and_fits(turns, room, style):
    store = {f"p{n}": piece(n, f"第{n}段资料。" * 20) for n in range(1, 10)}
    messages = []
    for number, (question, ids, answer) in enumerate(turns):
        messages += [
            HumanMessage(question, id=f"q{number}"),
            *found(number, [f"p{n}" for n in ids]),
        ]
        if number < len(turns) - 1:
            messages.append(AIMessage(answer, id=f"a{number}"))
    budget = ContextBudget(None, 0, estimated_tokens)

    view = model_view(Conversation.read(messages, store), style, budget, room)

    users = [one for one in view.messages if isinstance(one, HumanMessage)]
    assert turns[-1][0] in users[-1].content
    calls = {c["id"] for m in view.messages if isinstance(m, AIMessage) for c in m.tool_calls}
    answered = {m.tool_call_id for m in view.messages if isinstance(m, ToolMessage)}
    assert calls == answered
    least = 400  # the question, an empty search and what is said of it stay in any case
    assert sum(map(budget.of, view.messages)) <= max(room, least)


def test_tokens_are_those_of_the_model_or_rather_too_many():
    exact = budget_of(ChatGLM3(engine="extractive"))
    assert exact.count("资料") == len("资料".encode())
    assert estimated_tokens("资料") == 2


# --- summaries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["ask", "aask", "stream"])
def test_turns_without_room_are_summarised_now_and_then(base, how):
    writer = ScriptedEngine(["They asked about villages; the flood burned them down.[1]"])
    agent, engine = agent_of(
        base,
        6_000,
        ["It burned down.[1]"] * 24,
        summarizer=ChatGLM3(engine=writer),
    )
    for n in range(24):
        question = f"What burned down in Rookham village {n}?"
        if how == "stream":
            *events, last = agent.stream(question, thread_id="t")
            said = "".join(event.text for event in events if isinstance(event, Text))
            assert said == last.answer.text == "It burned down.[1]"
        elif how == "aask":
            assert asyncio.run(agent.aask(question, thread_id="t")).text == "It burned down.[1]"
        else:
            assert agent.ask(question, thread_id="t").text == "It burned down.[1]"

    prompt = engine.tokenizer.decode(engine.requests[-1].prompt_ids)
    assert "the flood burned them down.[1]" in prompt
    assert all(len(one.prompt_ids) < 6_000 for one in engine.requests)
    assert 1 <= len(writer.requests) <= 10
    for request in writer.requests:
        asked = writer.tokenizer.decode(request.prompt_ids)
        assert "passage:" not in asked
    assert len(agent.history("t")) == 24 * 4  # nothing of the conversation is lost


def test_a_summariser_that_fails_ends_no_turn(base, caplog):
    class Broken(ScriptedEngine):
        def generate(self, request):
            raise RuntimeError("no")
            yield

    agent, engine = agent_of(
        base,
        6_000,
        ["It burned down.[1]"] * 20,
        summarizer=ChatGLM3(engine=Broken(["x"])),
    )
    for n in range(20):
        assert agent.ask(f"What burned down in village {n}?", thread_id="t").text
    assert "no summary" in caplog.text
