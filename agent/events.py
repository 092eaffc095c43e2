"""What happens in a turn, told while it happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..evidence import Evidence
from .approval import PendingCall
from .transcript import Answer, ToolUse


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A search is over: what it found, by number, and how it was judged (`sufficient`)."""

    query: str
    numbered: Mapping[int, Evidence]
    sufficient: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A further piece of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model calls a function."""

    id: str
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A call has its observation."""

    id: str
    use: ToolUse


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """Calls wait for a person; `GroundedAgent.resume` goes on with the answer."""

    pending: tuple[PendingCall, ...]


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """A sentence of the reply is whole: the numbers it cites, and whether one of them carries it.

    `supported` is None where it claims nothing or cites nothing.
    """

    sentence: str
    numbers: tuple[int, ...]
    supported: bool | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The turn is over."""

    answer: Answer


Event = Retrieved | Text | ToolCalled | ToolReturned | ApprovalNeeded | SentenceChecked | Answered
