"""Conversations that the server keeps: asking with all that happens told, approval, history."""

import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from ..agent.answer_lines import Places, answer_lines
from ..agent.approval import Decision
from ..agent.events import Answered, Event
from ..agent.transcript import Answer
from .access import Asker, narrowed_labels, server_of
from .base_types import (
    AnswerReply,
    ConversationListing,
    ConversationText,
    Decisions,
    Done,
    Lines,
    Question,
)
from .failures import EVENTS, RequestError, documented
from .grounded_replies import event_data, keep_answer, page_data, thread_of
from .keys import LOCAL, Key
from .pieces import new_id
from .replies import EventStream, WholeReply
from .served_base import ServedBase
from .server import Server

router = APIRouter(prefix="/api/bases/{base}", tags=["conversations"])

ThreadId = Annotated[str, Path(pattern=r"^[\w.~:@-]{1,200}$")]
_STREAM: dict[str, Any] = {
    "content": EVENTS,
    "description": "The answer, or what happens on the way to it as server-sent events.",
}


class _Turn:
    """One turn of a conversation, as events with their names.

    Args:
        server: The server.
        served: The base.
        key: Who asks.
        thread: The conversation; None for a question by itself.
        labels: What the asker sees.
        lines: How the answer is wanted as lines of text, where it is.
    """

    def __init__(
        self,
        server: Server,
        served: ServedBase,
        key: Key,
        *,
        thread: str | None,
        labels: tuple[str, ...] | None,
        lines: Lines | None = None,
    ) -> None:
        self._server = server
        self._served = served
        self._key = key
        self._is_kept = thread is not None
        # A turn that may wait for a person needs a name to go on by.
        self._thread = thread if thread is not None else f"once-{uuid.uuid4().hex}"
        self._labels = labels
        self._lines = lines
        self._id = new_id("answer")

    def asked(self, question: str) -> AsyncGenerator[tuple[str, Any]]:
        """Ask, and tell what happens: each event's name and data; the answer comes last."""
        thread = thread_of(self._key, self._thread)
        agent = self._served.agent_for(question)
        return self._named(
            question, lambda: agent.astream(question, thread_id=thread, labels=self._labels)
        )

    def decided(
        self, question: str, decisions: Mapping[str, Decision] | None
    ) -> AsyncGenerator[tuple[str, Any]]:
        """Go on with what a person decided on a turn that asked this."""
        thread = thread_of(self._key, self._thread)

        async def events() -> AsyncGenerator[Event]:
            answer = await self._served.agent_for(question).aresume(
                thread, decisions, labels=self._labels
            )
            yield Answered(answer)

        return self._named(question, events)

    async def _named(
        self, question: str, begin: Callable[[], AsyncGenerator[Event]]
    ) -> AsyncGenerator[tuple[str, Any]]:
        finished = False
        try:
            async with self._server.queue.turn():
                with self._served.used():
                    async with aclosing(begin()) as events:
                        async for event in events:
                            if isinstance(event, Answered):
                                finished = True
                                answer = self._served.noted(question, event.answer)
                                yield "answered", await self._answered(answer)
                            else:
                                data = dict(event_data(event))
                                yield str(data.pop("event")), data
        finally:
            if not finished:
                self._server.metrics.cancelled.inc()

    async def _answered(self, answer: Answer) -> dict[str, Any]:
        self._server.count_answer(self._served.name, answer)
        is_kept = self._is_kept or bool(answer.pending)
        thread = self._thread if is_kept else None
        if not is_kept:
            await self._served.memory.adelete_thread(thread_of(self._key, self._thread))
        keep_answer(
            self._served, answer, self._id, key=self._key, thread=thread, labels=self._labels
        )
        told: dict[str, Any] = {
            "id": self._id,
            "thread_id": thread,
            "answer": page_data(answer) | {"thread_id": thread or ""},
        }
        lines = self._lines
        if lines is not None:
            told["lines"] = await self._served.read(lambda: self._written(answer, lines))
        return told

    def _written(self, answer: Answer, lines: Lines) -> list[str]:
        here = FilePath(lines.here) if lines.here else self._served.folder

        def path_of(id_: str) -> FilePath | None:
            return self._served.base.path_of(id_, labels=self._labels)

        places = Places(self._served.folder, path_of, here)
        return answer_lines(answer, places, verbose=lines.verbose)


