"""What a conversation keeps: its messages, each piece of evidence once, and who may see it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NotRequired, Required, cast

from langchain.agents.middleware import AgentState
from langchain.agents.middleware.types import OmitFromInput
from langchain_core.messages import (
    AnyMessage,
    BaseMessage,
    BaseMessageChunk,
    RemoveMessage,
    convert_to_messages,
    message_chunk_to_message,
)
from langgraph.channels import DeltaChannel  # pyright: ignore[reportMissingTypeStubs]
from langgraph.graph.message import (  # pyright: ignore[reportMissingTypeStubs]
    REMOVE_ALL_MESSAGES,
)

#: Pieces of evidence as `Evidence.to_dict` writes them, by id, in the order of their numbers.
EvidenceStore = Mapping[str, Mapping[str, Any]]

# A checkpoint holds what its step added; every so many steps the whole is written again. Seldom,
# for each whole one is as long as the conversation; not never, for a read goes back to the last.
_WHOLE_EVERY = 1_000


def merge_messages(held: Sequence[AnyMessage], writes: Sequence[object]) -> list[AnyMessage]:
    """LangGraph's `add_messages` over several writes at once, in one pass.

    >>> from langchain_core.messages import AIMessage, HumanMessage
    >>> one, two = HumanMessage("a", id="1"), AIMessage("b", id="2")
    >>> merge_messages([one], [[two, HumanMessage("c", id="1")]])[0].content
    'c'

    Raises:
        ValueError: a message that is not there is to be removed.
    """
    found: dict[str, AnyMessage] = {str(one.id): one for one in held}
    for message in _messages(writes):
        if isinstance(message, RemoveMessage):
            if message.id == REMOVE_ALL_MESSAGES:
                found.clear()
            elif found.pop(str(message.id), None) is None:
                raise ValueError(f"there is no message {message.id!r} to remove")
            continue
        if not message.id:  # the same one at each reading, as LangGraph replays writes
            message = message.model_copy(update={"id": _free_id(found)})
        found[str(message.id)] = cast("AnyMessage", message)
    return list(found.values())


def _free_id(found: Mapping[str, object]) -> str:
    number = len(found)
    while f"message-{number}" in found:
        number += 1
    return f"message-{number}"


def _messages(writes: Sequence[object]) -> Sequence[BaseMessage]:
    flat: list[Any] = []
    for write in writes:
        flat += cast("list[object]", write) if isinstance(write, list) else [write]
    return [
        message_chunk_to_message(one) if isinstance(one, BaseMessageChunk) else one
        for one in convert_to_messages(flat)
    ]


def merge_evidence(held: EvidenceStore, writes: Sequence[EvidenceStore]) -> EvidenceStore:
    """The pieces of a conversation and further ones; what is there already keeps its number.

    >>> list(merge_evidence({"a": {}, "b": {}}, [{"b": {}, "c": {}}, {"d": {}}]))
    ['a', 'b', 'c', 'd']
    """
    found = dict(held)
    for write in writes:
        for id_, piece in write.items():
            found.setdefault(id_, piece)
    return found


class GroundingState(AgentState[Any]):
    """A conversation with the evidence that it was shown; a piece's place is its number."""

    # Who may see what the conversation was shown: the labels of its last turn.
    seen_with: NotRequired[Annotated[list[str], OmitFromInput]]
    # Of the first turns, where a model summarises them: its text, and how many it tells of.
    summary: NotRequired[Annotated[dict[str, Any], OmitFromInput]]
    # The channel must come last, or LangGraph loses it.
    evidence: NotRequired[
        Annotated[
            dict[str, dict[str, Any]],
            OmitFromInput,
            DeltaChannel(merge_evidence, dict, snapshot_frequency=_WHOLE_EVERY),
        ]
    ]


class ConversationState(GroundingState):
    """The same with messages that are stored once, not again with every step."""

    messages: Required[  # pyright: ignore[reportIncompatibleVariableOverride]
        Annotated[
            list[AnyMessage],
            DeltaChannel(merge_messages, list, snapshot_frequency=_WHOLE_EVERY),
        ]
    ]
