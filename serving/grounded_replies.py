"""The reply of a base's agent to an OpenAI client: grounded, with its evidence beside it."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ..agent.caller import Caller
from ..agent.events import (
    Answered,
    ApprovalNeeded,
    Event,
    Retrieved,
    SentenceChecked,
    Text,
    ToolCalled,
    ToolReturned,
)
from ..agent.fact_drawing import picture_of
from ..agent.quotes import cited_spans
from ..text.scripts import language
from .access import narrowed_labels
from .base_data import picture_data
from .conversions import choice_of, settings_of, split_turn, to_messages, tools_of
from .failures import RequestError
from .keys import Key
from .openai_types import ChatRequest, OwnOptions
from .pieces import CallPiece, Finished, Happened, Piece, Pieces, TextPiece
from .reply_forms import ReplyForm
from .served_base import ServedBase

if TYPE_CHECKING:
    from ..agent.transcript import Answer
    from .server import Server

_ARGUMENTS_PIECE = 64


def thread_of(key: Key, thread_id: str) -> str:
    """A conversation as it is kept: each key has its own."""
    return f"{key.id}/{thread_id}"


class GroundedReply:
    """One turn of a base's agent for an OpenAI client.

    Raises:
        RequestError: the request asks for what cannot be.
    """

    def __init__(
        self, server: "Server", served: ServedBase, key: Key, request: ChatRequest, id_: str
    ) -> None:
        self._server = server
        self._served = served
        self._key = key
        self._id = id_
        self._own = request.groundglm or OwnOptions()
        self._labels = narrowed_labels(key, self._own.labels)
        self._form = ReplyForm(request.response_format, served.holds_forms)
        messages = to_messages(request.messages, server.cleaned)
        system, before, self._question, after = split_turn(messages)
        tools, choice = tools_of(request), choice_of(request)
        if not self._form.is_free:
            if tools and choice != "none":
                raise RequestError("tools and response_format do not go together", param="tools")
            tools = self._form.tools
            choice = self._form.name if tools else "auto"
        self._thread = self._own.thread_id
        if self._thread is not None:
            if after or tools:
                raise RequestError(
                    "a conversation that the server keeps takes no tools of the client's",
                    param="groundglm.thread_id",
                )
            before = []
        self._caller = Caller(
            before=before,
            after=after,
            tools=tools,
            tool_choice=choice,
            system=system,
            settings={**settings_of(request), **self._form.settings},
            own_tools=self._form.is_free or not self._form.by_grammar,
        )

    async def pieces(self) -> Pieces:
        """The reply, with what happens on the way."""
        said = ""
        async with aclosing(self._events()) as events:
            async for event in events:
                if isinstance(event, Text):
                    if self._form.is_free:
                        said += event.text
                        yield 0, TextPiece(event.text)
                elif isinstance(event, Answered):
                    for piece in self._ending(event.answer, said):
                        yield 0, piece
                else:
                    yield 0, Happened(event_data(event))

    async def _events(self) -> AsyncGenerator[Event]:
        thread = None if self._thread is None else thread_of(self._key, self._thread)
        async with self._server.queue.turn():
            with self._served.used():
                events = self._served.agent_for(self._question).astream(
                    self._question, thread_id=thread, labels=self._labels, caller=self._caller
                )
                finished = False
                try:
                    async for event in events:
                        if isinstance(event, Answered):
                            finished = True
                            event = Answered(self._served.noted(self._question, event.answer))
                            self._keep(event.answer)
                        yield event
                finally:
                    if not finished:
                        self._server.metrics.cancelled.inc()

    def _ending(self, answer: "Answer", said: str) -> list[Piece]:
        calls = answer.calls_for_caller
        found: list[Piece] = []
        if not self._form.is_free:
            arguments = calls[0]["args"] if calls else None
            text, refusal = self._form.written(answer.text, arguments, language(self._question))
            if answer.declined and not calls:
                text, refusal = "", answer.text
            found += [TextPiece(text)] if text else []
            found += [TextPiece(refusal, is_refusal=True)] if refusal else []
            calls = ()
        elif answer.text.startswith(said) and len(answer.text) > len(said):
            found.append(TextPiece(answer.text[len(said) :]))
        for index, call in enumerate(calls):
            written = json.dumps(call["args"], ensure_ascii=False)
            found.append(CallPiece(index, id=str(call["id"]), name=call["name"]))
            found += [
                CallPiece(index, written[start : start + _ARGUMENTS_PIECE])
                for start in range(0, len(written), _ARGUMENTS_PIECE)
            ]
        reason = "tool_calls" if calls else answer.finish_reason
        usage = answer.usage
        found.append(
            Finished(
                reason,
                usage.get("input_tokens", 0),
                usage.get("output_tokens", 0),
                own_data(answer, self._id, self._thread),
            )
        )
        return found

    def _keep(self, answer: "Answer") -> None:
        self._server.count_answer(self._served.name, answer)
        keep_answer(
            self._served, answer, self._id, key=self._key, thread=self._thread, labels=self._labels
        )


def keep_answer(
    served: ServedBase,
    answer: "Answer",
    id_: str,
    *,
    key: Key,
    thread: str | None,
    labels: tuple[str, ...] | None,
) -> None:
    """Keep an answer with its trace, and that its conversation goes on; nobody waits for it."""
    data = page_data(answer) | {"thread_id": thread or ""}
    served.record(
        lambda records: records.put_answer(
            id_, owner=key.id, thread=thread or "", labels=labels, answer=data
        )
    )


def page_data(answer: "Answer") -> dict[str, Any]:
    """An answer as the page shows it: with the sentences that it cites, and its facts laid out."""
    cited = frozenset(one.number for one in answer.citations)
    facts = [(n, p.text) for n, p in sorted(answer.numbered.items()) if p.kind == "fact"]
    quotes = {
        str(number): [[span.start, span.end] for span in spans]
        for number, spans in cited_spans(answer).items()
    }
    picture = picture_data(picture_of(facts, cited=cited))
    return answer.to_dict() | {"quotes": quotes, "picture": picture}


def own_data(answer: "Answer", id_: str, thread: str | None) -> dict[str, Any]:
    """What is ours to tell of an answer, beside what OpenAI's form has a place for."""
    data = answer.to_dict()
    names = (
        "declined reason citations evidence tool_calls notes thin unsupported pending fact_paths"
    )
    return {
        "trace_id": id_,
        "thread_id": thread,
        "engine": answer.model,
        **{name: data[name] for name in names.split()},
    }


def event_data(event: Event) -> Mapping[str, Any]:
    """What happened, as JSON."""
    match event:
        case Retrieved(query, numbered, sufficient):
            pieces = [{"number": n, **piece.to_dict()} for n, piece in sorted(numbered.items())]
            return {
                "event": "retrieved",
                "query": query,
                "evidence": pieces,
                "sufficient": sufficient,
            }
        case Text(text):
            return {"event": "text", "text": text}
        case ToolCalled(id_, name, args):
            return {"event": "tool_called", "id": id_, "name": name, "args": dict(args)}
        case ToolReturned(id_, use):
            return {
                "event": "tool_returned",
                "id": id_,
                "name": use.name,
                "result": use.result,
                "status": use.status,
            }
        case ApprovalNeeded(pending):
            return {"event": "approval_needed", "pending": [one.to_dict() for one in pending]}
        case SentenceChecked(sentence, numbers, supported):
            return {
                "event": "sentence_checked",
                "sentence": sentence,
                "numbers": list(numbers),
                "supported": supported,
            }
        case Answered(answer):
            return {"event": "answered", "answer": answer.to_dict()}
