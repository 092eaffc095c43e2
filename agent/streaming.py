"""From what LangGraph streams of a turn to the events that a reader is told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.types import Interrupt

from ..evaluation.citations import is_supported
from ..evidence import Evidence
from ..notation import SEARCH_TOOL
from .approval import in_order, pending_calls
from .citations import checked_sentences, evidence_text
from .conversation import Conversation, SearchResult, evidence_ids, message_text
from .events import (
    ApprovalNeeded,
    Event,
    Retrieved,
    SentenceChecked,
    Text,
    ToolCalled,
    ToolReturned,
)
from .state import EvidenceStore, merge_evidence
from .transcript import is_hidden, tool_use

STREAM_MODES = ["messages", "updates", "values"]
_ENDS = frozenset("。！？!?.\n")


class TurnReader:
    """Reads the stream of one turn; `state` is the conversation as it stands.

    `holds`: the text comes at the end, for it may still be replaced.
    """

    def __init__(self, *, holds: bool) -> None:
        self.state: dict[str, Any] = {}
        self.interrupts: list[Interrupt] = []
        self.holds = holds
        self._always_holds = holds
        self._store: EvidenceStore = {}
        self._text = ""
        self._checked = 0

    def read(self, mode: str, data: Any) -> Iterator[Event]:  # noqa: ANN401 - LangGraph's
        """The events of one item of the stream."""
        if mode == "values":
            self.state = {**data, "__interrupt__": self.interrupts}
            self._store = data.get("evidence", {})
            self.holds = self._always_holds or is_hidden(data)
        elif mode == "updates":
            yield from self._update(data)
        elif not self.holds:
            message, told = data
            if told.get("langgraph_node") == "model" and isinstance(message, AIMessage):
                yield from self.text(message_text(message))

    def text(self, piece: str) -> Iterator[Event]:
        """A piece of the reply, and the sentences that are whole with it."""
        if not piece:
            return
        yield Text(piece)
        self._text += piece
        if not _ENDS.isdisjoint(piece):
            yield from self._sentences(whole=False)

    def end(self, text: str) -> Iterator[Event]:
        """What is left to tell at the end of a turn that says this."""
        if self.holds and text:
            yield from self.text(text)
        yield from self._sentences(whole=True)

    def _sentences(self, *, whole: bool) -> Iterator[Event]:
        found = checked_sentences(self._text)
        # A sentence without a mark may lean on the one behind it, which must be whole too.
        ready = len(found) if whole else len(found) - 2
        for sentence, numbers, claims in found[self._checked : ready]:
            known = Conversation.read([], self._store).evidence()
            shown = [known[number] for number in numbers if number in known]
            supported = any(is_supported(sentence, evidence_text(piece)) for piece in shown)
            yield SentenceChecked(
                sentence, tuple(numbers), supported if claims and numbers else None
            )
        self._checked = max(self._checked, ready)

    def _update(self, data: Mapping[str, Any]) -> Iterator[Event]:
        for node, update in data.items():
            if node == "__interrupt__":
                listed = cast("Sequence[Interrupt]", update)
                self.interrupts += listed
                messages = self.state.get("messages", [])
                yield ApprovalNeeded(in_order(pending_calls(listed), messages))
            elif isinstance(update, dict):
                told = cast("dict[str, Any]", update)
                self._store = merge_evidence(self._store, [told.get("evidence") or {}])
                written: object = told.get("messages") or []
                if isinstance(written, list):
                    known = {message.id for message in self.state.get("messages", [])}
                    new = cast("list[AnyMessage]", written)
                    yield from self._messages([one for one in new if one.id not in known])

    def _messages(self, messages: Sequence[AnyMessage]) -> Iterator[Event]:
        queries = {
            call["id"]: str(call["args"].get("query", ""))
            for message in messages
            if isinstance(message, AIMessage)
            for call in message.tool_calls
        }
        calls: dict[str | None, Any] = {}
        for message in messages:
            if isinstance(message, AIMessage):
                for call in message.tool_calls:
                    calls[call["id"]] = call
                    if call["name"] != SEARCH_TOOL:
                        yield ToolCalled(str(call["id"]), call["name"], call["args"])
            elif isinstance(message, ToolMessage):
                yield self._returned(message, queries.get(message.tool_call_id, ""), calls)

    def _returned(self, message: ToolMessage, query: str, calls: Mapping[str | None, Any]) -> Event:
        if message.name == SEARCH_TOOL:
            artifact = cast("SearchResult", message.artifact or {})
            numbers = {id_: number for number, id_ in enumerate(self._store, start=1)}
            found = {
                numbers[id_]: Evidence.from_dict(self._store[id_])
                for id_ in evidence_ids(message)
                if id_ in numbers
            }
            return Retrieved(query, found, bool(artifact.get("sufficient", True)))
        call = calls.get(message.tool_call_id) or self._call(message.tool_call_id)
        return ToolReturned(message.tool_call_id, tool_use(call, message))

    def _call(self, call_id: str) -> Any:  # noqa: ANN401 - a TypedDict of LangChain's
        for message in self.state.get("messages", []):
            if isinstance(message, AIMessage):
                for call in message.tool_calls:
                    if call["id"] == call_id:
                        return call
        return {"name": "unknown", "args": {}, "id": call_id}
