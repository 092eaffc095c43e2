"""A piece of a streamed reply, as LangChain sums it."""

import json
from typing import Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessageChunk, ToolCallChunk
from langchain_core.messages.tool import invalid_tool_call, tool_call
from pydantic import model_validator


class ReplyChunk(AIMessageChunk):
    """A piece of a reply; what was refused stays refused, with its reason, over any sum.

    LangChain's own chunk reads every call chunk with a parser of partial JSON, which makes calls of
    what was refused, or cut off with the stream. Here a call is one when its arguments are whole.
    """

    @model_validator(mode="after")
    def init_tool_calls(self) -> "ReplyChunk":
        """Calls from call chunks; invalid calls as they were given."""
        self._read_calls()
        return self

    def _read_calls(self) -> None:
        refused = {call["id"] for call in self.invalid_tool_calls}
        self.tool_calls = []
        for chunk in self.tool_call_chunks:
            name, written, id_ = chunk["name"] or "", chunk["args"] or "", chunk["id"]
            if not name or id_ in refused:
                continue  # more of another chunk's arguments, or no call
            args = _arguments(written)
            if args is not None:
                self.tool_calls.append(tool_call(name=name, args=args, id=id_))
            elif self.chunk_position == "last":
                self._refuse(chunk)
        self._settle_blocks()

    def _settle_blocks(self) -> None:
        """At the end of a stream in LangChain's "v1" form: its blocks of calls become calls."""
        is_v1 = self.response_metadata.get("output_version") == "v1"
        if self.chunk_position != "last" or not is_v1 or isinstance(self.content, str):
            return
        known: dict[str | None, Any] = {
            call["id"]: call for call in (*self.invalid_tool_calls, *self.tool_calls)
        }
        for place, block in enumerate(self.content):
            if isinstance(block, dict) and block.get("type") == "tool_call_chunk":
                call = known.get(cast("str | None", block.get("id")))
                if call is not None:
                    self.content[place] = dict(call)

    def _refuse(self, chunk: ToolCallChunk) -> None:
        self.invalid_tool_calls.append(
            invalid_tool_call(
                name=chunk["name"],
                args=chunk["args"],
                id=chunk["id"],
                error="the arguments are no whole JSON object",
            )
        )

    def __add__(self, other: Any) -> BaseMessageChunk:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = super().__add__(other)
        if isinstance(total, ReplyChunk):
            listed = cast("list[object]", other if isinstance(other, list | tuple) else [other])
            parts = [self, *(one for one in listed if isinstance(one, AIMessageChunk))]
            total.invalid_tool_calls = [call for one in parts for call in one.invalid_tool_calls]
            total._read_calls()
        return total


def _arguments(written: str) -> dict[str, Any] | None:
    try:
        found: object = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None
