"""One conversation out of a record of a data file: four forms, told apart by their keys.

ChatGLM3's own (`conversations` of `role` and `content`, a tool's turn with `name`, `parameters` and
`observation`), OpenAI's `messages`, ShareGPT's `conversations` of `from` and `value`, and Alpaca's
`instruction`, `input` and `output`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from ..wire.literals import format_tool_call, read_arguments
from ..wire.prompt import Role, Segment, with_tools

Format = Literal["chatglm3", "openai", "sharegpt", "alpaca"]

_SHAREGPT_NAMES: Mapping[str, str] = {
    "system": "system",
    "user": "human user",
    "assistant": "gpt chatgpt assistant",
    "call": "function_call tool_call",
    "observation": "observation function_response tool",
}
_SHAREGPT_ROLES = {name: role for role, names in _SHAREGPT_NAMES.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as ChatGLM3's segments, tools already in its system turn.

    `file` and `place` tell where its record stands: the line of a JSON Lines file, or the item of a
    JSON array.
    """

    segments: tuple[Segment, ...]
    place: int = 0
    file: str = ""


def format_of(record: Mapping[str, Any]) -> Format:
    """Which form a record has.

    Raises:
        ValueError: none that is known.
    """
    if isinstance(record.get("messages"), list):
        return "openai"
    turns: object = record.get("conversations", record.get("conversation"))
    if isinstance(turns, list):
        first = next(iter(cast("list[object]", turns)), None)
        if isinstance(first, dict) and "from" in first:
            return "sharegpt"
        return "chatglm3"
    if "instruction" in record and "output" in record:
        return "alpaca"
    raise ValueError(
        "no known form: expected conversations (ChatGLM3, ShareGPT), messages (OpenAI), or "
        f"instruction and output (Alpaca); the keys are {', '.join(map(str, record)) or 'none'}"
    )


def read_conversation(record: object, place: int = 0) -> Conversation:
    """A record as a conversation that can be learned from.

    Raises:
        ValueError: what is wrong with it, and in which turn.
    """
    if not isinstance(record, dict):
        raise ValueError(f"expected an object, not {type(record).__name__}")
    data = cast("dict[str, Any]", record)
    match format_of(data):
        case "openai":
            segments = _openai(data["messages"])
        case "sharegpt":
            segments = _sharegpt(_turns(data))
        case "chatglm3":
            segments = _chatglm3(_turns(data))
        case "alpaca":
            segments = _alpaca(data)
    tools = _tools(data.get("tools"))
    check_order(segments)
    return Conversation(tuple(with_tools(segments, tools) if tools else segments), place)


def check_order(segments: Sequence[Segment]) -> None:
    """Refuse what no conversation is.

    A system turn stands first, a call is followed by its observation and an observation follows a
    call, a user's turn is answered before the next one, and the assistant has the last word.

    Raises:
        ValueError: the first turn that is out of order.
    """
    if not segments:
        raise ValueError("the conversation has no turns")
    before: Segment | None = None
    for number, segment in enumerate(segments, start=1):
        what = f"turn {number} ({segment.role})"
        if segment.role == "system" and before is not None:
            raise ValueError(f"{what}: a system turn stands at the beginning only")
        if segment.role == "user" and before is not None and before.role in ("user", "observation"):
            raise ValueError(f"{what} stands behind a turn of {before.role} that was not answered")
        if segment.role == "assistant" and (before is None or before.role == "system"):
            raise ValueError(f"{what}: nothing was asked")
        said = before is not None and before.role == "assistant"
        if segment.role == "observation" and not said:
            raise ValueError(f"{what}: it follows no call")
        if segment.role != "observation" and said and before is not None and before.metadata:
            raise ValueError(f"{what}: the call before it has no observation")
        before = segment
    if before is None or before.role != "assistant":
        raise ValueError("the assistant does not have the last word: there is nothing to learn")


# --- the forms ------------------------------------------------------------------------------------


def _turns(data: Mapping[str, Any]) -> list[Any]:
    return cast("list[Any]", data.get("conversations", data.get("conversation")))


def _chatglm3(turns: Sequence[Any]) -> list[Segment]:
    found: list[Segment] = []
    for number, turn in enumerate(turns, start=1):
        data = _object(turn, number)
        role = data.get("role")
        if role == "tool":
            name, parameters = data.get("name"), data.get("parameters", {})
            if not isinstance(name, str) or not isinstance(parameters, dict):
                raise ValueError(
                    f"turn {number} (tool): it needs a name, and parameters as an object"
                )
            found.append(_call(name, cast("dict[str, Any]", parameters)))
            if "observation" not in data:
                raise ValueError(f"turn {number} (tool): it has no observation")
            found.append(Segment("observation", "", _plain(data["observation"])))
        elif role in ("system", "user", "assistant", "observation"):
            metadata = data.get("metadata", "")
            found.append(Segment(role, _line(metadata, number), _text(data, "content", number)))
        else:
            raise ValueError(f"turn {number}: unknown role {role!r}")
    return found


