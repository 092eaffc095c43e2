"""Turns that ended in the middle: what is told of calls that never got a result."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, RemoveMessage, ToolCall, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.config import get_config
from langgraph.graph.message import (  # pyright: ignore[reportMissingTypeStubs]
    REMOVE_ALL_MESSAGES,
)
from langgraph.types import Interrupt

from ..tools.registry import policy_of
from .approval import PendingCall, pending_calls, why_asked
from .conversation import UNKNOWN_KEY, Conversation
from .state import EvidenceStore
from .wording import NOT_APPROVED, NOT_FINISHED, UNKNOWN_OUTCOME

#: Under this key a call's configuration tells how the turn before it ended.
INTERRUPTED_KEY = "groundglm_interrupted"
# A write beside a checkpoint, of no task that LangGraph knows: calls whose decision was taken.
TAKEN_CHANNEL = "groundglm_taken"
TAKEN_TASK = "groundglm-taken"
# A turn that has begun stands on a few checkpoints of its own.
_CHECKPOINTS_OF_A_BEGINNING = 4


@dataclass(frozen=True, slots=True)
class Interrupted:
    """How a turn stopped: what waits for a person, and results beside the conversation so far.

    A call whose decision was taken waits no more, whether or not anything came of it; `taken` gives
    by whom, for each call.
    """

    waiting: Sequence[PendingCall] = ()
    finished: Mapping[str, ToolMessage] = field(default_factory=dict[str, ToolMessage])
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


def open_calls(messages: Sequence[AnyMessage]) -> list[ToolCall]:
    """The calls of a conversation that have no observation."""
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    return [
        call
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
        if call["id"] and call["id"] not in answered
    ]


def settled(
    messages: Sequence[AnyMessage], store: EvidenceStore, tools: Mapping[str, BaseTool]
) -> list[AnyMessage | RemoveMessage] | None:
    """What makes a conversation whole in which calls have no observation; None where all have.

    Each gets one behind the message that makes it: it waited for approval, may be called again, or
    nobody knows whether it took effect.
    """
    missing = open_calls(messages)
    if not missing:
        return None
    stopped = _how_it_stopped()
    told = {
        call["id"]: observation(call, before, store, tools, stopped)
        for call, before in _with_what_was_before(messages, missing)
    }
    whole: list[AnyMessage | RemoveMessage] = [RemoveMessage(id=REMOVE_ALL_MESSAGES)]
    for message in messages:
        whole.append(message)
        if isinstance(message, AIMessage):
            whole += [told[call["id"]] for call in message.tool_calls if call["id"] in told]
    return whole


def _with_what_was_before(
    messages: Sequence[AnyMessage], calls: Sequence[ToolCall]
) -> Iterator[tuple[ToolCall, Sequence[AnyMessage]]]:
    ids = {call["id"] for call in calls}
    for index, message in enumerate(messages):
        if isinstance(message, AIMessage):
            for call in message.tool_calls:
                if call["id"] in ids:
                    yield call, messages[:index]


def observation(
    call: ToolCall,
    before: Sequence[AnyMessage],
    store: EvidenceStore,
    tools: Mapping[str, BaseTool],
    stopped: Interrupted | None,
) -> ToolMessage:
    """What is told of a call without a result.

    Args:
        call: The call.
        before: The messages before it.
        store: The evidence of the conversation.
        tools: The tools by name.
        stopped: How the turn stopped; None where nobody knows.
    """
    if stopped is not None and str(call["id"]) in stopped.finished:
        return stopped.finished[str(call["id"])]
    tool = tools.get(call["name"])
    policy = None if tool is None else policy_of(tool)
    if stopped is not None:
        is_waiting = any(_is_same(one, call) for one in stopped.waiting)
    else:
        talk = Conversation.read(before, store)
        is_waiting = tool is not None and why_asked(tool, call, talk) is not None
    marks: dict[str, Any] = {}
    if is_waiting:
        said = NOT_APPROVED
    elif policy is None or policy.read_only or policy.idempotent:
        said = NOT_FINISHED
    else:
        said, marks = UNKNOWN_OUTCOME, {UNKNOWN_KEY: True}
    return ToolMessage(
        said,
        id=f"{call['id']}-settled",
        tool_call_id=str(call["id"]),
        name=call["name"],
        status="error",
        additional_kwargs=marks,
    )


def _is_same(one: PendingCall, call: ToolCall) -> bool:
    return one.id == call["id"] or (
        one.is_batched and (one.name, dict(one.args)) == (call["name"], call["args"])
    )


def _how_it_stopped() -> Interrupted | None:
    """How the turn before the running one stopped; None where nobody tells."""
    try:
        told: object = get_config().get("configurable", {}).get(INTERRUPTED_KEY)
    except RuntimeError:  # outside of a graph
        return None
    return cast("Callable[[], Interrupted]", told)() if callable(told) else None


def last_interrupted(saver: BaseCheckpointSaver[Any], thread_id: str) -> Interrupted:
    """How the last turn of a conversation stopped, also where the next one has just begun."""
    config: RunnableConfig | None = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
    for _ in range(_CHECKPOINTS_OF_A_BEGINNING):
        found = None if config is None else saver.get_tuple(config)
        told = read_interrupted(found)
        if found is None or told.waiting or told.finished or told.taken:
            return told
        config = found.parent_config
    return Interrupted()


def read_interrupted(checkpoint: CheckpointTuple | None) -> Interrupted:
    """How the turn of a checkpoint stopped."""
    writes = (checkpoint.pending_writes or []) if checkpoint is not None else []
    taken: dict[str, frozenset[str]] = {}
    interrupts: list[Interrupt] = []
    finished: dict[str, ToolMessage] = {}
    done: set[str] = set()
    for task, channel, value in writes:
        listed = _listed(value)
        if channel == TAKEN_CHANNEL:
            taken |= {id_: taken.get(id_, frozenset()) | {task} for id_ in map(str, listed)}
        elif channel == "messages":
            done.add(task)
            finished |= {one.tool_call_id: one for one in listed if isinstance(one, ToolMessage)}
    for task, channel, value in writes:
        if channel == "__interrupt__" and task not in done:
            interrupts += [one for one in _listed(value) if isinstance(one, Interrupt)]
    waiting = [one for one in pending_calls(interrupts) if one.id not in taken]
    return Interrupted(waiting, finished, taken)


def _listed(value: object) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(cast("Sequence[Any]", value))
    return [value]
