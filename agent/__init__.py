"""The agent: evidence before the model's turn, tools, checked citations, declining."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .agent import GroundedAgent, build_agent
    from .grounding import GroundingMiddleware
    from .options import GroundingOptions
    from .sources import RetrieverSource
    from .transcript import Answer, Reason, ToolUse

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

__getattr__, __dir__ = front_door(
    __name__,
    {
        "agent": "GroundedAgent build_agent",
        "transcript": "Answer Reason ToolUse",
        "grounding": "GroundingMiddleware",
        "options": "GroundingOptions",
        "sources": "RetrieverSource",
    },
)
