"""What the model sees of a conversation: numbered evidence, each piece once, within its room."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

from ..evidence import Evidence
from ..notation import (
    CITATION_MARK,
    EVIDENCE_KEY,
    SEARCH_TOOL,
    GroundingStyle,
    format_evidence,
    format_question,
    without_marks,
)
from ..text.scripts import Language, language
from .budget import ContextBudget
from .conversation import (
    MAX_QUESTION_CHARACTERS,
    Conversation,
    healed,
    message_text,
    turns_of,
)
from .memory import Summary
from .wording import CUT, EARLIER, INSUFFICIENT, LEFT_OUT, SHOWN_BELOW, SUMMARY, THIN

# Evidence of earlier turns beyond this is left out however much the model can read.
_MAX_EARLIER_CHARACTERS = 24_000
# Where nobody knows what the model can read.
_UNKNOWN_ROOM = 1_000_000_000

# What is told of turns for which there is no room: tokens for it, questions, characters of each.
_NOTE_TOKENS = 300
_NOTED = 5
_NOTED_CHARACTERS = 60

# A mark behind words, as in "It burned down.[3]"; the lists of JSON, as in {"ids": [3]}, stay.
# One before "passage:" would head a piece of evidence.
_RESULT_MARK = re.compile(
    rf"(?<=[\w。．.!！?？\"”’」』)）])\s?{CITATION_MARK.pattern}"
    rf"|{CITATION_MARK.pattern.replace('?P<numbers>', '?:')}(?=[ \u3000]{{0,9}}(?:passage|fact):)"
)


@dataclass(slots=True)
class View:
    """The messages that a model is shown, and the numbers of this turn's evidence it is not.

    `left_out` are the turns at the beginning for which there was no room.
    """

    messages: list[AnyMessage] = field(default_factory=list[AnyMessage])
    unseen: list[int] = field(default_factory=list[int])
    left_out: list[Sequence[AnyMessage]] = field(default_factory=list[Sequence[AnyMessage]])


def model_view(
    talk: Conversation,
    style: GroundingStyle,
    budget: ContextBudget,
    room: int | None,
    summary: Summary | None = None,
) -> View:
    """The messages of a conversation as the model sees them.

    The current turn comes first, its newest results before older ones; then the turns before, back
    from the last, whole, or without their evidence and calls, as long as there is room.

    Args:
        talk: The conversation.
        style: How evidence is shown.
        budget: How tokens are counted.
        room: How many there are; None where nobody knows.
        summary: Of the first turns, where there is one: it stands in their place if they have none.
    """
    known = _UNKNOWN_ROOM if room is None else room
    return _Viewing(talk, style, budget, known, summary).view()


class _Viewing:
    """A view in the making: the room that is left, and which pieces have been shown."""

    def __init__(
        self,
        talk: Conversation,
        style: GroundingStyle,
        budget: ContextBudget,
        room: int,
        summary: Summary | None,
    ) -> None:
        self._summary = summary
        self._talk = talk
        self._style: GroundingStyle = style
        self._lang: Language = language(talk.question)
        self._budget = budget
        # Nothing is counted where nothing can be short: a byte is a token at most.
        self._room = _UNKNOWN_ROOM if _most_tokens(talk) < room else room
        self._earlier = _MAX_EARLIER_CHARACTERS
        self._shown: set[int] = set()
        self._view = View()

    def view(self) -> View:
        turns = turns_of(healed(self._talk.messages))
        now = turns.pop() if turns and self._talk.turn else []
        # What was spoken of stays a part of what is read, however much was found now.
        for_earlier = self._room // 4 if turns else 0
        self._room -= for_earlier
        seen = self._current(now)
        told = self._budget.of_text(self._summary["text"]) if self._summary is not None else 0
        for_note = min(_NOTE_TOKENS + told, for_earlier // 2)
        self._room += for_earlier - for_note
        before: list[AnyMessage] = []
        while turns:
            kept = self._before(turns[-1])
            if kept is None:
                break
            turns.pop()
            before = [*kept, *before]
        self._room += for_note
        self._view.left_out = list(turns)
        self._view.messages = [*self._earlier_note(turns), *before, *seen]
        return self._view

    def _earlier_note(self, turns: Sequence[Sequence[AnyMessage]]) -> list[AnyMessage]:
        """What is told of the turns at the beginning for which there was no room."""
        asked = [message_text(turn[0]) for turn in turns if isinstance(turn[0], HumanMessage)]
        if not asked:
            return []
        question, answer = EARLIER[self._lang]
        summary = self._summary
        if summary is not None and summary["turns"] <= len(turns):
            told = SUMMARY[self._lang].format(summary=summary["text"], count=summary["turns"])
            cost = self._budget.of_text(question) + self._budget.of_text(told)
            if cost <= self._room:
                return [HumanMessage(question), AIMessage(told)]
        short = [" ".join(one.split())[:_NOTED_CHARACTERS] for one in asked[-_NOTED:]]
        while short:
            said = answer.format(count=len(asked), asked="; ".join(short))
            if self._budget.of_text(question) + self._budget.of_text(said) <= self._room:
                return [HumanMessage(question), AIMessage(said)]
            short.pop(0)
        return []

    # --- the current turn ---------------------------------------------------------------------

    def _current(self, turn: Sequence[AnyMessage]) -> list[AnyMessage]:
        plain = [_without_surplus(message) for message in turn]
        self._room -= sum(
            self._budget.of(message) for message in plain if not isinstance(message, ToolMessage)
        )
        seen: list[AnyMessage] = []
        for message in reversed(plain):
            if isinstance(message, ToolMessage) and message.name == SEARCH_TOOL:
                if self._style == "template" and self._is_first_search(message):
                    continue  # it stands in the question
                message = _told(message, self._evidence(message, self._room))
                self._room -= self._budget.of(message)
            elif isinstance(message, ToolMessage):
                message = self._result(message, self._room // 2)
                self._room -= self._budget.of(message)
            elif self._style == "template" and self._calls_first_search(message):
                continue
            seen.append(message)
        seen.reverse()
        return self._as_template(seen) if self._style == "template" and seen else seen

    def _result(self, message: ToolMessage, room: int) -> ToolMessage:
        """A tool's result without marks of its own, cut where it is longer than the room."""
        if not isinstance(message.content, str):
            return message
        text = _RESULT_MARK.sub(lambda mark: without_marks(mark.group()), message.content)
        cut = self._budget.cut(text, max(room, 64))
        return _told(message, text if cut == text else f"{cut}\n{CUT[self._lang]}")

    def _evidence(self, message: ToolMessage, room: int) -> str:
        """What a search found, best first, as far as there is room for it."""
        artifact = cast("Mapping[str, Any]", message.artifact or {})
        pieces = self._talk.found_by(message)
        if artifact.get("hidden") or not pieces:
            return INSUFFICIENT[self._lang]
        text = self._fitting(pieces, room)
        return text if artifact.get("sufficient", True) else f"{text}\n{THIN[self._lang]}"

    def _fitting(self, pieces: Sequence[Evidence], room: int) -> str:
        numbered = [(self._talk.numbers[piece.id], piece) for piece in pieces]
        new = [(number, piece) for number, piece in numbered if number not in self._shown]
        kept = self._kept(new, room)
        self._shown |= {number for number, _ in kept}
        self._view.unseen += [number for number, _ in new[len(kept) :]]
        again = [number for number, _ in numbered if number in self._shown]
        below = [number for number in again if number not in {n for n, _ in kept}]
        lines = [
            format_evidence(kept),
            SHOWN_BELOW[self._lang].format(numbers=", ".join(map(str, below))) if below else "",
            LEFT_OUT[self._lang].format(count=len(new) - len(kept)) if len(kept) < len(new) else "",
        ]
        return "\n".join(line for line in lines if line)

    def _kept(self, numbered: list[tuple[int, Evidence]], room: int) -> list[tuple[int, Evidence]]:
        """The first pieces that fit; all where nothing is short, without counting each."""
        text = format_evidence(numbered)
        # No tokenizer that falls back to bytes makes more tokens than there are bytes.
        if len(text.encode()) <= room or self._budget.of_text(text) <= room:
            return numbered
        kept: list[tuple[int, Evidence]] = []
        for one in numbered:
            room -= self._budget.count(format_evidence([one])) + 1
            if room < 0:
                break
            kept.append(one)
        return kept

    # --- in one user turn -----------------------------------------------------------------------

    def _is_first_search(self, message: ToolMessage) -> bool:
        return bool(self._talk.turn) and message.tool_call_id == f"search-{self._talk.turn[0].id}"

    def _calls_first_search(self, message: AnyMessage) -> bool:
        return isinstance(message, AIMessage) and _is_about(
            message, {f"search-{self._talk.turn[0].id}"}
        )

    def _as_template(self, seen: list[AnyMessage]) -> list[AnyMessage]:
        """Question and evidence in one user turn, for a model that was not trained on tools."""
        search = self._talk.search
        is_thin, is_hidden = not search.get("sufficient", True), search.get("hidden", False)
        searches = [m for m in self._talk.turn if isinstance(m, ToolMessage)]
        first = next((m for m in searches if self._is_first_search(m)), None)
        pieces = [] if is_hidden or first is None else self._talk.found_by(first)
        numbered = [
            (number, piece)
            for piece in pieces
            if (number := self._talk.numbers[piece.id]) not in self._shown
        ]
        kept = self._kept(numbered, self._room)
        self._shown |= {number for number, _ in kept}
        self._view.unseen += [number for number, _ in numbered[len(kept) :]]
        hint = THIN[self._lang] if is_thin and kept else ""
        asked = seen[0]
        text = format_question(message_text(asked), kept, hint=hint)
        self._room -= self._budget.count(text)
        told = {**asked.additional_kwargs, EVIDENCE_KEY: True}
        return [
            asked.model_copy(update={"content": text, "additional_kwargs": told}),
            *seen[1:],
        ]

    # --- the turns before -----------------------------------------------------------------------

    def _before(self, turn: Sequence[AnyMessage]) -> list[AnyMessage] | None:
        """A turn that is over, as far as there is room for it; None where there is none."""
        if self._style == "template":
            searches = {f"search-{message.id}" for message in turn}
            turn = [message for message in turn if not _is_about(message, searches)]
        whole = list(self._whole(turn)) if self._earlier > 0 else []
        for form in (whole, list(_bare(turn))):
            if not form:
                continue
            size = sum(len(message_text(message).encode()) + 200 for message in form)
            cost = size if size <= self._room else sum(map(self._budget.of, form))
            evidence = sum(len(message_text(m)) for m in form if _is_search(m))
            if cost <= self._room and evidence <= self._earlier:
                self._room -= cost
                self._earlier -= evidence
                if form is whole:
                    self._shown |= self._numbers(turn)
                return form
            self._earlier = 0  # what is older is shown without its evidence too
        return None

    def _whole(self, turn: Sequence[AnyMessage]) -> Iterator[AnyMessage]:
        shown = set(self._shown)
        told: dict[int, str] = {}
        for index in range(len(turn) - 1, -1, -1):
            message = turn[index]
            if isinstance(message, ToolMessage) and message.name == SEARCH_TOOL:
                numbered = [(self._talk.numbers[p.id], p) for p in self._talk.found_by(message)]
                hidden = cast("Mapping[str, Any]", message.artifact or {}).get("hidden")
                new = [one for one in numbered if one[0] not in shown]
                below = ", ".join(str(number) for number, _ in numbered if number in shown)
                shown |= {number for number, _ in numbered}
                parts = [
                    format_evidence(new),
                    SHOWN_BELOW[self._lang].format(numbers=below) if below else "",
                ]
                found = "\n".join(part for part in parts if part)
                told[index] = INSUFFICIENT[self._lang] if hidden or not found else found
        for index, message in enumerate(turn):
            if index in told:
                yield _told(cast("ToolMessage", message), told[index])
            elif isinstance(message, ToolMessage):
                yield self._result(message, _MAX_EARLIER_CHARACTERS)
            else:
                yield _without_surplus(message)

    def _numbers(self, turn: Sequence[AnyMessage]) -> set[int]:
        return {
            self._talk.numbers[piece.id]
            for message in turn
            if not cast("Mapping[str, Any]", getattr(message, "artifact", None) or {}).get("hidden")
            for piece in self._talk.found_by(message)
        }


