"""Grounding: retrieval as a tool call that has already been made when the model's turn begins."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, cast

from langchain.agents.middleware import AgentMiddleware, AgentState, hook_config
from langchain.agents.middleware.types import (
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
    OmitFromInput,
    ToolCallRequest,
)
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables.config import run_in_executor
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from langgraph.types import Command

from ..evidence import (
    Evidence,
    PassageSource,
    SearchMode,
    decline_text,
    format_evidence,
    format_question,
)
from ..facts import FactSource
from ..text import Language, language
from .answerability import DEFAULT_THRESHOLDS, score_answerability
from .conversation import (
    REASON_KEY,
    SEARCH_TOOL,
    current_turn,
    evidence_of,
    healed,
    message_text,
    number_evidence,
)

GroundingStyle = Literal["tool_call", "template"]

MAX_QUESTION_CHARACTERS = 4_000
_SEARCH_DEPTH = 10
_MAX_EVIDENCE_CHARACTERS = 24_000
_MAX_RESULT_CHARACTERS = 20_000
_REPAIRS = 2

_INSUFFICIENT = {
    "zh": "没有找到足以回答这个问题的资料。",
    "en": "No evidence was found that is sufficient to answer this question.",
}
_STEP_LIMIT = {
    "zh": "已达到 {steps} 步的上限，仍未得出答案。",
    "en": "The limit of {steps} steps was reached without an answer.",
}


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
    max_steps: int = 8
    labels: tuple[str, ...] | None = None


class GroundingMiddleware(AgentMiddleware[GroundingState, Any]):
    """Retrieves before the model's turn, numbers evidence, declines, repairs bad tool calls.

    One class, because every further one costs a step of the graph; it works with any LangChain chat
    model. Evidence travels as plain JSON in the artifact of a ToolMessage.
    """

    state_schema = GroundingState

    def __init__(
        self,
        source: PassageSource,
        options: GroundingOptions,
        *,
        facts: FactSource | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.facts = facts
        self.options = options
        self.tools: Sequence[BaseTool] = [self._search_tool()]

    # --- retrieval ----------------------------------------------------------------------------

    @hook_config(can_jump_to=["end"])
    def before_agent(self, state: GroundingState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Search for the newest question; decline where nothing speaks for an answer."""
        question = _open_question(state["messages"])
        return None if question is None else self._ground(question)

    @hook_config(can_jump_to=["end"])
    async def abefore_agent(
        self, state: GroundingState, runtime: Runtime[Any]
    ) -> dict[str, Any] | None:
        """The same for asyncio."""
        question = _open_question(state["messages"])
        return None if question is None else await run_in_executor(None, self._ground, question)

    def _ground(self, message: HumanMessage) -> dict[str, Any]:
        question = message_text(message)[:MAX_QUESTION_CHARACTERS]
        lingo = language(question)
        found = self.source.search(
            question, k=_SEARCH_DEPTH, mode=self.options.mode, labels=self.options.labels
        )
        found = found + self._further_facts(question, found)
        judged = score_answerability(question, found)
        threshold = (self.options.thresholds or DEFAULT_THRESHOLDS)[lingo]
        sufficient = bool(found) and judged.score >= threshold
        artifact = {
            "evidence": [piece.to_dict() for piece in self._shown(found)],
            "sufficient": sufficient,
            "score": round(judged.score, 4),
            "threshold": threshold,
            "missing": list(judged.missing),
        }
        # Ids that follow from the question's, so that a retry replaces instead of repeating.
        call_id = f"search-{message.id}"
        call = {"name": SEARCH_TOOL, "args": {"query": question}, "id": call_id}
        messages: list[AnyMessage] = [
            AIMessage("", id=f"{message.id}-search", tool_calls=[call]),
            ToolMessage(
                _summary(artifact),
                id=f"{message.id}-evidence",
                name=SEARCH_TOOL,
                tool_call_id=call_id,
                artifact=artifact,
            ),
        ]
        if sufficient or self.options.has_tools:
            return {"messages": messages}
        return {"messages": [*messages, _declined(question, artifact)], "jump_to": "end"}

    def _further_facts(self, question: str, found: Sequence[Evidence]) -> list[Evidence]:
        """Facts of a separate fact source; a base of its own gives its facts with the passages."""
        if self.facts is None or self.facts is self.source:
            return []
        from ..facts import format_fact

        known = {piece.id for piece in found}
        facts = [f for link in self.facts.link(question) for f in self.facts.facts(link.entity.id)]
        unique = {fact.id: fact for fact in facts if fact.id not in known}
        return [
            Evidence(
                fact.id,
                "fact",
                format_fact(fact.subject, fact.predicate, fact.object),
                0.5,
                "linked entity",
                fact.sources,
            )
            for fact in list(unique.values())[:20]
        ]

    def _shown(self, found: Sequence[Evidence]) -> list[Evidence]:
        passages = [piece for piece in found if piece.kind == "passage"][: self.options.k]
        return passages + [piece for piece in found if piece.kind == "fact"]

    def _search_tool(self) -> BaseTool:
        def search_knowledge(query: str) -> tuple[str, dict[str, Any]]:
            if not query.strip():
                return "the query is empty", {"evidence": [], "sufficient": False}
            found = self.source.search(
                query[:MAX_QUESTION_CHARACTERS],
                k=self.options.k,
                mode=self.options.mode,
                labels=self.options.labels,
            )
            shown = [piece.to_dict() for piece in found]
            artifact = {"evidence": shown, "sufficient": bool(found)}
            return _summary(artifact), artifact

        return StructuredTool.from_function(
            search_knowledge,
            name=SEARCH_TOOL,
            description=(
                "Search the knowledge base for passages and facts. 在知识库中检索段落和事实。"
            ),
            response_format="content_and_artifact",
        )

    # --- the model's turn ---------------------------------------------------------------------

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ExtendedModelResponse[Any]:
        """Show numbered evidence, repair malformed calls, and decline where evidence is thin."""
        turn = _ModelTurn(self.options, request)
        while turn.goes_on:
            turn.take(handler(turn.request()))
        return turn.response()

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ExtendedModelResponse[Any]:
        """The same for asyncio."""
        turn = _ModelTurn(self.options, request)
        while turn.goes_on:
            turn.take(await handler(turn.request()))
        return turn.response()

    # --- tools --------------------------------------------------------------------------------

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Whatever a tool raises goes back to the model; its output is bounded."""
        try:
            return _bounded(handler(request))
        except GraphBubbleUp:
            raise
        except Exception as error:  # a tool may raise anything, and the turn must go on
            return _failed(request, error)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """The same for asyncio."""
        try:
            return _bounded(await handler(request))
        except GraphBubbleUp:
            raise
        except Exception as error:  # a tool may raise anything, and the turn must go on
            return _failed(request, error)


class _ModelTurn:
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

    @property
    def goes_on(self) -> bool:
        return self._done is None

    def request(self) -> ModelRequest[Any]:
        return self._request.override(messages=[*self._view, *self._result])

    def take(self, response: ModelResponse[Any]) -> None:
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
            last = _declined(self._question(), artifact, last)
        self._finish(last)

    def response(self) -> ExtendedModelResponse[Any]:
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
            if isinstance(message, ToolMessage) and isinstance(message.artifact, dict):
                return cast("Mapping[str, Any]", message.artifact)
        return {}

    def _used_tools(self) -> bool:
        """Whether a tool, or a further search, gave the model something to answer from."""
        results = [m for m in self._turn if isinstance(m, ToolMessage) and m.status != "error"]
        return len(results) > 1

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
                message = message.model_copy(update={"content": text})
            kept.append(message)
        return kept


def _open_question(messages: Sequence[AnyMessage]) -> HumanMessage | None:
    last = messages[-1] if messages else None
    return last if isinstance(last, HumanMessage) and message_text(last).strip() else None


def _summary(artifact: Mapping[str, Any]) -> str:
    return f"{len(artifact['evidence'])} pieces of evidence"


def _with_reason(message: AIMessage, code: str) -> AIMessage:
    metadata = {**message.response_metadata, REASON_KEY: code}
    return message.model_copy(update={"response_metadata": metadata})


def _declined(
    question: str, artifact: Mapping[str, Any], message: AIMessage | None = None
) -> AIMessage:
    lingo = language(question)
    missing = cast("list[str]", artifact.get("missing") or [])
    said = ""
    if missing:
        said = (
            f"没有找到关于“{'、'.join(missing)}”的内容"
            if lingo == "zh"
            else f"nothing was found on {', '.join(missing)}"
        )
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


def _bounded(result: ToolMessage | Command[Any]) -> ToolMessage | Command[Any]:
    if isinstance(result, ToolMessage) and isinstance(result.content, str):
        length = len(result.content)
        if length > _MAX_RESULT_CHARACTERS:
            cut = result.content[:_MAX_RESULT_CHARACTERS]
            return result.model_copy(
                update={"content": f"{cut}\n(cut: {length} characters in all)"}
            )
    return result


def _failed(request: ToolCallRequest, error: Exception) -> ToolMessage:
    # The kind and message help the model; paths of this machine are none of its business.
    said = re.sub(r"(?:/[\w.\-]+){2,}", "<path>", str(error))[:500]
    return ToolMessage(
        f"The tool failed: {type(error).__name__}: {said}",
        tool_call_id=request.tool_call["id"] or "",
        name=request.tool_call["name"],
        status="error",
    )
