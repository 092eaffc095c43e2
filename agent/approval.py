"""Approval: which calls a person is asked about, what waits for an answer, and the answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, cast

from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.agents.middleware.human_in_the_loop import InterruptOnConfig
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.types import Interrupt

from ..errors import ConversationError
from ..notation import SEARCH_TOOL
from ..text.scripts import language
from ..tools.arguments import ArgumentSchema
from ..tools.registry import policy_of
from .conversation import UNKNOWN_KEY, Conversation
from .taint import comes_from_outside
from .wording import ASK_WHY

#: Why a person is asked: the tool says so, the arguments come from outside, or the same call was
#: begun before and nobody knows whether it took effect.
AskReason = Literal["declared", "outside", "unknown_outcome"]
DecisionKind = Literal["approve", "edit", "reject", "respond"]
#: "approve", "reject", or LangChain's own form, such as {"type": "edit", "args": {...}} or
#: {"type": "reject", "message": "..."}.
Decision = str | Mapping[str, Any]

_KINDS: tuple[DecisionKind, ...] = ("approve", "edit", "reject", "respond")


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that waits for a person, or a tool's own question (`name` is empty then).

    `id` is what `resume` takes it by; `decisions` are the kinds of answer that it allows, none
    where any value will do.
    """

    id: str
    name: str
    args: Mapping[str, Any]
    description: str
    decisions: tuple[str, ...]
    interrupt_id: str
    is_batched: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "id": self.id,
            "name": self.name,
            "args": dict(self.args),
            "description": self.description,
            "decisions": list(self.decisions),
        }


def why_asked(tool: BaseTool, call: ToolCall, talk: Conversation) -> AskReason | None:
    """Why a person is asked before a call, if one is; the same for the same conversation.

    Args:
        tool: What is to be called.
        call: The call.
        talk: The conversation up to it.
    """
    policy = policy_of(tool)
    if policy.approval:
        return "declared"
    if policy.read_only:
        return None
    if not policy.idempotent and _has_unknown_outcome(call, talk.messages):
        return "unknown_outcome"
    if policy.approval is False:
        return None
    outside = comes_from_outside(tool, call["args"], talk.messages, talk.store)
    return "outside" if outside else None


def _has_unknown_outcome(call: ToolCall, messages: Sequence[AnyMessage]) -> bool:
    """Whether the same call was begun before, and nobody knows what came of it."""
    unknown = {
        message.tool_call_id
        for message in messages
        if isinstance(message, ToolMessage) and UNKNOWN_KEY in message.additional_kwargs
    }
    return any(
        one["id"] in unknown and (one["name"], one["args"]) == (call["name"], call["args"])
        for message in messages
        if isinstance(message, AIMessage)
        for one in message.tool_calls
    )


def approval_middleware(
    tools: Iterable[BaseTool],
) -> HumanInTheLoopMiddleware[Any, Any, Any] | None:
    """LangChain's middleware that asks a person, over those of the tools that may need it."""
    asked = [tool for tool in tools if _may_be_asked(tool)]
    if not asked:
        return None
    return HumanInTheLoopMiddleware(
        interrupt_on={
            tool.name: InterruptOnConfig(
                allowed_decisions=list(_KINDS),
                description=_Asking(tool).describe,
                when=_Asking(tool).when,
            )
            for tool in asked
        },
        interrupt_mode="per_call",
    )


