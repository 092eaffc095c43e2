"""The observation of a call: cut where it is too long, a failure told as one, without secrets."""

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.messages import ToolCall, ToolMessage
from langgraph.types import Command

from ..notation import TOOL_FAILED
from .redaction import redacted

MAX_RESULT_CHARACTERS = 20_000
_MAX_ERROR_CHARACTERS = 500
# So begins what LangGraph says of a pydantic error that the body of a function raised.
_MISTAKEN = "Error invoking tool "


def observed(
    result: ToolMessage | Command[Any], *, most: int = MAX_RESULT_CHARACTERS
) -> ToolMessage | Command[Any]:
    """A result within bounds, also where it stands in a command."""
    if isinstance(result, ToolMessage):
        return bounded(result, most=most)
    update: object = result.update
    if not isinstance(update, dict):
        return result
    held = cast("dict[str, Any]", update)
    messages: object = held.get("messages")
    if not isinstance(messages, list):
        return result
    kept = [
        bounded(one, most=most) if isinstance(one, ToolMessage) else one
        for one in cast("list[object]", messages)
    ]
    return Command(
        graph=result.graph,
        update={**held, "messages": kept},
        resume=result.resume,
        goto=result.goto,
    )


def bounded(result: ToolMessage, *, most: int = MAX_RESULT_CHARACTERS) -> ToolMessage:
    """A result that is cut where it is too long, a failure told as one.

    Text counts, wherever it stands; of other blocks (pictures, JSON) each counts as a whole.
    """
    content: object = result.content
    if result.status == "error" and isinstance(content, str) and content.startswith(_MISTAKEN):
        # The arguments had been checked: what is wrong is inside of the function.
        content = f"{TOOL_FAILED} {redacted(content)[:_MAX_ERROR_CHARACTERS]}"
    blocks = cast("list[object]", content) if isinstance(content, list) else [content]
    room, kept = most, list[object]()
    for block in blocks:
        cut = _cut(block, room)
        if cut is not None:
            kept.append(cut)
        room = max(0, room - _length(block))
    total = sum(map(_length, blocks))
    if total > most:
        note = f"(cut: {total} characters in all)"
        kept = [f"{kept[0]}\n{note}"] if isinstance(content, str) else [*kept, note]
    if result.status == "error" and not str(kept[0] if kept else "").startswith(TOOL_FAILED):
        kept = [f"{TOOL_FAILED} {kept[0]}"] if isinstance(content, str) else [TOOL_FAILED, *kept]
    told = kept[0] if isinstance(content, str) else kept
    return result if told == result.content else result.model_copy(update={"content": told})


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


def failed(call: ToolCall, error: BaseException | str) -> ToolMessage:
    """The observation of a call that failed: the kind of the error and what it says."""
    # Both help the model; paths and secrets of this machine are none of its business.
    said = error if isinstance(error, str) else _said(error)
    return refused(call, f"{TOOL_FAILED} {said}")


def _said(error: BaseException) -> str:
    told = redacted(str(error)[:4_000])[:_MAX_ERROR_CHARACTERS]
    return f"{type(error).__name__}: {told}".rstrip(": ")


def refused(call: ToolCall, said: str, *, marks: Mapping[str, Any] | None = None) -> ToolMessage:
    """The observation of a call that was not run."""
    return ToolMessage(
        said,
        tool_call_id=call["id"] or "",
        name=call["name"],
        status="error",
        additional_kwargs=dict(marks or {}),
    )
