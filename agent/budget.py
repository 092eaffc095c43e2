"""How much of a conversation fits into the model's context, counted in the model's own tokens."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import BaseLanguageModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from .conversation import message_text

#: What stands around a message in a prompt, and a little more.
_AROUND = 8
_DEFAULT_ANSWER = 1_024
_MOST_COUNTS = 4_096


class ContextBudget:
    """What a model reads at most, and how its tokens are counted.

    `size` is prompt and answer together, in tokens; None where nobody knows. `answer` is what stays
    free for the answer.
    """

    def __init__(self, size: int | None, answer: int, count: Callable[[str], int]) -> None:
        self.size = size
        self.answer = answer
        self.count = lru_cache(_MOST_COUNTS)(count)
        self._offered: tuple[list[Any], int] = ([], 0)  # the last tools, and what they cost

    def room(self, system: str | None, tools: Sequence[BaseTool | dict[str, Any]]) -> int | None:
        """What is left for the conversation beside the system prompt, the tools and the answer."""
        if self.size is None:
            return None
        known, cost = self._offered
        if len(known) != len(tools) or any(a is not b for a, b in zip(known, tools, strict=True)):
            cost = sum(self.count(_written(tool)) for tool in tools)
            self._offered = (list(tools), cost)
        return max(0, self.size - self.answer - cost - self.of_text(system or ""))

    def of_text(self, text: str) -> int:
        """The tokens of a message with this text."""
        return _AROUND + self.count(text)

    def of(self, message: BaseMessage) -> int:
        """The tokens of a message with its calls."""
        calls = message.tool_calls if isinstance(message, AIMessage) else []
        return self.of_text(message_text(message)) + sum(
            self.of_text(json.dumps([call["name"], call["args"]], default=str, ensure_ascii=False))
            for call in calls
        )

    def cut(self, text: str, tokens: int) -> str:
        """As much of a text as has so many tokens."""
        while text and (counted := self.count(text)) > tokens:
            text = text[: min(len(text) - 1, int(len(text) * max(0, tokens) / counted))]
        return text


def budget_of(model: BaseChatModel) -> ContextBudget:
    """The budget of a chat model, as its profile tells it.

    A model that counts tokens itself is asked; of others they are estimated, rather too many.
    """
    profile: Any = model.profile or {}
    told = profile.get("max_input_tokens")
    size = told if isinstance(told, int) and told > 0 else None
    wanted: object = getattr(model, "max_tokens", None)
    answer = wanted if isinstance(wanted, int) and wanted > 0 else _DEFAULT_ANSWER
    if size is not None:
        answer = min(answer, size // 4)
    return ContextBudget(size, answer, _counter(model))


def _counter(model: BaseChatModel) -> Callable[[str], int]:
    # LangChain's own count would fetch the tokenizer of another model from a hub.
    counts_itself = _overrides(model, "get_token_ids") or model.custom_get_token_ids is not None
    if counts_itself:
        return lambda text: len(model.get_token_ids(text))
    if _overrides(model, "get_num_tokens"):
        return model.get_num_tokens
    return estimated_tokens


def _overrides(model: BaseChatModel, method: str) -> bool:
    return getattr(type(model), method) is not getattr(BaseLanguageModel, method)


def estimated_tokens(text: str) -> int:
    """How many tokens a text has for some model or other: three letters each, or one character.

    >>> estimated_tokens("evidence"), estimated_tokens("资料")
    (3, 2)
    """
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // 3) + len(text) - plain


def _written(tool: BaseTool | dict[str, Any]) -> str:
    return json.dumps(convert_to_openai_tool(tool), ensure_ascii=False, indent=4)
