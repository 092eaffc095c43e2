"""What an agent was told of grounding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from langchain_core.language_models import BaseChatModel

from ..evidence import SearchMode
from ..notation import GroundingStyle
from ..text.scripts import Language

#: What becomes of sentences that no cited evidence carries: marked on the answer, or removed.
CitationPolicy = Literal["mark", "remove"]


@dataclass(frozen=True, slots=True)
class GroundingOptions:
    """How much is retrieved, how it is shown, and when an answer is declined.

    `hides_thin` keeps evidence below the threshold from the model, and has it decline; else it is
    shown with a hint. `summarizer` writes what is told of turns for which there is no room. Another
    middleware asks a person about calls of those `asked_elsewhere`.
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
    asked_elsewhere: frozenset[str] = frozenset()
    summarizer: BaseChatModel | None = None
