"""The arguments of a call as JSON, while the call is being written under the grammar."""

import json
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {"True": "true", "False": "false", "None": "null"}
_ESCAPES: Mapping[str, str] = {"n": "\n", "r": "\r", "t": "\t", "x": "", "u": ""}
_DIGITS: Mapping[str, int] = {"x": 2, "u": 4}


class CallJson:
    """Turns what stands between ``tool_call(`` and its end into growing JSON, in linear time.

    It reads the one form that `grammar` writes: strings in single quotes, `name=value` parted by
    ", ", other names in a trailing ``**{...}``. Of anything else it makes nothing sensible, so it
    is for replies under the grammar alone.

    >>> call = CallJson()
    >>> call.feed("a='x', b=[Tr"), call.feed("ue], **{'c-d': 1})")
    ('{"a": "x", "b": [', 'true], "c-d": 1}')
    """

    def __init__(self) -> None:
        self._begun = False
        self._open = ""  # the brackets that are open inside of the call
        self._starred = False
        self._name = ""  # of an argument, or a word
        self._in_string = False
        self._escape: str | None = None

    def feed(self, text: str) -> str:
        """The JSON that the next characters make."""
        made: list[str] = []
        if not self._begun:
            self._begun = True
            made.append("{")
        for character in text:
            made.append(self._in_text(character) if self._in_string else self._outside(character))
        return "".join(made)

    def _in_text(self, character: str) -> str:
        if self._escape is not None:
            return self._escaped(character)
        if character == "\\":
            self._escape = ""
            return ""
        if character == "'":
            self._in_string = False
            return '"'
        return json.dumps(character, ensure_ascii=False)[1:-1]

    def _escaped(self, character: str) -> str:
        self._escape = escape = f"{self._escape}{character}"
        digits = _DIGITS.get(escape[0], 0)
        if len(escape) <= digits:
            return ""
        self._escape = None
        try:
            said = chr(int(escape[1:], 16)) if digits else _ESCAPES.get(escape, escape)
        except ValueError:  # not of the grammar
            said = escape
        return json.dumps(said, ensure_ascii=False)[1:-1]

    def _outside(self, character: str) -> str:
        at_arguments = not self._open
        if character == "'":
            self._in_string = True
            return '"'
        if at_arguments and character == "=":
            name, self._name = self._name, ""
            return f"{json.dumps(name, ensure_ascii=False)}: "
        if at_arguments and character == ")":
            return f"{self._word()}}}"
        if character in "[{":
            self._open += character
            if at_arguments and self._name == "**":
                self._name, self._starred = "", True
                return ""
            return character
        if character in "]}":
            said = self._word()
            self._open = self._open[:-1]
            if self._starred and not self._open:
                return said
            return said + character
        if character in ", :":
            return self._word() + character
        if character.isidentifier() or character == "*" or self._name:
            self._name += character
            return ""
        return character

    def _word(self) -> str:
        word, self._name = self._name, ""
        return _WORDS.get(word, word)
