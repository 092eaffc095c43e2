"""The arguments of a call: fitted to the schema of the tool before it runs, or refused."""

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from ..schemas import first_violation, resolve, standard_schema

_MOST_SHOWN = 200
_DEEPEST = 30
_FITTING: Mapping[type, frozenset[str]] = {
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}


class ArgumentsError(ValueError):
    """The arguments of a call do not fit its tool; the message is one that a model can act on."""


class ArgumentSchema:
    """What a tool takes: its JSON schema, and the pydantic class where there is one."""

    def __init__(self, tool: BaseTool) -> None:
        self.name = tool.name
        described = convert_to_openai_tool(tool)["function"]
        self.parameters = standard_schema(
            described.get("parameters") or {"type": "object"}, where=tool.name
        )
        declared: object = tool.tool_call_schema
        is_model = isinstance(declared, type) and issubclass(declared, BaseModel)
        self._model = cast("type[BaseModel]", declared) if is_model else None
        # A schema that is JSON alone may take more than it names; a function never does.
        self._is_open = self._model is None and self.parameters.get("additionalProperties", False)

    def fit(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the tool takes them.

        A number or truth value in quotes, JSON in a string where a list or an object belongs, and
        another case of an enum's value are read as what they stand for; nothing is left out.

        Raises:
            ArgumentsError: one is unknown, missing, or of another kind.
        """
        read = cast("dict[str, Any]", _read(self.parameters, self.parameters, dict(arguments), 0))
        unknown = [] if self._is_open else _unknown(self.parameters, self.parameters, read, "", 0)
        if unknown:
            raise ArgumentsError(self._told_unknown(unknown[0]))
        if self._model is None:
            # Many models write null for what they leave out.
            required = self.parameters.get("required") or ()
            given = {
                key: value for key, value in read.items() if value is not None or key in required
            }
            wrong = first_violation(self.parameters, given)
            if wrong:
                raise ArgumentsError(f"the arguments of {self.name} are wrong: {wrong[:500]}")
            return read
        try:
            self._model.model_validate(read)
        except ValidationError as error:
            raise ArgumentsError(
                f"the arguments of {self.name} are wrong: {_told(error)}"
            ) from None
        return read

    def _told_unknown(self, place: str) -> str:
        names = list(self.parameters.get("properties") or {})
        if set(place) & set(".["):
            return f"the arguments of {self.name} hold {place!r}, which it does not know"
        near = difflib.get_close_matches(place, names, n=1)
        hint = f"; {near[0]!r} may be meant" if near else ""
        takes = f"it takes {', '.join(names)}" if names else "it takes no arguments"
        return f"{self.name} knows no argument {place!r}; {takes}{hint}"


def _told(error: ValidationError) -> str:
    """What is wrong with each argument, on one line, without what pydantic says of itself."""
    told: list[str] = []
    for one in error.errors(include_url=False, include_context=False)[:5]:
        place = ".".join(str(part) for part in one["loc"]) or "all of them"
        given = "" if one["type"] == "missing" else f" (given: {_short(one.get('input'))})"
        told.append(f"{place}: {one['msg']}{given}")
    return "; ".join(told)


def _short(value: object) -> str:
    written = repr(value)
    return written if len(written) <= _MOST_SHOWN else written[:_MOST_SHOWN] + "..."


# --- reading what stands for another kind of value -----------------------------------------------


def _read(root: Mapping[str, Any], schema: object, value: object, depth: int) -> object:
    """A value as its schema wants it; what cannot be read stays, for the check to refuse."""
    node = _behind(root, schema)
    if node is None or depth > _DEEPEST:
        return value
    branches = [*(node.get("anyOf") or ()), *(node.get("oneOf") or ())]
    if branches:
        return _of_branches(root, branches, value, depth)
    kinds = _kinds(node)
    if isinstance(value, str) and kinds and "string" not in kinds:
        value = _of_text(value, kinds)
    elif isinstance(value, float) and value.is_integer() and kinds == ["integer"]:
        value = int(value)
    if "enum" in node:
        return _of_enum(node["enum"], value)
    if not kinds or "object" in kinds or "array" in kinds:
        return _of_parts(root, node, value, depth)
    return value


def _of_parts(
    root: Mapping[str, Any], node: Mapping[str, Any], value: object, depth: int
) -> object:
    """An object or a list with each of its parts read; any other value as it is."""
    if isinstance(value, dict):
        held = cast("dict[str, object]", value)
        properties = cast("dict[str, object]", node.get("properties") or {})
        others: object = node.get("additionalProperties")
        return {
            key: _read(root, properties.get(key, others), one, depth + 1)
            for key, one in held.items()
        }
    if isinstance(value, list):
        listed = cast("list[object]", value)
        return [_read(root, node.get("items"), one, depth + 1) for one in listed]
    return value


def _of_branches(
    root: Mapping[str, Any], branches: Sequence[object], value: object, depth: int
) -> object:
    """What the first branch makes of a value that fits it; a value that fits one as it is stays."""
    for read in (value, *(_read(root, branch, value, depth + 1) for branch in branches)):
        for branch in branches:
            node = _behind(root, branch)
            if node is not None and not first_violation({**_definitions(root), **node}, read):
                return read
    return value


def _definitions(root: Mapping[str, Any]) -> dict[str, Any]:
    return {key: root[key] for key in ("$defs", "definitions") if key in root}


def _behind(root: Mapping[str, Any], schema: object) -> Mapping[str, Any] | None:
    """The schema behind its references; None where it says nothing."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping):
            return None
        node = cast("Mapping[str, Any]", schema)
        if "$ref" not in node:
            parts = cast("list[object]", node.get("allOf") or [])
            if len(parts) == 1:  # as pydantic writes a reference with a description
                schema = {**cast("Mapping[str, Any]", parts[0]), **_without(node, "allOf")}
                continue
            return node
        target = resolve(root, str(node["$ref"]))
        schema = {**target, **_without(node, "$ref")} if isinstance(target, Mapping) else None
    return None


def _without(node: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: one for name, one in node.items() if name != key}


def _kinds(node: Mapping[str, Any]) -> list[str]:
    given: object = node.get("type")
    if isinstance(given, list):
        return [str(one) for one in cast("list[object]", given)]
    return [given] if isinstance(given, str) else []


def _of_text(text: str, kinds: Sequence[str]) -> object:
    """What a text in quotes stands for, where its kind is one of those that are wanted."""
    written = text.strip()
    if written.lower() in ("true", "false") and "boolean" in kinds:
        return written.lower() == "true"
    try:
        value: object = json.loads(written)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, bool) or value is None:
        return text
    for kind, fitting in _FITTING.items():
        if isinstance(value, kind):
            return value if fitting & set(kinds) else text
    return text


