"""The turns of an agent: in order for each conversation, under its labels, resumed if broken."""

import uuid
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.types import Command

from ..errors import ConversationError
from ..facts import FactSource
from .approval import Decision, resume_values
from .call_labels import check_conversation, narrowed, with_labels
from .caller import CALLER_KEY, Caller
from .interrupted import (
    INTERRUPTED_KEY,
    TAKEN_CHANNEL,
    TAKEN_TASK,
    Interrupted,
    last_interrupted,
    observation,
    open_calls,
    read_interrupted,
)
from .sources import check_given_labels, check_labelled
from .turns import Turns, check_async, check_sync

Durability = Literal["sync", "async", "exit"]


@dataclass(frozen=True, slots=True)
class AgentParts:
    """What an agent is made of beside its graph."""

    checkpointer: BaseCheckpointSaver[Any]
    name: str
    recursion_limit: int
    tools: Mapping[str, BaseTool]
    durability: Durability
    holds_stream: bool = False
    labels: tuple[str, ...] | None = None
    facts: FactSource | None = None
    takes_labels: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """One turn that is to be run: what goes in, and under which configuration."""

    question: str
    given: Any
    config: RunnableConfig
    thread_id: str


class TurnRunner:
    """Prepares the turns of an agent's graph: who may take one, with what, under which name."""

    def __init__(self, graph: Any, parts: AgentParts) -> None:  # noqa: ANN401 - LangGraph's
        self.graph = graph
        self.parts = parts
        self.turns = Turns()
        self._is_async = False

    # --- going on -------------------------------------------------------------------------------

    def resumed(self, run: Run, decisions: Decision | Mapping[str, Decision] | None) -> Run:
        """The turn that goes on, with the decisions taken for good."""
        saver = self.parts.checkpointer
        found = saver.get_tuple(run.config)
        stopped = read_interrupted(found)
        if decisions is not None:
            values, ids = _taken(stopped, decisions, self.parts.tools)
            if found is not None:
                own = _taken_task()
                saver.put_writes(found.config, [(TAKEN_CHANNEL, ids)], own)
                _check_alone(saver.get_tuple(found.config), ids, own)
            return replace(run, given=Command(resume=values))
        snapshot = self.graph.get_state(run.config)
        update = self._left(run.thread_id, snapshot, stopped)
        if update:
            self.graph.update_state(run.config, {"messages": update}, as_node="tools")
        return run

    async def aresumed(self, run: Run, decisions: Decision | Mapping[str, Decision] | None) -> Run:
        """The same for asyncio."""
        saver = self.parts.checkpointer
        found = await saver.aget_tuple(run.config)
        stopped = read_interrupted(found)
        if decisions is not None:
            values, ids = _taken(stopped, decisions, self.parts.tools)
            if found is not None:
                own = _taken_task()
                await saver.aput_writes(found.config, [(TAKEN_CHANNEL, ids)], own)
                _check_alone(await saver.aget_tuple(found.config), ids, own)
            return replace(run, given=Command(resume=values))
        snapshot = await self.graph.aget_state(run.config)
        update = self._left(run.thread_id, snapshot, stopped)
        if update:
            await self.graph.aupdate_state(run.config, {"messages": update}, as_node="tools")
        return run

    def _left(self, thread_id: str, snapshot: Any, stopped: Interrupted) -> list[ToolMessage]:  # noqa: ANN401
        """What is told of the calls of a turn that ended in the middle, before it goes on.

        Nothing where they can simply be run again.
        """
        if not snapshot.next:
            raise ConversationError(f"nothing of the conversation {thread_id!r} is left to do")
        if stopped.waiting:
            listed = ", ".join(one.id for one in stopped.waiting)
            raise ConversationError(f"a decision is needed: {listed} wait for approval")
        messages: list[AnyMessage] = snapshot.values.get("messages", [])
        store = snapshot.values.get("evidence", {})
        told = [
            observation(call, messages, store, self.parts.tools, stopped)
            for call in open_calls(messages)
        ]
        return told if any(one.additional_kwargs for one in told) else []

    # --- turns in order -------------------------------------------------------------------------

    def seen(self, labels: Iterable[str] | None) -> tuple[str, ...] | None:
        """The labels of a call, of those that the agent has."""
        parts = self.parts
        if labels is None:
            return parts.labels
        check_given_labels(labels)
        if not parts.takes_labels:
            raise ValueError("a wrapped retriever takes no labels; set them on it")
        if parts.facts is not None:
            check_labelled(parts.facts)
        return narrowed(parts.labels, tuple(labels))

    @contextmanager
    def turn(
        self,
        question: str,
        thread_id: str | None,
        labels: tuple[str, ...] | None,
        config: RunnableConfig | None,
        *,
        caller: Caller | None = None,
        is_new: bool = True,
    ) -> Generator[Run]:
        """Wait for the turn of a conversation and take it; without a thread it is alone."""
        saver = self.parts.checkpointer
        check_sync(saver)
        run = self._run(question, thread_id, labels, config, caller, is_new=is_new)
        if thread_id is not None:
            with self.turns.turn(thread_id):
                if labels is not None:
                    state = self.graph.get_state(run.config).values
                    check_conversation(thread_id, state, labels, own=self.parts.labels)
                yield run
            return
        try:
            yield run
        finally:
            # Where a person is waited for, the turn goes on later under the name in the answer.
            if not read_interrupted(saver.get_tuple(config_of(run.thread_id))).waiting:
                saver.delete_thread(run.thread_id)

    @asynccontextmanager
    async def aturn(
        self,
        question: str,
        thread_id: str | None,
        labels: tuple[str, ...] | None,
        config: RunnableConfig | None,
        *,
        caller: Caller | None = None,
        is_new: bool = True,
    ) -> AsyncGenerator[Run]:
        """The same for asyncio."""
        saver = self.parts.checkpointer
        run = self._run(question, thread_id, labels, config, caller, is_new=is_new)
        if not self._is_async:  # it stays so
            await check_async(saver, run.thread_id)
            self._is_async = True
        if thread_id is not None:
            async with self.turns.aturn(thread_id):
                if labels is not None:
                    state = (await self.graph.aget_state(run.config)).values
                    check_conversation(thread_id, state, labels, own=self.parts.labels)
                yield run
            return
        try:
            yield run
        finally:
            found = await saver.aget_tuple(config_of(run.thread_id))
            if not read_interrupted(found).waiting:
                await saver.adelete_thread(run.thread_id)

    def _run(
        self,
        question: str,
        thread_id: str | None,
        labels: tuple[str, ...] | None,
        config: RunnableConfig | None,
        caller: Caller | None,
        *,
        is_new: bool,
    ) -> Run:
        own = thread_id if thread_id is not None else f"once-{uuid.uuid4().hex}"
        saver = self.parts.checkpointer
        configurable = {
            **(config or {}).get("configurable", {}),
            "thread_id": own,
            INTERRUPTED_KEY: lambda: last_interrupted(saver, own),
        }
        if caller is not None:
            configurable[CALLER_KEY] = caller
        whole: RunnableConfig = {
            "recursion_limit": self.parts.recursion_limit,
            **(config or {}),
            "configurable": configurable,
        }
        whole = whole if labels is None else with_labels(whole, labels)
        before, after = (caller.before, caller.after) if caller is not None else ((), ())
        given = {"messages": [*before, _message(question), *after]} if is_new else None
        return Run(question, given, whole, own)


