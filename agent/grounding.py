"""Grounding: retrieval as a tool call that has already been made when the model's turn begins."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, hook_config
from langchain.agents.middleware.types import (
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.runnables.config import RunnableConfig, run_in_executor
from langchain_core.tools import BaseTool
from langgraph.runtime import Runtime
from langgraph.types import Command

from ..evidence import PassageSource
from ..facts import FactSource
from ..tools.dispatch import ToolDispatcher
from .budget import ContextBudget, budget_of
from .call_labels import labels_of_call, seen_with
from .caller import caller_of_call, searched_first, waiting_question, with_caller
from .conversation import Conversation
from .follow_ups import meant_questions
from .interrupted import settled
from .memory import tell_failure
from .model_turn import ModelTurn
from .options import GroundingOptions
from .searching import grounded_turn, open_question, search_tool
from .state import GroundingState
from .timings import timed
from .tool_guard import ToolGuard

# What a summariser writes is not streamed as the reply.
_UNSEEN: RunnableConfig = {"tags": ["nostream"]}


class GroundingMiddleware(AgentMiddleware[GroundingState, Any]):
    """Retrieves before the model's turn, numbers evidence, declines, repairs bad tool calls.

    One class, because every further one costs a step of the graph; its behaviours are functions,
    a file each (`searching`, `view`, `repair`, `declining`, `limits`, `tool_guard`). It takes any
    LangChain chat model. Evidence travels as plain JSON in the artifact of a ToolMessage.

    Args:
        source: Where passages and facts are found.
        options: How much is retrieved, how it is shown, when an answer is declined.
        facts: A separate source of facts.
        dispatcher: What runs tools, with its limits and its audit; a person is asked about calls
            of its tools only. None makes one for `tools`.
        tools: The tools of the agent.
    """

    state_schema = GroundingState

    def __init__(
        self,
        source: PassageSource,
        options: GroundingOptions,
        *,
        facts: FactSource | None = None,
        dispatcher: ToolDispatcher | None = None,
        tools: Sequence[BaseTool] = (),
    ) -> None:
        super().__init__()
        self.source = source
        self.facts = facts
        self.options = options
        self._dispatcher = dispatcher or ToolDispatcher(tools)
        self._guard = ToolGuard(self._dispatcher, options)
        self._known: tuple[BaseChatModel, ContextBudget] | None = None
        self.tools: Sequence[BaseTool] = (
            [search_tool(source, options)] if options.takes_tools else []
        )

    # --- retrieval ----------------------------------------------------------------------------

    @hook_config(can_jump_to=["end"])
    def before_agent(self, state: GroundingState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Search for the newest question; decline where nothing speaks for an answer."""
        return self._begin(state)

    @hook_config(can_jump_to=["end"])
    async def abefore_agent(
        self, state: GroundingState, runtime: Runtime[Any]
    ) -> dict[str, Any] | None:
        """The same for asyncio."""
        return await run_in_executor(None, self._begin, state)

    def _begin(self, state: GroundingState) -> dict[str, Any] | None:
        question = open_question(state["messages"])
        told = {} if question is None else self._ground(question, state)
        going_on = waiting_question(state["messages"], caller_of_call())
        if going_on is not None:
            told = self._ground(going_on, state)
            found = told.get("messages", [])
            told["messages"] = searched_first(state["messages"], going_on, found)
            return told
        if state.get("structured_response") is not None:  # that of the turn before
            told["structured_response"] = None
        tools = self._dispatcher.tools
        whole = settled(state["messages"], state.get("evidence", {}), tools)
        if whole is not None:  # the turn before ended in the middle
            told["messages"] = [*whole, *told.get("messages", [])]
        return told or None

    def _ground(self, message: HumanMessage, state: GroundingState) -> dict[str, Any]:
        with timed("retrieval"):
            return self._searched(message, state)

    def _searched(self, message: HumanMessage, state: GroundingState) -> dict[str, Any]:
        talk = Conversation.read(state["messages"], state.get("evidence", {}))
        labels = labels_of_call(self.options.labels)
        caller = caller_of_call()
        has_tools = self.options.has_tools or bool(caller and caller.tools)
        options = replace(self.options, labels=labels, has_tools=has_tools)
        told = grounded_turn(message, meant_questions(talk), self.source, options, self.facts)
        return {**told, "seen_with": seen_with(labels)}

    # --- the model's turn ---------------------------------------------------------------------

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any] | ExtendedModelResponse[Any]:
        """Show numbered evidence, repair malformed calls, and decline where evidence is thin."""
        caller = caller_of_call()
        asked = with_caller(request, caller)
        turn = ModelTurn(self.options, asked, self._budget(request.model), caller)
        due, summarizer = turn.summary_request(), self.options.summarizer
        if due is not None and summarizer is not None:
            try:
                turn.take_summary(summarizer.invoke(due, _UNSEEN))
            except Exception as error:  # a model may raise anything, and the turn must go on
                tell_failure(error)
        while turn.goes_on:
            with timed("model"):
                reply = handler(turn.request())
            turn.take(reply)
        return turn.response()

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any] | ExtendedModelResponse[Any]:
        """The same for asyncio."""
        caller = caller_of_call()
        asked = with_caller(request, caller)
        turn = ModelTurn(self.options, asked, self._budget(request.model), caller)
        due, summarizer = turn.summary_request(), self.options.summarizer
        if due is not None and summarizer is not None:
            try:
                turn.take_summary(await summarizer.ainvoke(due, _UNSEEN))
            except Exception as error:  # as above
                tell_failure(error)
        while turn.goes_on:
            with timed("model"):
                reply = await handler(turn.request())
            turn.take(reply)
        return turn.response()

    # --- tools --------------------------------------------------------------------------------

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Hold, check, ask a person, run: whatever a tool does, its call gets an observation."""
        with timed("tools"):
            return self._guard.call(request, handler)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """The same for asyncio."""
        with timed("tools"):
            return await self._guard.acall(request, handler)

    def _budget(self, model: BaseChatModel) -> ContextBudget:
        if self._known is None or self._known[0] is not model:
            self._known = (model, budget_of(model))
        return self._known[1]
