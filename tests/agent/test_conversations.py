"""Turns of one conversation: in order, none lost, none waiting for ever, nothing left behind."""

import asyncio
import gc
import sqlite3
import threading
import time

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.errors import ConversationError
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents([Document("谢家村的村民用橡木重建了磨坊。", id="a")])
        yield opened


def agent_on(base, **options):
    options.setdefault("model", ChatGLM3(engine="extractive"))
    return build_agent(base, threshold=0, **options)


def questions_of(agent, thread):
    state = agent.graph.get_state({"configurable": {"thread_id": thread}})
    return [one.content for one in state.values["messages"] if isinstance(one, HumanMessage)]


class BrokenEngine(ScriptedEngine):
    def generate(self, request):
        raise RuntimeError("the engine broke")
        yield

    async def agenerate(self, request):
        raise RuntimeError("the engine broke")
        yield


async def test_turns_asked_at_once_are_all_kept_in_order(base):
    agent = agent_on(base)
    asked = [f"磨坊的问题{number}？" for number in range(5)]

    await asyncio.gather(*(agent.aask(question, thread_id="t") for question in asked))

    assert questions_of(agent, "t") == asked


async def test_threads_and_tasks_share_one_conversation(base):
    agent = agent_on(base)
    loop = asyncio.get_running_loop()
    work = [loop.run_in_executor(None, lambda n=n: agent.ask(f"线程{n}？", thread_id="t")) for n in
            range(4)]  # fmt: skip
    work += [agent.aask(f"任务{n}？", thread_id="t") for n in range(4)]

    await asyncio.gather(*work)

    assert sorted(questions_of(agent, "t")) == sorted(
        [f"线程{n}？" for n in range(4)] + [f"任务{n}？" for n in range(4)]
    )


