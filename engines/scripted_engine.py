"""An engine that replies from a script: for tests of agents and applications, without weights."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from langchain_core.messages import AIMessage

from ..wire.literals import format_tool_call
from ..wire.prompt import Segment, decode_segments
from ..wire.tokenizer import ASSISTANT, EOS, OBSERVATION, USER, ByteTokenizer
from .engine import GenerationRequest, TokenChunk, one_by_one

ScriptedReply = str | AIMessage
_PIECE = 5  # ids in a chunk: small enough to cut Chinese characters apart


class ScriptedEngine:
    r"""Gives the replies of a script, in order, as ids; the requests are kept in `requests`.

    A reply is a text, an AIMessage with text and tool calls, or a function of the prompt's
    segments that returns one of these. After the last reply the script starts again.

    >>> engine = ScriptedEngine(["你好"])
    >>> chunks = engine.generate(GenerationRequest([1]))
    >>> engine.tokenizer.decode([id_ for chunk in chunks for id_ in chunk.ids])
    '\n你好'
    """

    supports_grammar = False

    def __init__(
        self,
        replies: Sequence[ScriptedReply | Callable[[list[Segment]], ScriptedReply]],
        *,
        name: str = "groundglm-scripted",
        max_context: int = 1_000_000,
    ) -> None:
        if not replies:
            raise ValueError("a script needs at least one reply")
        self.name = name
        self.max_context = max_context
        self.tokenizer = ByteTokenizer()
        self.requests: list[GenerationRequest] = []
        self._replies = list(replies)
        self._lock = threading.Lock()

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        """Stream the next reply, at most `max_tokens` ids of it."""
        with self._lock:
            reply = self._replies[len(self.requests) % len(self._replies)]
            self.requests.append(request)
        if callable(reply):
            reply = reply(decode_segments(request.prompt_ids, self.tokenizer))
        ids = encode_reply(reply, self.tokenizer)
        cut = ids[: request.max_tokens]
        for start in range(0, len(cut), _PIECE):
            yield TokenChunk(tuple(cut[start : start + _PIECE]))
        yield TokenChunk((), "stop" if len(cut) == len(ids) else "length")

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio."""
        for chunk in self.generate(request):
            yield chunk

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole reply to each request, one after another."""
        return one_by_one(self, requests)

    def score(
        self, prompt_ids: Sequence[int], continuations: Sequence[Sequence[int]]
    ) -> list[float]:
        """A script has no probabilities."""
        raise NotImplementedError("a scripted engine has no probabilities")


def encode_reply(reply: ScriptedReply, tokenizer: ByteTokenizer) -> list[int]:
    """A reply as the ids that ChatGLM3 would write after the first `<|assistant|>`."""
    message = AIMessage(reply) if isinstance(reply, str) else reply
    parts = [("", str(message.content))] if message.content or not message.tool_calls else []
    parts += [format_tool_call(call["name"], call["args"]) for call in message.tool_calls]
    ids: list[int] = []
    for metadata, content in parts:
        ids += [ASSISTANT] if ids else []
        ids += tokenizer.encode(f"{metadata}\n{content}")
    return [*ids, OBSERVATION if message.tool_calls else USER if message.content else EOS]
