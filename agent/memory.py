"""Summaries of turns for which there is no room, written by a model, kept by the conversation."""

import logging
from collections.abc import Sequence
from typing import TypedDict

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, SystemMessage

from ..text.scripts import Language, language
from .budget import ContextBudget
from .conversation import message_text
from .wording import SUMMARIZE

_LOG = logging.getLogger(__name__)

#: So many turns are left out before they are summarised (again): each summary is a model's call.
TURNS_PER_SUMMARY = 4
_MOST_TOKENS = 600
_MOST_OF_A_TEXT = 1_500


class Summary(TypedDict):
    """What a conversation keeps of its first turns: a text, and how many turns it tells of."""

    text: str
    turns: int


def summary_request(
    left_out: Sequence[Sequence[AnyMessage]], known: Summary | None
) -> list[BaseMessage] | None:
    """What a model is asked for a summary of turns; None while too few are new.

    Only what was asked and answered goes in, with the numbers of evidence; retrieved text and the
    results of tools do not, so that nothing of theirs speaks from the summary.

    Args:
        left_out: The turns at the beginning for which there is no room.
        known: The summary so far.
    """
    told = known["turns"] if known is not None else 0
    new = left_out[told:]
    if len(new) < TURNS_PER_SUMMARY:
        return None
    lines = [line for turn in new for line in _said(turn)]
    lang: Language = language(lines[0]) if lines else "en"
    before = f"{known['text']}\n\n" if known is not None else ""
    return [SystemMessage(SUMMARIZE[lang]), HumanMessage(before + "\n".join(lines))]


def _said(turn: Sequence[AnyMessage]) -> list[str]:
    question = message_text(turn[0]) if isinstance(turn[0], HumanMessage) else ""
    replies = [m for m in turn if isinstance(m, AIMessage) and not m.tool_calls]
    answer = message_text(replies[-1]) if replies else ""
    return [f"- {question[:_MOST_OF_A_TEXT]}", f"  {answer[:_MOST_OF_A_TEXT]}"]


def made_summary(
    reply: BaseMessage, left_out: Sequence[Sequence[AnyMessage]], budget: ContextBudget
) -> Summary | None:
    """The summary that a model wrote, bounded; None where it wrote none."""
    text = budget.cut(message_text(reply).strip(), _MOST_TOKENS)
    return {"text": text, "turns": len(left_out)} if text else None


def tell_failure(error: Exception) -> None:
    """Log that no summary was made: the turn goes on without."""
    _LOG.warning("no summary of earlier turns was made: %s: %s", type(error).__name__, error)
