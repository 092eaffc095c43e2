"""Calls as Python text, written and read: keyword arguments of literals, and nothing else."""

import ast
import json
import keyword
import math
import re
import unicodedata
import warnings
from collections.abc import Mapping
from typing import Any, cast

MAX_CALL_CHARACTERS = 200_000
_MAX_DEPTH = 40
# Python would warn its user of what a model wrote, such as an unknown escape.
_FILE = "groundglm-reply"
warnings.filterwarnings("ignore", module=_FILE)
_JSON_NAMES: Mapping[str, str] = {"true": "True", "false": "False", "null": "None"}
_ESCAPES: Mapping[str, str] = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def format_tool_call(name: str, args: Mapping[str, Any]) -> tuple[str, str]:
    r"""A call as ChatGLM3 writes it: (metadata, content) of an assistant segment.

    A parameter whose name is a Python keyword or no identifier travels in a trailing
    ``**{"name": value}``, which `parse_reply` reads back. A tool's name is written as it is.

    >>> format_tool_call("get_weather", {"城市": "北京", "from": 1})[1]
    "```python\ntool_call(城市='北京', **{'from': 1})\n```"
    """
    plain = {key: value for key, value in args.items() if is_parameter(key)}
    other = {key: value for key, value in args.items() if not is_parameter(key)}
    parts = [f"{key}={value!r}" for key, value in plain.items()]
    if other:
        parts.append(f"**{other!r}")
    return name, f"```python\ntool_call({', '.join(parts)})\n```"


def is_parameter(name: str) -> bool:
    """Whether Python reads the name of an argument as it is written."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name != "__debug__"
        and unicodedata.normalize("NFKC", name) == name
    )


def write_literal(value: Any) -> str:  # noqa: ANN401 - any plain data
    r"""A value of JSON as a Python literal on one line, strings in single quotes.

    >>> write_literal({"a": [True, None, "it's"]})
    "{'a': [True, None, 'it\\'s']}"
    """
    match value:
        case str():
            return f"'{''.join(map(_character, value))}'"
        case dict():
            pairs = cast("dict[str, Any]", value).items()
            return f"{{{', '.join(f'{write_literal(k)}: {write_literal(v)}' for k, v in pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(write_literal(item) for item in cast('list[Any]', value))}]"
        case _:
            return repr(value)


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 32 or 127 <= code < 160 else character


def read_arguments(code: str) -> dict[str, Any]:
    """The keyword arguments of ``tool_call(...)``: literals alone, and only what JSON can hold.

    Keys of dictionaries become what `json.dumps` makes of them; tuples become lists.

    Raises:
        ValueError: it is not such a call; the message says why.
    """
    if len(code) > MAX_CALL_CHARACTERS:
        raise ValueError(f"the call is longer than {MAX_CALL_CHARACTERS} characters")
    if _depth(code) > _MAX_DEPTH:
        raise ValueError(f"the call is nested deeper than {_MAX_DEPTH}")
    try:
        call = ast.parse(code.strip(), _FILE, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the call is no valid Python: {error}") from None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        raise ValueError("expected tool_call(name=value, ...)")
    if call.func.id != "tool_call":
        raise ValueError(f"expected tool_call(...), not {call.func.id}(...)")
    if call.args:
        raise ValueError("arguments must be named: tool_call(name=value)")
    args: dict[str, Any] = {}
    for one in call.keywords:
        if one.arg is None:
            _check_names(one.value)
        value = _literal(one.value)
        given = {one.arg: value} if one.arg is not None else cast("dict[str, Any]", value)
        for key, argument in given.items():
            if key in args:
                raise ValueError(f"the argument {key!r} is given twice")
            args[key] = argument
    return args


def _check_names(node: ast.expr) -> None:
    if not isinstance(node, ast.Dict):
        raise ValueError("** takes a dictionary")
    for key in node.keys:
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise ValueError("the names of arguments must be strings")


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
        case ast.Constant(value=str() as text):
            if not text.isascii() and re.search("[\ud800-\udfff]", text):
                raise ValueError("a string holds half a character")
            return text
        case ast.Constant(value=int() | float() | bool() | None):
            return _finite(node.value)
        case ast.Name(id=name) if name in _JSON_NAMES:
            raise ValueError(f"{name} is JSON; the literal is {_JSON_NAMES[name]}")
        case ast.UnaryOp(
            op=ast.USub() | ast.UAdd() as sign,
            operand=ast.Constant(value=int() | float() as number),
        ) if not isinstance(number, bool):
            return -_finite(number) if isinstance(sign, ast.USub) else _finite(number)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_literal(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            if any(key is None for key in keys):
                raise ValueError("a dictionary must be written out")
            pairs = zip(keys, values, strict=True)
            return {_key(_literal(key)): _literal(one) for key, one in pairs if key is not None}
        case _:
            raise ValueError(f"only literal values may be given, not {type(node).__name__}")


def _finite(number: Any) -> Any:  # noqa: ANN401 - a number, True, False or None
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError("a number is too large: JSON knows no infinity")
    return number


def _key(key: object) -> str:
    """A dictionary's key as JSON writes it."""
    if isinstance(key, str):
        return key
    if isinstance(key, int | float | None):
        return json.dumps(key)
    raise ValueError("the keys of a dictionary must be plain values")
