"""Building an agent: LangChain's `create_agent` with our grounding, tools and limits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langchain_core.vectorstores import VectorStore
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver

from ..evidence import PassageSource, SearchMode
from ..facts import FactSource
from ..notation import GroundingStyle
from ..questions.answerability import DEFAULT_THRESHOLDS
from ..text.scripts import Language
from ..tools.audit import Audit, audit_log
from ..tools.calculator import calculator_tool
from ..tools.dispatch import DispatchLimits, ToolDispatcher
from ..tools.registry import as_tools, is_read_only
from .grounded_agent import GroundedAgent
from .grounding import GroundingMiddleware
from .options import CitationPolicy, GroundingOptions
from .running import AgentParts, Durability
from .sources import RetrieverSource, as_source, check_given_labels, check_labelled
from .state import ConversationState
from .wording import SYSTEM_PROMPT

# What has next to no word in common with a question only keeps a model from calling a function.
_NOISE: Mapping[Language, float] = {"zh": 0.03, "en": 0.03}


def build_agent(
    source: PassageSource | BaseRetriever | VectorStore,
    *,
    facts: FactSource | None = None,
    model: BaseChatModel,
    tools: Iterable[BaseTool | Callable[..., Any]] = (),
    system_prompt: str | None = None,
    k: int = 5,
    mode: SearchMode = "graph",
    threshold: float | Mapping[Language, float] | None = None,
    grounding: GroundingStyle = "tool_call",
    calculator: bool = True,
    middleware: Sequence[AgentMiddleware[Any, Any]] = (),
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    max_steps: int = 8,
    labels: Sequence[str] | None = None,
    allow_changing_tools: bool = False,
    citations: CitationPolicy = "mark",
    response_format: Any = None,  # noqa: ANN401 - what create_agent takes
    tool_limits: DispatchLimits | None = None,
    audit: Audit = audit_log,
    durability: Durability | None = None,
    summarizer: BaseChatModel | None = None,
) -> GroundedAgent:
    """Build an agent that answers from a source of evidence and through tools.

    Args:
        source: A KnowledgeBase, or any LangChain retriever or vector store.
        facts: A separate source of facts; a KnowledgeBase gives its own.
        model: Any LangChain chat model; one that takes no tools needs grounding="template".
        tools: The user's own typed functions with docstrings, LangChain tools, or a ToolRegistry.
        system_prompt: In place of the one that asks for citations.
        k: Passages shown to the model.
        mode: How the source is searched.
        threshold: Answerability below which the agent declines, for both languages or each; 0
            never declines, None takes the defaults (lower for a model that was trained to decline).
            A model with weights of its own is shown evidence below it with a hint, and its answer
            is marked (`Answer.thin`); nothing that it says is overwritten.
        grounding: "tool_call" shows evidence as the result of a search; "template" puts question
            and evidence into one user turn, for models that were not trained on tools.
        calculator: Whether to offer a calculator.
        middleware: Further LangChain middleware; it stands outside of ours.
        checkpointer: Where conversations are kept; in memory if None.
        max_steps: How often the model may be called for one question.
        labels: The access labels of whoever asks, of which a call may have fewer
            (`ask(..., labels=...)`); None sees everything. A source of facts that takes
            no labels is refused beside them.
        allow_changing_tools: Whether an engine without weights, or the small model, may run tools
            that are not declared read-only; else it only proposes them (`Answer.tool_calls`, status
            "held").
        citations: "mark" tells which sentences no cited evidence carries (`Answer.unsupported`);
            "remove" leaves them out, and declines where none is left.
        response_format: A pydantic class, a JSON schema or a strategy of LangChain's: the answer
            comes as such data too (`Answer.structured`).
        tool_limits: Time, number at once, retries and size of results of the tools.
        audit: Takes a record of each call; as a rule a line of the logger `groundglm.audit`.
        durability: When a step is written to the checkpointer (LangGraph's "sync", "async" or
            "exit"); None writes before each step goes on where a tool may change something, so that
            a crash never hides that it did, and else at the end of the turn.
        summarizer: A model that writes a summary of turns for which the context has no room; None
            tells the model only that they are left out, and what they asked last.

    Raises:
        ValueError: an argument makes no sense, or the model takes no tools and is given some.
    """
    if isinstance(threshold, int | float):
        threshold = {"zh": float(threshold), "en": float(threshold)}
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, not {max_steps}")
    if labels is not None:
        check_given_labels(labels)
    if labels is not None and facts is not None:
        check_labelled(facts)
    listed = as_tools(tools)
    takes_tools = type(model).bind_tools is not BaseChatModel.bind_tools
    if not takes_tools:
        _check_without_tools(model, listed, grounding)
    if calculator and takes_tools and all(tool.name != "calculator" for tool in listed):
        listed.append(calculator_tool())
    options = GroundingOptions(
        k=k,
        mode=mode,
        thresholds={**_default_thresholds(model), **(threshold or {})},
        style=grounding,
        has_tools=bool(listed),
        holds_changing_tools=not allow_changing_tools and _holds_changing_tools(model),
        max_steps=max_steps,
        labels=None if labels is None else tuple(labels),
        takes_tools=takes_tools,
        hides_thin=_told(model, "declines_itself") or not _told(model, "has_weights", True),
        citations=citations,
        summarizer=summarizer,
        asked_elsewhere=frozenset(
            name
            for one in middleware
            if isinstance(one, HumanInTheLoopMiddleware)
            for name in one.interrupt_on
        ),
    )
    saver = checkpointer if checkpointer is not None else InMemorySaver()
    passages = as_source(source)
    further = [tool for one in middleware for tool in getattr(one, "tools", ())]
    dispatcher = ToolDispatcher([*listed, *further], limits=tool_limits, audit=audit)
    ground = GroundingMiddleware(passages, options, facts=facts, dispatcher=dispatcher)
    graph: Any = create_agent(
        model,
        listed,
        system_prompt=SYSTEM_PROMPT if system_prompt is None else system_prompt,
        middleware=[*middleware, ground],
        response_format=response_format,
        state_schema=ConversationState,
        checkpointer=saver,
    )
    changes = any(not is_read_only(tool) for tool in dispatcher.tools.values())
    may_change = changes and not options.holds_changing_tools
    parts = AgentParts(
        checkpointer=saver,
        name=str(getattr(model, "model_name", None) or getattr(model, "model", None) or ""),
        # Each step may pass every node of the graph; our own limit ends before this.
        recursion_limit=(max_steps + 3) * (len(graph.nodes) + 1),
        tools=dispatcher.tools,
        durability=durability or ("sync" if may_change else "exit"),
        holds_stream=citations == "remove",
        labels=options.labels,
        facts=facts,
        takes_labels=not isinstance(passages, RetrieverSource),
    )
    return GroundedAgent(graph, parts)


def _holds_changing_tools(model: BaseChatModel) -> bool:
    return _told(model, "holds_changing_tools")


def _default_thresholds(model: BaseChatModel) -> Mapping[Language, float]:
    """Words in common say less than a model that was trained to decline: it sees all but noise."""
    return _NOISE if _told(model, "declines_itself") else DEFAULT_THRESHOLDS


def _told(model: BaseChatModel, key: str, default: bool = False) -> bool:
    return bool(cast("Mapping[str, Any]", model.profile or {}).get(key, default))


def _check_without_tools(
    model: BaseChatModel, tools: Sequence[BaseTool], grounding: GroundingStyle
) -> None:
    name = type(model).__name__
    if tools:
        listed = ", ".join(tool.name for tool in tools)
        raise ValueError(
            f"{name} takes no tools (it does not implement bind_tools), so it cannot call {listed}"
        )
    if grounding != "template":
        raise ValueError(
            f"{name} takes no tools (it does not implement bind_tools); "
            'use build_agent(..., grounding="template")'
        )
