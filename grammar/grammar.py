"""The grammar of a reply: text, or calls of the offered tools that are valid against their schemas.

Written in the Lark of llguidance, over ChatGLM3's own tool-call text; control ids stand in it as
`<[64796]>`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ..schemas import SchemaError, first_violation, standard_schema
from ..wire.reply_segment import INTERPRETER, LONGEST_NAME
from ..wire.tokenizer import ASSISTANT, EOS, OBSERVATION, USER
from .copied_rules import copied_from
from .schema_rules import Piece, SchemaRules
from .text_rules import JSON, PYTHON, quoted

_TEXT = r"TEXT: / ?\n(?s:.*)/"
_STOPS = " | ".join(f"<[{id_}]>" for id_ in (EOS, USER, OBSERVATION))


@dataclass(frozen=True, slots=True)
class Grammar:
    """A grammar of a reply's ids, from behind `<|assistant|>` to the id that ends it.

    `reserve` is the most bytes that may be left to end a call from any point within it, and `quote`
    the mark around texts in it: what an engine needs to end a call before its tokens run out.
    """

    lark: str
    reserve: float
    quote: str


@dataclass(frozen=True, slots=True)
class CallGrammar:
    """The grammar for some tools, and what of their schemas it leaves to be checked.

    `unheld` has the features by the tool's name that no grammar holds.
    """

    grammar: Grammar
    schemas: Mapping[str, dict[str, Any]]
    unheld: Mapping[str, Sequence[str]]

    def streams(self, name: str) -> bool:
        """Whether a call of this tool is valid by the grammar alone."""
        return name in self.schemas and not self.unheld.get(name)

    def check(self, name: str, args: Mapping[str, Any]) -> str:
        """Why a call is not valid, "" where it is."""
        if name not in self.schemas:
            return f"there is no tool {name!r}"
        if self.streams(name):
            return ""
        return first_violation(self.schemas[name], dict(args))


def call_grammar(
    tools: Sequence[Mapping[str, Any]],
    choice: str = "auto",
    *,
    sources: Sequence[str] = (),
    free: Collection[str] = (),
) -> CallGrammar:
    """The grammar of a reply that may, or must, call tools.

    Args:
        tools: OpenAI's descriptions, with or without the wrapper `{"type": "function"}`.
        choice: "auto" lets the reply be text and calls; "any" makes it one call, a tool's name one
            call of that tool.
        sources: Where given, texts and numbers among the arguments are copied from them, for a
            model that misspells what it copies; a schema's own values and bounds go before.
        free: Tools whose arguments are free all the same.

    Raises:
        SchemaError: a schema names an unknown type, requires what nothing satisfies, or is to be
            forced with a feature that no grammar holds.
    """
    functions = [cast("Mapping[str, Any]", tool.get("function", tool)) for tool in tools]
    if choice not in ("auto", "any"):
        functions = [one for one in functions if one.get("name") == choice]
    if not functions:
        raise SchemaError(f"none of the tools is called {choice!r}")
    copies = copied_from(sources) if sources else None
    rules: list[str] = [_TEXT, *(copies.rules if copies is not None else ())]
    calls: list[str] = []
    schemas: dict[str, dict[str, Any]] = {}
    unheld: dict[str, list[str]] = {}
    reserve = 0.0
    for number, function in enumerate(functions):
        name = checked_name(function.get("name"))
        schema = standard_schema(function.get("parameters") or {}, where=name)
        dialect = PYTHON if name in free else replace(PYTHON, copies=copies)
        written = SchemaRules(dialect, schema, f"t{number}x")
        try:
            arguments = written.call(schema, "")
        except RecursionError:
            raise SchemaError(f"the schema of {name} has no end") from None
        if arguments is None:
            raise SchemaError(f"{name} requires what nothing satisfies")
        if written.unheld and choice != "auto":
            raise SchemaError(
                f"{name} cannot be forced: no grammar holds {'; '.join(written.unheld)}"
            )
        schemas[name], unheld[name] = schema, written.unheld
        rules += [*written.rules, f"call{number}: {_call(name, arguments)}"]
        calls.append(f"call{number}")
        reserve = max(reserve, arguments.bytes + len(name.encode()) + 40)
    either = " | ".join(calls)
    if choice == "auto":
        rules += [
            f"start: TEXT (again | {_STOPS}) | call (again | <[{OBSERVATION}]>)",
            f"again: <[{ASSISTANT}]> start",
            f"call: {either}",
        ]
    else:
        rules.append(f"start: ({either}) <[{OBSERVATION}]>")
        rules.remove(_TEXT)
    return CallGrammar(Grammar("\n".join(rules), reserve, PYTHON.quote), schemas, unheld)


def json_grammar(schema: Mapping[str, Any]) -> Grammar:
    """The grammar of a reply that is one JSON value of a schema.

    Raises:
        SchemaError: as for `call_grammar`.
    """
    standard = standard_schema(schema)
    written = SchemaRules(JSON, standard, "x")
    try:
        value = written.value(standard, "")
    except RecursionError:
        raise SchemaError("the schema has no end") from None
    if value is None:
        raise SchemaError("the schema requires what nothing satisfies")
    if written.unheld:
        raise SchemaError(f"no grammar holds {'; '.join(written.unheld)}")
    start = f'start: " "? "\\n" {value.expression} ({_STOPS})'
    return Grammar("\n".join([start, *written.rules]), value.bytes + 8, JSON.quote)


def checked_name(name: object) -> str:
    """A tool's name that can stand on the first line of a segment.

    Raises:
        SchemaError: it cannot.
    """
    if not isinstance(name, str) or not name or name != name.strip():
        raise SchemaError(f"{name!r} is no name for a tool: it is empty or has blanks around it")
    if name.splitlines() != [name]:
        raise SchemaError(f"the name of a tool holds a line break: {name!r}")
    if name == INTERPRETER:
        raise SchemaError(f"{name!r} is ChatGLM3's own name for code; call the tool otherwise")
    if len(name) > LONGEST_NAME:
        raise SchemaError(f"the name of a tool is longer than {LONGEST_NAME}: {name[:40]!r}...")
    return name


def _call(name: str, arguments: Piece) -> str:
    # A vocabulary with a blank before every text, as ChatGLM3's, writes one before name and fence.
    lead = quoted("```python\ntool_call(")
    end = quoted(")\n```")
    header = quoted(f"{name}\n")
    return f'" "? {header} " "? {lead} {arguments.expression} {end}'
