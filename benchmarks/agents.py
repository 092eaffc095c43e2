"""What our middleware costs beside a bare agent, and what a conversation costs in time and space.

A run is two steps of a scripted model and one tool. The bare agent is LangChain's `create_agent`
with the same model and tool; ours has grounding, repair, citations, the dispatcher and approval
around it, over a source that finds at once (retrieval is measured elsewhere). Then many
conversations of two turns at once, kept in SQLite; then one long conversation and its size.

Run: python benchmarks/agents.py [--runs 200] [--conversations 1000] [--turns 100] [--json]
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware, ModelCallLimitMiddleware
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import GroundedAgent
from groundglm.evidence import Evidence, Source
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool


class Scripted(BaseChatModel):
    """Calls the tool where no result of it stands behind the question, else answers."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> ChatResult:
        asked = max(i for i, one in enumerate(messages) if isinstance(one, HumanMessage))
        has_result = any(
            isinstance(one, ToolMessage) and one.name == "get_weather" for one in messages[asked:]
        )
        name = str(messages[asked].content).split()[-1].strip("?")
        reply = (
            AIMessage(f"It is sunny in {name}.[1]")
            if has_result
            else AIMessage("", tool_calls=[{"name": "get_weather", "args": {"city": name},
                                            "id": f"call-{len(messages)}-{name}"}])
        )  # fmt: skip
        return ChatResult(generations=[ChatGeneration(message=reply)])

    async def _agenerate(self, *args: Any, **options: Any) -> ChatResult:
        return self._generate(*args, **options)

    def bind_tools(self, tools: Any, **options: Any) -> Runnable[Any, Any]:
        return self.bind(tools=tools)


class AtOnce:
    """A source that finds ten pieces without looking."""

    def __init__(self, characters: int = 100, *, new: bool = False) -> None:
        self._text = "x" * characters
        self._new = new

    def search(self, query: str, *, k: int = 5, **options: Any) -> list[Evidence]:
        name = query if self._new else "p"
        return [
            Evidence(f"{name}{n}", "passage", self._text, 1.0, "", (Source("d", "Title"),))
            for n in range(min(k, 10))
        ]


@tool(read_only=True)
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"sunny in {city}"


@tool()
def set_alarm(city: str) -> str:
    """Set an alarm for a city."""
    return "set"


