"""Grounding: retrieval as a tool call that has already been made when the model's turn begins."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain.agents.middleware.types import (
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables.config import run_in_executor
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from langgraph.types import Command

from ..evidence import Evidence, PassageSource
from ..facts import FactSource
from ..notation import SEARCH_TOOL, fact_evidence
from ..questions.answerability import DEFAULT_THRESHOLDS, score_answerability
from ..questions.question import Question
from .conversation import MAX_QUESTION_CHARACTERS, SearchResult, message_text
from .model_turn import (
    GroundingOptions,
    GroundingState,
    ModelTurn,
    declined_message,
)
from .tool_guard import bounded, failed, held_call, may_change

_SEARCH_DEPTH = 10
_FURTHER_FACTS = 20


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
        question = Question(message_text(message)[:MAX_QUESTION_CHARACTERS])
        found = self.source.search(
            question.text, k=_SEARCH_DEPTH, mode=self.options.mode, labels=self.options.labels
        )
        found = found + self._further_facts(question.text, found)
        judged = score_answerability(question, found)
        threshold = (self.options.thresholds or DEFAULT_THRESHOLDS)[question.language]
        sufficient = bool(found) and judged.score >= threshold
        artifact: SearchResult = {
            "evidence": [piece.to_dict() for piece in self._shown(found)],
            "sufficient": sufficient,
            "score": round(judged.score, 4),
            "threshold": threshold,
            "missing": list(judged.missing),
        }
        # Ids that follow from the question's, so that a retry replaces instead of repeating.
        call_id = f"search-{message.id}"
        call = {"name": SEARCH_TOOL, "args": {"query": question.text}, "id": call_id}
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
        return {
            "messages": [*messages, declined_message(question.text, artifact)],
            "jump_to": "end",
        }

    def _further_facts(self, question: str, found: Sequence[Evidence]) -> list[Evidence]:
        """Facts of a separate fact source; a base of its own gives its facts with the passages."""
        if self.facts is None or id(self.facts) == id(self.source):
            return []
        known = {piece.id for piece in found}
        seen = {} if self.options.labels is None else {"labels": self.options.labels}
        links = self.facts.link(question, **seen)
        facts = [fact for link in links for fact in self.facts.facts(link.entity.id, **seen)]
        unique = {fact.id: fact for fact in facts if fact.id not in known}
        listed = list(unique.values())[:_FURTHER_FACTS]
        return [fact_evidence(fact, score=0.5, why="linked entity") for fact in listed]

    def _shown(self, found: Sequence[Evidence]) -> list[Evidence]:
        passages = [piece for piece in found if piece.kind == "passage"][: self.options.k]
        return passages + [piece for piece in found if piece.kind == "fact"]

    def _search_tool(self) -> BaseTool:
        def search_knowledge(query: str) -> tuple[str, SearchResult]:
            if not query.strip():
                return "the query is empty", {"evidence": [], "sufficient": False}
            found = self.source.search(
                query[:MAX_QUESTION_CHARACTERS],
                k=self.options.k,
                mode=self.options.mode,
                labels=self.options.labels,
            )
            shown = [piece.to_dict() for piece in found]
            artifact: SearchResult = {"evidence": shown, "sufficient": bool(found)}
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
        turn = ModelTurn(self.options, request)
        while turn.goes_on:
            turn.take(handler(turn.request()))
        return turn.response()

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ExtendedModelResponse[Any]:
        """The same for asyncio."""
        turn = ModelTurn(self.options, request)
        while turn.goes_on:
            turn.take(await handler(turn.request()))
        return turn.response()

    # --- tools --------------------------------------------------------------------------------

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Hold what nobody asked for; what a tool raises goes back to the model, bounded."""
        if self._is_held(request):
            return held_call(request.tool_call)
        try:
            return bounded(handler(request))
        except GraphBubbleUp:
            raise
        except Exception as error:  # a tool may raise anything, and the turn must go on
            return failed(request, error)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """The same for asyncio."""
        if self._is_held(request):
            return held_call(request.tool_call)
        try:
            return bounded(await handler(request))
        except GraphBubbleUp:
            raise
        except Exception as error:  # a tool may raise anything, and the turn must go on
            return failed(request, error)

    def _is_held(self, request: ToolCallRequest) -> bool:
        return self.options.holds_changing_tools and may_change(request)


def _open_question(messages: Sequence[AnyMessage]) -> HumanMessage | None:
    last = messages[-1] if messages else None
    return last if isinstance(last, HumanMessage) and message_text(last).strip() else None


def _summary(artifact: SearchResult) -> str:
    return f"{len(artifact.get('evidence', []))} pieces of evidence"
