"""Where the arguments of a call come from: what the user said, or text from outside."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from ..notation import SEARCH_TOOL
from ..questions.question import Question
from ..questions.tool_selection import choose_tool
from ..text.folding import fold
from ..text.numbers import chinese_number
from .conversation import message_text
from .state import EvidenceStore

# An address, a path, an account or a telephone number: no model makes one up in good faith.
_IDENTIFIER = re.compile(r"@|://|[/\\]\w|^[~.]{0,2}[/\\]|(?<![\d-])\d(?:[ -]?\d){6,}(?![\d-])")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[T ][\d:.+Z-]*)?")
_CHINESE_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万亿]+")
_NUMBER = re.compile(r"(?:(?<![\w.])-)?\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,15})?")
_LONGEST_SOUGHT = 200
_PLAIN = re.compile(r"[^\w@]+")


def comes_from_outside(
    tool: BaseTool,
    args: Mapping[str, Any],
    messages: Sequence[AnyMessage],
    store: EvidenceStore,
) -> bool:
    """Whether a call rests on retrieved text or on results of tools, not on what the user said.

    It does where a value stands in such text and the user never said it, where one is an address or
    a number that nobody said, and where nothing of it was said and the user did not plainly ask for
    this function.

    Args:
        tool: What is to be called.
        args: With what.
        messages: The conversation up to the call.
        store: The evidence that it was shown.
    """
    said = _Said(_said(messages))
    values = list(_values(args))
    unsaid = [value for value in values if value not in said]
    outside = _Outside(_outside(messages, store))
    if any(value in outside or _is_identifier(value) for value in unsaid):
        return True
    return len(unsaid) == len(values) and not outside.is_empty and not _asked_for(tool, messages)


def _said(messages: Sequence[AnyMessage]) -> list[str]:
    """What the user said; a summary that LangChain writes in their name is none of it."""
    return [
        message_text(one)
        for one in messages
        if isinstance(one, HumanMessage) and not one.additional_kwargs.get("lc_source")
    ]


def _outside(messages: Sequence[AnyMessage], store: EvidenceStore) -> Iterator[str]:
    for piece in store.values():
        yield str(piece["text"])
        yield from (str(source.get("title", "")) for source in piece.get("sources", ()))
    for message in messages:
        if isinstance(message, ToolMessage) and message.name != SEARCH_TOOL:
            yield message_text(message)


def _values(data: object) -> Iterator[str | float]:
    """The texts and numbers of arguments; truth values and the like say nothing."""
    if isinstance(data, str):
        if data.strip():
            yield data
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield data
    elif isinstance(data, Mapping):
        for value in cast("Mapping[object, object]", data).values():
            yield from _values(value)
    elif isinstance(data, list | tuple):
        for value in cast("Sequence[object]", data):
            yield from _values(value)


def _is_identifier(value: str | float) -> bool:
    text = str(value)
    return _IDENTIFIER.search(_DATE.sub("", text)) is not None


def _asked_for(tool: BaseTool, messages: Sequence[AnyMessage]) -> bool:
    """Whether the last thing that the user said plainly asks for this function."""
    asked = _said(messages)
    if not asked:
        return False
    described = convert_to_openai_tool(tool)["function"]
    return choose_tool(Question(asked[-1]), [described]) is not None


class _Said:
    """What the user said, in which a value must stand whole: "/data" is no part of "/data/x"."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = fold("\n".join(texts)).casefold()
        self._numbers = _numbers(self._text)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, int | float):
            return float(value) in self._numbers
        text = fold(str(value)).casefold().strip()
        if len(text) > _LONGEST_SOUGHT:
            return " ".join(text.split()) in " ".join(self._text.split())
        return re.search(_whole(text), self._text) is not None


class _Outside:
    """Text from outside, in which a value is found in whatever spacing and with whatever signs."""

    def __init__(self, texts: Iterable[str]) -> None:
        text = fold("\n".join(texts)).casefold()
        self._plain = f" {_spaced(text)} "
        self._joined = self._plain.replace(" ", "")
        self._numbers = _numbers(text)

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._joined

    def __contains__(self, value: object) -> bool:
        if isinstance(value, int | float):
            return abs(float(value)) in self._numbers
        text = _spaced(fold(str(value)).casefold())
        if text.isascii() and len(text) < 5:  # "de" does not stand in "delete"
            return bool(text) and f" {text} " in self._plain
        return text.replace(" ", "") in self._joined


def _whole(text: str) -> str:
    """A pattern that finds a value where it is not a part of a longer name, path or address."""
    # An account may be written in groups: "AB 12-34".
    between = r"[\s-]?" if text.isalnum() and text.isascii() and not text.isalpha() else ""
    inner = between.join(r"\s+" if one.isspace() else re.escape(one) for one in text)
    before = r"(?<![a-z0-9_@/\\.:-])" if text[:1] in "/\\" else r"(?<![a-z0-9_@/\\.-])"
    after = r"(?![a-z0-9_@/\\-])(?![.:][a-z0-9_/\\])"
    return f"{before if text[:1].isascii() else ''}{inner}{after if text[-1:].isascii() else ''}"


def _numbers(text: str) -> frozenset[float]:
    written = (found.replace(",", "") for found in _NUMBER.findall(text))
    counted = map(chinese_number, _CHINESE_NUMBER.findall(text))
    return frozenset(float(one) for one in (*written, *counted) if one is not None)


def _spaced(text: str) -> str:
    return " ".join(_PLAIN.sub(" ", text).split())
