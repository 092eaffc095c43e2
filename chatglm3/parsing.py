"""Reading ChatGLM3's reply: text and tool calls, from token ids, without ever evaluating a word."""

import ast
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.tool import invalid_tool_call, tool_call

from .tokenizer import ASSISTANT, CONTROL_NAMES, STOP_IDS, Tokenizer

MAX_CALL_CHARACTERS = 200_000
_MAX_DEPTH = 40
_FENCE = re.compile(
    r"[ \t]*```[ \t]*(?:python|py|json)?[ \t]*\n?(?P<code>.*?)(?:```|\Z)", re.DOTALL
)
_TOOL_NAME = re.compile(r"[^\W\d][\w.\-]{0,127}")
_NAMES: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(slots=True)
class Reply:
    """What a reply says, calls, and failed to call; `code` holds turns for an interpreter."""

    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    invalid_tool_calls: list[InvalidToolCall] = field(default_factory=list[InvalidToolCall])
    code: list[str] = field(default_factory=list[str])


def format_tool_call(name: str, args: Mapping[str, Any]) -> tuple[str, str]:
    r"""A call as ChatGLM3 writes it: (metadata, content) of an assistant segment.

    A parameter whose name is a Python keyword or no identifier travels in a trailing
    ``**{"name": value}``, which `parse_reply` reads back. A tool's name is written as it is.

    >>> format_tool_call("get_weather", {"city": "北京", "from": 1})[1]
    "```python\ntool_call(city='北京', **{'from': 1})\n```"
    """
    plain = {key: value for key, value in args.items() if _is_parameter(key)}
    other = {key: value for key, value in args.items() if not _is_parameter(key)}
    parts = [f"{key}={value!r}" for key, value in plain.items()]
    if other:
        parts.append(f"**{other!r}")
    return name, f"```python\ntool_call({', '.join(parts)})\n```"


def _is_parameter(name: str) -> bool:
    import keyword

    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def parse_reply(ids: Sequence[int], tokenizer: Tokenizer) -> Reply:
    """Read what follows the first `<|assistant|>`; never raises, whatever the model wrote.

    Segments are told apart by the id of `<|assistant|>`, not by text that spells it. A segment
    whose first line is a tool's name and whose body is a fenced ``tool_call(...)`` of literals is a
    call; one that looks like a call but is none is an invalid call with the reason.
    """
    reply = Reply()
    texts: list[str] = []
    for segment in _split(ids):
        metadata, newline, content = tokenizer.decode(segment).partition("\n")
        name = metadata.strip()
        if not name:
            texts.append(content.removeprefix(" ") if newline else metadata)
        elif name == "interpreter" and _FENCE.match(content):
            reply.code.append(_fenced(content))
        elif _is_call(name, content):
            _read_call(name, content, reply)
        else:
            texts.append(f"{metadata.removeprefix(' ')}{newline}{content}")
    reply.text = "\n".join(text for text in texts if text)
    return reply


def readable_text(ids: Sequence[int], tokenizer: Tokenizer) -> str:
    """The text of an unfinished reply that cannot become part of a call any more."""
    segments = _split(ids)
    # The last segment may still grow: it is text for sure once its first line is empty.
    if segments and not tokenizer.decode(segments[-1]).startswith((" \n", "\n")):
        ids = [id_ for segment in segments[:-1] for id_ in (ASSISTANT, *segment)][1:]
    return parse_reply(ids, tokenizer).text.rstrip("\ufffd")


def _split(ids: Sequence[int]) -> list[list[int]]:
    segments: list[list[int]] = [[]]
    for id_ in ids:
        if id_ in STOP_IDS:
            break
        if id_ == ASSISTANT:
            segments.append([])
        elif id_ not in CONTROL_NAMES:  # one inside a reply says nothing
            segments[-1].append(id_)
    return [segment for segment in segments if segment]


def _fenced(content: str) -> str:
    match = _FENCE.match(content)
    if match is None:
        return content.strip()
    # A string argument may hold a fence itself, so the last one closes.
    code, closed, _ = content[match.start("code") :].rpartition("```")
    return (code if closed else content[match.start("code") :]).strip()


def _is_call(name: str, content: str) -> bool:
    """Whether a segment means to be a call; only a plain name makes a malformed one of it."""
    if _fenced(content).startswith("tool_call("):
        return re.fullmatch(r"\S{1,128}", name) is not None
    return _TOOL_NAME.fullmatch(name) is not None and _FENCE.match(content) is not None


def _read_call(name: str, content: str, reply: Reply) -> None:
    code = _fenced(content) if _FENCE.match(content) else content.strip()
    call_id = f"call_{uuid.uuid4().hex[:24]}"
    try:
        args = read_arguments(code)
    except ValueError as error:
        reply.invalid_tool_calls.append(
            invalid_tool_call(name=name, args=code[:2000], id=call_id, error=str(error))
        )
    else:
        reply.tool_calls.append(tool_call(name=name, args=args, id=call_id))


def read_arguments(code: str) -> dict[str, Any]:
    """The keyword arguments of ``tool_call(...)``, literals only.

    Python's True, False, None and JSON's true, false, null are both read.

    Raises:
        ValueError: it is not such a call; the message says why.
    """
    if len(code) > MAX_CALL_CHARACTERS:
        raise ValueError(f"the call is longer than {MAX_CALL_CHARACTERS} characters")
    if _depth(code) > _MAX_DEPTH:
        raise ValueError(f"the call is nested deeper than {_MAX_DEPTH}")
    try:
        call = ast.parse(code.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the call is no valid Python: {error}") from None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        raise ValueError("expected tool_call(name=value, ...)")
    if call.func.id != "tool_call":
        raise ValueError(f"expected tool_call(...), not {call.func.id}(...)")
    if call.args:
        raise ValueError("arguments must be named: tool_call(name=value)")
    args: dict[str, Any] = {}
    for keyword_ in call.keywords:
        value = _literal(keyword_.value)
        given: object = {keyword_.arg: value} if keyword_.arg is not None else value
        if not isinstance(given, dict):
            raise ValueError("** takes a dictionary")
        for key, argument in cast("dict[object, Any]", given).items():
            if not isinstance(key, str):
                raise ValueError("the names of arguments must be strings")
            if key in args:
                raise ValueError(f"the argument {key!r} is given twice")
            args[key] = argument
    return args


def _depth(code: str) -> int:
    depth = deepest = 0
    for character in code:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    # A run of signs nests as deep as brackets do.
    signs = max((len(run) for run in re.findall(r"[-+~\s]+", code)), default=0)
    return max(deepest, signs if signs > 200 else 0)


def _literal(node: ast.expr) -> Any:  # noqa: ANN401 - a literal is any plain data
    match node:
        case ast.Constant(value=str() | int() | float() | bool() | None):
            return node.value
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.UnaryOp(op=ast.UAdd(), operand=ast.Constant(value=int() | float() as number)):
            return number
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_literal(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            if any(key is None for key in keys):
                raise ValueError("a dictionary must be written out")
            pairs = zip(keys, values, strict=True)
            read = [(_literal(key), _literal(value)) for key, value in pairs if key is not None]
            if not all(isinstance(key, str | int | float | bool | None) for key, _ in read):
                raise ValueError("the keys of a dictionary must be plain values")
            return dict(read)
        case _:
            raise ValueError(f"only literal values may be given, not {type(node).__name__}")
