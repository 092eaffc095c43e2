"""What one call to the chat model asks for: tools, a choice among them, a form of the reply."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from ..engines.engine import Engine, holds_grammars
from ..grammar.grammar import CallGrammar, Grammar
from ..notation import SEARCH_TOOL
from .structured_output import format_grammar, tools_grammar

_FREE = frozenset({SEARCH_TOOL})
_MOST_CHARACTERS = 40_000  # that arguments are copied from: a grammar is made of them


def grammar_of_calls(
    engine: Engine, options: Mapping[str, Any], messages: Sequence[BaseMessage] = ()
) -> CallGrammar | None:
    """The grammar for the tools of a call; None without tools, or where the engine holds none.

    For an engine that `copies_arguments` the texts of a call that is not forced are copied from
    `messages` and the tools' own descriptions; a search writes its query itself.
    """
    tools, choice = options.get("tools"), options.get("tool_choice") or "auto"
    if not tools or choice == "none" or not holds_grammars(engine):
        return None
    listed = [convert_to_openai_tool(tool) for tool in tools]
    names = {tool["function"]["name"] for tool in listed}
    choice = tool_choice_of(choice, names)
    if choice == "auto" and getattr(engine, "copies_arguments", False):
        return tools_grammar(listed, choice, sources=_sources(listed, messages), free=_FREE)
    return tools_grammar(listed, choice)


def _sources(
    tools: Sequence[Mapping[str, Any]], messages: Sequence[BaseMessage]
) -> tuple[str, ...]:
    """What an argument may be copied from: the newest first, for there is not room for all."""
    said = [one.text for one in messages if isinstance(one, HumanMessage | ToolMessage)]
    described = [text for tool in tools for text in _described(tool["function"])]
    room, found = _MOST_CHARACTERS, list[str]()
    for text in (*reversed(said), *described):
        found.append(text[:room])
        room -= len(found[-1])
    return tuple(filter(None, found))


def _described(function: Mapping[str, Any]) -> Iterator[str]:
    parameters = cast("Mapping[str, Any]", function.get("parameters") or {})
    properties = cast("Mapping[str, object]", parameters.get("properties") or {})
    for schema in properties.values():
        if isinstance(schema, dict):
            known = cast("Mapping[str, Any]", schema)
            yield from (str(known[key]) for key in ("description", "default") if key in known)


def grammar_of_format(engine: Engine, wanted: Mapping[str, Any]) -> Grammar | None:
    """The grammar of a `response_format`, None for plain text.

    Raises:
        SchemaError: it is of no known kind, or its schema cannot be held.
        ValueError: the engine cannot be held to a grammar.
    """
    found = format_grammar(wanted)
    if found is not None and not holds_grammars(engine):
        raise ValueError(
            f"{engine.name} cannot be held to JSON; with_structured_output with "
            "method='function_calling' calls as far as it can"
        )
    return found


def tool_choice_of(choice: str | bool | dict[str, Any] | None, names: set[str]) -> str:
    """LangChain's and OpenAI's forms of a choice as "auto", "none", "any" or a tool's name.

    Raises:
        ValueError: it names none of the tools.
    """
    if isinstance(choice, dict):
        choice = cast("str", choice.get("function", choice).get("name"))
    if choice is None or choice is False:
        return "auto"
    if choice is True or choice in ("any", "required"):
        return "any"
    if choice not in names | {"auto", "none"}:
        raise ValueError(f"tool_choice {choice!r} is none of the tools: {', '.join(sorted(names))}")
    return choice