def _most_tokens(talk: Conversation) -> int:
    """No tokenizer that falls back to bytes makes more of a conversation."""
    pieces = sum(len(str(piece["text"]).encode()) for piece in talk.store.values())
    said = sum(len(repr(message.content).encode()) for message in talk.messages)
    calls = sum(
        len(repr(message.tool_calls).encode())
        for message in talk.messages
        if isinstance(message, AIMessage) and message.tool_calls
    )
    return pieces + said + calls + 600 * (len(talk.store) + len(talk.messages))


def _bare(turn: Sequence[AnyMessage]) -> Iterator[AnyMessage]:
    """What was asked and what was answered, without what lay between."""
    if turn and isinstance(turn[0], HumanMessage):
        yield _without_surplus(turn[0])
    replies = [m for m in turn if isinstance(m, AIMessage) and not m.tool_calls]
    if replies:
        yield replies[-1]


def _is_about(message: AnyMessage, calls: set[str]) -> bool:
    """Whether a message makes or answers one of these calls."""
    if isinstance(message, ToolMessage):
        return message.tool_call_id in calls
    return isinstance(message, AIMessage) and any(c["id"] in calls for c in message.tool_calls)


def _is_search(message: BaseMessage) -> bool:
    return isinstance(message, ToolMessage) and message.name == SEARCH_TOOL


def _told(message: ToolMessage, text: str) -> ToolMessage:
    return message.model_copy(update={"content": text, "artifact": None})


def _without_surplus(message: AnyMessage) -> AnyMessage:
    """A message whose question is no longer than may be asked."""
    if isinstance(message, HumanMessage):
        text = message_text(message)
        if len(text) > MAX_QUESTION_CHARACTERS:
            return message.model_copy(update={"content": text[:MAX_QUESTION_CHARACTERS]})
    return message
