"""Grounding: retrieval as a tool call that has already been made when the model's turn begins."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain.agents.middleware.types import (
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.runnables.config import run_in_executor
from langchain_core.tools import BaseTool
from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from langgraph.types import Command

from ..evidence import PassageSource
from ..facts import FactSource
from ..notation import SEARCH_TOOL
from .budget import ContextBudget, budget_of
from .call_labels import labels_of_call, seen_with
from .conversation import Conversation
from .follow_ups import meant_questions
from .model_turn import ModelTurn
from .options import GroundingOptions
from .searching import grounded_turn, open_question, search_tool, stored_once
from .state import GroundingState
from .tool_guard import bounded, failed, held_call, may_change


class GroundingMiddleware(AgentMiddleware[GroundingState, Any]):
    """Retrieves before the model's turn, numbers evidence, declines, repairs bad tool calls.

    One class, because every further one costs a step of the graph; its behaviours are functions,
    a file each (`searching`, `view`, `repair`, `declining`, `limits`, `tool_guard`). It takes any
    LangChain chat model. Evidence travels as plain JSON in the artifact of a ToolMessage.
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
        self._known: tuple[BaseChatModel, ContextBudget] | None = None
        self.tools: Sequence[BaseTool] = (
            [search_tool(source, options)] if options.takes_tools else []
        )

    # --- retrieval ----------------------------------------------------------------------------

    @hook_config(can_jump_to=["end"])
    def before_agent(self, state: GroundingState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Search for the newest question; decline where nothing speaks for an answer."""
        question = open_question(state["messages"])
        return None if question is None else self._ground(question, state)

    @hook_config(can_jump_to=["end"])
    async def abefore_agent(
        self, state: GroundingState, runtime: Runtime[Any]
    ) -> dict[str, Any] | None:
        """The same for asyncio."""
        question = open_question(state["messages"])
        return (
            None if question is None else await run_in_executor(None, self._ground, question, state)
        )

    def _ground(self, message: HumanMessage, state: GroundingState) -> dict[str, Any]:
        talk = Conversation.read(state["messages"], state.get("evidence", {}))
        labels = labels_of_call(self.options.labels)
        options = replace(self.options, labels=labels)
        told = grounded_turn(message, meant_questions(talk), self.source, options, self.facts)
        return {**told, "seen_with": seen_with(labels)}

    # --- the model's turn ---------------------------------------------------------------------

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Show numbered evidence, repair malformed calls, and decline where evidence is thin."""
        turn = ModelTurn(self.options, request, self._budget(request.model))
        while turn.goes_on:
            turn.take(handler(turn.request()))
        return turn.response()

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """The same for asyncio."""
        turn = ModelTurn(self.options, request, self._budget(request.model))
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
            return self._told(handler(request))
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
            return self._told(await handler(request))
        except GraphBubbleUp:
            raise
        except Exception as error:  # a tool may raise anything, and the turn must go on
            return failed(request, error)

    def _told(self, result: ToolMessage | Command[Any]) -> ToolMessage | Command[Any]:
        """A result within bounds; of a search the evidence apart."""
        if isinstance(result, ToolMessage) and result.name == SEARCH_TOOL:
            return stored_once(result)
        return bounded(result)

    def _budget(self, model: BaseChatModel) -> ContextBudget:
        if self._known is None or self._known[0] is not model:
            self._known = (model, budget_of(model))
        return self._known[1]

    def _is_held(self, request: ToolCallRequest) -> bool:
        return self.options.holds_changing_tools and may_change(request)
