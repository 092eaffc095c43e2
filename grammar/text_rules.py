"""Texts within bounds, as terminals of llguidance's Lark, in Python's form or in JSON's."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..wire.literals import write_literal
from .copied_rules import Copies

_LONGEST_PATTERN = 64  # characters of a text that must match a pattern
_LONGEST_WORD = 64  # bytes; only to end a copied text in time
_FORMATS: Mapping[str, str] = {
    "date": r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
    "time": r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    "date-time": r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])"
    r":[0-5][0-9]:[0-5][0-9](Z|[+-](0[0-9]|1[0-2]):00)",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "email": r"[a-z][a-z0-9]{0,15}(\.[a-z0-9]{1,15})?@[a-z][a-z0-9]{0,15}\.(com|org|net|cn)",
    "ipv4": r"(1?[0-9]{1,2}\.){3}1?[0-9]{1,2}",
    "uri": r"https?://[a-z][a-z0-9]{0,20}(\.[a-z][a-z0-9]{1,10}){1,3}(/[a-zA-Z0-9_.-]{0,20}){0,4}",
}
_NEVER_HELD_PATTERN = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?[=!<]|\\[1-9bBAZ])")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How values are written: Python's literals or JSON."""

    quote: str
    plain: str  # a regular expression of a character that stands for itself
    escape: str  # and of one that is escaped
    words: tuple[str, str, str]  # true, false, null
    copies: Copies | None = None  # what texts and numbers without bounds are copied from

    def literal(self, value: object) -> str:
        """A value as it is written."""
        if self.quote == "'":
            return write_literal(value)
        return json.dumps(value, ensure_ascii=False)


PYTHON = Dialect("'", r"[^'\\\x00-\x1f\x7f]", r"\\['\\nrt]", ("True", "False", "None"))
JSON = Dialect('"', r"[^\"\\\x00-\x1f\x7f]", r"\\[\"\\nrt]", ("true", "false", "null"))


@dataclass(frozen=True, slots=True)
class TextRule:
    """A terminal, the most bytes that may be left to end it, and what it does not hold."""

    expression: str
    bytes: int
    unheld: str = ""


def text_rule(schema: Mapping[str, Any], dialect: Dialect) -> TextRule | None:
    """The terminal of a schema's texts; None where none fits."""
    shortest, longest = int(schema.get("minLength", 0)), schema.get("maxLength")
    if longest is not None and int(longest) < shortest:
        return None
    pattern = schema.get("pattern")
    named = _FORMATS.get(str(schema.get("format")))
    if pattern is None and named is not None and not shortest and longest is None:
        pattern = f"^{named}$"
    body = _anchored(pattern) if pattern is not None else None
    if body is not None:
        most = _LONGEST_PATTERN if longest is None else min(int(longest), _LONGEST_PATTERN)
        most = max(most, shortest)
        plain = f"/{dialect.plain}{{{shortest},{most}}}/"
        quote = quoted(dialect.quote)
        return TextRule(f"{quote} (/{body}/ & {plain}) {quote}", 4 * most + 2)
    if dialect.copies is not None and not shortest and longest is None and pattern is None:
        quote = quoted(dialect.quote)
        return TextRule(f"{quote} {dialect.copies.text} {quote}", _LONGEST_WORD + 8)
    bounds = f"{{{shortest},{'' if longest is None else int(longest)}}}"
    bounds = "*" if bounds == "{0,}" else bounds
    quote = dialect.quote
    expression = f"/{quote}({dialect.escape}|{dialect.plain}){bounds}{quote}/"
    return TextRule(expression, 4 * shortest + 8, f"pattern {pattern!r}" if pattern else "")


def quoted(text: str) -> str:
    """A text as a literal of the grammar."""
    return json.dumps(text, ensure_ascii=False)


def _anchored(pattern: object) -> str | None:
    """A pattern as a regular expression of the whole text; None where that cannot be said."""
    if not isinstance(pattern, str) or _NEVER_HELD_PATTERN.search(pattern):
        return None
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        return None
    begins = pattern.startswith("^")
    ends = pattern.endswith("$") and not re.search(r"(?<!\\)(?:\\\\)*\\\$$", pattern)
    body = pattern[1 if begins else 0 : -1 if ends else None]
    if re.search(r"(?<!\\)(?:\\\\)*(?:\^|\$)", re.sub(r"\[(?:\\.|[^\]\\])*\]", "", body)):
        return None
    if "|" in body and (begins or ends):
        body = f"(?:{body})" if not _splits(body) else body
        if _splits(body):
            return None  # the anchors belong to one side only
    whole = f"{'' if begins else '(?s:.*)'}(?:{body}){'' if ends else '(?s:.*)'}"
    return re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", whole)


def _splits(body: str) -> bool:
    """Whether a bar stands outside of all brackets."""
    depth, position = 0, 0
    while position < len(body):
        character = body[position]
        if character == "\\":
            position += 1
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "|" and not depth:
            return True
        position += 1
    return False


def repeated(expression: str, low: int, high: int | None) -> str:
    """An expression so many times; nothing where that is never, which llguidance cannot write."""
    if high is not None and high < 1:
        return ""
    if low == 0 and high is None:
        return f"{expression}*"
    return f"{expression}{{{low},{'' if high is None else high}}}"
