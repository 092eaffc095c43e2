"""One case to learn or to be tested on, and its forms as a conversation."""

import json
import random
import zlib
from dataclasses import dataclass, field
from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_tool

from groundglm.agent.grounding import GroundingMiddleware
from groundglm.agent.options import GroundingOptions
from groundglm.agent.wording import INSUFFICIENT, SYSTEM_PROMPT
from groundglm.evidence import Evidence, Source
from groundglm.notation import SEARCH_TOOL, format_evidence, format_question
from groundglm.tools.calculator import calculator_tool


@dataclass
class Call:
    """A call that is right, and what it gives."""

    name: str
    args: dict[str, Any]
    result: str = ""


@dataclass
class Turn:
    """A question, what was found for it, the right calls, and the answer.

    `evidence` is numbered; `hop` is what a second search asks for and what it finds. A right answer
    holds all of `contents` and cites `numbers`.
    """

    question: str
    answer: str
    evidence: list[tuple[int, Evidence]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    hop: tuple[str, list[tuple[int, Evidence]]] | None = None
    contents: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


@dataclass
class Case:
    """A conversation of one kind, with the functions on offer."""

    kind: str
    turns: list[Turn]
    functions: list[dict[str, Any]] = field(default_factory=list)
    grounded: bool = False
    form: str = "agent"  # or "alone", "plain", "template"


class _Nothing:
    def search(self, query: str, **kwargs: Any) -> list[Evidence]:
        return []


_SEARCH = convert_to_openai_tool(GroundingMiddleware(_Nothing(), GroundingOptions()).tools[0])
_CALCULATOR = convert_to_openai_tool(calculator_tool())


def piece(kind: str, title: str, text: str) -> Evidence:
    """A piece of evidence as a knowledge base gives it."""
    return Evidence(
        f"{kind}-{zlib.crc32(text.encode())}", kind, text, 1.0, "", (Source("d", title),)
    )


def agent_tools(functions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools of an agent: its search, the user's functions, its calculator."""
    offered = [{"type": "function", "function": one} for one in functions]
    known = any(one["name"] == "calculator" for one in functions)
    return [_SEARCH, *offered, *([] if known else [_CALCULATOR])]


def as_record(case: Case) -> dict[str, Any]:
    """A case as OpenAI messages, as the agent or the chat model alone writes them."""
    messages: list[dict[str, Any]] = []
    tools: list[dict[str, Any]] = []
    if case.form == "agent":
        messages.append({"role": "system", "content": SYSTEM_PROMPT})
        tools = agent_tools(case.functions)
    elif case.form == "template":
        messages.append({"role": "system", "content": SYSTEM_PROMPT})
    elif case.form == "alone":
        tools = [{"type": "function", "function": one} for one in case.functions]
    for turn in case.turns:
        if case.form == "template":
            messages.append(
                {"role": "user", "content": format_question(turn.question, turn.evidence)}
            )
        else:
            messages.append({"role": "user", "content": turn.question})
        if case.form == "agent":
            shown = format_evidence(turn.evidence) or INSUFFICIENT["en"]
            messages += _called(SEARCH_TOOL, {"query": turn.question}, shown)
            if turn.hop is not None:
                query, found = turn.hop
                shown = format_evidence(found) or INSUFFICIENT["en"]
                messages += _called(SEARCH_TOOL, {"query": query}, shown)
        for call in turn.calls:
            messages += _called(call.name, call.args, call.result)
        messages.append({"role": "assistant", "content": turn.answer})
    return {"kind": case.kind, "messages": messages, **({"tools": tools} if tools else {})}


def _called(name: str, args: dict[str, Any], result: str) -> list[dict[str, Any]]:
    said = {"name": name, "arguments": json.dumps(args, ensure_ascii=False)}
    call = {"id": "c", "type": "function", "function": said}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": result},
    ]


def weighted(rng: random.Random, weights: dict[str, float]) -> str:
    """One key, by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
