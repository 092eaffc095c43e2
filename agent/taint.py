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
_IDENTIFIER = re.compile(r"@|://|[/\\]\w|(?<![\d-])\d(?:[ -]?\d){6,}(?![\d-])")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[T ][\d:.+Z-]*)?")
_CHINESE_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万亿]+")
_NUMBER = re.compile(r"\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,15})?")
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
    said = _Text(_said(messages))
    values = list(_values(args))
    unsaid = [value for value in values if value not in said]
    outside = _Text(_outside(messages, store))
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


class _Text:
    """Texts in which values are looked for, in whatever width, case or spacing."""

    def __init__(self, texts: Iterable[str]) -> None:
        folded = fold("\n".join(texts)).casefold()
        self._plain = f" {_spaced(folded)} "
        self._joined = self._plain.replace(" ", "")
        written = (found.replace(",", "") for found in _NUMBER.findall(folded))
        counted = map(chinese_number, _CHINESE_NUMBER.findall(folded))
        self._numbers = {float(one) for one in (*written, *counted) if one is not None}

    @property
    def is_empty(self) -> bool:
        return not self._joined

    def __contains__(self, value: object) -> bool:
        if isinstance(value, int | float):
            return abs(float(value)) in self._numbers
        text = _spaced(fold(str(value)).casefold())
        if not text:
            return True  # signs alone
        if text.isascii() and len(text) < 5:  # "de" does not stand in "delete"
            return f" {text} " in self._plain
        return text.replace(" ", "") in self._joined


def _spaced(text: str) -> str:
    return " ".join(_PLAIN.sub(" ", text).split())
