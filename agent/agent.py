"""The grounded agent: LangChain's `create_agent` with our grounding, asked for an `Answer`."""

import uuid
from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.vectorstores import VectorStore
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver

from ..evidence import PassageSource, SearchMode
from ..facts import FactSource
from ..notation import GroundingStyle
from ..questions.answerability import DEFAULT_THRESHOLDS
from ..text.scripts import Language
from ..tools.calculator import calculator_tool
from ..tools.registry import as_tools
from .call_labels import check_conversation, narrowed, with_labels
from .conversation import message_text
from .grounding import GroundingMiddleware
from .options import CitationPolicy, GroundingOptions
from .sources import RetrieverSource, as_source, check_given_labels, check_labelled
from .state import ConversationState
from .transcript import Answer, is_hidden, read_answer
from .turns import Turns, check_async, check_sync, run_ahead
from .wording import SYSTEM_PROMPT

# What has next to no word in common with a question only keeps a model from calling a function.
_NOISE: Mapping[Language, float] = {"zh": 0.03, "en": 0.03}


class GroundedAgent:
    """Answers questions from a source of evidence and through tools; made by `build_agent`.

    `graph` is the compiled LangGraph agent, for streaming and everything else that LangGraph
    offers. Turns of one `thread_id` run one after another, others at the same time.
    """

    def __init__(
        self,
        graph: Any,
        *,
        checkpointer: BaseCheckpointSaver[Any],
        name: str,
        steps: int,
        holds_stream: bool = False,
        labels: tuple[str, ...] | None = None,
        facts: FactSource | None = None,
        takes_labels: bool = True,
    ) -> None:
        self.graph = graph
        self.model_name = name
        self._checkpointer = checkpointer
        self._steps = steps
        self._holds_stream = holds_stream
        self._labels = labels
        self._facts = facts
        self._takes_labels = takes_labels
        self._turns = Turns()

    def ask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Answer:
        """Answer a question; with a `thread_id` as the next turn of that conversation.

        Args:
            question: The question.
            thread_id: The conversation.
            labels: The access labels of the asker, of those that the agent has; None takes these.

        Raises:
            ValueError: the question is empty, or the labels are none.
            ConversationError: the checkpointer is asynchronous, the turn would wait for itself, or
                the conversation has shown what these labels may not see.
        """
        _check(question)
        with self._thread(thread_id, self._seen(labels)) as config:
            state = self.graph.invoke({"messages": [_message(question)]}, config)
        return read_answer(question, state, model=self.model_name)

    async def aask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Answer:
        """The same for asyncio.

        Raises:
            ValueError: the question is empty, or the labels are none.
            ConversationError: the checkpointer is synchronous, the turn would wait for itself, or
                the conversation has shown what these labels may not see.
        """
        _check(question)
        async with self._athread(thread_id, self._seen(labels)) as config:
            state = await self.graph.ainvoke({"messages": [_message(question)]}, config)
        return read_answer(question, state, model=self.model_name)

    def stream(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Iterator[str | Answer]:
        """Stream the text of the reply as it is written, and at last the whole `Answer`.

        The turn runs to its end however slowly the stream is read, so that half a stream holds up
        no later turn; closing the stream stops it. What may still be replaced (a reply to evidence
        that was not shown, or one whose unsupported sentences are removed) comes at once at the
        end, so that nothing shown is taken back.

        Raises:
            ValueError: the question is empty.
            ConversationError: the checkpointer is asynchronous, or the turn would wait for itself.
        """
        _check(question)
        check_sync(self._checkpointer)
        seen = self._seen(labels)
        return run_ahead(lambda: self._streamed(question, thread_id, seen))

    def _streamed(
        self, question: str, thread_id: str | None, labels: tuple[str, ...] | None
    ) -> Iterator[str | Answer]:
        with self._thread(thread_id, labels) as config:
            state: dict[str, Any] = {}
            holds = self._holds_stream
            for kind, data in self.graph.stream(
                {"messages": [_message(question)]}, config, stream_mode=["messages", "values"]
            ):
                if kind == "values":
                    state = data
                    holds = self._holds_stream or is_hidden(state)
                elif holds:
                    continue
                elif data[1].get("langgraph_node") == "model" and isinstance(data[0], AIMessage):
                    text = message_text(data[0])
                    if text:
                        yield text
        answer = read_answer(question, state, model=self.model_name)
        if holds and answer.text:
            yield answer.text
        yield answer

    def _seen(self, labels: Iterable[str] | None) -> tuple[str, ...] | None:
        """The labels of a call."""
        if labels is None:
            return self._labels
        check_given_labels(labels)
        if not self._takes_labels:
            raise ValueError("a wrapped retriever takes no labels; set them on it")
        if self._facts is not None:
            check_labelled(self._facts)
        return narrowed(self._labels, tuple(labels))

    @contextmanager
    def _thread(
        self, thread_id: str | None, labels: tuple[str, ...] | None
    ) -> Generator[RunnableConfig]:
        check_sync(self._checkpointer)
        if thread_id is not None:
            config = self._config(thread_id, labels)
            with self._turns.turn(thread_id):
                if labels is not None:
                    state = self.graph.get_state(config).values
                    check_conversation(thread_id, state, labels, own=self._labels)
                yield config
            return
        once = f"once-{uuid.uuid4().hex}"
        try:
            yield self._config(once, labels)
        finally:
            self._checkpointer.delete_thread(once)

    @asynccontextmanager
    async def _athread(
        self, thread_id: str | None, labels: tuple[str, ...] | None
    ) -> AsyncGenerator[RunnableConfig]:
        once = f"once-{uuid.uuid4().hex}"
        await check_async(self._checkpointer, thread_id or once)
        if thread_id is not None:
            config = self._config(thread_id, labels)
            async with self._turns.aturn(thread_id):
                if labels is not None:
                    state = (await self.graph.aget_state(config)).values
                    check_conversation(thread_id, state, labels, own=self._labels)
                yield config
            return
        try:
            yield self._config(once, labels)
        finally:
            await self._checkpointer.adelete_thread(once)

    def _config(self, thread_id: str, labels: tuple[str, ...] | None) -> RunnableConfig:
        # Every step of the model may be followed by one of tools; our own limit ends before this.
        limit = 4 * self._steps + 50
        config: RunnableConfig = {
            "configurable": {"thread_id": thread_id},
            "recursion_limit": limit,
        }
        return config if labels is None else with_labels(config, labels)


def build_agent(
    source: PassageSource | BaseRetriever | VectorStore,
    *,
    facts: FactSource | None = None,
    model: BaseChatModel,
    tools: Sequence[BaseTool | Callable[..., Any]] = (),
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
) -> GroundedAgent:
    """Build an agent that answers from a source of evidence and through tools.

    Args:
        source: A KnowledgeBase, or any LangChain retriever or vector store.
        facts: A separate source of facts; a KnowledgeBase gives its own.
        model: Any LangChain chat model; one that takes no tools needs grounding="template".
        tools: The user's own typed functions with docstrings, or LangChain tools.
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
    )
    saver = checkpointer if checkpointer is not None else InMemorySaver()
    passages = as_source(source)
    ground = GroundingMiddleware(passages, options, facts=facts)
    graph: Any = create_agent(
        model,
        listed,
        system_prompt=SYSTEM_PROMPT if system_prompt is None else system_prompt,
        middleware=[*middleware, ground],
        state_schema=ConversationState,
        checkpointer=saver,
    )
    name = str(getattr(model, "model_name", None) or getattr(model, "model", None) or "")
    return GroundedAgent(
        graph,
        checkpointer=saver,
        name=name,
        steps=max_steps,
        holds_stream=citations == "remove",
        labels=options.labels,
        facts=facts,
        takes_labels=not isinstance(passages, RetrieverSource),
    )


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


def _check(question: str) -> None:
    if not question.strip():
        raise ValueError("the question is empty")


def _message(question: str) -> HumanMessage:
    return HumanMessage(question, id=f"question-{uuid.uuid4().hex}")
