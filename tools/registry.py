"""From a user's own typed functions to tools that a model can call."""

from collections.abc import Callable, Iterable
from typing import Any

from langchain_core.tools import BaseTool, tool

RESERVED_NAMES = frozenset({"search_knowledge"})


def as_tool(function: BaseTool | Callable[..., Any]) -> BaseTool:
    """A function with type hints as a tool; its name and docstring tell the model what it does.

    Raises:
        TypeError: it is neither a function nor a LangChain tool.
        ValueError: a function without a docstring, so that no model could know what it is for.
    """
    if isinstance(function, BaseTool):
        return function
    if not callable(function):
        raise TypeError(f"a tool is a function or a LangChain tool, not {type(function).__name__}")
    if not (function.__doc__ or "").strip():
        name = getattr(function, "__name__", repr(function))
        raise ValueError(f"{name} needs a docstring: it tells the model what the function does")
    return tool(function)


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
