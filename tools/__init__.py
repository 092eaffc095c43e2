"""Tools that a model can call: the user's own functions, and those that come with GroundGLM."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from ..loading.fetching import FetchLimits
    from .arguments import ArgumentsError
    from .audit import AuditFile, CallRecord
    from .calculator import calculate, calculator_tool
    from .clock import clock_tools
    from .dispatch import DispatchLimits, ToolDispatcher
    from .http_fetch import fetch, fetch_tool
    from .knowledge_tools import fact_tools, search_tool
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
    from .table_query import Tables, table_tool
    from .units import convert, unit_converter_tool

__all__ = [
    "ArgumentsError",
    "AuditFile",
    "CallRecord",
    "DispatchLimits",
    "FetchLimits",
    "Tables",
    "ToolDispatcher",
    "ToolPolicy",
    "ToolRegistry",
    "as_tool",
    "as_tools",
    "calculate",
    "calculator_tool",
    "clock_tools",
    "convert",
    "fact_tools",
    "fetch",
    "fetch_tool",
    "is_read_only",
    "policy_of",
    "search_tool",
    "table_tool",
    "tool",
    "tool_from_schema",
    "unit_converter_tool",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "arguments": "ArgumentsError",
        "audit": "AuditFile CallRecord",
        "calculator": "calculate calculator_tool",
        "clock": "clock_tools",
        "dispatch": "DispatchLimits ToolDispatcher",
        "http_fetch": "fetch fetch_tool",
        ".loading.fetching": "FetchLimits",
        "knowledge_tools": "fact_tools search_tool",
        "table_query": "Tables table_tool",
        "units": "convert unit_converter_tool",
        "registry": (
            "ToolPolicy ToolRegistry as_tool as_tools is_read_only policy_of tool tool_from_schema"
        ),
    },
)