def _reply(
    server: Server, events: Callable[[], AsyncGenerator[tuple[str, Any]]], *, stream: bool
) -> Response:
    if stream:
        return EventStream(events, server.bounds, ends_with=None, named=True)

    async def whole() -> dict[str, Any]:
        found: dict[str, Any] = {}
        async with aclosing(events()) as listed:
            async for name, data in listed:
                if name == "answered":
                    names = ("id", "thread_id", "answer", "lines")
                    found = {key: data[key] for key in names if key in data}
        return found

    return WholeReply(whole, server.bounds)


@router.post(
    "/ask",
    response_model=AnswerReply,
    responses={**documented(404, 409, 504), 200: _STREAM},
    summary="A question to the base",
)
async def ask(key: Asker, http: Request, base: str, asked: Question) -> Response:
    """Ask, alone or as the next turn of a conversation that the server keeps.

    Events: `retrieved`, `text`, `tool_called`, `tool_returned`, `sentence_checked`,
    `approval_needed`, at last `answered`; or `error`.
    """
    server = server_of(http)
    served = server.base(base)
    if not asked.question.strip():
        raise RequestError("the question is empty", param="question")
    question = server.cleaned(asked.question)
    turn = _Turn(
        server,
        served,
        key,
        thread=asked.thread_id,
        labels=narrowed_labels(key, asked.labels),
        lines=asked.lines if key is LOCAL else None,
    )
    return _reply(server, lambda: turn.asked(question), stream=asked.stream)


@router.get(
    "/conversations",
    response_model=ConversationListing,
    responses=documented(404),
    summary="The conversations",
)
async def conversations(
    key: Asker, http: Request, base: str, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """The asker's own conversations, the newest first."""
    served = server_of(http).base(base)
    found = await served.recorded(lambda kept: kept.conversations(key.id, limit=limit))
    return {"conversations": found}


@router.get(
    "/conversations/{thread}",
    response_model=ConversationText,
    responses=documented(404, 409),
    summary="A conversation",
)
async def conversation(key: Asker, http: Request, base: str, thread: ThreadId) -> dict[str, Any]:
    """Its answers in order, and the calls that wait for a person."""
    served = server_of(http).base(base)
    await _check_own(served, key, thread)
    answers = await served.recorded(lambda kept: kept.answers_of(key.id, thread, key.labels))
    pending = await served.agent_for("").apending(thread_of(key, thread))
    return {"id": thread, "answers": answers, "pending": [one.to_dict() for one in pending]}


@router.delete(
    "/conversations/{thread}",
    response_model=Done,
    responses=documented(404),
    summary="Forget a conversation",
)
async def forget(key: Asker, http: Request, base: str, thread: ThreadId) -> dict[str, Any]:
    """Forget what was said in it, its answers and traces included."""
    served = server_of(http).base(base)
    await _check_own(served, key, thread)
    await served.memory.adelete_thread(thread_of(key, thread))
    await served.recorded(lambda kept: kept.forget_conversation(key.id, thread))
    return {"done": True}


@router.post(
    "/conversations/{thread}/decisions",
    response_model=AnswerReply,
    responses={**documented(404, 409, 504), 200: _STREAM},
    summary="Approve or reject calls that wait",
)
async def decide(
    key: Asker, http: Request, base: str, thread: ThreadId, decided: Decisions
) -> Response:
    """Decide on calls by their ids and go on; a decision is taken once."""
    server = server_of(http)
    served = server.base(base)
    await _check_own(served, key, thread)
    question = await served.recorded(lambda kept: kept.last_question(key.id, thread))
    turn = _Turn(server, served, key, thread=thread, labels=key.labels)
    return _reply(server, lambda: turn.decided(question, decided.decisions), stream=decided.stream)


async def _check_own(served: ServedBase, key: Key, thread: str) -> None:
    if not await served.recorded(lambda kept: kept.knows_conversation(key.id, thread)):
        raise RequestError(f"there is no conversation {thread!r}", status=404)


async def answered_by(served: ServedBase, key: Key, id_: str) -> dict[str, Any]:
    """An answer that was kept, as its owner or an administrator sees it.

    Raises:
        RequestError: there is none.
    """
    owner = None if key.may("admin") else key.id
    found = await served.recorded(lambda kept: kept.answer(id_, owner=owner, labels=key.labels))
    if found is None:
        raise RequestError(f"there is no answer {id_!r}", status=404)
    return found
