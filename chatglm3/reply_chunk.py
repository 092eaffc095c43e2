"""A piece of a streamed reply, as LangChain sums it."""

import json
from typing import Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessageChunk
from langchain_core.messages.tool import invalid_tool_call, tool_call
from pydantic import model_validator


class ReplyChunk(AIMessageChunk):
    """A piece of a reply whose calls are whole: none is guessed from half a JSON text.

    LangChain's own chunk reads every call chunk with a parser of partial JSON, which makes valid
    calls of what was refused. Here an invalid call stays one, with its error, over any sum.
    """

    @model_validator(mode="after")
    def init_tool_calls(self) -> "ReplyChunk":
        """Calls from whole chunks; invalid calls as they were given."""
        self.tool_calls = []
        for chunk in self.tool_call_chunks:
            name, written, id_ = chunk["name"] or "", chunk["args"] or "{}", chunk["id"]
            try:
                args: object = json.loads(written)
            except (ValueError, RecursionError):
                args = None  # another model's chunk, half written
            if isinstance(args, dict):
                self.tool_calls.append(tool_call(name=name, args=cast("Any", args), id=id_))
            elif not any(call["id"] == id_ for call in self.invalid_tool_calls):
                error = "the arguments are no whole JSON object"
                self.invalid_tool_calls.append(
                    invalid_tool_call(name=name, args=written, id=id_, error=error)
                )
        return self

    def __add__(self, other: Any) -> BaseMessageChunk:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = super().__add__(other)
        if isinstance(total, ReplyChunk):
            listed = cast("list[object]", other if isinstance(other, list | tuple) else [other])
            parts = [self, *(one for one in listed if isinstance(one, AIMessageChunk))]
            total.invalid_tool_calls = [call for one in parts for call in one.invalid_tool_calls]
        return total