def _of_enum(values: Sequence[object], value: object) -> object:
    if value in values or not isinstance(value, str):
        return value
    same = [one for one in values if isinstance(one, str) and one.casefold() == value.casefold()]
    return same[0] if len(same) == 1 else value


# --- what the schema does not name --------------------------------------------------------------


def _unknown(
    root: Mapping[str, Any], schema: object, value: object, place: str, depth: int
) -> list[str]:
    """Where a value holds what its schema does not name, unless the schema takes anything there."""
    node = _behind(root, schema)
    if node is None or depth > _DEEPEST:
        return []
    branches = [*(node.get("anyOf") or ()), *(node.get("oneOf") or ())]
    if branches:
        found = [_unknown(root, branch, value, place, depth + 1) for branch in branches]
        fitting = [
            one
            for one, branch in zip(found, branches, strict=True)
            if _may_be(_behind(root, branch), value)
        ]
        return min(fitting, key=len) if fitting else []
    if isinstance(value, list):
        listed = cast("list[object]", value)
        return [
            where
            for number, one in enumerate(listed)
            for where in _unknown(root, node.get("items"), one, f"{place}[{number}]", depth + 1)
        ]
    properties = node.get("properties")
    if not isinstance(value, dict) or not (isinstance(properties, dict) or not place):
        return []
    named = cast("dict[str, object]", properties or {})
    others: object = node.get("additionalProperties", False)
    unknown: list[str] = []
    for key, one in cast("dict[str, object]", value).items():
        where = f"{place}.{key}" if place else key
        if key in named:
            unknown += _unknown(root, named[key], one, where, depth + 1)
        elif others is False:
            unknown.append(where)
    return unknown


def _may_be(node: Mapping[str, Any] | None, value: object) -> bool:
    kinds = _kinds(node or {})
    if isinstance(value, dict):
        return not kinds or "object" in kinds
    return not isinstance(value, list) or not kinds or "array" in kinds
