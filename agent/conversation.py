"""A conversation read once: its current turn, the evidence in it, and the numbers that it bears."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, cast

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

from ..evidence import Evidence
from ..notation import SEARCH_TOOL
from .state import EvidenceStore

REASON_KEY = "groundglm_reason"
HELD_KEY = "groundglm_held"
#: What a person said of a call in place of its tool: "rejected" or "answered".
DECIDED_KEY = "groundglm_decided"
#: An observation of a call of which nobody knows whether it took effect.
UNKNOWN_KEY = "groundglm_unknown_outcome"
#: The numbers of evidence of the turn that the model was not shown, for lack of room.
UNSEEN_KEY = "groundglm_unseen"

#: Of a longer question the beginning is used.
MAX_QUESTION_CHARACTERS = 4_000


class SearchResult(TypedDict, total=False):
    """What a search leaves in the artifact of its message: plain JSON data.

    `evidence` are the ids of pieces, which the conversation keeps once, or in what the search tool
    itself gives the pieces, as `Evidence.to_dict` writes them. A search that was judged also says
    whether what it found is `sufficient`, by which `score` against which `threshold`, and which
    words of the question were `missing`, and which name was `suggested` for one; evidence that is
    `hidden` is not shown to the model.
    """

    evidence: Sequence[str | Mapping[str, Any]]
    sufficient: bool
    score: float
    threshold: float
    missing: list[str]
    suggested: str
    hidden: bool


@dataclass(frozen=True)
class Conversation:
    """The messages of a conversation, its current turn, and the evidence that it was shown."""

    messages: Sequence[AnyMessage]
    turn: Sequence[AnyMessage]
    store: EvidenceStore

    @classmethod
    def read(cls, messages: Sequence[AnyMessage], store: EvidenceStore) -> "Conversation":
        """Read messages that were shown the pieces of a store, in the order of their numbers."""
        given = dict(store)
        for message in messages:  # a search that ran outside of an agent's middleware
            for piece in _listed(message):
                if not isinstance(piece, str):
                    given.setdefault(piece["id"], piece)
        return cls(messages, current_turn(messages), given)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each piece of evidence, by its id."""
        return {id_: number for number, id_ in enumerate(self.store, start=1)}

    @property
    def question(self) -> str:
        """What the current turn asks."""
        return message_text(self.turn[0]) if self.turn else ""

    @property
    def search(self) -> SearchResult:
        """The result of the search with which the current turn began; empty where there is none."""
        for message in self.turn:
            if isinstance(message, ToolMessage) and message.name == SEARCH_TOOL:
                artifact: object = message.artifact
                return cast("SearchResult", artifact) if isinstance(artifact, dict) else {}
        return {}

    def found_later(self) -> bool:
        """Whether a further search of the current turn found anything."""
        searches = [m for m in self.turn if isinstance(m, ToolMessage) and m.name == SEARCH_TOOL]
        return any(_listed(message) for message in searches[1:])

    def tool_texts(self) -> list[str]:
        """What the tools of the current turn were asked and gave, searches left out."""
        calls = {
            call["id"]: f"{call['name']} {call['args']}".replace("_", " ")
            for message in self.turn
            if isinstance(message, AIMessage)
            for call in message.tool_calls
            if call["name"] != SEARCH_TOOL
        }
        return [
            f"{calls[message.tool_call_id]} {message_text(message)}"
            for message in self.turn
            if isinstance(message, ToolMessage) and message.tool_call_id in calls
        ]

    def evidence(self) -> Mapping[int, Evidence]:
        """All the evidence, by its numbers."""
        return _Numbered(self.store)

    def evidence_of_turn(self) -> dict[int, Evidence]:
        """The evidence that was shown in the current turn, by its numbers."""
        return self.evidence_among(self.turn)

    def evidence_among(self, messages: Sequence[BaseMessage]) -> dict[int, Evidence]:
        """The evidence that some of the messages found, by its numbers, in their order."""
        found = (piece for message in messages for piece in self.found_by(message))
        return {self.numbers[piece.id]: piece for piece in found}

    def found_by(self, message: BaseMessage) -> list[Evidence]:
        """The evidence that a search found, best first; of any other message none."""
        ids = (id_ for id_ in evidence_ids(message) if id_ in self.store)
        return [Evidence.from_dict(self.store[id_]) for id_ in ids]


class _Numbered(Mapping[int, Evidence]):
    """The pieces of a store by number, each made when it is asked for: of many few are cited."""

    def __init__(self, store: EvidenceStore) -> None:
        self._store = store
        self._ids = list(store)

    def __getitem__(self, number: int) -> Evidence:
        if not 1 <= number <= len(self._ids):
            raise KeyError(number)
        return Evidence.from_dict(self._store[self._ids[number - 1]])

    def __iter__(self) -> Iterator[int]:
        return iter(range(1, len(self._ids) + 1))

    def __len__(self) -> int:
        return len(self._ids)


def evidence_ids(message: BaseMessage) -> Iterator[str]:
    """The ids of what a search found, best first."""
    for piece in _listed(message):
        yield piece if isinstance(piece, str) else piece["id"]


def _listed(message: BaseMessage) -> Sequence[str | Mapping[str, Any]]:
    if not isinstance(message, ToolMessage) or message.name != SEARCH_TOOL:
        return ()
    artifact: object = message.artifact
    if not isinstance(artifact, dict):
        return ()
    return cast("SearchResult", artifact).get("evidence", ())


def message_text(message: BaseMessage) -> str:
    """The text of a message, blocks of other kinds left out."""
    content: object = message.content
    if isinstance(content, str):
        return content
    blocks = cast("list[object]", content)
    texts = [
        block if isinstance(block, str) else str(cast("dict[str, Any]", block).get("text", ""))
        for block in blocks
    ]
    return "\n".join(text for text in texts if text)


def current_turn(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The last user message and all that followed it."""
    for index in range(len(messages) - 1, -1, -1):
        if isinstance(messages[index], HumanMessage):
            return list(messages[index:])
    return []


def turns_of(messages: Sequence[AnyMessage]) -> list[list[AnyMessage]]:
    """The turns of a conversation: each user message with all that followed it.

    What stands before the first user message is a turn of its own.
    """
    turns: list[list[AnyMessage]] = []
    for message in messages:
        if isinstance(message, HumanMessage) or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def healed(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages with an observation for every call that never got one, as after a crash."""
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    whole: list[AnyMessage] = []
    for message in messages:
        whole.append(message)
        if isinstance(message, AIMessage):
            whole += [
                ToolMessage("not run", tool_call_id=call["id"], name=call["name"], status="error")
                for call in message.tool_calls
                if call["id"] and call["id"] not in answered
            ]
    return whole


def is_held(message: BaseMessage) -> bool:
    """Whether a message stands for a tool call that was proposed but not run."""
    return isinstance(message, ToolMessage) and HELD_KEY in message.additional_kwargs
