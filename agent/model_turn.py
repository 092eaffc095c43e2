"""One turn of the model: the evidence it is shown, its tries, and what is kept of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, cast

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
    decline_text,
    format_evidence,
    format_question,
    missing_text,
)
from ..text.scripts import Language, language
from .conversation import (
    HELD_KEY,
    REASON_KEY,
    current_turn,
    evidence_of,
    healed,
    is_held,
    message_text,
    number_evidence,
)

GroundingStyle = Literal["tool_call", "template"]

MAX_QUESTION_CHARACTERS = 4_000
_MAX_EVIDENCE_CHARACTERS = 24_000
_REPAIRS = 2

_INSUFFICIENT = {
    "zh": "没有找到足以回答这个问题的资料。",
    "en": "No evidence was found that is sufficient to answer this question.",
}
_STEP_LIMIT = {
    "zh": "已达到 {steps} 步的上限，仍未得出答案。",
    "en": "The limit of {steps} steps was reached without an answer.",
}


_HELD = {
    "zh": (
        "提议调用 {names}，但没有执行：它可能改变数据，而提议它的引擎不带权重或太小，不足以信任。"
        "若要允许，请用 build_agent(..., allow_changing_tools=True)，"
        "或用 tool(read_only=True) 声明它只读。"
    ),
    "en": (
        "A call of {names} is proposed but was not run: it may change something, and an engine "
        "without weights, or of too few, proposed it. To allow such calls: build_agent(..., "
        "allow_changing_tools=True); a function that changes nothing is declared with "
        "tool(read_only=True)."
    ),
}


# A mark behind words, as in "It burned down.[3]"; the lists of JSON, as in {"ids": [3]}, stay.
_RESULT_MARK = re.compile(r"([\w。．.!！?？\"”’」』)）]\s?)\[(\d{1,9})\]")


def held_call(call: Mapping[str, Any]) -> ToolMessage:
    """The observation of a call that was held back."""
    return ToolMessage(
        "held: not run",
        tool_call_id=call["id"] or "",
        name=call["name"],
        status="error",
        additional_kwargs={HELD_KEY: True},
    )


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
        messages = list(request.messages)
        state = cast("GroundingState", request.state)
        self._turn = current_turn(messages)
        known = state.get("evidence_numbers", {})
        self._numbers = number_evidence(messages, known)
        self._is_new = self._numbers != known
        self._view = self._make_view(messages)
        self._result: list[Any] = []
        self._done: ModelResponse[Any] | None = None
        self._repairs = 0
        steps = sum(isinstance(message, AIMessage) for message in self._turn)
        if steps > options.max_steps:
            lingo = language(self._question())
            text = _STEP_LIMIT[lingo].format(steps=options.max_steps)
            self._finish(_with_reason(AIMessage(text), "step_limit"))
        elif any(is_held(message) for message in self._turn):
            names = [str(m.name) for m in self._turn if is_held(m)]
            text = _HELD[language(self._question())].format(names=", ".join(dict.fromkeys(names)))
            self._finish(AIMessage(text))

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
        artifact = self._artifact()
        if not last.tool_calls and not artifact.get("sufficient", True) and not self._used_tools():
            last = declined_message(self._question(), artifact, last)
        self._finish(last)

    def response(self) -> ExtendedModelResponse[Any]:
        """What goes into the conversation, and the numbers of new evidence."""
        done = self._done or ModelResponse(result=self._result)
        response = ModelResponse(result=self._result, structured_response=done.structured_response)
        update = {"evidence_numbers": self._numbers} if self._is_new else {}
        return ExtendedModelResponse(model_response=response, command=Command(update=update))

    def _finish(self, message: AIMessage) -> None:
        self._result.append(message)
        self._done = ModelResponse(result=self._result)

    def _question(self) -> str:
        return message_text(self._turn[0]) if self._turn else ""

    def _artifact(self) -> Mapping[str, Any]:
        for message in self._turn:
            artifact: object = message.artifact if isinstance(message, ToolMessage) else None
            if isinstance(artifact, dict):
                return cast("Mapping[str, Any]", artifact)
        return {}

    def _used_tools(self) -> bool:
        """Whether a tool or a further search ran in this turn; a failure is to be told as well."""
        understood = {
            call["id"]
            for message in self._turn
            if isinstance(message, AIMessage)
            for call in message.tool_calls
        }
        results = [m for m in self._turn if isinstance(m, ToolMessage)]
        return sum(one.tool_call_id in understood for one in results) > 1

    def _make_view(self, messages: Sequence[AnyMessage]) -> list[AnyMessage]:
        """The messages as the model sees them: evidence numbered, the oldest dropped for room."""
        room = _MAX_EVIDENCE_CHARACTERS
        view: list[AnyMessage] = []
        for message in reversed(healed(messages)):
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
            return _INSUFFICIENT[language(self._question())]
        pieces = evidence_of(message)
        return format_evidence((self._numbers[piece.id], piece) for piece in pieces)

    def _as_template(self, view: Sequence[AnyMessage]) -> list[AnyMessage]:
        """Question and evidence in one user turn, for a model that was not trained on tools."""
        pieces = [(self._numbers[p.id], p) for m in self._turn for p in evidence_of(m)]
        hidden = {f"search-{m.id}" for m in view if isinstance(m, HumanMessage)}
        kept: list[AnyMessage] = []
        for message in view:
            if isinstance(message, ToolMessage) and message.tool_call_id in hidden:
                continue
            if isinstance(message, AIMessage) and any(
                call["id"] in hidden for call in message.tool_calls
            ):
                continue
            if self._turn and message.id == self._turn[0].id:
                text = format_question(message_text(message), pieces)
                told = {**message.additional_kwargs, EVIDENCE_KEY: True}
                message = message.model_copy(update={"content": text, "additional_kwargs": told})
            kept.append(message)
        return kept


def _with_reason(message: AIMessage, code: str) -> AIMessage:
    metadata = {**message.response_metadata, REASON_KEY: code}
    return message.model_copy(update={"response_metadata": metadata})


def declined_message(
    question: str, artifact: Mapping[str, Any], message: AIMessage | None = None
) -> AIMessage:
    """The decline in the question's language, with what was missing, as a message."""
    lingo = language(question)
    said = missing_text(lingo, cast("list[str]", artifact.get("missing") or []))
    text = decline_text(lingo, said)
    code = "below_threshold" if artifact.get("evidence") else "no_evidence"
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
