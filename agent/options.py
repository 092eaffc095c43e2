"""What an agent was told of grounding, and what its conversation keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired

from langchain.agents.middleware import AgentState
from langchain.agents.middleware.types import OmitFromInput

from ..evidence import SearchMode
from ..notation import GroundingStyle
from ..text.scripts import Language

#: What becomes of sentences that no cited evidence carries: marked on the answer, or removed.
CitationPolicy = Literal["mark", "remove"]


def _merge(old: dict[str, int], new: dict[str, int]) -> dict[str, int]:
    return {**new, **old}


class GroundingState(AgentState[Any]):
    """The conversation and the number that each piece of evidence bears in it."""

    # Who may see what the conversation was shown: the labels of its last turn.
    seen_with: NotRequired[Annotated[list[str], OmitFromInput]]
    # The reducer must come last, or langgraph loses it.
    evidence_numbers: NotRequired[Annotated[dict[str, int], OmitFromInput, _merge]]


@dataclass(frozen=True, slots=True)
class GroundingOptions:
    """How much is retrieved, how it is shown, and when an answer is declined.

    `hides_thin` keeps evidence below the threshold from the model, and has it decline; else it is
    shown with a hint.
    """

    k: int = 5
    mode: SearchMode = "graph"
    thresholds: Mapping[Language, float] | None = None
    style: GroundingStyle = "tool_call"
    has_tools: bool = False
    holds_changing_tools: bool = False
    max_steps: int = 8
    labels: tuple[str, ...] | None = None
    takes_tools: bool = True
    hides_thin: bool = True
    citations: CitationPolicy = "mark"
