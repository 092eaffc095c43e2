"""From a user's own typed functions to tools that a model can call, and what is said of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import tool as langchain_tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from ..notation import SEARCH_TOOL
from ..schemas import standard_schema
from .async_tools import usable_everywhere

RESERVED_NAMES = frozenset({SEARCH_TOOL})


@dataclass(frozen=True, slots=True)
class ToolPolicy:
    """What is said of a tool: what it may do, and how its calls are treated.

    `read_only`: it changes nothing. `idempotent`: twice is as good as once, so a call that failed
    may be tried again. `timeout`: seconds; None takes the dispatcher's. `approval`: whether a
    person is asked before each call; None asks where the arguments come from retrieved text.
    """

    read_only: bool = False
    idempotent: bool = False
    timeout: float | None = None
    approval: bool | None = None

    def __post_init__(self) -> None:
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError(f"a timeout is more than 0 seconds, not {self.timeout}")

    def to_metadata(self) -> dict[str, Any]:
        """What a LangChain tool carries of it in its `metadata`."""
        told = {
            "read_only": self.read_only,
            "idempotent": self.idempotent,
            "timeout": self.timeout,
            "approval": self.approval,
        }
        return {key: value for key, value in told.items() if value is not None}


def policy_of(one: BaseTool) -> ToolPolicy:
    """What is said of a tool in its metadata; of what is not said, the safe side is taken.

    Only a plain True makes a tool read-only or idempotent, and only a plain False spares it
    approval.
    """
    told: Mapping[str, Any] = one.metadata or {}
    timeout: object = told.get("timeout")
    approval: object = told.get("approval")
    return ToolPolicy(
        read_only=told.get("read_only") is True,
        idempotent=told.get("idempotent") is True,
        timeout=float(timeout)
        if isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0
        else None,
        approval=None if approval is None else approval is not False,
    )


def as_tool(function: BaseTool | Callable[..., Any]) -> BaseTool:
    """A function with type hints as a tool; its name and docstring tell the model what it does.

    A section `Args:` of the docstring describes the parameters. A coroutine function works without
    asyncio as well.

    Raises:
        TypeError: it is neither a function nor a LangChain tool.
        ValueError: a function without a docstring, so that no model could know what it is for.
    """
    if isinstance(function, BaseTool):
        return usable_everywhere(function)
    if not callable(function):
        raise TypeError(f"a tool is a function or a LangChain tool, not {type(function).__name__}")
    name = getattr(function, "__name__", repr(function))
    if not (function.__doc__ or "").strip():
        raise ValueError(f"{name} needs a docstring: it tells the model what the function does")
    try:
        made = langchain_tool(function, parse_docstring=True)
    except ValueError:  # no such sections, or names in them that are no parameters
        made = langchain_tool(function)
    return usable_everywhere(made)


def tool(
    *,
    read_only: bool = False,
    idempotent: bool = False,
    timeout: float | None = None,
    approval: bool | None = None,
) -> Callable[[Callable[..., Any]], BaseTool]:
    """A decorator that makes a tool of a function and says what it may do.

    A tool counts as changing unless it is declared read-only; an agent on an engine without weights
    holds calls of changing tools, and any agent asks a person before a changing call whose
    arguments come from retrieved text. A LangChain tool says the same in its `metadata`.

    Args:
        read_only: It changes nothing.
        idempotent: Twice is as good as once: a call that failed is tried again.
        timeout: Seconds after which a call is given up.
        approval: Whether a person is asked before each call; False never asks.

    >>> @tool(read_only=True, timeout=5)
    ... def get_weather(city: str) -> str:
    ...     "The weather of a city."
    ...     return "sunny"
    >>> policy_of(get_weather)
    ToolPolicy(read_only=True, idempotent=False, timeout=5.0, approval=None)
    """
    policy = ToolPolicy(read_only, idempotent, timeout, approval)

    def make(function: Callable[..., Any]) -> BaseTool:
        return with_policy(as_tool(function), policy)

    return make


def with_policy(one: BaseTool, policy: ToolPolicy) -> BaseTool:
    """The tool with what is said of it; the one that was given stays as it is."""
    metadata = {**(one.metadata or {}), **policy.to_metadata()}
    return one.model_copy(update={"metadata": metadata})


def is_read_only(one: BaseTool | None) -> bool:
    """Whether a tool is declared to change nothing; only a plain True counts."""
    return one is not None and policy_of(one).read_only


def tool_from_schema(
    schema: Mapping[str, Any],
    function: Callable[..., Any],
    *,
    policy: ToolPolicy | None = None,
) -> BaseTool:
    """A tool of a JSON schema, as an API's description has it, and the function behind it.

    Args:
        schema: `name`, `description` and `parameters`, in OpenAI's form or the bare function; other
            spellings of types ("dict", "float", "any") are understood.
        function: Called with the arguments by name, which are checked against the schema before.
        policy: What is said of it.

    Raises:
        SchemaError: the parameters are no JSON schema.
        ValueError: it has no name.
    """
    told = cast("Mapping[str, Any]", schema.get("function", schema))
    name = str(told.get("name") or "")
    if not name.strip():
        raise ValueError("the schema of a tool needs a name")
    parameters = cast("Mapping[str, Any]", told.get("parameters") or {"type": "object"})
    made = StructuredTool(
        name=name,
        description=str(told.get("description") or name),
        args_schema=_described(parameters, name),
        func=function,
    )
    return with_policy(made, policy or ToolPolicy())


def _described(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A schema in JSON's own names of types, its descriptions kept for the model."""
    standard = {**standard_schema(parameters, where=name), "type": "object"}
    properties = cast("dict[str, Any]", standard.setdefault("properties", {}))
    given = cast("Mapping[str, Any]", parameters.get("properties") or {})
    for key, one in properties.items():
        note = given[key].get("description") if isinstance(given.get(key), Mapping) else None
        if isinstance(note, str) and isinstance(one, dict):
            one["description"] = note
    return standard


