"""Reading a conversation: its current turn, the evidence in it, and the numbers that it bears."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

from ..evidence import Evidence
from ..notation import SEARCH_TOOL

REASON_KEY = "groundglm_reason"
HELD_KEY = "groundglm_held"


def message_text(message: BaseMessage) -> str:
    """The text of a message, blocks of other kinds left out."""
    content: object = message.content
    if isinstance(content, str):
        return content
    blocks = cast("list[object]", content)
    texts = [
        block if isinstance(block, str) else str(cast("dict[str, Any]", block).get("text", ""))
        for block in blocks
    ]
    return "\n".join(text for text in texts if text)


def current_turn(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The last user message and all that followed it."""
    for index in range(len(messages) - 1, -1, -1):
        if isinstance(messages[index], HumanMessage):
            return list(messages[index:])
    return []


def evidence_of(message: BaseMessage) -> list[Evidence]:
    """The evidence that a search result carries; it is stored as plain data."""
    if not isinstance(message, ToolMessage) or message.name != SEARCH_TOOL:
        return []
    artifact: object = message.artifact
    if not isinstance(artifact, dict):
        return []
    listed = cast("dict[str, list[dict[str, Any]]]", artifact).get("evidence", [])
    return [Evidence.from_dict(data) for data in listed]


def number_evidence(messages: Sequence[AnyMessage], known: Mapping[str, int]) -> dict[str, int]:
    """The number of each piece of evidence, by id; new ones continue after those that are known."""
    numbers = dict(known)
    for message in messages:
        for piece in evidence_of(message):
            if piece.id not in numbers:
                numbers[piece.id] = max(numbers.values(), default=0) + 1
    return numbers


def healed(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages with an observation for every call that never got one, as after a crash."""
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    whole: list[AnyMessage] = []
    for message in messages:
        whole.append(message)
        if isinstance(message, AIMessage):
            whole += [
                ToolMessage("not run", tool_call_id=call["id"], name=call["name"], status="error")
                for call in message.tool_calls
                if call["id"] and call["id"] not in answered
            ]
    return whole


def is_held(message: BaseMessage) -> bool:
    """Whether a message stands for a tool call that was proposed but not run."""
    return isinstance(message, ToolMessage) and HELD_KEY in message.additional_kwargs