def alternated(ways: dict[str, Callable[[int], Any]], runs: int) -> dict[str, float]:
    """Milliseconds of each way, the median, each run beside the others'."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(runs):
        for name, way in ways.items():
            began = time.perf_counter()
            way(number)
            taken[name].append(1000 * (time.perf_counter() - began))
    return {name: round(statistics.median(some), 3) for name, some in taken.items()}


def cost(runs: int) -> dict[str, Any]:
    """A bare agent beside ours, with and without asyncio, and with limits and approval."""
    model = Scripted()
    question = "What is the weather in Oslo?"

    def ask(graph: Any) -> Callable[[int], Any]:
        return lambda n: graph.invoke(
            {"messages": [HumanMessage(question)]}, {"configurable": {"thread_id": str(n)}}
        )

    bare = create_agent(model, [get_weather], checkpointer=InMemorySaver())
    both = create_agent(
        model,
        [get_weather, set_alarm],
        middleware=[
            HumanInTheLoopMiddleware({"set_alarm": True}),
            ModelCallLimitMiddleware(run_limit=8),
        ],
        checkpointer=InMemorySaver(),
    )
    options: dict[str, Any] = {"model": model, "threshold": 0, "calculator": False}
    ours = build_agent(AtOnce(), tools=[get_weather], **options)
    whole = build_agent(AtOnce(), tools=[get_weather, set_alarm], **options)
    searching: list[float] = []

    def noted(answer: Any) -> None:  # noqa: ANN401
        searching.append(1000 * answer.timings["retrieval"])

    sync = alternated(
        {
            "bare": ask(bare),
            "ours": lambda n: noted(ours.ask(question, thread_id=str(n))),
            "ours, approval and limits": lambda n: whole.ask(question, thread_id=str(n)),
            "bare, LangChain's approval and limit": ask(both),
        },
        runs,
    )

    def run(make: Callable[[int], Awaitable[Any]]) -> Callable[[int], Any]:
        return lambda n: loop.run_until_complete(make(n))

    loop = asyncio.new_event_loop()
    given = {"messages": [HumanMessage(question)]}
    found = alternated(
        {
            "bare": run(lambda n: bare.ainvoke(given, {"configurable": {"thread_id": f"a{n}"}})),
            "ours": run(lambda n: ours.aask(question, thread_id=f"a{n}")),
            "ours, approval and limits": run(lambda n: whole.aask(question, thread_id=f"a{n}")),
        },
        runs,
    )
    loop.close()
    apart = statistics.median(searching)
    return {
        "sync ms": sync,
        "async ms": found,
        "of ours, judging and ordering what was found ms": round(apart, 2),
        "ratios without it": {
            f"{how}, {name}": round((some[name] - apart) / some["bare"], 2)
            for how, some in (("sync", sync), ("async", found))
            for name in ("ours", "ours, approval and limits")
        },
    }


async def many(conversations: int, saver: str, folder: Path) -> dict[str, Any]:
    """Conversations of two turns at once, kept in SQLite, and whether any was mixed up."""
    name, _, how = saver.partition(" ")
    async with _opened(name, folder / f"{saver}.sqlite") as kept:
        agent = build_agent(
            AtOnce(600), model=Scripted(), tools=[get_weather], threshold=0, checkpointer=kept
        )
        bare = create_agent(Scripted(), [get_weather], checkpointer=kept)

        async def talk_bare(number: int) -> bool:
            for turn in range(2):
                given = {"messages": [HumanMessage(f"The weather in City{number}x{turn}?")]}
                await bare.ainvoke(given, {"configurable": {"thread_id": str(number)}})
            return True

        async def talk(number: int) -> bool:
            right = True
            for turn in range(2):
                city = f"City{number}x{turn}"
                answer = await agent.aask(f"What is the weather in {city}?", thread_id=str(number))
                right &= answer.text == f"It is sunny in {city}.[1]"
                right &= [use.result for use in answer.tool_calls] == [f"sunny in {city}"]
            return right

        began = time.perf_counter()
        told = talk_bare if how == "bare" else talk
        right = await asyncio.gather(*map(told, range(conversations)))
        seconds = time.perf_counter() - began
    return {"seconds": round(seconds, 1), "right": sum(right), "of": conversations}


class _opened:  # noqa: N801 - used as a function
    def __init__(self, saver: str, path: Path) -> None:
        self._saver, self._path = saver, path
        self._inner: Any = None

    async def __aenter__(self) -> Any:  # noqa: ANN401 - a checkpointer
        if self._saver == "InMemorySaver":
            return InMemorySaver()
        if self._saver == "AsyncSqliteSaver":
            self._inner = AsyncSqliteSaver.from_conn_string(str(self._path))
            return await self._inner.__aenter__()
        from groundglm.agent import SqliteMemory

        self._inner = SqliteMemory(self._path)
        return self._inner

    async def __aexit__(self, *error: object) -> None:
        if self._saver == "AsyncSqliteSaver":
            await self._inner.__aexit__(*error)
        elif self._saver == "SqliteMemory":
            self._inner.close()


async def _answered_at_once(agent: GroundedAgent, question: str) -> float:
    """Milliseconds for which eight answers at once hold the event loop up at most."""
    gaps: list[float] = []

    async def tick() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    gaps.clear()
    await asyncio.gather(*(agent.aask(question) for _ in range(8)))
    ticking.cancel()
    return round(1000 * max(gaps, default=0.0), 0)


def loop(folder: Path) -> dict[str, Any]:
    """How long the engine without weights holds the event loop up, at first and later."""
    text = "谢家村在一九五〇年遭遇洪水。村民用橡木重建了磨坊。" * 10
    with KnowledgeBase.open(folder / "kb", HashEmbeddings()) as base:
        base.add_documents(
            Document(text, id=str(n), metadata={"title": f"谢家村{n}"}) for n in range(30)
        )
        agent = build_agent(base, model=ChatGLM3(engine="extractive"), threshold=0)
        question = "谢家村的村民用什么重建了磨坊？请详细介绍洪水的情况"

        async def rounds() -> list[float]:
            return [await _answered_at_once(agent, question) for _ in range(4)]

        first, *later = asyncio.run(rounds())
    return {"first eight at once, ms": first, "later, ms": later}


def growth(turns: int, folder: Path) -> dict[str, Any]:
    """What a turn adds to a conversation with ten pieces of evidence of 600 characters each."""
    path = folder / "long.sqlite"
    connection = sqlite3.connect(path, check_same_thread=False)
    agent = build_agent(
        AtOnce(600, new=True), model=Scripted(), tools=[get_weather], threshold=0, k=10,
        checkpointer=SqliteSaver(connection),
    )  # fmt: skip
    sizes, seconds = [0], list[float]()
    for number in range(turns):
        began = time.perf_counter()
        agent.ask(f"What is the weather in City{number}?", thread_id="t")
        seconds.append(time.perf_counter() - began)
        connection.execute("pragma wal_checkpoint(truncate)")
        sizes.append(path.stat().st_size)
    connection.close()
    added = [after - before for before, after in zip(sizes[1:], sizes[2:], strict=False)]
    tenth = max(1, len(added) // 10)
    return {
        "kB a turn, first tenth": round(statistics.mean(added[:tenth]) / 1000, 1),
        "kB a turn, last tenth": round(statistics.mean(added[-tenth:]) / 1000, 1),
        "ms a turn, first tenth": round(1000 * statistics.median(seconds[:tenth]), 1),
        "ms a turn, last tenth": round(1000 * statistics.median(seconds[-tenth:]), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument(
        "--savers", default="InMemorySaver bare,AsyncSqliteSaver bare,AsyncSqliteSaver,SqliteMemory"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    if asked.runs:
        cost(20)  # warm
        found["cost of a run"] = cost(asked.runs)
    with tempfile.TemporaryDirectory() as folder:
        if asked.turns:
            found["the event loop is held up"] = loop(Path(folder))
            found["one long conversation"] = growth(asked.turns, Path(folder))
        if asked.conversations:
            for saver in asked.savers.split(","):
                found[f"conversations of two turns, {saver}"] = asyncio.run(
                    many(asked.conversations, saver, Path(folder))
                )
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