def _openai(turns: Sequence[Any]) -> list[Segment]:
    found: list[Segment] = []
    waiting: dict[str, int] = {}  # where each call's observation belongs
    for number, turn in enumerate(turns, start=1):
        data = _object(turn, number)
        role = {"developer": "system", "tool": "observation", "function": "observation"}.get(
            str(data.get("role")), data.get("role")
        )
        if role == "observation":
            _place_result(found, waiting, str(data.get("tool_call_id", "")), data, number)
            continue
        if role not in ("system", "user", "assistant"):
            raise ValueError(f"turn {number}: unknown role {data.get('role')!r}")
        given: object = data.get("tool_calls") or []
        if not isinstance(given, list):
            raise ValueError(f"turn {number}: tool_calls is no list")
        calls = cast("list[Any]", given)
        if data.get("function_call"):
            calls = [{"id": "", "function": data["function_call"]}]
        text = _content(data.get("content"), number)
        if text or not calls:
            found.append(Segment(cast("Role", role), "", text))
        for call in calls:
            function = _object(_object(call, number).get("function"), number)
            found.append(_call(str(function.get("name", "")), _arguments(function, number)))
            waiting[str(call.get("id", ""))] = len(found) - 1
    return found


def _place_result(
    found: list[Segment], waiting: dict[str, int], id_: str, data: Mapping[str, Any], number: int
) -> None:
    """Put a result behind its own call, as ChatGLM3 writes several calls."""
    result = Segment("observation", "", _content(data.get("content"), number))
    place = waiting.pop(id_, None)
    if place is None:
        raise ValueError(f"turn {number} (tool): it answers no call ({id_!r})")
    found.insert(place + 1, result)
    for key, later in waiting.items():
        waiting[key] = later + 1 if later > place else later


def _sharegpt(turns: Sequence[Any]) -> list[Segment]:
    found: list[Segment] = []
    for number, turn in enumerate(turns, start=1):
        data = _object(turn, number)
        role = _SHAREGPT_ROLES.get(str(data.get("from")))
        if role is None:
            raise ValueError(f"turn {number}: unknown speaker {data.get('from')!r}")
        text = _text(data, "value", number)
        if role == "call":
            call = _parsed(text, number)
            found.append(_call(str(call.get("name", "")), _arguments(call, number)))
        else:
            found.append(Segment(cast("Role", role), "", text))
    return found


def _alpaca(data: Mapping[str, Any]) -> list[Segment]:
    question = _text(data, "instruction", 1)
    more = data.get("input") or ""
    if not isinstance(more, str):
        raise ValueError("input is no text")
    found = [Segment("system", "", _text(data, "system", 1))] if data.get("system") else []
    if not isinstance(data.get("history") or [], list):
        raise ValueError("history is no list")
    for pair in cast("list[Any]", data.get("history") or []):
        if not isinstance(pair, list) or len(cast("list[Any]", pair)) != 2:
            raise ValueError("history holds pairs of a question and an answer")
        asked, answered = (str(one) for one in cast("list[Any]", pair))
        found += [Segment("user", "", asked), Segment("assistant", "", answered)]
    found.append(Segment("user", "", f"{question}\n{more}" if more else question))
    return [*found, Segment("assistant", "", _text(data, "output", 2))]


# --- parts ----------------------------------------------------------------------------------------


def _tools(tools: object) -> list[dict[str, Any]]:
    if isinstance(tools, str):
        try:
            tools = json.loads(tools)
        except ValueError as error:
            raise ValueError(f"tools is no JSON: {error}") from None
    if not tools:
        return []
    if not isinstance(tools, list):
        raise ValueError("tools is no list")
    for tool in cast("list[Any]", tools):
        if not isinstance(tool, dict):
            raise ValueError("a tool is no object")
    return cast("list[dict[str, Any]]", tools)


def _call(name: str, arguments: Mapping[str, Any]) -> Segment:
    if not name or name.splitlines() != [name]:
        raise ValueError(f"a call needs a name on one line, not {name!r}")
    metadata, content = format_tool_call(name, arguments)
    # What is learned has to be what is read back.
    if read_arguments(content.removeprefix("```python\n").removesuffix("\n```")) != arguments:
        raise ValueError(f"the arguments of {name} hold what JSON cannot")
    return Segment("assistant", metadata, content)


def _arguments(function: Mapping[str, Any], number: int) -> dict[str, Any]:
    given: object = function.get("arguments", {})
    if isinstance(given, str):
        given = _parsed(given or "{}", number)
    if not isinstance(given, dict):
        raise ValueError(f"turn {number}: the arguments of a call are no object")
    return cast("dict[str, Any]", given)


def _parsed(text: str, number: int) -> dict[str, Any]:
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"turn {number}: a call is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise ValueError(f"turn {number}: a call is no object")
    return cast("dict[str, Any]", data)


def _object(turn: object, number: int) -> dict[str, Any]:
    if not isinstance(turn, dict):
        raise ValueError(f"turn {number} is no object")
    return cast("dict[str, Any]", turn)


def _text(data: Mapping[str, Any], key: str, number: int) -> str:
    value: object = data.get(key)
    if not isinstance(value, str):
        raise ValueError(f"turn {number}: {key} is no text, but {type(value).__name__}")
    return value


def _line(value: object, number: int) -> str:
    if not isinstance(value, str) or len(value.splitlines()) > 1:
        raise ValueError(f"turn {number}: metadata is no single line")
    return value


def _content(value: object, number: int) -> str:
    """OpenAI's content: a text, nothing, or parts of which only text can be learned."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    parts: list[str] = []
    for part in cast("list[Any]", value) if isinstance(value, list) else [value]:
        if not isinstance(part, dict) or cast("dict[str, Any]", part).get("type") != "text":
            raise ValueError(f"turn {number}: only text can be learned")
        parts.append(str(cast("dict[str, Any]", part).get("text", "")))
    return "\n".join(parts)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
