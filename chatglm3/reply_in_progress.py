"""One reply while an engine writes it: its text as it becomes certain, at last its message."""

import json
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from .certain_text import CertainText
from .engine import Engine, GenerationRequest, TokenChunk
from .parsing import Reply, parse_reply, readable_text
from .reply_chunk import ReplyChunk


class ReplyInProgress:
    """One reply in the making: the ids so far, and what of them was given out as text."""

    def __init__(
        self,
        engine: Engine,
        request: GenerationRequest,
        stops: Sequence[str],
        seconds: float | None,
    ) -> None:
        self.engine = engine
        self.name = engine.name
        self.request = request
        self.stops = [text for text in stops if text]
        self.seconds = seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.ids: list[int] = []
        self._certain = CertainText(engine.tokenizer)
        self.given = ""
        self.finish: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the reply has ended."""
        return self.finish is not None

    def texts(self, chunks: Iterator[TokenChunk]) -> Iterator[str]:
        """The reply's text, piece by piece; tool calls wait until the end."""
        for chunk in chunks:
            text = self.take(chunk)
            if text:
                yield text
            if self.finished:
                break

    def take(self, chunk: TokenChunk) -> str:
        """Add new ids; the text that is certain now and was not given yet.

        Raises:
            TimeoutError: the reply takes longer than it may.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeoutError(f"{self.name} did not finish its reply in {self.seconds:g} seconds")
        self.ids.extend(chunk.ids)
        self.finish = chunk.finish_reason
        self._certain.feed(chunk.ids)
        text = self._certain.text
        if self.stops:
            cut = self._cut(text)
            if len(cut) < len(text):
                self.finish = "stop"
                self._forget_what_follows()
            elif not self.finished:  # a stop text may be half written
                text = text[: max(0, len(text) - max(map(len, self.stops)) + 1)]
            text = cut[: len(text)]
        if not text.startswith(self.given):
            return ""
        new, self.given = text[len(self.given) :], text
        return new

    def _forget_what_follows(self) -> None:
        """Keep the ids up to the stop text only, however the engine cut its chunks."""

        def holds_a_stop(length: int) -> bool:
            text = readable_text(self.ids[:length], self.engine.tokenizer)
            return any(stop in text for stop in self.stops)

        end = bisect_left(range(len(self.ids)), True, key=holds_a_stop)
        self.ids = self.ids[:end]

    def reply(self) -> Reply:
        """What the ids say; nothing that stands behind a stop text."""
        reply = parse_reply(self.ids, self.engine.tokenizer)
        reply.text = self._cut(reply.text)
        return reply

    def message(self) -> AIMessage:
        """The whole reply."""
        reply = self.reply()
        return AIMessage(
            _said(reply),
            tool_calls=reply.tool_calls,
            invalid_tool_calls=reply.invalid_tool_calls,
            usage_metadata=self._usage(),
            response_metadata=self._metadata(reply),
        )

    def last_chunk(self) -> ChatGenerationChunk:
        """What the stream did not give yet: rest of the text, tool calls, usage."""
        reply = self.reply()
        calls = [
            tool_call_chunk(name=call["name"], args=_json(call["args"]), id=call["id"], index=index)
            for index, call in enumerate(reply.tool_calls)
        ]
        text = _said(reply)
        message = ReplyChunk(
            content=text[len(self.given) :],
            tool_call_chunks=calls,
            invalid_tool_calls=reply.invalid_tool_calls,
            usage_metadata=self._usage(),
            response_metadata=self._metadata(reply),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)

    def _cut(self, text: str) -> str:
        ends = [text.find(stop) for stop in self.stops if stop in text]
        return text[: min(ends)] if ends else text

    def _usage(self) -> UsageMetadata:
        asked, written = len(self.request.prompt_ids), len(self.ids)
        return UsageMetadata(
            input_tokens=asked, output_tokens=written, total_tokens=asked + written
        )

    def _metadata(self, reply: Reply) -> dict[str, Any]:
        finish = "tool_calls" if reply.tool_calls else self.finish or "stop"
        return {"model_name": self.name, "model_provider": "groundglm", "finish_reason": finish}


def _said(reply: Reply) -> str:
    """The text of a reply, and behind it the code that it wrote for an interpreter."""
    return "\n".join(part for part in (reply.text, *reply.code) if part)


def _json(args: Mapping[str, Any]) -> str:
    return json.dumps(dict(args), ensure_ascii=False)
