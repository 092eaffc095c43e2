"""Conversations in one SQLite file: for callers of either kind, at once, and for good."""

import asyncio
import sqlite3
import threading

import pytest
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import SqliteMemory
from groundglm.errors import StorageError
from groundglm.retrieval import HashEmbeddings


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents([Document("谢家村的村民用橡木重建了磨坊。", id="a")])
        yield opened


def agent_on(base, memory):
    model = ChatGLM3(engine="extractive")
    return build_agent(base, model=model, threshold=0, checkpointer=memory, calculator=False)


def asked(agent, thread):
    return [one.content for one in agent.history(thread) if isinstance(one, HumanMessage)]


def test_threads_and_tasks_share_a_file_and_nothing_is_mixed_up(base, tmp_path):
    with SqliteMemory(tmp_path / "talk.sqlite") as memory:
        agent = agent_on(base, memory)

        async def tasks():
            await asyncio.gather(
                *(
                    agent.aask(f"任务{n}问第{t}次？", thread_id=f"a{n}")
                    for t in (1, 2)
                    for n in range(15)
                )
            )

        threads = [
            threading.Thread(target=lambda n=n: agent.ask(f"线程{n}？", thread_id=f"t{n}"))
            for n in range(10)
        ]
        [one.start() for one in threads]
        asyncio.run(tasks())
        [one.join() for one in threads]

    with SqliteMemory(tmp_path / "talk.sqlite") as memory:
        agent = agent_on(base, memory)
        assert [asked(agent, f"t{n}") for n in range(10)] == [[f"线程{n}？"] for n in range(10)]
        for n in range(15):
            assert asked(agent, f"a{n}") == [f"任务{n}问第1次？", f"任务{n}问第2次？"]
        found = asyncio.run(agent.ahistory("a3"))
        assert len(found) == len(agent.history("a3"))


def test_a_conversation_is_forgotten(base):
    with SqliteMemory(":memory:") as memory:
        agent = agent_on(base, memory)
        agent.ask("谁？", thread_id="t")
        memory.delete_thread("t")
        assert agent.history("t") == []
        asyncio.run(agent.aask("谁？", thread_id="t"))
        asyncio.run(memory.adelete_thread("t"))
        assert agent.history("t") == []
        assert list(memory.list({"configurable": {"thread_id": "t"}})) == []


def test_a_file_that_is_none_and_a_closed_one_are_refused(base, tmp_path):
    path = tmp_path / "talk.sqlite"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(StorageError, match="cannot be opened"):
        SqliteMemory(path)
    with pytest.raises(StorageError):
        SqliteMemory(tmp_path / "no" / "folder.sqlite")
    with pytest.raises(ValueError, match="synchronous"):
        SqliteMemory(":memory:", synchronous="off; drop table checkpoints")
    memory = SqliteMemory(":memory:")
    memory.close()
    memory.close()
    with pytest.raises(StorageError, match="closed"):
        agent_on(base, memory).ask("谁？", thread_id="t")


def test_a_write_that_fails_is_told_and_the_next_one_works(base, tmp_path):
    path = tmp_path / "talk.sqlite"
    with SqliteMemory(path, synchronous="full") as memory:
        memory.conn.execute("pragma busy_timeout=50")
        agent = agent_on(base, memory)
        agent.ask("一？", thread_id="t")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises((StorageError, sqlite3.OperationalError)):
            agent.ask("二？", thread_id="t")
        other.execute("rollback")
        other.close()
        agent.ask("三？", thread_id="t")
        assert asked(agent, "t") == ["一？", "三？"]
