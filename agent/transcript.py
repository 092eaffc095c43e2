"""What came of a turn: the answer with its citations, evidence, calls, and why it declined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from pydantic import BaseModel

from ..evidence import Citation, Evidence
from ..notation import SEARCH_TOOL, TOOL_FAILED, is_decline
from ..questions.answerability import DEFAULT_THRESHOLDS, score_answerability
from ..questions.question import Question
from ..text.scripts import Language, language
from ..text.spans import Span
from .approval import PendingCall, in_order, pending_calls
from .caller import calls_for_caller
from .citations import find_citations, unsupported_sentences
from .conversation import (
    DECIDED_KEY,
    MAX_QUESTION_CHARACTERS,
    REASON_KEY,
    UNKNOWN_KEY,
    UNSEEN_KEY,
    Conversation,
    current_turn,
    evidence_ids,
    is_held,
    message_text,
)
from .fact_paths import fact_paths
from .wording import NOT_APPROVED, PENDING, REASONS, ReasonCode

#: `unknown`: the program ended while it ran; `answered`: a person gave the result in its place.
ToolStatus = Literal["done", "failed", "held", "pending", "rejected", "answered", "unknown"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer: a code for programs and a sentence for people."""

    code: ReasonCode
    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call of this turn and what came of it; a held call was proposed but not run."""

    name: str
    args: Mapping[str, Any]
    result: str
    status: ToolStatus = "done"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent says to a question.

    `evidence` is what the model was shown in this turn, in the order of its numbers; `numbered`
    gives the piece behind a number. `notes` say what the asker should know about the answer. It is
    `thin` where the evidence was judged too thin for one, and the model answered all the same;
    `unsupported` are the sentences of its text that no evidence which they cite carries. Where it
    waits for a person, `pending` are the calls, and `GroundedAgent.resume(thread_id, ...)` goes on.
    `timings` are seconds: "total", and of it "retrieval", "model" and "tools"; `structured` is the
    data of a `response_format`. `calls_for_caller` are calls of the caller's own functions
    (`Caller.tools`), which end the turn. `finish_reason` is "length" where the text ends because
    the model may write no more.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    numbered: Mapping[int, Evidence] = field(default_factory=dict[int, Evidence])
    tool_calls: tuple[ToolUse, ...] = ()
    declined: bool = False
    reason: Reason | None = None
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    trace: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    model: str = ""
    thin: bool = False
    unsupported: tuple[Span, ...] = ()
    question: str = ""
    thread_id: str = ""
    pending: tuple[PendingCall, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
    structured: Any = None
    calls_for_caller: tuple[ToolCall, ...] = ()
    finish_reason: Literal["stop", "length"] = "stop"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The pieces of evidence, in the order of their numbers."""
        return tuple(self.numbered[number] for number in sorted(self.numbered))

    @property
    def fact_paths(self) -> tuple[tuple[Evidence, ...], ...]:
        """The facts that the answer cites, joined to paths where one goes on from another."""
        cited = dict.fromkeys(one.number for one in self.citations)
        facts = [self.numbered[number] for number in cited if number in self.numbered]
        return fact_paths([piece for piece in facts if piece.kind == "fact"])

    def trace_text(self) -> str:
        """What was searched, found and why, called and checked, in plain text."""
        from .trace import trace_text

        return trace_text(self)

    def trace_html(self) -> str:
        """The same as a page of its own, with the facts as a picture."""
        from .trace import trace_html

        return trace_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "text": self.text,
            "declined": self.declined,
            "reason": {"code": self.reason.code, "text": self.reason.text} if self.reason else None,
            "citations": [
                {
                    "number": one.number,
                    "evidence_id": one.evidence_id,
                    "span_in_answer": [one.span_in_answer.start, one.span_in_answer.end],
                    "supported": one.supported,
                }
                for one in self.citations
            ],
            "evidence": [
                {"number": number, **self.numbered[number].to_dict()}
                for number in sorted(self.numbered)
            ],
            "tool_calls": [
                {
                    "name": use.name,
                    "args": dict(use.args),
                    "result": use.result,
                    "status": use.status,
                }
                for use in self.tool_calls
            ],
            "usage": dict(self.usage),
            "trace": [dict(step) for step in self.trace],
            "notes": list(self.notes),
            "model": self.model,
            "thin": self.thin,
            "unsupported": [[span.start, span.end] for span in self.unsupported],
            "question": self.question,
            "thread_id": self.thread_id,
            "pending": [one.to_dict() for one in self.pending],
            "fact_paths": [[piece.text for piece in path] for path in self.fact_paths],
            "timings": {part: round(seconds, 4) for part, seconds in self.timings.items()},
            "structured": _plain(self.structured),
            "calls_for_caller": [dict(call) for call in self.calls_for_caller],
            "finish_reason": self.finish_reason,
        }


