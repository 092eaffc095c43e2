"""ChatGLM3's prompt: roles as control ids, text as text, and the way back from ids to segments."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from ..notation import EVIDENCE_KEY
from .literals import format_tool_call
from .tokenizer import ASSISTANT, GMASK, OBSERVATION, SOP, SYSTEM, USER, Tokenizer

Role = Literal["system", "user", "assistant", "observation"]

_ROLE_IDS: Mapping[Role, int] = {
    "system": SYSTEM,
    "user": USER,
    "assistant": ASSISTANT,
    "observation": OBSERVATION,
}
_ROLES: Mapping[int, Role] = {id_: role for role, id_ in _ROLE_IDS.items()}

# The system text that ChatGLM3 saw in training before its list of tools.
TOOL_PREAMBLE = (
    "Answer the following questions as best as you can. You have access to the following tools:"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One role's turn; `metadata` is the rest of the role's line, such as a tool's name."""

    role: Role
    metadata: str
    content: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment stands in a prompt: its header from `start`, its content up to `end`."""

    role: Role
    start: int
    content: int
    end: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """The ids of a conversation, and where each of its segments stands."""

    ids: tuple[int, ...]
    places: tuple[Place, ...]

    def __len__(self) -> int:
        return len(self.ids)


def encode_segments(tokenizer: Tokenizer, segments: Sequence[Segment]) -> list[int]:
    """The ids of segments, as the original encodes them; the caller appends `ASSISTANT` to ask.

    Header and content are encoded apart, the metadata verbatim. Role ids come from `Segment.role`
    alone: nothing in metadata or content becomes one.
    """
    return list(place_segments(tokenizer, segments).ids)


def place_segments(tokenizer: Tokenizer, segments: Sequence[Segment]) -> Prompt:
    """The ids of `encode_segments`, and where each segment stands in them."""
    ids, places = [GMASK, SOP], list[Place]()
    for segment in segments:
        start = len(ids)
        ids.append(_ROLE_IDS[segment.role])
        ids.extend(tokenizer.encode(segment.metadata + "\n"))
        content = len(ids)
        ids.extend(tokenizer.encode(segment.content))
        places.append(Place(segment.role, start, content, len(ids)))
    return Prompt(tuple(ids), tuple(places))


def decode_segments(ids: Sequence[int], tokenizer: Tokenizer) -> list[Segment]:
    """Read segments back by their control ids; a trailing `<|assistant|>` alone gives none."""
    segments: list[Segment] = []
    starts = [index for index, id_ in enumerate(ids) if id_ in _ROLES]
    for start, end in zip(starts, [*starts, len(ids)][1:], strict=True):
        if start + 1 == end:
            continue
        metadata, _, content = tokenizer.decode(ids[start + 1 : end]).partition("\n")
        segments.append(Segment(_ROLES[ids[start]], metadata, content))
    return segments


def holds_evidence(messages: Sequence[BaseMessage]) -> bool:
    """Whether the last user message was written with evidence in it."""
    last = next((one for one in reversed(messages) if isinstance(one, HumanMessage)), None)
    return last is not None and last.additional_kwargs.get(EVIDENCE_KEY) is True


def encode_chat(
    tokenizer: Tokenizer,
    messages: Sequence[BaseMessage],
    *,
    tools: Sequence[Mapping[str, Any]] = (),
) -> Prompt:
    """LangChain messages as prompt ids that end by asking the assistant.

    Raises:
        ValueError: there are no messages, one holds something else than text, or the name of a
            called tool holds a line break, with which its header would end early.
    """
    if not messages:
        raise ValueError("there are no messages to answer")
    segments = [segment for message in _in_pairs(messages) for segment in _segments(message)]
    if tools:
        segments = with_tools(segments, tools)
    for segment in segments:
        if segment.metadata != "".join(segment.metadata.splitlines()):
            raise ValueError(f"the name of a tool holds a line break: {segment.metadata!r}")
    placed = place_segments(tokenizer, segments)
    return Prompt((*placed.ids, ASSISTANT), placed.places)


def read_tools(system_content: str) -> list[dict[str, Any]]:
    """The tools that a system segment lists, [] where it lists none."""
    position = system_content.rfind("\n[\n")
    candidates = [system_content[position + 1 :]] if position >= 0 else []
    for candidate in (*candidates, system_content):
        try:
            tools: object = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(tools, list):
            listed = cast("list[object]", tools)
            return [cast("dict[str, Any]", tool) for tool in listed if isinstance(tool, dict)]
    return []


def with_tools(segments: list[Segment], tools: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """Segments whose system turn lists tools as ChatGLM3 saw them in training."""
    functions = [dict(tool.get("function", tool)) for tool in tools]
    listed = json.dumps(functions, indent=4, ensure_ascii=False)
    if segments and segments[0].role == "system":
        first = Segment("system", segments[0].metadata, f"{segments[0].content}\n{listed}")
        return [first, *segments[1:]]
    return [Segment("system", "", f"{TOOL_PREAMBLE}\n{listed}"), *segments]


def _in_pairs(messages: Sequence[BaseMessage]) -> Iterator[BaseMessage]:
    """Several calls of one message one after another, each with its own result behind it.

    ChatGLM3 knows one call and one observation at a time; an observation does not say whose it is.
    """
    # Only results that follow at once are taken: other turns may use the same ids again.
    position = 0
    while position < len(messages):
        message = messages[position]
        position += 1
        if not isinstance(message, AIMessage) or len(message.tool_calls) < 2:
            yield message
            continue
        results: list[ToolMessage] = []
        while position < len(messages) and isinstance(found := messages[position], ToolMessage):
            results.append(found)
            position += 1
        for number, call in enumerate(message.tool_calls):
            text = message.content if number == 0 else ""
            yield message.model_copy(update={"content": text, "tool_calls": [call]})
            own = next((one for one in results if one.tool_call_id == call["id"]), None)
            if own is not None:
                results.remove(own)
                yield own
        yield from results


def _segments(message: BaseMessage) -> list[Segment]:
    text = _text(message)
    if isinstance(message, SystemMessage):
        return [Segment("system", "", text)]
    if isinstance(message, HumanMessage):
        return [Segment("user", "", text)]
    if isinstance(message, ToolMessage):
        return [Segment("observation", "", text)]
    if isinstance(message, AIMessage):
        calls = [
            Segment("assistant", *format_tool_call(call["name"], call["args"]))
            for call in message.tool_calls
        ]
        return [Segment("assistant", "", text), *calls] if text or not calls else calls
    if isinstance(message, ChatMessage) and message.role in _ROLE_IDS:
        return [Segment(cast("Role", message.role), "", text)]
    raise ValueError(f"ChatGLM3 has no role for a message of type {message.type!r}")


def _text(message: BaseMessage) -> str:
    content: object = message.content
    if isinstance(content, str):
        return content
    parts: list[str] = []
    for block in cast("list[object]", content):
        if isinstance(block, str):
            parts.append(block)
            continue
        data = cast("dict[str, object]", block)
        kind = data.get("type")
        if kind == "text":
            parts.append(str(data.get("text", "")))
        elif kind in ("json", "tool_result"):
            parts.append(json.dumps(data.get("content", data), ensure_ascii=False, default=str))
        elif kind not in ("tool_use", "tool_call", "reasoning", "thinking"):
            raise ValueError(f"ChatGLM3 reads text only; the message holds a block {kind!r}")
    return "\n".join(parts)