def as_tools(functions: Iterable[BaseTool | Callable[..., Any]]) -> list[BaseTool]:
    """Several functions as tools.

    Raises:
        ValueError: two of one name, or a name that GroundGLM itself uses.
    """
    tools = [as_tool(function) for function in functions]
    names = [one.name for one in tools]
    for name in names:
        if name in RESERVED_NAMES:
            raise ValueError(f"the tool name {name!r} is taken by GroundGLM; rename the function")
        if names.count(name) > 1:
            raise ValueError(f"two tools have the name {name!r}")
    return tools


class ToolRegistry:
    """The tools of an application, by name, in the order in which they were added.

    >>> registry = ToolRegistry()
    >>> @registry.tool(read_only=True)
    ... def get_weather(city: str) -> str:
    ...     "The weather of a city."
    ...     return "sunny"
    >>> list(registry.names), "get_weather" in registry
    (['get_weather'], True)
    """

    def __init__(self, tools: Iterable[BaseTool | Callable[..., Any]] = ()) -> None:
        self._tools: dict[str, BaseTool] = {}
        for one in tools:
            self.add(one)

    def add(
        self, function: BaseTool | Callable[..., Any], *, policy: ToolPolicy | None = None
    ) -> BaseTool:
        """Add a function or a LangChain tool, with what is said of it.

        Raises:
            ValueError: the name is taken.
        """
        made = as_tool(function)
        made = made if policy is None else with_policy(made, policy)
        if made.name in self._tools:
            raise ValueError(f"two tools have the name {made.name!r}")
        as_tools([made])
        self._tools[made.name] = made
        return made

    def tool(
        self,
        *,
        read_only: bool = False,
        idempotent: bool = False,
        timeout: float | None = None,
        approval: bool | None = None,
    ) -> Callable[[Callable[..., Any]], BaseTool]:
        """A decorator as `tool`, which adds the tool as well."""
        make = tool(read_only=read_only, idempotent=idempotent, timeout=timeout, approval=approval)
        return lambda function: self.add(make(function))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tools."""
        return tuple(self._tools)

    def schemas(self) -> list[dict[str, Any]]:
        """What a model is told of the tools, in OpenAI's form."""
        return [convert_to_openai_tool(one) for one in self._tools.values()]

    def __getitem__(self, name: str) -> BaseTool:
        return self._tools[name]

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[BaseTool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)
