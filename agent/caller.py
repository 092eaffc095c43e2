"""What the caller of one turn brings: a conversation of its own, functions that it runs itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from langchain.agents.middleware.types import ModelRequest
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langgraph.config import get_config
from langgraph.graph.message import (  # pyright: ignore[reportMissingTypeStubs]
    REMOVE_ALL_MESSAGES,
)

from ..questions.question import Question
from .conversation import current_turn, message_text

CALLER_KEY = "groundglm_caller"
#: On a reply: calls that are the caller's to run.
HANDED_KEY = "groundglm_handed_over"


@dataclass(frozen=True, slots=True)
class Caller:
    """What the caller of one turn brings beside the question.

    For callers that keep their conversations themselves, as OpenAI's clients do: `before` are the
    messages before the question, `after` those behind it: calls of the caller's functions and their
    results. `tools` are OpenAI's descriptions of functions that the caller runs itself: calls of
    them end the turn and stand in `Answer.calls_for_caller`. `tool_choice` is LangChain's; where a
    call is forced, the agent's own tools are not offered, nor where `own_tools` is off. `system`
    goes behind the agent's own instructions. `settings` go to the model: `temperature`,
    `max_tokens`, `stop`, `response_format` and so on.
    """

    before: Sequence[AnyMessage] = ()
    after: Sequence[AnyMessage] = ()
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: str = "auto"
    system: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    own_tools: bool = True

    @property
    def names(self) -> frozenset[str]:
        """What the caller's functions are called."""
        return frozenset(str(tool["function"]["name"]) for tool in self.tools)


def caller_of_call() -> Caller | None:
    """Who called the turn that is running, if anybody said so."""
    try:
        told: object = get_config().get("configurable", {}).get(CALLER_KEY)
    except RuntimeError:  # outside of a graph
        return None
    return told if isinstance(told, Caller) else None


def with_caller(request: ModelRequest[Any], caller: Caller | None) -> ModelRequest[Any]:
    """The request to the model with what the caller brings.

    Raises:
        ValueError: a function of the caller's is called as a tool of the agent.
    """
    if caller is None:
        return request
    offered = [dict(tool) for tool in caller.tools] if caller.tool_choice != "none" else []
    own = list(request.tools)
    taken = {tool.name for tool in own if not isinstance(tool, dict)} & caller.names
    if taken:
        raise ValueError(f"the agent has a tool {min(taken)!r} of its own; rename the function")
    is_forced = bool(offered) and caller.tool_choice not in ("auto", "none")
    changed: dict[str, Any] = {
        "tools": offered if is_forced or not caller.own_tools else [*own, *offered],
        "model_settings": {**request.model_settings, **caller.settings},
    }
    if is_forced:
        changed["tool_choice"] = caller.tool_choice
    if caller.system:
        texts = filter(None, (request.system_prompt, caller.system))
        changed["system_message"] = SystemMessage("\n\n".join(texts))
    return request.override(**changed)


def handed_over(message: AIMessage, caller: Caller | None) -> AIMessage:
    """A reply whose calls of the caller's functions wait for the caller, not for a tool.

    Beside calls of the agent's own tools they are left out: the model writes them again when it
    knows what those gave.
    """
    names = caller.names if caller is not None else frozenset[str]()
    theirs = [call for call in message.tool_calls if call["name"] in names]
    if not theirs:
        return message
    own = [call for call in message.tool_calls if call["name"] not in names]
    if own:
        return message.model_copy(update={"tool_calls": own})
    kept = {**message.additional_kwargs, HANDED_KEY: theirs}
    return message.model_copy(update={"tool_calls": [], "additional_kwargs": kept})


def calls_for_caller(message: AnyMessage) -> tuple[ToolCall, ...]:
    """The calls of a reply that are the caller's to run."""
    return tuple(cast("list[ToolCall]", message.additional_kwargs.get(HANDED_KEY, ())))


def waiting_question(messages: Sequence[AnyMessage], caller: Caller | None) -> HumanMessage | None:
    """The question of a turn that goes on with results of the caller's functions."""
    if caller is None or not caller.after or not isinstance(messages[-1], ToolMessage):
        return None
    turn = current_turn(messages)
    asked = turn[0] if turn else None
    if not isinstance(asked, HumanMessage):
        return None
    said = message_text(asked)
    return asked if said.strip() and Question(said).small_talk is None else None


def searched_first(
    messages: Sequence[AnyMessage], asked: HumanMessage, search: Sequence[AnyMessage]
) -> list[AnyMessage | RemoveMessage]:
    """The messages with a search behind their question, before what followed it."""
    place = max(index for index, one in enumerate(messages) if one.id == asked.id) + 1
    whole = [*messages[:place], *search, *messages[place:]]
    return [RemoveMessage(id=REMOVE_ALL_MESSAGES), *whole]
