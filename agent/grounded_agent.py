"""The grounded agent: asked for an `Answer`, whole or as events, and resumed where it waits."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from langchain_core.messages import AnyMessage
from langchain_core.runnables import RunnableConfig

from .approval import Decision, PendingCall, in_order
from .caller import Caller
from .events import Answered, Event
from .interrupted import (
    read_interrupted,
)
from .running import AgentParts, Run, TurnRunner, config_of
from .streaming import STREAM_MODES, TurnReader
from .timings import timed_turn
from .transcript import Answer, read_answer
from .turns import arun_ahead, check_sync, run_ahead


class GroundedAgent:
    """Answers questions from a source of evidence and through tools; made by `build_agent`.

    `graph` is the compiled LangGraph agent, for everything else that LangGraph offers. Turns of one
    `thread_id` run one after another, others at the same time. Where calls wait for a person the
    answer says so (`Answer.pending`), and `resume` goes on.
    """

    def __init__(self, graph: Any, parts: AgentParts) -> None:  # noqa: ANN401 - LangGraph's
        self.graph = graph
        self.model_name = parts.name
        self._parts = parts
        self._runner = TurnRunner(graph, parts)
        self._turns = self._runner.turns

    # --- asking -------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
        config: RunnableConfig | None = None,
        caller: Caller | None = None,
    ) -> Answer:
        """Answer a question; with a `thread_id` as the next turn of that conversation.

        Args:
            question: The question.
            thread_id: The conversation.
            labels: The access labels of the asker, of those that the agent has; None takes these.
            config: LangChain's configuration: callbacks, tags, metadata and so on.
            caller: What a caller brings that keeps the conversation itself, or runs functions of
                its own; with a `thread_id`, only settings.

        Raises:
            ValueError: the question is empty, or the labels are none.
            ConversationError: the checkpointer is asynchronous, the turn would wait for itself, or
                the conversation has shown what these labels may not see.
        """
        _check(question, thread_id, caller)
        seen = self._runner.seen(labels)
        with self._runner.turn(question, thread_id, seen, config, caller=caller) as run:
            return self._answered(run)

    async def aask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
        config: RunnableConfig | None = None,
        caller: Caller | None = None,
    ) -> Answer:
        """The same for asyncio.

        Raises:
            ValueError: the question is empty, or the labels are none.
            ConversationError: the checkpointer is synchronous, the turn would wait for itself, or
                the conversation has shown what these labels may not see.
        """
        _check(question, thread_id, caller)
        seen = self._runner.seen(labels)
        async with self._runner.aturn(question, thread_id, seen, config, caller=caller) as run:
            return await self._aanswered(run)

    def resume(
        self,
        thread_id: str,
        decisions: Decision | Mapping[str, Decision] | None = None,
        *,
        labels: Iterable[str] | None = None,
        config: RunnableConfig | None = None,
    ) -> Answer:
        """Go on with a turn that waits for a person, or that ended in the middle.

        A decision is taken once: a second one for the same call is refused. Without decisions, a
        turn goes on that a crash or an error ended; what might have taken effect is not run again,
        but told to the model, and by it to the user.

        Args:
            thread_id: The conversation, or `Answer.thread_id` of a question without one.
            decisions: "approve" or "reject" for all that waits, or one for each by the `id` in
                `Answer.pending`, also in LangChain's form, such as {"type": "edit", "args": {...}}.
            labels: As for `ask`.
            config: As for `ask`.

        Raises:
            ConversationError: nothing waits or is left to do, or the decision was taken before.
            ValueError: a decision is none, or is not allowed for its call.
        """
        with self._runner.turn(
            "", thread_id, self._runner.seen(labels), config, is_new=False
        ) as run:
            return self._answered(self._runner.resumed(run, decisions))

    async def aresume(
        self,
        thread_id: str,
        decisions: Decision | Mapping[str, Decision] | None = None,
        *,
        labels: Iterable[str] | None = None,
        config: RunnableConfig | None = None,
    ) -> Answer:
        """The same for asyncio.

        Raises:
            ConversationError: nothing waits or is left to do, or the decision was taken before.
            ValueError: a decision is none, or is not allowed for its call.
        """
        async with self._runner.aturn(
            "", thread_id, self._runner.seen(labels), config, is_new=False
        ) as run:
            return await self._aanswered(await self._runner.aresumed(run, decisions))

    def stream(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
        config: RunnableConfig | None = None,
        caller: Caller | None = None,
    ) -> Iterator[Event]:
        """Tell what happens in a turn while it happens; the last event is `Answered`.

        The turn runs to its end however slowly the stream is read, so that half a stream holds up
        no later turn; closing the stream stops it. What may still be replaced (a reply to evidence
        that was not shown, or one whose unsupported sentences are removed) comes at once at the
        end, so that no text is taken back.

        Raises:
            ValueError: the question is empty.
            ConversationError: the checkpointer is asynchronous, or the turn would wait for itself.
        """
        _check(question, thread_id, caller)
        check_sync(self._parts.checkpointer)
        seen = self._runner.seen(labels)
        return run_ahead(lambda: self._events(question, thread_id, seen, config, caller))

    async def astream(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        labels: Iterable[str] | None = None,
        config: RunnableConfig | None = None,
        caller: Caller | None = None,
    ) -> AsyncGenerator[Event]:
        """The same for asyncio.

        Raises:
            ValueError: the question is empty.
            ConversationError: the checkpointer is synchronous, or the turn would wait for itself.
        """
        _check(question, thread_id, caller)
        seen = self._runner.seen(labels)
        events = arun_ahead(lambda: self._aevents(question, thread_id, seen, config, caller))
        try:
            async for event in events:
                yield event
        finally:
            await events.aclose()

    # --- what a conversation holds --------------------------------------------------------------

    def history(self, thread_id: str) -> list[AnyMessage]:
        """The messages of a conversation, as the user and the model wrote them; none of a new one.

        Raises:
            ConversationError: the checkpointer is asynchronous.
        """
        check_sync(self._parts.checkpointer)
        state = self.graph.get_state(config_of(thread_id)).values
        return list(state.get("messages", []))

    async def ahistory(self, thread_id: str) -> list[AnyMessage]:
        """The same for asyncio."""
        state = (await self.graph.aget_state(config_of(thread_id))).values
        return list(state.get("messages", []))

    def pending(self, thread_id: str) -> tuple[PendingCall, ...]:
        """What waits for a person in a conversation, also after the program was started again."""
        found = self._parts.checkpointer.get_tuple(config_of(thread_id))
        return in_order(read_interrupted(found).waiting, self.history(thread_id))

    async def apending(self, thread_id: str) -> tuple[PendingCall, ...]:
        """The same for asyncio."""
        found = await self._parts.checkpointer.aget_tuple(config_of(thread_id))
        return in_order(read_interrupted(found).waiting, await self.ahistory(thread_id))

    # --- a turn ---------------------------------------------------------------------------------

    def _answered(self, run: Run) -> Answer:
        with timed_turn() as spent:
            state = self.graph.invoke(run.given, run.config, durability=self._parts.durability)
        return self._read(run, state, spent)

    async def _aanswered(self, run: Run) -> Answer:
        with timed_turn() as spent:
            state = await self.graph.ainvoke(
                run.given, run.config, durability=self._parts.durability
            )
        return self._read(run, state, spent)

    def _read(self, run: Run, state: Mapping[str, Any], spent: Mapping[str, float]) -> Answer:
        return read_answer(
            run.question, state, model=self.model_name, thread_id=run.thread_id, timings=spent
        )

    def _events(
        self,
        question: str,
        thread_id: str | None,
        labels: tuple[str, ...] | None,
        config: RunnableConfig | None,
        caller: Caller | None,
    ) -> Iterator[Event]:
        with self._runner.turn(question, thread_id, labels, config, caller=caller) as run:
            reader = TurnReader(holds=self._parts.holds_stream)
            with timed_turn() as spent:
                for mode, data in self.graph.stream(
                    run.given,
                    run.config,
                    stream_mode=STREAM_MODES,
                    durability=self._parts.durability,
                ):
                    yield from reader.read(mode, data)
            answer = self._read(run, reader.state, spent)
            yield from reader.end(answer.text)
        yield Answered(answer)

    async def _aevents(
        self,
        question: str,
        thread_id: str | None,
        labels: tuple[str, ...] | None,
        config: RunnableConfig | None,
        caller: Caller | None,
    ) -> AsyncIterator[Event]:
        async with self._runner.aturn(question, thread_id, labels, config, caller=caller) as run:
            reader = TurnReader(holds=self._parts.holds_stream)
            with timed_turn() as spent:
                async for mode, data in self.graph.astream(
                    run.given,
                    run.config,
                    stream_mode=STREAM_MODES,
                    durability=self._parts.durability,
                ):
                    for event in reader.read(mode, data):
                        yield event
            answer = self._read(run, reader.state, spent)
            for event in reader.end(answer.text):
                yield event
        yield Answered(answer)


def _check(question: str, thread_id: str | None, caller: Caller | None) -> None:
    if not question.strip():
        raise ValueError("the question is empty")
    if caller is None or thread_id is None:
        return
    if caller.before or caller.after or caller.tools:
        raise ValueError(
            "a conversation that is kept here (thread_id) takes no messages and no functions of "
            "the caller's"
        )
