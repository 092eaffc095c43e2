"""The engine without weights: it answers with sentences and facts of the evidence in the prompt.

It reads the same prompt ids as ChatGLM3 and writes the same wire text, so everything around it is
the path that ChatGLM3 takes. It is no language model and never passes itself off as ChatGLM3.
"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from langchain_core.messages import AIMessage

from ..notation import (
    SEARCH_TOOL,
    TOOL_FAILED,
    NumberedEvidence,
    decline_text,
    missing_text,
    parse_evidence,
    parse_question,
    unconnected_text,
    which_text,
    without_marks,
)
from ..questions.aliases import by_title
from ..questions.ambiguity import find_ambiguity, of_what_is_meant
from ..questions.connections import asked_ends, find_connection
from ..questions.definitions import find_definition
from ..questions.fact_answers import answer_from_facts, facts_about
from ..questions.fact_chains import FactAnswer
from ..questions.follow_ups import is_sum_gone_on
from ..questions.instructions import find_instruction
from ..questions.measures import find_measure
from ..questions.question import Question
from ..questions.sentence_selection import select_sentences
from ..questions.small_talk import small_talk_reply
from ..questions.spelling import correct_name
from ..questions.terms import missing_terms
from ..questions.tool_selection import choose_tool
from ..text.folding import fold
from ..text.markup import without_markup
from ..text.scripts import Language
from ..wire.literals import read_arguments
from ..wire.prompt import Segment, decode_segments, read_tools
from ..wire.tokenizer import ByteTokenizer
from .async_chunks import in_thread
from .engine import GenerationRequest, TokenChunk, one_by_one
from .scripted_engine import encode_reply

_PIECE = 24  # ids in a chunk


@dataclass(slots=True)
class _Turn:
    """What the prompt holds for the turn that is to be answered."""

    said: str = ""
    question: str = ""  # what was said, or what it stands for after the turns before
    tools: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    evidence: list[NumberedEvidence] = field(default_factory=list[NumberedEvidence])
    results: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    has_searched: bool = False


class ExtractiveEngine:
    """Answers from the prompt's evidence, calls a tool that plainly fits, or declines."""

    name = "groundglm-extractive"
    max_context = 1_000_000
    supports_grammar = False
    has_weights = False  # no model chose what it writes: an agent only proposes its changing calls

    def __init__(self) -> None:
        self.tokenizer = ByteTokenizer()
        self.fingerprint = f"{self.name} {version('groundglm')}"

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        """Stream the reply; the same prompt always gives the same reply."""
        segments = decode_segments(request.prompt_ids, self.tokenizer)
        reply = reply_to(
            segments,
            tool_choice=request.tool_choice,
            question_holds_evidence=request.question_holds_evidence,
        )
        ids = encode_reply(reply, self.tokenizer)
        cut = ids[: request.max_tokens]
        for start in range(0, len(cut), _PIECE):
            yield TokenChunk(tuple(cut[start : start + _PIECE]))
        yield TokenChunk((), "stop" if len(cut) == len(ids) else "length")

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio, beside the event loop: it may read for a while."""
        async for chunk in in_thread(lambda: self.generate(request)):
            yield chunk

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole reply to each request, one after another."""
        return one_by_one(self, requests)

    def score(
        self, prompt_ids: Sequence[int], continuations: Sequence[Sequence[int]]
    ) -> list[float]:
        """An engine without weights has no probabilities."""
        raise NotImplementedError(f"{self.name} has no weights, so it cannot score text")


def reply_to(
    segments: Sequence[Segment],
    *,
    tool_choice: str = "auto",
    question_holds_evidence: bool = False,
) -> AIMessage:
    """The reply to a prompt: a tool's result, a call, facts, sentences, or the decline."""
    turn = _read(segments, question_holds_evidence)
    question = Question(turn.question)
    lang = question.language
    if turn.results:
        return AIMessage(_from_results(turn, lang))
    # Only what the user said calls a tool: a title of evidence may stand in the question by now.
    said = Question(turn.said)
    if said.small_talk is not None and tool_choice in ("auto", "none"):
        return AIMessage(small_talk_reply(said.small_talk, lang))
    asked = question if is_sum_gone_on(turn.said, turn.question) else said
    call = choose_tool(asked, turn.tools, tool_choice=tool_choice)
    if call is not None:
        name, args = call
        return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "call"}])
    reading = correct_name(question.text, turn.evidence)
    if reading is None:
        return AIMessage(_from_evidence(question, turn))
    read_as = _READ_AS[lang].format(said=reading.said, name=reading.name)
    return AIMessage(f"{read_as}{_from_evidence(Question(reading.question), turn)}")


