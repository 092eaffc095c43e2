"""One segment of a reply while it is written: a header, then text, or a fence with code."""

import re
from collections.abc import Callable
from typing import Literal, Protocol

from .call_json import CallJson
from .segment_text import SegmentText
from .tokenizer import Tokenizer

INTERPRETER = "interpreter"
CALL = "tool_call("
LONGEST_NAME = 256
_FENCE = "```"
_NO_FENCE = "the call stands in no fence of its own"
_PLAIN_NAME = re.compile(r"[^\W\d][\w.\-]{0,127}")
_ONE_WORD = re.compile(r"\S{1,128}")
_OPENING = re.compile(r"```[ \t]*(?:python|py|json)?")


class Listener(Protocol):
    """What a segment tells what it found."""

    def say(self, text: str, *, new: bool, kind: Literal["text", "code"] = "text") -> None:
        """Text, or code for an interpreter; `new` begins a line of its own."""
        ...

    def streams(self, name: str) -> bool:
        """Whether arguments of this tool are given out while they are written."""
        ...

    def begin_call(self, name: str) -> tuple[int, str]:
        """A call begins; its index and id."""
        ...

    def arguments(self, index: int, json: str) -> None:
        """More of the arguments of a call that has begun."""
        ...

    def call(
        self, name: str, code: str, begun: tuple[int, str] | None = None, *, problem: str = ""
    ) -> None:
        """A whole call; a `problem` makes it an invalid one."""
        ...


