"""A chat reply in pieces, and the two forms that OpenAI's clients read: whole, and chunks."""

import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A further piece of the text; `is_refusal` where it says why there is no reply."""

    text: str
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A piece of a call of the client's function; `id` and `name` come with the first."""

    index: int
    arguments: str = ""
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something on the way, for clients that asked for it."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of one of the replies: why, what it took, and what is ours to tell."""

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    extra: Mapping[str, Any] | None = None


Piece = TextPiece | CallPiece | Happened | Finished
#: Pieces with the index of the reply that they belong to.
Pieces = AsyncGenerator[tuple[int, Piece]]


@dataclass(slots=True)
class _Reply:
    """One reply as far as it has come."""

    text: list[str] = field(default_factory=list[str])
    refusal: list[str] = field(default_factory=list[str])
    calls: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    end: Finished | None = None

    def take(self, piece: Piece) -> None:
        if isinstance(piece, TextPiece):
            (self.refusal if piece.is_refusal else self.text).append(piece.text)
        elif isinstance(piece, CallPiece):
            call = self.calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
            call["id"] = piece.id or call["id"]
            call["name"] = piece.name or call["name"]
            call["arguments"] += piece.arguments
        elif isinstance(piece, Finished):
            self.end = piece

    def message(self) -> dict[str, Any]:
        text = "".join(self.text)
        told: dict[str, Any] = {
            "role": "assistant",
            "content": text if text or not (self.calls or self.refusal) else None,
            "refusal": "".join(self.refusal) or None,
        }
        if self.calls:
            told["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"] or "{}"},
                }
                for _, call in sorted(self.calls.items())
            ]
        return told


class ChatForm:
    """One completion in OpenAI's form.

    Args:
        model: What answers.
        id: The completion's id.
        clock: Gives the time in seconds.
    """

    def __init__(
        self, model: str, *, id: str | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.id = id or new_id("chatcmpl")
        self._head = {"id": self.id, "created": int(clock()), "model": model}

    async def whole(self, pieces: Pieces) -> dict[str, Any]:
        """The reply at once."""
        replies: dict[int, _Reply] = {}
        async for index, piece in pieces:
            replies.setdefault(index, _Reply()).take(piece)
        ends = [one.end for one in replies.values() if one.end is not None]
        told: dict[str, Any] = {
            **self._head,
            "object": "chat.completion",
            "choices": [
                {
                    "index": index,
                    "message": reply.message(),
                    "finish_reason": reply.end.reason if reply.end else "stop",
                    "logprobs": None,
                }
                for index, reply in sorted(replies.items())
            ],
            "usage": usage_of(ends),
        }
        extra = next((end.extra for end in ends if end.extra), None)
        return told | ({"groundglm": extra} if extra else {})

    async def chunks(
        self, pieces: Pieces, *, usage: bool = False, events: bool = False
    ) -> AsyncGenerator[dict[str, Any]]:
        """The reply as chunks: role, deltas, the end, and where asked for the usage."""
        begun: set[int] = set()
        ends: list[Finished] = []
        async for index, piece in pieces:
            if isinstance(piece, Happened):
                if events:
                    yield self._chunk(None, usage, groundglm=piece.data)
                continue
            if index not in begun:
                begun.add(index)
                yield self._chunk(_choice(index, {"role": "assistant", "content": ""}), usage)
            if isinstance(piece, Finished):
                ends.append(piece)
                end = _choice(index, {}, piece.reason)
                yield self._chunk(end, usage, groundglm=piece.extra)
            else:
                yield self._chunk(_choice(index, _delta(piece)), usage)
        if usage:
            yield self._chunk(None, usage) | {"usage": usage_of(ends)}

    def _chunk(
        self,
        choice: dict[str, Any] | None,
        usage: bool,
        *,
        groundglm: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            **self._head,
            "object": "chat.completion.chunk",
            "choices": [] if choice is None else [choice],
        }
        if usage:
            told["usage"] = None
        if groundglm:
            told["groundglm"] = groundglm
        return told


def _choice(index: int, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None}


def _delta(piece: TextPiece | CallPiece) -> dict[str, Any]:
    if isinstance(piece, TextPiece):
        return {"refusal" if piece.is_refusal else "content": piece.text}
    call: dict[str, Any] = {"index": piece.index, "function": {"arguments": piece.arguments}}
    if piece.id is not None:
        call |= {"id": piece.id, "type": "function"}
        call["function"]["name"] = piece.name
    return {"tool_calls": [call]}


def usage_of(ends: list[Finished]) -> dict[str, int]:
    """What all of them took together."""
    read = sum(end.prompt_tokens for end in ends)
    written = sum(end.completion_tokens for end in ends)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
    }


def new_id(prefix: str) -> str:
    """An id that nobody can guess."""
    return f"{prefix}-{uuid.uuid4().hex}"
