"""Tools that a model can call: the user's own functions and a safe calculator."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .calculator import calculate, calculator_tool
    from .registry import as_tool, as_tools, is_read_only, tool

__all__ = ["as_tool", "as_tools", "calculate", "calculator_tool", "is_read_only", "tool"]

_HOMES = {
    "as_tool": "registry",
    "as_tools": "registry",
    "calculate": "calculator",
    "calculator_tool": "calculator",
    "is_read_only": "registry",
    "tool": "registry",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
