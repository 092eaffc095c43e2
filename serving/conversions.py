"""OpenAI's messages, tools and settings in LangChain's words."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)

from ..notation import without_marks
from .failures import RequestError
from .openai_types import CalledTool, ChatMessage, ChatRequest, ContentPart, NamedTool


def to_messages(
    listed: Sequence[ChatMessage], clean: Callable[[str], str] = str
) -> list[AnyMessage]:
    """A conversation in LangChain's messages, in its order.

    Args:
        listed: The messages.
        clean: What the users say passes this.

    Raises:
        RequestError: a message holds something else than text, a call's arguments are no JSON
            object, or a result has no call.
    """
    found: list[AnyMessage] = []
    names: dict[str, str] = {}
    for place, message in enumerate(listed):
        where = f"messages.{place}"
        text = _text(message.content, where)
        if message.role in ("system", "developer"):
            found.append(SystemMessage(text))
        elif message.role == "user":
            if not text.strip():
                raise RequestError("the message is empty", param=f"{where}.content")
            found.append(HumanMessage(clean(text)))
        elif message.role == "assistant":
            calls = [_call(call, f"{where}.tool_calls") for call in message.tool_calls or ()]
            names |= {str(call["id"]): call["name"] for call in calls}
            found.append(AIMessage(text, tool_calls=calls))
        else:
            id_ = message.tool_call_id or ""
            if id_ not in names:
                raise RequestError(
                    f"there is no call {id_!r} before its result", param=f"{where}.tool_call_id"
                )
            found.append(ToolMessage(text, tool_call_id=id_, name=names[id_]))
    return found


def _text(content: str | list[ContentPart] | None, where: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    for part in content:
        if part.type not in ("text", "refusal"):
            raise RequestError(
                f"only text can be read, not a part of type {part.type!r}",
                param=f"{where}.content",
                code="unsupported_content",
            )
    return "\n".join(part.text or part.refusal or "" for part in content)


def _call(call: CalledTool, where: str) -> ToolCall:
    try:
        args: object = json.loads(call.function.arguments or "{}")
    except (ValueError, RecursionError):
        args = None
    if not isinstance(args, dict):
        raise RequestError("the arguments of a call are a JSON object", param=where)
    return ToolCall(name=call.function.name, args=cast("dict[str, Any]", args), id=call.id)


def split_turn(
    messages: Sequence[AnyMessage],
) -> tuple[str, list[AnyMessage], str, list[AnyMessage]]:
    """A conversation as an agent takes it: system text, what was before, question, what followed.

    The marks of earlier answers are left out: their evidence is not there any more, and a new piece
    may have the number.

    Raises:
        RequestError: it does not end with a question, or with results of calls.
    """
    system = "\n\n".join(str(one.content) for one in messages if isinstance(one, SystemMessage))
    told: list[AnyMessage] = [one for one in messages if not isinstance(one, SystemMessage)]
    places = [index for index, one in enumerate(told) if isinstance(one, HumanMessage)]
    if not places or not isinstance(told[-1], HumanMessage | ToolMessage):
        raise RequestError(
            "the last message must be the user's, or the result of a call", param="messages"
        )
    at = places[-1]
    before = [_unmarked(one) for one in told[:at]]
    return system, before, str(told[at].content), told[at + 1 :]


def _unmarked(message: AnyMessage) -> AnyMessage:
    if not isinstance(message, AIMessage):
        return message
    return message.model_copy(update={"content": without_marks(str(message.content))})


def tools_of(request: ChatRequest) -> list[dict[str, Any]]:
    """The client's functions as LangChain binds them.

    Raises:
        RequestError: two have one name.
    """
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.function.name,
                "description": tool.function.description or "",
                "parameters": tool.function.parameters or {"type": "object", "properties": {}},
            },
        }
        for tool in request.tools or ()
    ]
    names = [cast("Mapping[str, Any]", tool["function"])["name"] for tool in tools]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RequestError(f"two functions are called {twice!r}", param="tools")
    return cast("list[dict[str, Any]]", tools)


def choice_of(request: ChatRequest) -> str:
    """The choice of a tool in LangChain's words: "auto", "none", "any" or a name.

    Raises:
        RequestError: it is none of the functions, or there are none to choose from.
    """
    choice = request.tool_choice
    names = [tool.function.name for tool in request.tools or ()]
    if isinstance(choice, NamedTool):
        if choice.function.name not in names:
            raise RequestError(
                f"there is no function {choice.function.name!r} in tools", param="tool_choice"
            )
        return choice.function.name
    if choice == "required":
        if not names:
            raise RequestError("a call is required, but there are no tools", param="tool_choice")
        return "any"
    return choice or "auto"


def settings_of(request: ChatRequest) -> dict[str, Any]:
    """How the model is to write, in `ChatGLM3`'s words."""
    told: dict[str, Any] = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "max_tokens": request.tokens,
        "stop": request.stops or None,
    }
    return {key: value for key, value in told.items() if value is not None}


def check_supported(request: ChatRequest, *, is_grounded: bool) -> None:
    """Refuse what is known and cannot be honoured, rather than leave it out in silence.

    Raises:
        RequestError: so it is.
    """
    refused = {
        "logprobs": bool(request.logprobs) or bool(request.top_logprobs),
        "logit_bias": bool(request.logit_bias),
        "presence_penalty": bool(request.presence_penalty),
        "frequency_penalty": bool(request.frequency_penalty),
        "functions": bool(request.functions),
        "modalities": bool(request.modalities and request.modalities != ["text"]),
        "n": is_grounded and (request.n or 1) > 1,
    }
    for name, is_asked in refused.items():
        if is_asked:
            raise RequestError(_WHY[name], param=name, code="unsupported_parameter")
    form = request.response_format
    if form is not None and form.type == "json_schema" and form.json_schema is None:
        raise RequestError("json_schema needs its schema", param="response_format")


_WHY = {
    "logprobs": "log-probabilities are not given",
    "logit_bias": "logit_bias is not supported",
    "presence_penalty": "penalties are not supported; leave presence_penalty out",
    "frequency_penalty": "penalties are not supported; leave frequency_penalty out",
    "functions": "functions is no longer used; name them in tools",
    "modalities": "replies are text only",
    "n": "a grounded answer is given once; n goes with a model by itself",
}
