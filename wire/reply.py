"""Reading ChatGLM3's reply: text, calls and code, from token ids, while it is being written."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.tool import invalid_tool_call, tool_call

from .literals import read_arguments
from .reply_segment import ReplySegment
from .tokenizer import ASSISTANT, CONTROL_NAMES, STOP_IDS, Tokenizer


@dataclass(frozen=True, slots=True)
class TextPiece:
    """More of what the reply says; code for an interpreter is said where it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class CallBegins:
    """A call whose arguments follow piece by piece."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ArgumentsPiece:
    """More of the JSON of a call that has begun."""

    index: int
    json: str


@dataclass(frozen=True, slots=True)
class CallEnds:
    """A call that is complete and valid; `begun` where `CallBegins` was given out for it."""

    index: int
    call: ToolCall
    begun: bool


@dataclass(frozen=True, slots=True)
class CallFails:
    """What meant to be a call and is none, with the reason."""

    index: int
    call: InvalidToolCall
    begun: bool


Event = TextPiece | CallBegins | ArgumentsPiece | CallEnds | CallFails


@dataclass(slots=True)
class Reply:
    """What a reply says, calls, and failed to call.

    `text` is the text of its segments, `code` what it wrote for an interpreter, `said` both in the
    order in which they stand.
    """

    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    invalid_tool_calls: list[InvalidToolCall] = field(default_factory=list[InvalidToolCall])
    code: list[str] = field(default_factory=list[str])
    said: str = ""


def parse_reply(ids: Sequence[int], tokenizer: Tokenizer) -> Reply:
    """Read what follows the first `<|assistant|>`; never raises, whatever the model wrote.

    The rules:

    - Segments are told apart by the id of `<|assistant|>`, not by text that spells it. A stop id
      ends the reply; other control ids inside it say nothing. Nothing is ever evaluated.
    - A segment is its first line and a content. If the first line is blank, it is text; the blank
      that begins a content is no part of it.
    - Else the first line, without blanks around it, may be a name (blanks inside are allowed).
      Behind it, blank lines, then a line that holds a fence alone (```` ``` ````, with python, py
      or json behind it, or nothing), then code up to a line that holds ```` ``` ```` alone and
      stands in no string, or up to the segment's end.
    - The code of "interpreter" is code. Other code that begins with ``tool_call(`` is a call, and a
      valid one if its arguments are literals that JSON can hold (see `literals.read_arguments`).
      Other code behind a plain name, or ``tool_call(`` without a fence, is an invalid call. What
      stands behind the closing fence is text.
    - All else is text with its first line.
    - A parameter that is a Python keyword or no identifier is read from ``**{"name": value}``; the
      name of a tool is any line, so dots, dashes and blanks in it need no rule.
    """
    reader = ReplyReader(tokenizer)
    reader.feed(ids)
    reader.end()
    return reader.reply


class ReplyReader:
    r"""`parse_reply` while the ids come: what is certain is given out, and nothing is taken back.

    Args:
        tokenizer: The vocabulary of the ids.
        streams: Whether the arguments of a tool's call may be given out while they are written.
            Only a grammar makes that safe; without it a call is given out when it is complete.
        check: Why a call with these arguments is none, "" where it is one.

    >>> from groundglm.wire.tokenizer import ByteTokenizer
    >>> tokenizer = ByteTokenizer()
    >>> reader = ReplyReader(tokenizer)
    >>> reader.feed(tokenizer.encode("\n你好"))
    [TextPiece(text='你'), TextPiece(text='好')]
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        streams: Callable[[str], bool] | None = None,
        check: Callable[[str, dict[str, Any]], str] | None = None,
    ) -> None:
        self.reply = Reply()
        self._tokenizer = tokenizer
        self._streams = streams
        self._check = check
        self._events: list[Event] = []
        self._calls = 0
        self._ended = False
        self._segment: ReplySegment | None = None
        self._texts: list[str] = []
        self._said: list[str] = []

    def feed(self, ids: Sequence[int]) -> list[Event]:
        """What the next ids make certain."""
        for id_ in ids:
            if self._ended:
                break
            if id_ in STOP_IDS:
                self._finish()
            elif id_ == ASSISTANT:
                self._close()
            elif id_ not in CONTROL_NAMES:
                if self._segment is None:
                    self._segment = ReplySegment(self, self._tokenizer)
                self._segment.feed(id_)
        return self._given()

    def end(self) -> list[Event]:
        """What is certain now that nothing more comes."""
        self._finish()
        return self._given()

    def _finish(self) -> None:
        if not self._ended:
            self._close()
            self._ended = True

    def _given(self) -> list[Event]:
        events, self._events = self._events, []
        if events:
            self.reply.text = "".join(self._texts)
            self.reply.said = "".join(self._said)
        return events

    def _close(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    # --- what a segment found ---

    def say(self, text: str, *, new: bool, kind: Literal["text", "code"] = "text") -> None:
        """Give out text; the first of a segment begins a new line."""
        if not text:
            return
        said = f"\n{text}" if new and self._said else text
        self._said.append(said)
        if kind == "code":
            self.reply.code.append(text)
        else:
            self._texts.append(f"\n{text}" if new and self._texts else text)
        self._events.append(TextPiece(said))

    def streams(self, name: str) -> bool:
        """Whether arguments of this tool are given out while they are written."""
        return self._streams is not None and self._streams(name)

    def begin_call(self, name: str) -> tuple[int, str]:
        """Give out the beginning of a call."""
        index, id_ = self._calls, _new_id()
        self._calls += 1
        self._events.append(CallBegins(index, id_, name))
        return index, id_

    def arguments(self, index: int, json: str) -> None:
        """Give out more of a call's arguments."""
        if json:
            self._events.append(ArgumentsPiece(index, json))

    def call(
        self, name: str, code: str, begun: tuple[int, str] | None = None, *, problem: str = ""
    ) -> None:
        """Give out a whole call, or why it is none."""
        if begun is None:
            index, id_ = self._calls, _new_id()
            self._calls += 1
        else:
            index, id_ = begun
        try:
            args = {} if problem else read_arguments(code)
            if not problem and self._check is not None:
                problem = self._check(name, args)
            if problem:
                raise ValueError(problem)
        except ValueError as error:
            failed = invalid_tool_call(name=name, args=code[:2000], id=id_, error=str(error))
            self.reply.invalid_tool_calls.append(failed)
            self._events.append(CallFails(index, failed, begun is not None))
        else:
            found = tool_call(name=name, args=args, id=id_)
            self.reply.tool_calls.append(found)
            self._events.append(CallEnds(index, found, begun is not None))


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"
