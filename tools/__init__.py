"""Tools that a model can call: the user's own functions and a safe calculator."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .calculator import calculate, calculator_tool
    from .registry import as_tool, as_tools, is_read_only, tool

__all__ = ["as_tool", "as_tools", "calculate", "calculator_tool", "is_read_only", "tool"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "calculator": "calculate calculator_tool",
        "registry": "as_tool as_tools is_read_only tool",
    },
)