def _taken_task() -> str:
    # One for each decision: a checkpointer keeps the first write of a task alone.
    return f"{TAKEN_TASK}-{uuid.uuid4().hex}"


def _check_alone(found: CheckpointTuple | None, ids: Sequence[str], own: str) -> None:
    """Refuse a decision that another process takes as well: rather none than both.

    Raises:
        ConversationError: so it is.
    """
    taken = read_interrupted(found).taken
    if any(taken.get(id_, frozenset()) - {own} for id_ in ids):
        raise ConversationError(
            "another process decided at the same time; resume the conversation without a decision "
            "if its turn did not end"
        )


def _taken(
    stopped: Interrupted,
    decisions: Decision | Mapping[str, Decision],
    tools: Mapping[str, BaseTool],
) -> tuple[dict[str, Any], list[str]]:
    """What the graph is resumed with, and the ids of the calls whose decision is taken with it."""
    if not stopped.waiting and stopped.taken:
        raise ConversationError(
            "the decision was taken before; resume the conversation without one if its turn did "
            "not end"
        )
    values = resume_values(stopped.waiting, decisions, tools)
    return values, [one.id for one in stopped.waiting if one.interrupt_id in values]


def config_of(thread_id: str) -> RunnableConfig:
    """What names a conversation to LangGraph."""
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}


def _message(question: str) -> HumanMessage:
    return HumanMessage(question, id=f"question-{uuid.uuid4().hex}")
