"""What stands around a tool call: held where nobody asked for it, bounded, its failure told."""

import re
from collections.abc import Mapping
from typing import Any, cast

from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from ..notation import SEARCH_TOOL, TOOL_FAILED
from ..tools.registry import is_read_only
from .conversation import HELD_KEY

_MAX_RESULT_CHARACTERS = 20_000

# "/home/ann/x", "C:\\Users\\Ann B\\x", "\\\\server\\share\\x"; a folder's name may hold blanks.
_PATH = re.compile(
    r"(?:/[\w.\-]+){2,}"
    r"|(?:\b[A-Za-z]:\\|\\\\)(?:[^\"'<>|*?:\n/\\]*\\)*[^\s\"'<>|*?:/\\]*"
)


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
    """A result that is cut where it is too long, a failure told as one.

    Text counts, wherever it stands; of other blocks (pictures, JSON) each counts as a whole.
    """
    if not isinstance(result, ToolMessage):
        return result
    content: object = result.content
    blocks = cast("list[object]", content) if isinstance(content, list) else [content]
    room, kept = _MAX_RESULT_CHARACTERS, list[object]()
    for block in blocks:
        cut = _cut(block, room)
        if cut is not None:
            kept.append(cut)
        room = max(0, room - _length(block))
    total = sum(map(_length, blocks))
    if total > _MAX_RESULT_CHARACTERS:
        note = f"(cut: {total} characters in all)"
        kept = [f"{kept[0]}\n{note}"] if isinstance(content, str) else [*kept, note]
    if result.status == "error" and not str(kept[0] if kept else "").startswith(TOOL_FAILED):
        kept = [f"{TOOL_FAILED} {kept[0]}"] if isinstance(content, str) else [TOOL_FAILED, *kept]
    told = kept[0] if isinstance(content, str) else kept
    return result if told == content else result.model_copy(update={"content": told})


def _length(block: object) -> int:
    if isinstance(block, str):
        return len(block)
    text = _text(block)
    return len(repr(block)) if text is None else len(text)


def _text(block: object) -> str | None:
    """The text of a block of text."""
    told = cast("dict[str, object]", block).get("text") if isinstance(block, dict) else None
    return told if isinstance(told, str) else None


def _cut(block: object, room: int) -> object | None:
    """What fits of a block; None where nothing does."""
    if _length(block) <= room:
        return block
    if isinstance(block, str):
        return block[:room] or None
    text = _text(block)
    if text is None or not room:
        return None
    return {**cast("dict[str, object]", block), "text": text[:room]}


def failed(request: ToolCallRequest, error: Exception) -> ToolMessage:
    """The observation of a call whose tool raised."""
    # The kind and message help the model; paths of this machine are none of its business.
    said = _PATH.sub("<path>", str(error)[:4_000])[:500]
    return ToolMessage(
        f"{TOOL_FAILED} {type(error).__name__}: {said}".rstrip(": "),
        tool_call_id=request.tool_call["id"] or "",
        name=request.tool_call["name"],
        status="error",
    )
