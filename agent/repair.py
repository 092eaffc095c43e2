"""Repair: what the model wrote wrongly goes back to it with what was wrong, a few times."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool

from ..text.scripts import Language
from .wording import NOT_IN_FORM

#: How often a reply is written again.
MAX_REPAIRS = 2


def what_is_wrong(
    message: AIMessage, tools: Sequence[BaseTool | dict[str, Any]]
) -> list[ToolMessage]:
    """For each call of a reply that cannot be run why; nothing where one of them can.

    A call may not have been understood, or name a function that does not exist.
    """
    names = {_name(tool) for tool in tools}
    calls = message.tool_calls
    if any(call["name"] in names for call in calls):
        return []
    listed = ", ".join(sorted(names)) or "none"
    return [
        _told(f"The call was not understood: {call['error']}.", call, index)
        for index, call in enumerate(message.invalid_tool_calls)
    ] + [
        _told(f"There is no function {call['name']!r}; there are: {listed}.", call, index)
        for index, call in enumerate(calls)
    ]


def _name(tool: BaseTool | dict[str, Any]) -> str:
    if isinstance(tool, BaseTool):
        return tool.name
    return str(tool.get("name") or tool.get("function", {}).get("name") or tool.get("type"))


def _told(said: str, call: Any, index: int) -> ToolMessage:  # noqa: ANN401 - two TypedDicts
    return ToolMessage(
        f"{said} Write it again.",
        tool_call_id=call["id"] or f"invalid-{index}",
        name=call["name"] or "unknown",
        status="error",
    )


def asked_again(reply: AIMessage, lang: Language) -> list[AnyMessage]:
    """A reply that is not in the form that was asked for, and the request to write it so.

    For the model alone: it is no message of the conversation.
    """
    return [reply, HumanMessage(NOT_IN_FORM[lang])]
