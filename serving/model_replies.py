"""The reply of a model by itself to an OpenAI client: no evidence, no tools but the client's."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import AIMessageChunk, AnyMessage

from ..engines.engine import holds_grammars
from ..text.scripts import language
from .conversions import choice_of, settings_of, to_messages, tools_of
from .failures import RequestError
from .openai_types import ChatRequest
from .pieces import CallPiece, Finished, Pieces, TextPiece
from .reply_forms import ReplyForm

if TYPE_CHECKING:
    from ..chatglm3.chat_model import ChatGLM3
    from .server import Server


class ModelReply:
    """The replies of a model to a conversation.

    Raises:
        RequestError: the request asks for what cannot be.
    """

    def __init__(self, server: "Server", model: "ChatGLM3", request: ChatRequest) -> None:
        self._server = server
        self._name = model.model_name
        self._count = request.n or 1
        self._seed = request.seed
        self._form = ReplyForm(request.response_format, holds_grammars(model.writer))
        self._messages: Sequence[AnyMessage] = to_messages(request.messages, server.cleaned)
        tools, choice = tools_of(request), choice_of(request)
        if not self._form.is_free:
            if tools and choice != "none":
                raise RequestError("tools and response_format do not go together", param="tools")
            tools = self._form.tools
            choice = self._form.name if tools else "auto"
        bound: Any = model.bind_tools(tools, tool_choice=choice) if tools else model
        self._model: Any = bound.bind(**settings_of(request), **self._form.settings)

    async def pieces(self) -> Pieces:
        """The replies, one after another."""
        async with self._server.queue.turn():
            for index in range(self._count):
                async with aclosing(self._one(index)) as pieces:
                    async for piece in pieces:
                        yield piece

    async def _one(self, index: int) -> Pieces:
        model: Any = self._model
        if self._seed is not None:
            model = model.bind(seed=self._seed + index)
        last: AIMessageChunk | None = None
        total: AIMessageChunk | None = None
        async with aclosing(model.astream(list(self._messages))) as chunks:
            async for chunk in chunks:
                last = cast("AIMessageChunk", chunk)
                if not self._form.is_free and not self._form.by_grammar:
                    total = last if total is None else cast("AIMessageChunk", total + last)
                    continue
                if last.text:
                    yield index, TextPiece(last.text)
                for part in last.tool_call_chunks:
                    place = part["index"] or 0
                    yield index, CallPiece(place, part["args"] or "", part["id"], part["name"])
        if total is not None:
            for piece in self._formed(total):
                yield index, piece
        yield index, self._finished(last)

    def _formed(self, total: AIMessageChunk) -> list[TextPiece]:
        arguments = total.tool_calls[0]["args"] if total.tool_calls else None
        asked = next((m.text for m in reversed(self._messages) if m.type == "human"), "")
        text, refusal = self._form.written(total.text, arguments, language(asked))
        return [TextPiece(text)] if text else [TextPiece(refusal, is_refusal=True)]

    def _finished(self, last: AIMessageChunk | None) -> Finished:
        metadata: dict[str, Any] = dict(last.response_metadata) if last is not None else {}
        usage = (last.usage_metadata if last is not None else None) or {
            "input_tokens": 0,
            "output_tokens": 0,
        }
        reason = str(metadata.get("finish_reason") or "stop")
        if reason == "tool_calls" and not self._form.is_free:
            reason = "stop"
        self._server.count(self._name, reason, usage["input_tokens"], usage["output_tokens"])
        return Finished(
            reason if reason in ("stop", "length", "tool_calls") else "stop",
            usage["input_tokens"],
            usage["output_tokens"],
        )
