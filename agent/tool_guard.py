"""What stands around a tool call: held where nobody asked for it, bounded, its failure told."""

import re
from collections.abc import Mapping
from typing import Any

from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from ..notation import SEARCH_TOOL, TOOL_FAILED
from ..tools.registry import is_read_only
from .conversation import HELD_KEY

_MAX_RESULT_CHARACTERS = 20_000


def may_change(request: ToolCallRequest) -> bool:
    """Whether a call might change something: its tool is not declared read-only."""
    return (
        request.tool_call["name"] != SEARCH_TOOL
        and request.tool is not None
        and not is_read_only(request.tool)
    )


def held_call(call: Mapping[str, Any]) -> ToolMessage:
    """The observation of a call that was held back."""
    return ToolMessage(
        "held: not run",
        tool_call_id=call["id"] or "",
        name=call["name"],
        status="error",
        additional_kwargs={HELD_KEY: True},
    )


def bounded(result: ToolMessage | Command[Any]) -> ToolMessage | Command[Any]:
    """A result whose text is cut where it is too long, a failure told as one."""
    if not isinstance(result, ToolMessage) or not isinstance(result.content, str):
        return result
    text = result.content
    if len(text) > _MAX_RESULT_CHARACTERS:
        text = f"{text[:_MAX_RESULT_CHARACTERS]}\n(cut: {len(text)} characters in all)"
    if result.status == "error" and not text.startswith(TOOL_FAILED):
        text = f"{TOOL_FAILED} {text}"
    return result if text == result.content else result.model_copy(update={"content": text})


def failed(request: ToolCallRequest, error: Exception) -> ToolMessage:
    """The observation of a call whose tool raised."""
    # The kind and message help the model; paths of this machine are none of its business.
    said = re.sub(r"(?:/[\w.\-]+){2,}", "<path>", str(error))[:500]
    return ToolMessage(
        f"{TOOL_FAILED} {type(error).__name__}: {said}".rstrip(": "),
        tool_call_id=request.tool_call["id"] or "",
        name=request.tool_call["name"],
        status="error",
    )