async def test_a_cancelled_turn_lets_the_next_one_go(base):
    agent = agent_on(base)
    ends = asyncio.Event()

    async def hold():
        async with agent._turns.aturn("t"):
            await ends.wait()

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0.01)
    waiting = asyncio.create_task(agent.aask("一？", thread_id="t"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    ends.set()
    await holder
    assert (await agent.aask("二？", thread_id="t")).text
    assert questions_of(agent, "t") == ["二？"]


def test_nothing_is_kept_of_a_conversation_in_which_nobody_speaks(base):
    agent = agent_on(base)
    for number in range(20):
        agent.ask("谁？", thread_id=f"t{number}")
    asyncio.run(agent.aask("谁？", thread_id="t"))

    assert len(agent._turns) == 0
    assert not agent._turns._turns


def test_a_half_read_stream_holds_nobody_up(base):
    agent = agent_on(base)
    stream = agent.stream("村民用什么重建了磨坊？", thread_id="t")
    next(stream)
    answers = []
    other = threading.Thread(
        target=lambda: answers.append(agent.ask("磨坊？", thread_id="t")), daemon=True
    )
    other.start()
    other.join(20)

    assert answers, "ask() still waits for the stream"
    *_, last = stream  # and the stream can still be read to its end
    assert "橡木" in last.answer.text
    assert questions_of(agent, "t") == ["村民用什么重建了磨坊？", "磨坊？"]


def test_a_stream_that_is_closed_stops_its_turn(base):
    class Endless(ScriptedEngine):
        pieces = 0

        def generate(self, request):
            for chunk in super().generate(request):
                for id_ in chunk.ids:
                    self.pieces += 1
                    time.sleep(0.002)
                    yield type(chunk)((id_,))

    engine = Endless(["a" * 3000])
    agent = agent_on(base, model=ChatGLM3(engine=engine))
    stream = agent.stream("谁？", thread_id="t")
    next(stream)
    stream.close()
    del stream
    gc.collect()
    start = time.monotonic()
    while len(agent._turns) and time.monotonic() - start < 5:
        time.sleep(0.01)

    assert len(agent._turns) == 0
    assert engine.pieces < 2500


def test_an_error_in_a_stream_reaches_its_reader(base):
    agent = agent_on(base, model=ChatGLM3(engine=BrokenEngine(["never"])))

    with pytest.raises(Exception, match="the engine broke"):
        list(agent.stream("谁？", thread_id="t"))
    assert len(agent._turns) == 0


def test_a_question_without_a_thread_leaves_nothing_even_where_it_fails(base):
    saver = InMemorySaver()
    broken = agent_on(base, model=ChatGLM3(engine=BrokenEngine(["never"])), checkpointer=saver)

    for call in (broken.ask, lambda q: asyncio.run(broken.aask(q)), lambda q: [*broken.stream(q)]):
        with pytest.raises(Exception, match="the engine broke"):
            call("谁？")

    assert not saver.storage


def test_a_tool_that_asks_its_own_conversation_is_told_so(base):
    @tool(read_only=True)
    def ask_again(text: str) -> str:
        """Ask again."""
        return agent.ask("谁？", thread_id="t").text

    calls = [AIMessage("", tool_calls=[{"name": "ask_again", "args": {"text": "x"}, "id": "1"}])]
    agent = agent_on(
        base, model=ChatGLM3(engine=ScriptedEngine([*calls, "done"])), tools=[ask_again]
    )

    answer = agent.ask("再问一次", thread_id="t")

    assert "within its own turn" in answer.tool_calls[0].result


async def test_a_blocking_call_in_the_loop_of_a_running_turn_is_refused(base):
    agent = agent_on(base)
    async with agent._turns.aturn("t"):
        with pytest.raises(ConversationError, match="await aask"):
            await asyncio.create_task(_ask(agent))


async def _ask(agent):
    import contextvars

    return contextvars.Context().run(agent.ask, "谁？", thread_id="t")


# --- checkpointers -------------------------------------------------------------------------------


def test_a_synchronous_checkpointer_works_with_ask_and_refuses_aask(base):
    saver = SqliteSaver(sqlite3.connect(":memory:", check_same_thread=False))
    agent = agent_on(base, checkpointer=saver)

    agent.ask("一？", thread_id="t")
    list(agent.stream("二？", thread_id="t"))
    agent.ask("三？")

    assert questions_of(agent, "t") == ["一？", "二？"]
    with pytest.raises(ConversationError, match="SqliteSaver is synchronous: call ask"):
        asyncio.run(agent.aask("谁？", thread_id="t"))
    with pytest.raises(ConversationError, match="synchronous"):
        asyncio.run(agent.aask("谁？"))


async def test_an_asynchronous_checkpointer_works_with_aask_and_refuses_ask(base):
    async with AsyncSqliteSaver.from_conn_string(":memory:") as saver:
        agent = agent_on(base, checkpointer=saver)
        await agent.aask("一？", thread_id="t")
        await agent.aask("二？", thread_id="t")
        await agent.aask("三？")
        state = await agent.graph.aget_state({"configurable": {"thread_id": "t"}})
        said = [one.content for one in state.values["messages"] if isinstance(one, HumanMessage)]
        assert said == ["一？", "二？"]

        for call in (agent.ask, agent.stream):
            with pytest.raises(ConversationError, match="AsyncSqliteSaver is asynchronous: await"):
                call("谁？", thread_id="t")
    with pytest.raises(ConversationError):  # its loop runs, but it is closed by now
        agent.ask("谁？")


def test_an_asynchronous_checkpointer_of_a_loop_that_ended_is_refused_at_once(base):
    async def open_it():
        async with AsyncSqliteSaver.from_conn_string(":memory:") as saver:
            return agent_on(base, checkpointer=saver)

    agent = asyncio.run(open_it())
    with pytest.raises(ConversationError, match="asynchronous"):
        agent.ask("谁？", thread_id="t")


def test_very_many_steps_end_at_the_limit_that_was_set(base):
    call = {"name": "calculator", "args": {"expression": "1+1"}, "id": "1"}
    engine = ScriptedEngine([AIMessage("", tool_calls=[call])] * 200)
    agent = agent_on(base, model=ChatGLM3(engine=engine), max_steps=120)

    assert agent.ask("谁？").reason.code == "step_limit"
