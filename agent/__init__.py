"""The agent: evidence before the model's turn, tools, checked citations, declining."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .agent import build_agent
    from .approval import PendingCall
    from .caller import Caller
    from .events import (
        Answered,
        ApprovalNeeded,
        Event,
        Retrieved,
        SentenceChecked,
        Text,
        ToolCalled,
        ToolReturned,
    )
    from .grounded_agent import GroundedAgent
    from .grounding import GroundingMiddleware
    from .options import GroundingOptions
    from .sources import RetrieverSource
    from .sqlite_memory import SqliteMemory
    from .transcript import Answer, Reason, ToolUse

__all__ = [
    "Answer",
    "Answered",
    "ApprovalNeeded",
    "Caller",
    "Event",
    "GroundedAgent",
    "GroundingMiddleware",
    "GroundingOptions",
    "PendingCall",
    "Reason",
    "Retrieved",
    "RetrieverSource",
    "SentenceChecked",
    "SqliteMemory",
    "Text",
    "ToolCalled",
    "ToolReturned",
    "ToolUse",
    "build_agent",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "agent": "build_agent",
        "approval": "PendingCall",
        "caller": "Caller",
        "events": (
            "Answered ApprovalNeeded Event Retrieved SentenceChecked Text ToolCalled ToolReturned"
        ),
        "grounded_agent": "GroundedAgent",
        "transcript": "Answer Reason ToolUse",
        "grounding": "GroundingMiddleware",
        "options": "GroundingOptions",
        "sources": "RetrieverSource",
        "sqlite_memory": "SqliteMemory",
    },
)
