"""From a user's own typed functions to tools that a model can call."""

from collections.abc import Callable, Iterable
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.tools import tool as langchain_tool

from ..notation import SEARCH_TOOL
from .async_tools import usable_without_asyncio

RESERVED_NAMES = frozenset({SEARCH_TOOL})


def as_tool(function: BaseTool | Callable[..., Any]) -> BaseTool:
    """A function with type hints as a tool; its name and docstring tell the model what it does.

    A coroutine function works without asyncio as well.

    Raises:
        TypeError: it is neither a function nor a LangChain tool.
        ValueError: a function without a docstring, so that no model could know what it is for.
    """
    if isinstance(function, BaseTool):
        return usable_without_asyncio(function)
    if not callable(function):
        raise TypeError(f"a tool is a function or a LangChain tool, not {type(function).__name__}")
    if not (function.__doc__ or "").strip():
        name = getattr(function, "__name__", repr(function))
        raise ValueError(f"{name} needs a docstring: it tells the model what the function does")
    return usable_without_asyncio(langchain_tool(function))


def tool(*, read_only: bool = False) -> Callable[[Callable[..., Any]], BaseTool]:
    """A decorator that makes a tool of a function and says whether it changes anything.

    A tool counts as changing unless it is declared read-only; an agent on an engine without weights
    holds calls of changing tools. A LangChain tool says the same in `metadata={"read_only": True}`.

    >>> @tool(read_only=True)
    ... def get_weather(city: str) -> str:
    ...     "The weather of a city."
    ...     return "sunny"
    >>> is_read_only(get_weather)
    True
    """

    def make(function: Callable[..., Any]) -> BaseTool:
        made = as_tool(function)
        made.metadata = {**(made.metadata or {}), "read_only": read_only}
        return made

    return make


def is_read_only(one: BaseTool | None) -> bool:
    """Whether a tool is declared to change nothing; only a plain True counts."""
    return one is not None and (one.metadata or {}).get("read_only") is True


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
