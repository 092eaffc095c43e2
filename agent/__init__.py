"""The agent: evidence before the model's turn, tools, checked citations, declining."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent import GroundedAgent, build_agent
    from .answer import Answer, Reason, ToolUse
    from .grounding import GroundingMiddleware
    from .model_turn import GroundingOptions
    from .sources import RetrieverSource

__all__ = [
    "Answer",
    "GroundedAgent",
    "GroundingMiddleware",
    "GroundingOptions",
    "Reason",
    "RetrieverSource",
    "ToolUse",
    "build_agent",
]

_HOMES = {
    "Answer": "answer",
    "GroundedAgent": "agent",
    "GroundingMiddleware": "grounding",
    "GroundingOptions": "model_turn",
    "Reason": "answer",
    "RetrieverSource": "sources",
    "ToolUse": "answer",
    "build_agent": "agent",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