def _may_be_asked(tool: BaseTool) -> bool:
    policy = policy_of(tool)
    return tool.name != SEARCH_TOOL and (policy.approval is True or not policy.read_only)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whether a person is asked about a call of a tool, and what is said then."""

    tool: BaseTool

    def when(self, request: ToolCallRequest) -> bool:
        """Whether a person is asked; the same when the turn is resumed."""
        return self._read(request.tool_call, request.state)[0] is not None

    def describe(self, tool_call: ToolCall, state: Any, runtime: Any) -> str:  # noqa: ANN401
        """What the person is told, in the language of the question."""
        why, talk = self._read(tool_call, state)
        said = ", ".join(f"{key}={value!r}" for key, value in tool_call["args"].items())
        told = ASK_WHY[language(talk.question)][why or "declared"]
        return told.format(call=f"{tool_call['name']}({said})")

    def _read(
        self, call: ToolCall, state: Mapping[str, Any]
    ) -> tuple[AskReason | None, Conversation]:
        messages = _before(call, state["messages"])
        talk = Conversation.read(messages, state.get("evidence", {}))
        return why_asked(self.tool, call, talk), talk


def _before(call: ToolCall, messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    """The messages up to the one that makes the call: what stood behind it must not decide."""
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if isinstance(message, AIMessage) and any(
            one["id"] == call["id"] for one in message.tool_calls
        ):
            return messages[:index]
    return messages


# --- what waits, and the answers ------------------------------------------------------------------


def pending_calls(interrupts: Iterable[Interrupt]) -> tuple[PendingCall, ...]:
    """What waits for a person: calls, in either mode of LangChain, and questions of tools."""
    found: list[PendingCall] = []
    for one in interrupts:
        value = cast("object", one.value)
        told = cast("dict[str, Any]", value) if isinstance(value, dict) else dict[str, Any]()
        if told.get("type") == "tool_approval":
            found.append(
                PendingCall(
                    str(told["tool_call_id"]),
                    str(told["name"]),
                    cast("Mapping[str, Any]", told["args"]),
                    str(told.get("description", "")),
                    _KINDS,
                    one.id,
                )
            )
        elif "action_requests" in told:
            found += _batched(one.id, told)
        else:
            found.append(PendingCall(one.id, "", {}, str(one.value), (), one.id))
    return tuple(found)


def in_order(
    pending: Sequence[PendingCall], messages: Sequence[AnyMessage]
) -> tuple[PendingCall, ...]:
    """What waits in the order in which the model wrote the calls; LangGraph gives it in any."""
    calls = [c["id"] for m in messages if isinstance(m, AIMessage) for c in m.tool_calls]
    places = {id_: place for place, id_ in enumerate(calls)}
    return tuple(sorted(pending, key=lambda one: places.get(one.id, len(places))))


def _batched(interrupt_id: str, told: Mapping[str, Any]) -> list[PendingCall]:
    requests = cast("list[Mapping[str, Any]]", told["action_requests"])
    reviews = cast("list[Mapping[str, Any]]", told.get("review_configs") or [])
    return [
        PendingCall(
            f"{interrupt_id}-{index}",
            str(request.get("name", "")),
            cast("Mapping[str, Any]", request.get("args") or {}),
            str(request.get("description", "")),
            tuple(reviews[index]["allowed_decisions"]) if index < len(reviews) else _KINDS,
            interrupt_id,
            is_batched=True,
        )
        for index, request in enumerate(requests)
    ]


def resume_values(
    pending: Sequence[PendingCall],
    decisions: Decision | Mapping[str, Decision],
    tools: Mapping[str, BaseTool],
) -> dict[str, Any]:
    """What each interrupt is resumed with.

    Args:
        pending: What waits.
        decisions: One for all, or one for each by its `id`; what is not named goes on waiting.
        tools: The tools by name: an edit must fit the one that it is for.

    Raises:
        ConversationError: nothing waits, or not what is named.
        ValueError: a decision is none, or is not allowed for its call.
    """
    if not pending:
        raise ConversationError("nothing waits for approval in this conversation")
    by_id = {one.id: one for one in pending}
    given = _for_each(pending, decisions)
    unknown = [id_ for id_ in given if id_ not in by_id]
    if unknown:
        raise ConversationError(
            f"no call {unknown[0]!r} waits for approval; there wait: {', '.join(by_id)}"
        )
    values: dict[str, Any] = {}
    for id_, calls in groupby(pending, key=lambda one: one.interrupt_id):
        group = list(calls)
        decided = [_decided(one, given[one.id]) for one in group if one.id in given]
        for one, value in zip(group, decided, strict=False):
            _check_edit(value, tools.get(one.name))
        if not decided:
            continue
        if len(decided) < len(group):
            listed = ", ".join(one.id for one in group)
            raise ValueError(f"these are decided together, so give a decision for each: {listed}")
        values[id_] = {"decisions": decided} if group[0].is_batched else decided[0]
    return values


def _for_each(
    pending: Sequence[PendingCall], decisions: Decision | Mapping[str, Decision]
) -> Mapping[str, Any]:
    if isinstance(decisions, str) or "type" in decisions:
        return {one.id: decisions for one in pending}
    return decisions


def _decided(call: PendingCall, decision: object) -> object:
    if not call.decisions:
        return decision
    told = {"type": decision} if isinstance(decision, str) else decision
    if not isinstance(told, Mapping):
        raise ValueError(f"a decision is a word or a mapping, not {decision!r}")
    held = dict(cast("Mapping[str, Any]", told))
    kind = held.get("type")
    if kind not in call.decisions:
        raise ValueError(
            f"{kind!r} is no decision for {call.name}; there are: {', '.join(call.decisions)}"
        )
    if kind == "edit":
        return {"type": "edit", "edited_action": {"name": call.name, "args": _edited(call, held)}}
    message = held.get("message")
    if kind == "respond" and not isinstance(message, str):
        raise ValueError('a response needs its text: {"type": "respond", "message": "..."}')
    return {"type": kind, "message": str(message)} if message is not None else {"type": kind}


def _check_edit(value: object, tool: BaseTool | None) -> None:
    """Refuse an edit that does not fit, before the decision is taken for good."""
    held = _mapping(value)
    if tool is not None and held.get("type") == "edit":
        action = cast("dict[str, Any]", held["edited_action"])
        action["args"] = ArgumentSchema(tool).fit(action["args"])


def _edited(call: PendingCall, decision: Mapping[str, Any]) -> dict[str, Any]:
    action: object = decision.get("edited_action", decision)
    told = _mapping(action)
    args: object = told.get("args")
    if not isinstance(args, Mapping):
        raise ValueError('an edit needs the arguments: {"type": "edit", "args": {...}}')
    if told.get("name", call.name) != call.name:
        raise ValueError(f"an edit cannot turn {call.name} into {told['name']!r}")
    return dict(cast("Mapping[str, Any]", args))


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else dict[str, Any]()