# --- reading it ---------------------------------------------------------------------------------


def read_answer(
    question: str,
    state: Mapping[str, Any],
    *,
    model: str,
    thread_id: str = "",
    timings: Mapping[str, float] | None = None,
) -> Answer:
    """The answer of the turn with which a conversation ends.

    Args:
        question: What was asked.
        state: The state of the graph behind the turn.
        model: The model's name where the reply bears none.
        thread_id: The conversation.
        timings: Seconds by part.
    """
    talk = Conversation.read(state["messages"], state.get("evidence", {}))
    turn, known = talk.turn, talk.evidence()
    question = question or talk.question
    pending = in_order(pending_calls(state.get("__interrupt__") or ()), turn)
    last = turn[-1]
    unseen: object = last.response_metadata.get(UNSEEN_KEY, ())
    shown = {
        number: piece
        for number, piece in talk.evidence_of_turn().items()
        if number not in cast("Sequence[int]", unseen)
    }
    text = message_text(last)
    if pending and not text.strip():
        text = _waiting_text(pending, language(question))
    citations, unknown = find_citations(text, known)
    reason = _reason(last, text, language(question))
    uses = tuple(_tool_uses(turn, pending))
    notes = [
        f"The tool {use.name} failed: {use.result.removeprefix(TOOL_FAILED).strip()}"
        for use in uses
        if use.status == "failed"
    ]
    notes += [
        f"It is not known whether {use.name} took effect: the program ended while it ran."
        for use in uses
        if use.status == "unknown"
    ]
    notes += _dropped(talk)
    if len(question) > MAX_QUESTION_CHARACTERS:
        notes.append(
            f"The question has {len(question)} characters; "
            f"the first {MAX_QUESTION_CHARACTERS} were used."
        )
    handed = calls_for_caller(last)
    metadata = last.response_metadata
    is_claim = reason is None and not pending and not handed and bool(shown) and talk.search != {}
    unsupported = unsupported_sentences(text, known, talk.tool_texts()) if is_claim else []
    rests_on_evidence = is_claim and (not uses or bool(unsupported))
    thin = rests_on_evidence and not talk.search.get("hidden") and _is_thin(talk)
    if thin:
        notes.append("The evidence may not hold the answer; check it.")
    if unknown:
        listed = ", ".join(f"[{number}]" for number in dict.fromkeys(unknown))
        notes.append(f"The answer cites {listed}, which no evidence bears.")
    if is_claim and not uses and not citations:
        notes.append("The answer cites no evidence.")
    return Answer(
        text,
        tuple(citations),
        shown | {one.number: known[one.number] for one in citations},
        uses,
        declined=reason is not None,
        reason=reason,
        usage=_usage(turn),
        trace=tuple(_trace(turn)),
        notes=tuple(notes),
        model=str(last.response_metadata.get("model_name") or model),
        thin=thin,
        unsupported=tuple(unsupported),
        question=question,
        thread_id=thread_id,
        pending=pending,
        timings=dict(timings or {}),
        structured=state.get("structured_response"),
        calls_for_caller=handed,
        finish_reason="length" if metadata.get("finish_reason") == "length" else "stop",
    )


