"""Each call may have labels of its own: less than the agent's, and never another asker's talk."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.errors import ConversationError
from groundglm.retrieval import HashEmbeddings

QUESTION = "Where is the Elm archive?"


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings(64)) as opened:
        opened.add_documents(
            [
                Document(
                    "The Elm archive is in Vault Nine.",
                    id="secret",
                    metadata={"title": "Elm archive", "labels": ["board"]},
                ),
                Document("The Oak library is in Meadow Street.", id="open"),
            ]
        )
        yield opened


@pytest.fixture
def agent(base):
    return build_agent(base, model=ChatGLM3(engine="extractive"))


def test_a_call_sees_what_its_labels_may_see(agent):
    assert "Vault Nine" in agent.ask(QUESTION).text
    assert "Vault Nine" in agent.ask(QUESTION, labels=["board", "x"]).text
    for labels in ([], ["staff"]):
        answer = agent.ask(QUESTION, labels=labels)
        assert answer.declined and "Vault" not in answer.text
        assert all("Vault" not in piece.text for piece in answer.numbered.values())


def test_a_call_never_sees_more_than_the_agent(base):
    agent = build_agent(base, model=ChatGLM3(engine="extractive"), labels=["staff"])
    assert agent.ask(QUESTION, labels=["board"]).declined
    assert agent.ask(QUESTION, labels=["staff", "board"]).declined
    wide = build_agent(base, model=ChatGLM3(engine="extractive"), labels=["staff", "board"])
    assert not wide.ask(QUESTION).declined
    assert wide.ask(QUESTION, labels=["staff"]).declined


def test_calls_at_once_keep_their_labels_apart(agent):
    callers = [["board"], ["staff"]] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda own: agent.ask(QUESTION, labels=own), callers))
    assert [answer.declined for answer in answers] == [False, True] * 8

    async def ask() -> list[bool]:
        calls = [agent.aask(QUESTION, labels=own) for own in callers]
        return [answer.declined for answer in await asyncio.gather(*calls)]

    assert asyncio.run(ask()) == [False, True] * 8


def test_streams_have_labels_too(agent):
    hidden = list(agent.stream(QUESTION, labels=["staff"]))[-1].answer
    seen = list(agent.stream(QUESTION, labels=["board"]))[-1].answer
    assert hidden.declined and not seen.declined


def test_a_conversation_shows_nobody_what_another_asker_saw(agent):
    assert "Vault Nine" in agent.ask(QUESTION, thread_id="t", labels=["board"]).text
    with pytest.raises(ConversationError, match="another one"):
        agent.ask("And where is it?", thread_id="t", labels=["staff"])
    with pytest.raises(ConversationError, match="another one"):
        asyncio.run(agent.aask("And where is it?", thread_id="t", labels=[]))
    # Who sees as much, or more, goes on.
    assert agent.ask(QUESTION, thread_id="t", labels=["board", "staff"]).text
    assert agent.ask(QUESTION, thread_id="t").text
    with pytest.raises(ConversationError):
        agent.ask(QUESTION, thread_id="t", labels=["board"])
    assert agent.ask(QUESTION, thread_id="other", labels=["staff"]).declined


def test_no_label_stands_for_everything(agent):
    agent.ask(QUESTION, thread_id="t")
    with pytest.raises(ConversationError, match="sees everything"):
        agent.ask("And where is it?", thread_id="t", labels=["*", "board"])


def test_a_conversation_of_an_earlier_version_was_shown_what_its_agent_sees(base):
    from groundglm.agent.call_labels import check_conversation

    old = {"messages": ["said before"]}
    check_conversation("t", {}, ("staff",), own=None)
    check_conversation("t", old, ("board", "staff"), own=("board",))
    for own in (None, ("board",)):
        with pytest.raises(ConversationError):
            check_conversation("t", old, ("staff",), own=own)


def test_a_wrapped_retriever_is_refused_before_the_turn_begins(base):
    model = ChatGLM3(engine="extractive")
    agent = build_agent(base.as_retriever(), model=model)
    with pytest.raises(ValueError, match="set them on it"):
        agent.ask(QUESTION, thread_id="t", labels=["board"])
    assert not agent.graph.get_state({"configurable": {"thread_id": "t"}}).values


def test_the_search_tool_of_a_call_has_its_labels(base):
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage

    class Scripted(GenericFakeChatModel):
        def bind_tools(self, tools, **_):
            return self

    call = {"name": "search_knowledge", "args": {"query": QUESTION}, "id": "c1"}

    def asked(labels):
        model = Scripted(messages=iter([AIMessage("", tool_calls=[call]), AIMessage("Done.")]))
        agent = build_agent(base, model=model, threshold=0)
        return agent.ask("Which archives are there in Elm?", labels=labels)

    assert any("Vault" in one.text for one in asked(["board"]).numbered.values())
    assert not any("Vault" in one.text for one in asked(["staff"]).numbered.values())


@pytest.mark.parametrize("labels", ["board", [1], [""]])
def test_labels_of_a_call_are_a_list_of_strings(agent, labels):
    with pytest.raises(ValueError, match="labels"):
        agent.ask(QUESTION, labels=labels)


def test_a_source_of_facts_without_labels_is_refused(base):
    class Facts:
        def facts(self, entity):
            return []

        def paths(self, a, b, *, max_hops=3):
            return []

        def link(self, text):
            return []

    agent = build_agent(base, model=ChatGLM3(engine="extractive"), facts=Facts())
    assert agent.ask(QUESTION).text
    with pytest.raises(ValueError, match="labels"):
        agent.ask(QUESTION, labels=["board"])
