"""What stands before a tool call: held, checked against the schema, a person asked, then run."""

from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from ..notation import SEARCH_TOOL
from ..tools.dispatch import ToolDispatcher
from ..tools.registry import is_read_only
from ..tools.results import failed, refused
from .approval import approval_middleware
from .conversation import DECIDED_KEY, HELD_KEY
from .options import GroundingOptions
from .searching import stored_once

Observed = ToolMessage | Command[Any]


class ToolGuard:
    """The way of a call: held or not, checked, a person asked, then run by the dispatcher."""

    def __init__(self, dispatcher: ToolDispatcher, options: GroundingOptions) -> None:
        self._dispatcher = dispatcher
        self._holds = options.holds_changing_tools
        asked = [
            tool for name, tool in dispatcher.tools.items() if name not in options.asked_elsewhere
        ]
        self._approval = None if self._holds else approval_middleware(asked)

    def call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Observed]
    ) -> Observed:
        """Run a call, or say why it was not."""
        ready = self._ready(request)
        if isinstance(ready, ToolMessage):
            return ready

        ran: list[ToolCallRequest] = []

        def run(asked: ToolCallRequest) -> Observed:
            ran.append(asked)
            checked = asked if asked is ready else self._ready(asked)
            if isinstance(checked, ToolMessage) or checked.tool is None:
                return checked if isinstance(checked, ToolMessage) else handler(checked)
            return self._dispatcher.run(
                checked.tool_call, checked.tool, lambda: _apart(handler(checked))
            )

        if self._approval is None:
            return run(ready)
        result = self._approval.wrap_tool_call(ready, run)
        return result if ran else _decided(result)

    async def acall(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Observed]]
    ) -> Observed:
        """The same for asyncio."""
        ready = self._ready(request)
        if isinstance(ready, ToolMessage):
            return ready

        ran: list[ToolCallRequest] = []

        async def run(asked: ToolCallRequest) -> Observed:
            ran.append(asked)
            checked = asked if asked is ready else self._ready(asked)
            if isinstance(checked, ToolMessage) or checked.tool is None:
                return checked if isinstance(checked, ToolMessage) else await handler(checked)

            async def execute() -> Observed:
                return _apart(await handler(checked))

            return await self._dispatcher.arun(checked.tool_call, checked.tool, execute)

        if self._approval is None:
            return await run(ready)
        result = await self._approval.awrap_tool_call(ready, run)
        return result if ran else _decided(result)

    def _ready(self, request: ToolCallRequest) -> ToolCallRequest | ToolMessage:
        """The call as its tool takes it, or the observation that takes its place."""
        call, tool = request.tool_call, request.tool
        if tool is None:
            return request  # LangGraph says what there is
        if self._holds and call["name"] != SEARCH_TOOL and not is_read_only(tool):
            self._dispatcher.record(call, "held")
            return refused(call, "held: not run", marks={HELD_KEY: True})
        try:
            fitted = self._dispatcher.fitted(call, tool)
        except Exception as error:  # a tool whose schema cannot be read must not end the turn
            return failed(call, error)
        if isinstance(fitted, ToolMessage):
            return fitted
        return request if fitted["args"] == call["args"] else request.override(tool_call=fitted)


def _decided(result: Observed) -> Observed:
    """What a person said in place of the tool, marked as that."""
    if not isinstance(result, ToolMessage):
        return result
    said = "rejected" if result.status == "error" else "answered"
    marks = {**result.additional_kwargs, DECIDED_KEY: said}
    return result.model_copy(update={"additional_kwargs": marks})


def _apart(result: Observed) -> Observed:
    """Of a search's result the evidence apart, as the conversation keeps it."""
    if isinstance(result, ToolMessage) and result.name == SEARCH_TOOL:
        return stored_once(result)
    return result
