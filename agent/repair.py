"""Repair: a call that was not understood goes back to the model with what was wrong."""

from langchain_core.messages import AIMessage, ToolMessage

#: How often a reply is written again.
MAX_REPAIRS = 2


def is_malformed(message: AIMessage) -> bool:
    """Whether a reply holds calls, none of which was understood."""
    return bool(message.invalid_tool_calls) and not message.tool_calls


def explained(message: AIMessage) -> list[ToolMessage]:
    """For each call that was not understood, an observation that says why."""
    return [
        ToolMessage(
            f"The call was not understood: {call['error']}. Write it again.",
            tool_call_id=call["id"] or f"invalid-{index}",
            name=call["name"] or "unknown",
            status="error",
        )
        for index, call in enumerate(message.invalid_tool_calls)
    ]
