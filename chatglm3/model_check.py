"""Does a model behave as ChatGLM3 does? Format, ends, streams, tool calls, evidence, each tried.

What a check finds is either a fault of the format, which breaks an application whatever the weights
know, or a weakness of the weights.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from ..engines.engine import GenerationRequest, holds_grammars
from ..errors import GroundGLMError
from ..evidence import Evidence, Source
from ..notation import EVIDENCE_KEY, format_question
from ..wire.prompt import encode_chat
from ..wire.reply import parse_reply
from ..wire.tokenizer import MASK, ChatGLM3Tokenizer
from .chat_model import ChatGLM3

Status = Literal["pass", "weak", "fail", "skipped"]

_TEXTS = ("你好，世界！", "def f(x):\n    return x  # 注释", "👩‍🚀 naïve", "<|user|> sop [gMASK]")
_TALK = ("你好", "Hello! How are you?", "用一句话介绍你自己。")
_WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "Get the current weather of a city. 查询一个城市现在的天气。",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "The city. 城市"}},
        "required": ["city"],
    },
}
_REQUESTS = (
    ("请查询北京的天气。", "北京"),
    ("Get the weather of Paris.", "Paris"),
    ("帮我查一下上海的天气", "上海"),
    ("Please get the current weather of Oslo.", "Oslo"),
)
_GROUNDED = (
    ("图书馆几点开门？", "图书馆每天上午八点半开门。", "八点半"),
    ("When does the library open?", "The library opens at half past eight.", "half past eight"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found, and what to do about it.

    "fail" is a fault of the format, "weak" one of the weights; `advice` is empty where all is well.
    """

    name: str
    status: Status
    detail: str
    advice: str = ""


def check_model(
    model: ChatGLM3, *, report: Callable[[Check], None] | None = None, most_tokens: int = 200
) -> list[Check]:
    """Try a model; greedy, so that a second run finds the same.

    Args:
        model: Any engine behind the chat model, with weights or without.
        report: Called with each check when it is done.
        most_tokens: How long a reply may be.
    """
    chat = model.model_copy(update={"temperature": 0.0, "max_tokens": most_tokens, "stop": None})
    found: list[Check] = []
    for check in _checks(chat):
        found.append(check)
        if report is not None:
            report(check)
    return found


def _checks(chat: ChatGLM3) -> Iterator[Check]:
    for name, check in (
        ("tokens", _tokens),
        ("ends", _ends),
        ("stream", _stream),
        ("held calls", _held_calls),
        ("free calls", _free_calls),
        ("no call", _no_call),
        ("tool results", _tool_results),
        ("grounding", _grounding),
    ):
        try:
            yield check(chat, name)
        except GroundGLMError as error:
            yield Check(name, "fail", str(error), "mend what the message names")


def _tokens(chat: ChatGLM3, name: str) -> Check:
    tokenizer = chat.writer.tokenizer
    wrong = [text for text in _TEXTS if tokenizer.decode(tokenizer.encode(text)) != text]
    spelled = [text for text in _TEXTS if any(id_ >= MASK for id_ in tokenizer.encode(text))]
    if spelled:
        advice = "text became a control token: use the tokenizer without its special tokens"
        return Check(name, "fail", f"{spelled[0]!r} holds control ids", advice)
    if isinstance(tokenizer, ChatGLM3Tokenizer) and tokenizer.encode("你好") != [36474, 54591]:
        advice = "take tokenizer.model from the same download as the weights"
        return Check(name, "fail", "the vocabulary is not ChatGLM3's", advice)
    if wrong:
        advice = "texts in this script come back changed; nothing to mend in the model"
        return Check(name, "weak", f"{wrong[0]!r} does not survive encoding and decoding", advice)
    return Check(name, "pass", "texts survive encoding, and none becomes a control token")


def _ends(chat: ChatGLM3, name: str) -> Check:
    started, count, ended = time.perf_counter(), 0, 0
    for text in _TALK:
        reply = chat.invoke(text)
        count += (reply.usage_metadata or {}).get("output_tokens", 0)
        ended += reply.response_metadata["finish_reason"] != "length"
    speed = count / max(time.perf_counter() - started, 1e-9)
    detail = f"{ended} of {len(_TALK)} replies ended by themselves; {speed:.1f} tokens a second"
    if ended == len(_TALK):
        return Check(name, "pass", detail)
    return Check(
        name,
        "weak",
        detail,
        f"replies run to {chat.max_tokens} tokens: a base model, or weights that never learned "
        "ChatGLM3's turns; use the chat variant, and set max_tokens",
    )