class ReplySegment:
    """The rules of `reply.parse_reply` for one segment, a character at a time.

    What it says depends on the ids alone, not on how they are cut: a line is judged when it is
    whole, or as soon as no rest of it could change the judgement.
    """

    def __init__(self, listener: Listener, tokenizer: Tokenizer) -> None:
        self._listener = listener
        self._decoded = SegmentText(tokenizer)
        self._state: Callable[[str], str] = self._header
        self._held: list[str] = []  # what would be text if no call comes of it
        self._line = ""  # the line that is being written, before the code
        self._parts: list[str] = []  # the line of code that is being written
        self._name = ""
        self._is_new = True  # nothing was said of this segment yet
        self._skips = ""  # what does not count at the beginning of a text
        self._code: list[str] = []
        self._begins = ""  # the code's first characters
        self._lexer = _Lexer()
        self._fence = -1  # the line of code that would close it, were it in no string
        self._json: CallJson | None = None
        self._begun: tuple[int, str] | None = None

    def feed(self, id_: int) -> None:
        """Take the next id."""
        self._take(self._decoded.feed([id_]))

    def close(self) -> None:
        """Nothing more comes."""
        self._take(self._decoded.end())
        if self._state == self._header:
            self._become_text(self._line)
        elif self._state == self._before_fence:
            line = self._line.strip()
            if line.startswith(_FENCE) and _PLAIN_NAME.fullmatch(self._name):
                problem = _NO_FENCE if CALL in line else "the call ends before its code"
                self._listener.call(self._name, line, problem=problem)
            else:
                self._become_text("".join([*self._held, self._line]))
        elif self._state == self._malformed:
            code = "".join(self._code).strip()
            self._listener.call(self._name, code, problem=_NO_FENCE)
        elif self._state == self._in_code:
            self._close_code()

    def _take(self, text: str) -> None:
        while text:
            text = self._state(text)

    # --- states: each takes what it can of a text and gives the rest back ---------------------

    def _header(self, text: str) -> str:
        head, newline, rest = text.partition("\n")
        self._line += head
        if len(self._line) > LONGEST_NAME:
            self._become_text(self._line)
            return newline + rest
        if newline:
            self._name = self._line.strip()
            self._held = [self._line, "\n"]
            self._line = ""
            self._state = self._before_fence if self._name else self._text
            self._skips = "" if self._name else " "
        return rest

    def _text(self, text: str) -> str:
        if self._skips == " ":  # the one that begins every content
            text, self._skips = text.removeprefix(" "), ""
        elif self._skips:
            text = text.lstrip()
            self._skips = "" if text else self._skips
        self._say(text)
        return ""

    def _before_fence(self, text: str) -> str:
        head, newline, rest = text.partition("\n")
        self._line += head
        line = self._line.strip()
        if line.startswith(CALL) and _ONE_WORD.fullmatch(self._name):
            self._begin_malformed()
            return newline + rest
        is_open = _may_become(line, _FENCE) or _may_become(line, CALL)
        if not is_open or len(self._line) > LONGEST_NAME:
            self._become_text("".join([*self._held, self._line]))
            return newline + rest
        if not newline:
            return ""
        if line and not _OPENING.fullmatch(line):
            if CALL in line and _ONE_WORD.fullmatch(self._name):
                self._begin_malformed()
            else:
                self._become_text("".join([*self._held, self._line]))
            return newline + rest
        self._held += [self._line, "\n"]
        self._line = ""
        if line:
            self._state = self._in_code
        return rest

    def _in_code(self, text: str) -> str:
        head, newline, rest = text.partition("\n")
        self._parts.append(head)
        self._held += [head, newline]
        if len(self._begins) < len(CALL):
            self._begins = (self._begins + head + newline).lstrip()[: len(CALL)]
            if not CALL.startswith(self._begins) and self._is_an_example():
                self._become_text("".join(self._held))
                return rest
        self._stream(head)
        if newline:
            line = "".join(self._parts)
            self._parts = []
            if line.strip() == _FENCE:
                if not self._lexer.in_string:
                    self._finish()
                    return rest
                self._fence = len(self._code)
            self._lexer.feed(line)
            self._code.append(f"{line}\n")
        return rest

    def _malformed(self, text: str) -> str:
        self._code.append(text)
        return ""

    # --- decisions ----------------------------------------------------------------------------

    def _begin_malformed(self) -> None:
        self._code = [self._line]
        self._state = self._malformed

    def _is_an_example(self) -> bool:
        """Whether code that is no call belongs to an answer, not to something that is called."""
        return self._name != INTERPRETER and not _PLAIN_NAME.fullmatch(self._name)

    def _stream(self, text: str) -> None:
        """Give out arguments while they are written, where that is safe."""
        if self._code:
            return  # under the grammar a call has one line
        if self._json is None:
            if self._begins != CALL or not self._listener.streams(self._name):
                return
            self._json = CallJson()
            self._begun = self._listener.begin_call(self._name)
            text = "".join(self._parts).lstrip()[len(CALL) :]
        if self._begun is not None:
            self._listener.arguments(self._begun[0], self._json.feed(text))

    def _close_code(self) -> None:
        line = "".join(self._parts)
        if line.strip() == _FENCE and not self._lexer.in_string:
            self._finish()
            return
        self._code.append(line)
        if self._fence < 0:
            self._finish()
            return
        # A quotation mark that nothing closed had hidden the fence.
        behind = "".join(self._code[self._fence + 1 :])
        self._code = self._code[: self._fence]
        self._finish()
        self._take(behind)

    def _finish(self) -> None:
        """The code is whole."""
        code = "".join(self._code).strip()
        if self._name == INTERPRETER:
            self._listener.say(code, new=True, kind="code")
            self._is_new = True
        elif self._begins == CALL or not self._is_an_example():
            self._listener.call(self._name, code, self._begun)
        else:
            self._become_text("".join(self._held))
            return
        self._state = self._text
        self._skips = "\n"

    def _become_text(self, raw: str) -> None:
        self._state = self._text
        self._held, self._line = [], ""
        self._say(raw.removeprefix(" "))

    def _say(self, text: str) -> None:
        if text:
            self._listener.say(text, new=self._is_new)
            self._is_new = False


def _may_become(line: str, wanted: str) -> bool:
    return wanted.startswith(line) or line.startswith(wanted)


class _Lexer:
    """Whether the lines of Python so far end within a string of three quotation marks."""

    def __init__(self) -> None:
        self._open = ""

    @property
    def in_string(self) -> bool:
        """Whether a string is open."""
        return bool(self._open)

    def feed(self, line: str) -> None:
        """Take a whole line."""
        position = 0
        quote = self._open
        while position < len(line):
            character = line[position]
            if quote:
                if character == "\\":
                    position += 2
                    continue
                if line.startswith(quote, position):
                    position += len(quote)
                    quote = ""
                    continue
            elif character == "#":
                break
            elif character in "'\"":
                quote = character * 3 if line.startswith(character * 3, position) else character
                position += len(quote)
                continue
            position += 1
        self._open = quote if len(quote) == 3 else ""
