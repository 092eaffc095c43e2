"""Tools that a model can call: the user's own functions, and those that come with GroundGLM."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .arguments import ArgumentsError
    from .audit import AuditFile, CallRecord
    from .calculator import calculate, calculator_tool
    from .dispatch import DispatchLimits, ToolDispatcher
    from .registry import (
        ToolPolicy,
        ToolRegistry,
        as_tool,
        as_tools,
        is_read_only,
        policy_of,
        tool,
        tool_from_schema,
    )

__all__ = [
    "ArgumentsError",
    "AuditFile",
    "CallRecord",
    "DispatchLimits",
    "ToolDispatcher",
    "ToolPolicy",
    "ToolRegistry",
    "as_tool",
    "as_tools",
    "calculate",
    "calculator_tool",
    "is_read_only",
    "policy_of",
    "tool",
    "tool_from_schema",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "arguments": "ArgumentsError",
        "audit": "AuditFile CallRecord",
        "calculator": "calculate calculator_tool",
        "dispatch": "DispatchLimits ToolDispatcher",
        "registry": (
            "ToolPolicy ToolRegistry as_tool as_tools is_read_only policy_of tool tool_from_schema"
        ),
    },
)