def _stream(chat: ChatGLM3, name: str) -> Check:
    whole, *parts = chat.invoke(_TALK[0]), *chat.stream(_TALK[0])
    if "".join(str(part.content) for part in parts) != whole.content:
        advice = "the engine gives other ids when it streams: look at its chunks"
        return Check(name, "fail", "the sum of a stream is not the whole reply", advice)
    return Check(name, "pass", f"{len(parts)} chunks sum to the whole reply")


def _held_calls(chat: ChatGLM3, name: str) -> Check:
    if not holds_grammars(chat.writer):
        detail = f"{chat.model_name} holds no grammar, so no call can be forced for certain"
        return Check(name, "skipped", detail)
    forced = chat.bind_tools([_WEATHER], tool_choice="any")
    replies = [forced.invoke(text) for text, _ in _REQUESTS]
    whole = sum(len(reply.tool_calls) == 1 for reply in replies)
    right = _right(replies)
    detail = f"{whole} of {len(replies)} forced calls are valid, {right} name the city"
    cut = sum(reply.response_metadata.get("finish_reason") == "length" for reply in replies)
    if whole + cut < len(replies):
        return Check(name, "fail", detail, "report this: under the grammar every call is valid")
    if cut:  # an engine elsewhere does not end a call before its tokens run out
        advice = f"{cut} ran to {chat.max_tokens} tokens: raise max_tokens, bound texts (maxLength)"
        return Check(name, "weak", detail, advice)
    if right < len(replies):
        return Check(name, "weak", detail, "the form holds, what stands in it is guessed")
    return Check(name, "pass", detail)


def _free_calls(chat: ChatGLM3, name: str) -> Check:
    engine = chat.writer
    replies: list[AIMessage] = []
    malformed = 0
    for text, _ in _REQUESTS:
        # Without the grammar: what the weights write of themselves.
        prompt = encode_chat(engine.tokenizer, [HumanMessage(text)], tools=[_WEATHER])
        request = GenerationRequest(prompt.ids, max_tokens=chat.max_tokens)
        ids = [id_ for chunk in engine.generate(request) for id_ in chunk.ids]
        reply = parse_reply(ids, engine.tokenizer)
        malformed += bool(reply.invalid_tool_calls)
        replies.append(AIMessage(reply.text, tool_calls=reply.tool_calls))
    right = _right(replies)
    detail = f"{right} of {len(replies)} requests were called rightly, {malformed} malformed"
    if right == len(replies):
        return Check(name, "pass", detail)
    advice = (
        "only the 6b chat variant was trained on tools: force calls (tool_choice), or ground with "
        'style "template"'
    )
    return Check(name, "weak", detail, advice)


def _no_call(chat: ChatGLM3, name: str) -> Check:
    bound = chat.bind_tools([_WEATHER])
    called = sum(bool(bound.invoke(text).tool_calls) for text in _TALK)
    detail = f"{called} of {len(_TALK)} greetings called a tool"
    advice = "offer tools only where one may be needed" if called else ""
    return Check(name, "weak" if called else "pass", detail, advice)


def _tool_results(chat: ChatGLM3, name: str) -> Check:
    call = {"name": "get_weather", "args": {"city": "Oslo"}, "id": "1"}
    messages: list[BaseMessage] = [
        HumanMessage("Please get the current weather of Oslo."),
        AIMessage("", tool_calls=[call]),
        ToolMessage("snow, 17 degrees below zero", tool_call_id="1"),
    ]
    said = str(chat.bind_tools([_WEATHER]).invoke(messages).content)
    if "17" in said:
        return Check(name, "pass", "the reply tells what the tool gave")
    advice = "the model does not read <|observation|>; tell results in a user turn"
    return Check(name, "weak", f"the reply does not tell what the tool gave: {said[:80]!r}", advice)


def _grounding(chat: ChatGLM3, name: str) -> Check:
    told = cited = 0
    for question, text, wanted in _GROUNDED:
        piece = Evidence("1", "passage", text, 1.0, "check", (Source("library.txt"),))
        content = format_question(question, [(1, piece)])
        message = HumanMessage(content, additional_kwargs={EVIDENCE_KEY: True})
        said = str(chat.invoke([message]).content)
        told += wanted in said
        cited += "[1]" in said
    count = len(_GROUNDED)
    detail = f"{told} of {count} answers tell the evidence, {cited} cite it"
    if told == cited == count:
        return Check(name, "pass", detail)
    return Check(name, "weak", detail, "check citations (Answer.citations) and decline without one")


def _right(replies: Sequence[AIMessage]) -> int:
    return sum(
        [(call["name"], call["args"]) for call in reply.tool_calls]
        == [("get_weather", {"city": c})]
        for reply, (_, c) in zip(replies, _REQUESTS, strict=True)
    )
