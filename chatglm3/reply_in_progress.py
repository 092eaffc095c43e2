"""One reply while an engine writes it: message chunks as they become certain, at last the whole."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessage, InvalidToolCall, ToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from ..engines.engine import Engine, GenerationRequest, TokenChunk
from ..wire.reply import (
    ArgumentsPiece,
    CallBegins,
    CallEnds,
    CallFails,
    Event,
    ReplyReader,
    TextPiece,
)
from .reply_chunk import ReplyChunk


class ReplyInProgress:
    """What of a reply was given out, and what it says in all.

    Args:
        engine: What writes it.
        request: What it was asked.
        stops: Texts that end the reply before them; calls behind them are cut with them.
        seconds: How long it may take.
        reader: Reads its ids.
    """

    def __init__(
        self,
        engine: Engine,
        request: GenerationRequest,
        stops: Sequence[str],
        seconds: float | None,
        reader: ReplyReader | None = None,
    ) -> None:
        self.name = engine.name
        self.request = request
        self.seconds = seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.finish: str | None = None
        self._stops = [text for text in stops if text]
        self._longest_stop = max(map(len, self._stops), default=0)
        self._reader = reader or ReplyReader(engine.tokenizer)
        self._count = 0  # ids
        self._held = ""  # text that may be the beginning of a stop text
        self._said: list[str] = []
        self._calls: list[ToolCall] = []
        self._failed: list[InvalidToolCall] = []

    @property
    def finished(self) -> bool:
        """Whether the reply has ended."""
        return self.finish is not None

    def chunks(self, written: Iterator[TokenChunk]) -> Iterator[ReplyChunk]:
        """The reply's message chunks, but for the last one."""
        for chunk in written:
            yield from self.take(chunk)
            if self.finished:
                break

    def take(self, chunk: TokenChunk) -> list[ReplyChunk]:
        """Add new ids; what is certain now and was not given yet.

        Raises:
            TimeoutError: the reply takes longer than it may.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeoutError(f"{self.name} did not finish its reply in {self.seconds:g} seconds")
        found: list[ReplyChunk] = []
        for id_ in chunk.ids:
            self._count += 1
            self._add(self._reader.feed((id_,)), found)
            if self.finished:  # by a stop text
                return found
        if chunk.finish_reason is not None:
            self._add(self._reader.end(), found)
            self._give(self._held, found)
            self.finish = self.finish or chunk.finish_reason
        return found

    def message(self) -> AIMessage:
        """The whole reply."""
        return AIMessage(
            "".join(self._said),
            tool_calls=self._calls,
            invalid_tool_calls=self._failed,
            usage_metadata=self._usage(),
            response_metadata=self._metadata(),
        )

    def last_chunk(self) -> ChatGenerationChunk:
        """What ends the stream: why the reply ended, and what it took."""
        message = ReplyChunk(
            content="",
            usage_metadata=self._usage(),
            response_metadata=self._metadata(),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)

    def _add(self, events: Sequence[Event], found: list[ReplyChunk]) -> None:
        for event in events:
            match event:
                case TextPiece(text):
                    self._say(text, found)
                case CallBegins(index, id_, name):
                    found.append(_call_chunk(index, args="", id_=id_, name=name))
                case ArgumentsPiece(index, text):
                    found.append(_call_chunk(index, args=text))
                case CallEnds(index, call, begun):
                    self._calls.append(call)
                    if not begun:
                        args = json.dumps(call["args"], ensure_ascii=False)
                        found.append(
                            _call_chunk(index, args=args, id_=call["id"], name=call["name"])
                        )
                case CallFails(_, call, _):
                    self._failed.append(call)
                    found.append(ReplyChunk(content="", invalid_tool_calls=[call]))
            if self.finished:
                return

    def _say(self, text: str, found: list[ReplyChunk]) -> None:
        text, self._held = self._held + text, ""
        ends = [text.find(stop) for stop in self._stops if stop in text]
        if ends:
            self.finish = "stop"
            self._give(text[: min(ends)], found)
            return
        # The end of the text may be the beginning of a stop text.
        certain = max(0, len(text) - max(0, self._longest_stop - 1))
        self._give(text[:certain], found)
        self._held = text[certain:]

    def _give(self, text: str, found: list[ReplyChunk]) -> None:
        if text:
            self._said.append(text)
            last = found[-1] if found else None
            if last is not None and last.content and not last.tool_call_chunks:
                text = f"{last.content}{text}"  # what is certain at once is given at once
                found.pop()
            found.append(ReplyChunk(content=text))
        self._held = ""

    def _usage(self) -> UsageMetadata:
        asked, written = len(self.request.prompt_ids), self._count
        return UsageMetadata(
            input_tokens=asked, output_tokens=written, total_tokens=asked + written
        )

    def _metadata(self) -> dict[str, Any]:
        finish = "tool_calls" if self._calls else self.finish or "stop"
        return {"model_name": self.name, "model_provider": "groundglm", "finish_reason": finish}


def _call_chunk(
    index: int, *, args: str, id_: str | None = None, name: str | None = None
) -> ReplyChunk:
    part = tool_call_chunk(name=name, args=args, id=id_, index=index)
    return ReplyChunk(content="", tool_call_chunks=[part])
