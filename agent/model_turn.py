"""One turn of the model: the evidence it is shown, its tries, and what is kept of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, cast

from langchain.agents.middleware import AgentState
from langchain.agents.middleware.types import (
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
    OmitFromInput,
)
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.types import Command

from ..evidence import SearchMode
from ..notation import (
    EVIDENCE_KEY,
    SEARCH_TOOL,
    GroundingStyle,
    decline_text,
    format_evidence,
    format_question,
    missing_text,
)
from ..text.scripts import Language, language
from .conversation import (
    MAX_QUESTION_CHARACTERS,
    REASON_KEY,
    Conversation,
    SearchResult,
    evidence_of,
    healed,
    is_held,
    message_text,
)
from .wording import HELD, INSUFFICIENT, STEP_LIMIT

_MAX_EVIDENCE_CHARACTERS = 24_000
_REPAIRS = 2

# A mark behind words, as in "It burned down.[3]"; the lists of JSON, as in {"ids": [3]}, stay.
_RESULT_MARK = re.compile(r"([\w。．.!！?？\"”’」』)）]\s?)\[(\d{1,9})\]")


def _merge(old: dict[str, int], new: dict[str, int]) -> dict[str, int]:
    return {**new, **old}


class GroundingState(AgentState[Any]):
    """The conversation and the number that each piece of evidence bears in it."""

    # The reducer must come last, or langgraph loses it.
    evidence_numbers: NotRequired[Annotated[dict[str, int], OmitFromInput, _merge]]


@dataclass(frozen=True, slots=True)
class GroundingOptions:
    """How much is retrieved, how it is shown, and when an answer is declined."""

    k: int = 5
    mode: SearchMode = "graph"
    thresholds: Mapping[Language, float] | None = None
    style: GroundingStyle = "tool_call"
    has_tools: bool = False
    holds_changing_tools: bool = False
    max_steps: int = 8
    labels: tuple[str, ...] | None = None


class ModelTurn:
    """One turn of the model: the view it gets, its tries, and what is kept of them."""

    def __init__(self, options: GroundingOptions, request: ModelRequest[Any]) -> None:
        self._options = options
        self._request = request
        known = cast("GroundingState", request.state).get("evidence_numbers", {})
        self._talk = Conversation.read(list(request.messages), known)
        self._is_new = self._talk.numbers != known
        self._language: Language = language(self._talk.question)
        self._view = self._make_view()
        self._result: list[Any] = []
        self._done: ModelResponse[Any] | None = None
        self._repairs = 0
        turn = self._talk.turn
        steps = sum(isinstance(message, AIMessage) for message in turn)
        if steps > options.max_steps:
            text = STEP_LIMIT[self._language].format(steps=options.max_steps)
            self._finish(_with_reason(AIMessage(text), "step_limit"))
        elif any(is_held(message) for message in turn):
            names = dict.fromkeys(str(message.name) for message in turn if is_held(message))
            self._finish(AIMessage(HELD[self._language].format(names=", ".join(names))))

    @property
    def goes_on(self) -> bool:
        """Whether the model must be called (again)."""
        return self._done is None

    def request(self) -> ModelRequest[Any]:
        """What the model is asked, earlier tries of this turn included."""
        return self._request.override(messages=[*self._view, *self._result])

    def take(self, response: ModelResponse[Any]) -> None:
        """Keep a reply, or have a malformed call written again."""
        last = response.result[-1] if response.result else None
        if not isinstance(last, AIMessage):
            self._result += response.result
            self._done = response
            return
        bad = last.invalid_tool_calls
        if bad and not last.tool_calls and self._repairs < _REPAIRS:
            self._repairs += 1
            self._result += [last, *_explained(last)]
            return
        found = self._talk.search
        if not last.tool_calls and not found.get("sufficient", True) and not self._used_tools():
            last = declined_message(self._talk.question, found, last)
        self._finish(last)

    def response(self) -> ExtendedModelResponse[Any]:
        """What goes into the conversation, and the numbers of new evidence."""
        done = self._done or ModelResponse(result=self._result)
        response = ModelResponse(result=self._result, structured_response=done.structured_response)
        update = {"evidence_numbers": dict(self._talk.numbers)} if self._is_new else {}
        return ExtendedModelResponse(model_response=response, command=Command(update=update))

    def _finish(self, message: AIMessage) -> None:
        self._result.append(message)
        self._done = ModelResponse(result=self._result)

    def _used_tools(self) -> bool:
        """Whether a tool or a further search ran in this turn; a failure is to be told as well."""
        understood = {
            call["id"]
            for message in self._talk.turn
            if isinstance(message, AIMessage)
            for call in message.tool_calls
        }
        results = [m for m in self._talk.turn if isinstance(m, ToolMessage)]
        return sum(one.tool_call_id in understood for one in results) > 1

    def _make_view(self) -> list[AnyMessage]:
        """The messages as the model sees them: evidence numbered, the oldest dropped for room."""
        room = _MAX_EVIDENCE_CHARACTERS
        view: list[AnyMessage] = []
        for message in reversed(healed(self._talk.messages)):
            if isinstance(message, ToolMessage) and message.name == SEARCH_TOOL:
                text = self._evidence_text(message)
                if len(text) > room and room < _MAX_EVIDENCE_CHARACTERS:
                    text = "(earlier evidence left out)"
                room -= len(text)
                message = message.model_copy(update={"content": text, "artifact": None})
            elif isinstance(message, ToolMessage) and isinstance(message.content, str):
                text = _RESULT_MARK.sub(r"\1［\2］", message.content)
                message = message.model_copy(update={"content": text})
            elif isinstance(message, HumanMessage):
                text = message_text(message)
                if len(text) > MAX_QUESTION_CHARACTERS:
                    cut = text[:MAX_QUESTION_CHARACTERS]
                    message = message.model_copy(update={"content": cut})
            view.append(message)
        view.reverse()
        return self._as_template(view) if self._options.style == "template" else view

    def _evidence_text(self, message: ToolMessage) -> str:
        artifact = cast("Mapping[str, Any]", message.artifact or {})
        if not artifact.get("sufficient", True):
            return INSUFFICIENT[self._language]
        pieces = evidence_of(message)
        return format_evidence((self._talk.numbers[piece.id], piece) for piece in pieces)

    def _as_template(self, view: Sequence[AnyMessage]) -> list[AnyMessage]:
        """Question and evidence in one user turn, for a model that was not trained on tools."""
        pieces = [(self._talk.numbers[p.id], p) for m in self._talk.turn for p in evidence_of(m)]
        hidden = {f"search-{m.id}" for m in view if isinstance(m, HumanMessage)}
        kept: list[AnyMessage] = []
        for message in view:
            if isinstance(message, ToolMessage) and message.tool_call_id in hidden:
                continue
            if isinstance(message, AIMessage) and any(
                call["id"] in hidden for call in message.tool_calls
            ):
                continue
            if self._talk.turn and message.id == self._talk.turn[0].id:
                text = format_question(message_text(message), pieces)
                told = {**message.additional_kwargs, EVIDENCE_KEY: True}
                message = message.model_copy(update={"content": text, "additional_kwargs": told})
            kept.append(message)
        return kept


def _with_reason(message: AIMessage, code: str) -> AIMessage:
    metadata = {**message.response_metadata, REASON_KEY: code}
    return message.model_copy(update={"response_metadata": metadata})


def declined_message(
    question: str, found: SearchResult, message: AIMessage | None = None
) -> AIMessage:
    """The decline in the question's language, with what was missing, as a message."""
    lang = language(question)
    text = decline_text(lang, missing_text(lang, found.get("missing", [])))
    code = "below_threshold" if found.get("evidence") else "no_evidence"
    declined = message.model_copy(update={"content": text}) if message else AIMessage(text)
    return _with_reason(declined, code)


def _explained(message: AIMessage) -> list[ToolMessage]:
    return [
        ToolMessage(
            f"The call was not understood: {call['error']}. Write it again.",
            tool_call_id=call["id"] or f"invalid-{index}",
            name=call["name"] or "unknown",
            status="error",
        )
        for index, call in enumerate(message.invalid_tool_calls)
    ]
