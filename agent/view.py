"""What the model sees of a conversation: evidence numbered, the oldest dropped for room."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from ..notation import (
    CITATION_MARK,
    EVIDENCE_KEY,
    SEARCH_TOOL,
    GroundingStyle,
    format_evidence,
    format_question,
    without_marks,
)
from ..text.scripts import language
from .conversation import (
    MAX_QUESTION_CHARACTERS,
    Conversation,
    evidence_of,
    healed,
    message_text,
)
from .wording import INSUFFICIENT, THIN

_MAX_EVIDENCE_CHARACTERS = 24_000

# A mark behind words, as in "It burned down.[3]"; the lists of JSON, as in {"ids": [3]}, stay.
_RESULT_MARK = re.compile(rf"(?<=[\w。．.!！?？\"”’」』)）])\s?{CITATION_MARK.pattern}")


def model_view(talk: Conversation, style: GroundingStyle) -> list[AnyMessage]:
    """The messages of a conversation as the model sees them."""
    room = _MAX_EVIDENCE_CHARACTERS
    view: list[AnyMessage] = []
    for message in reversed(healed(talk.messages)):
        if isinstance(message, ToolMessage) and message.name == SEARCH_TOOL:
            text = _evidence_text(talk, message)
            if len(text) > room and room < _MAX_EVIDENCE_CHARACTERS:
                text = "(earlier evidence left out)"
            room -= len(text)
            message = message.model_copy(update={"content": text, "artifact": None})
        elif isinstance(message, ToolMessage) and isinstance(message.content, str):
            text = _RESULT_MARK.sub(lambda mark: without_marks(mark.group()), message.content)
            message = message.model_copy(update={"content": text})
        elif isinstance(message, HumanMessage):
            text = message_text(message)
            if len(text) > MAX_QUESTION_CHARACTERS:
                cut = text[:MAX_QUESTION_CHARACTERS]
                message = message.model_copy(update={"content": cut})
        view.append(message)
    view.reverse()
    return _as_template(talk, view) if style == "template" else view


def _evidence_text(talk: Conversation, message: ToolMessage) -> str:
    artifact = cast("Mapping[str, Any]", message.artifact or {})
    lang = language(talk.question)
    pieces = evidence_of(message)
    if artifact.get("hidden") or not pieces:
        return INSUFFICIENT[lang]
    text = format_evidence((talk.numbers[piece.id], piece) for piece in pieces)
    return text if artifact.get("sufficient", True) else f"{text}\n{THIN[lang]}"


def _as_template(talk: Conversation, view: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Question and evidence in one user turn, for a model that was not trained on tools."""
    is_thin, is_hidden = not talk.search.get("sufficient", True), talk.search.get("hidden", False)
    shown = [] if is_hidden else [piece for m in talk.turn for piece in evidence_of(m)]
    pieces = [(talk.numbers[piece.id], piece) for piece in shown]
    hint = THIN[language(talk.question)] if is_thin and shown else ""
    hidden = {f"search-{m.id}" for m in view if isinstance(m, HumanMessage)}
    kept: list[AnyMessage] = []
    for message in view:
        if isinstance(message, ToolMessage) and message.tool_call_id in hidden:
            continue
        if isinstance(message, AIMessage) and any(
            call["id"] in hidden for call in message.tool_calls
        ):
            continue
        if talk.turn and message.id == talk.turn[0].id:
            text = format_question(message_text(message), pieces, hint=hint)
            told = {**message.additional_kwargs, EVIDENCE_KEY: True}
            message = message.model_copy(update={"content": text, "additional_kwargs": told})
        kept.append(message)
    return kept