def _waiting_text(pending: Sequence[PendingCall], lang: Language) -> str:
    listed = ("；" if lang == "zh" else "; ").join(one.description for one in pending)
    return PENDING[lang].format(calls=listed)


def _dropped(talk: Conversation) -> list[str]:
    """What this turn took the place of: calls of the turn before that waited for a person."""
    before = list(talk.messages)[: len(talk.messages) - len(talk.turn)]
    return [
        f"The call of {one.name} that waited for approval was not run."
        for one in current_turn(before)
        if isinstance(one, ToolMessage) and one.content == NOT_APPROVED
    ]


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def is_hidden(state: Mapping[str, Any]) -> bool:
    """Whether the current turn of a conversation began with evidence that is not shown."""
    return Conversation.read(state.get("messages", []), {}).search.get("hidden", False)


def _is_thin(talk: Conversation) -> bool:
    """Whether all that the searches of a turn found is judged too thin together."""
    if talk.search.get("sufficient", True):
        return False
    question = Question(talk.question)
    found = list(talk.evidence_of_turn().values())
    threshold = talk.search.get("threshold", DEFAULT_THRESHOLDS[question.language])
    return score_answerability(question, found).score < threshold


def _reason(last: AnyMessage, text: str, lang: Language) -> Reason | None:
    code: object = last.response_metadata.get(REASON_KEY)
    if code is None and is_decline(text):
        code = "model_declined"
    if code not in REASONS:
        return None
    known = cast("ReasonCode", code)
    return Reason(known, REASONS[known][lang])


def _tool_uses(
    turn: Sequence[AnyMessage], pending: Sequence[PendingCall] = ()
) -> Iterator[ToolUse]:
    waiting = {one.id for one in pending} | {(one.name, repr(dict(one.args))) for one in pending}
    results = {m.tool_call_id: m for m in turn if isinstance(m, ToolMessage)}
    for message in turn:
        if isinstance(message, AIMessage):
            for call in message.tool_calls:
                if call["name"] != SEARCH_TOOL:
                    use = tool_use(call, results.get(call["id"] or ""))
                    waits = call["id"] in waiting or (use.name, repr(use.args)) in waiting
                    is_pending = waits and call["id"] not in results
                    yield replace(use, status="pending") if is_pending else use


def tool_use(call: ToolCall, result: ToolMessage | None) -> ToolUse:
    """A call and what came of it."""
    if result is None:
        return ToolUse(call["name"], call["args"], "", "failed")
    decided: object = result.additional_kwargs.get(DECIDED_KEY)
    status: ToolStatus = "failed" if result.status == "error" else "done"
    if is_held(result):
        status = "held"
    elif UNKNOWN_KEY in result.additional_kwargs:
        status = "unknown"
    elif decided == "rejected":
        status = "rejected"
    elif decided == "answered":
        status = "answered"
    return ToolUse(call["name"], call["args"], message_text(result), status)


def _usage(turn: Sequence[AnyMessage]) -> dict[str, int]:
    total = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    for message in turn:
        if isinstance(message, AIMessage) and message.usage_metadata:
            for key in total:
                total[key] += cast("Mapping[str, int]", message.usage_metadata)[key]
    return total


def _trace(turn: Sequence[AnyMessage]) -> Iterator[dict[str, Any]]:
    for message in turn:
        if isinstance(message, ToolMessage):
            step: dict[str, Any] = {"step": "observation", "tool": message.name}
            artifact: object = message.artifact
            if message.name == SEARCH_TOOL and isinstance(artifact, dict):
                data = cast("dict[str, Any]", artifact)
                step |= {key: value for key, value in data.items() if key != "evidence"}
                step["evidence"] = list(evidence_ids(message))
            else:
                step["result"] = message_text(message)
            yield step
        elif isinstance(message, AIMessage):
            for call in message.tool_calls:
                yield {"step": "call", "tool": call["name"], "args": call["args"]}
            if not message.tool_calls:
                yield {"step": "reply", "text": message_text(message)}