def _from_evidence(question: Question, turn: _Turn) -> str:
    """What facts, a definition or sentences of the evidence answer, or the decline."""
    lang = question.language
    several = find_ambiguity(question, turn.evidence)
    if several is not None:
        meanings = [(one.title, one.number, without_markup(one.told)) for one in several.meanings]
        return which_text(lang, several.name, meanings)
    evidence = of_what_is_meant(question, turn.evidence)
    named = by_title(question, evidence)
    facts = answer_from_facts(question, evidence) or answer_from_facts(named, evidence)
    if facts is not None:
        return _said_by_facts(facts, lang)
    ends = asked_ends(question)
    if ends is not None:
        joined = find_connection(ends, evidence)
        if joined is None:
            return decline_text(lang, unconnected_text(lang, *ends))
        return f"{without_markup(joined.text)}[{joined.number}]"
    defined = find_definition(question.text, evidence)
    if defined is not None:
        return f"{without_markup(defined.text)}[{defined.number}]"
    how = find_instruction(named, evidence)
    if how is not None:
        return f"{how.text}[{how.number}]"
    measured = find_measure(named, evidence)
    if measured is not None:
        return f"{without_markup(measured.text)}[{measured.number}]"
    about = facts_about(named, evidence)
    if about is not None:
        return _said_by_facts(about, lang)
    chosen = select_sentences(named, evidence)
    if not any(one.score > 0 for one in chosen):
        chosen = select_sentences(question, evidence)
    if chosen and any(one.score > 0 for one in chosen):
        joiner = "" if lang == "zh" else " "
        return joiner.join(f"{without_markup(one.text)}[{one.number}]" for one in chosen)
    if not turn.has_searched and not turn.evidence:
        return _NOTHING_GIVEN[lang]
    given = fold("\n".join(f"{piece.title}\n{piece.text}" for piece in evidence))
    return decline_text(lang, missing_text(lang, missing_terms(question.key_terms, given)))


def _said_by_facts(answer: FactAnswer, lang: Language) -> str:
    stop = "。" if lang == "zh" else "."
    step = "".join(f" {told}{stop}[{number}]" for told, number in answer.steps)
    if len(answer.parts) > 1:  # each has a source of its own
        joiner = _BETWEEN_FACTS[lang] if answer.tells else _BETWEEN_VALUES[lang]
        listed = joiner.join(f"{text}[{number}]" for text, number in answer.parts)
        return f"{listed}{stop}{step}"
    marks = "".join(f"[{number}]" for number in answer.numbers)
    return f"{answer.text}{stop}{marks}{step}"


_BETWEEN_VALUES = {"zh": "、", "en": ", "}
_BETWEEN_FACTS = {"zh": "；", "en": "; "}
_READ_AS = {"zh": "（“{said}”按“{name}”理解。）", "en": '("{said}" is read as "{name}".) '}
_NOTHING_GIVEN = {
    "zh": (
        "我是不带模型权重的抽取式引擎（不是 ChatGLM3），只能依据检索到的资料或工具结果作答："
        "请用 build_agent 提问，或用 format_question 写入资料。"
    ),
    "en": (
        "I am the extractive engine without model weights (not ChatGLM3). I answer from evidence "
        "or a tool's result alone: ask through build_agent, or write evidence with format_question."
    ),
}


def _read(segments: Sequence[Segment], question_holds_evidence: bool) -> _Turn:
    turn = _Turn()
    caller = ""
    users = [index for index, segment in enumerate(segments) if segment.role == "user"]
    for index, segment in enumerate(segments):
        if segment.role == "system":
            turn.tools = turn.tools or read_tools(segment.content)
        elif segment.role == "user":
            turn = _Turn(segment.content, segment.content, turn.tools)
            if question_holds_evidence and index == users[-1]:
                turn.question, turn.evidence = parse_question(segment.content)
                turn.said = turn.question
            turn.has_searched = bool(turn.evidence)
        elif segment.role == "assistant":
            caller = segment.metadata.strip()
            if caller == SEARCH_TOOL and not turn.has_searched:
                turn.question = _searched_for(segment.content) or turn.question
        elif caller == SEARCH_TOOL:
            turn.has_searched = True
            turn.evidence += parse_evidence(segment.content)
        else:
            turn.results.append((caller, without_marks(segment.content)))
    return turn


def _searched_for(content: str) -> str:
    """What a search before the reply asks for: a follow-up stands whole there."""
    try:
        code = content.strip().removeprefix("```python").removesuffix("```")
        query = read_arguments(code).get("query")
    except ValueError:
        return ""
    return query if isinstance(query, str) else ""


def _from_results(turn: _Turn, lang: Language) -> str:
    lines = [_from_result(name, result, lang) for name, result in turn.results]
    result = turn.results[0][1]
    if len(lines) == 1 and not result.startswith(TOOL_FAILED):
        said = _plain(result)
        return f"结果是：{said}" if lang == "zh" else f"The result is: {said}"
    return "\n".join(lines)


def _from_result(name: str, result: str, lang: Language) -> str:
    if result.startswith(TOOL_FAILED):
        error = result.removeprefix(TOOL_FAILED).strip()
        return f"工具 {name} 失败：{error}" if lang == "zh" else f"The tool {name} failed: {error}"
    return f"{name}: {_plain(result)}" if name else _plain(result)


def _plain(result: str) -> str:
    """A tool's result without JSON's quotes where it is a bare string."""
    try:
        value: object = json.loads(result)
    except (ValueError, RecursionError):
        return result.strip()
    return value if isinstance(value, str) else result.strip()
