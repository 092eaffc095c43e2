"""Structured output as LangChain asks for it: by a forced call, or by a reply that is JSON."""

import json
from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel

from ..grammar.grammar import CallGrammar, Grammar, call_grammar, json_grammar
from ..schemas import SchemaError

Method = Literal["function_calling", "json_schema", "json_mode"]


def response_format(schema: Mapping[str, Any] | type | None) -> dict[str, Any]:
    """OpenAI's `response_format` for a schema, or for any JSON object."""
    if schema is None:
        return {"type": "json_object"}
    converted = convert_to_json_schema(cast("Any", schema))
    name = converted.get("title", "reply")
    return {"type": "json_schema", "json_schema": {"name": name, "schema": converted}}


def parsed(
    model: Runnable[LanguageModelInput, Any],
    schema: Mapping[str, Any] | type | None,
    *,
    include_raw: bool,
) -> Runnable[LanguageModelInput, Any]:
    """A model whose replies are JSON, with what they say as its output."""
    parser: Any = JsonOutputParser()
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        parser = PydanticOutputParser(pydantic_object=schema)
    if not include_raw:
        return model | parser
    read: Any = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    unread: Any = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=model) | read.with_fallbacks([unread], exception_key="parsing_error")


def format_grammar(wanted: Mapping[str, Any]) -> Grammar | None:
    """The grammar of a `response_format`; None for plain text.

    Raises:
        SchemaError: it is of no known kind, or its schema cannot be held.
    """
    kind = wanted.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return _json("{}")
    if kind == "json_schema":
        schema: object = cast("Any", wanted.get("json_schema") or {}).get("schema")
        if isinstance(schema, dict):
            return _json(json.dumps(schema))
    raise SchemaError(f"response_format must be text, json_object or json_schema, not {wanted!r}")


@lru_cache(maxsize=128)
def _json(schema: str) -> Grammar:
    return json_grammar({"type": "object", **json.loads(schema)})


def tools_grammar(
    tools: list[dict[str, Any]],
    choice: str,
    *,
    sources: tuple[str, ...] = (),
    free: frozenset[str] = frozenset(),
) -> CallGrammar:
    """`call_grammar`, kept for tools that were offered before.

    One that copies from a conversation is kept for its call, not for long: it holds what was said.
    """
    written = json.dumps(tools, ensure_ascii=False)
    return _copying(written, choice, sources, free) if sources else _calls(written, choice)


@lru_cache(maxsize=128)
def _calls(tools: str, choice: str) -> CallGrammar:
    return call_grammar(json.loads(tools), choice)


@lru_cache(maxsize=4)
def _copying(
    tools: str, choice: str, sources: tuple[str, ...], free: frozenset[str]
) -> CallGrammar:
    return call_grammar(json.loads(tools), choice, sources=sources, free=free)
