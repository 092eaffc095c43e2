"""Searching: before the model's turn, as a call that has been made, and as a tool of the model."""

from collections.abc import Sequence
from typing import Any, Protocol, cast, runtime_checkable

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.types import Command

from ..evidence import Evidence, PassageSource
from ..facts import FactSource, LinkedEntity
from ..notation import SEARCH_TOOL, NumberedEvidence, fact_evidence
from ..questions.aliases import by_title
from ..questions.answerability import (
    DEFAULT_THRESHOLDS,
    Answerability,
    score_answerability,
)
from ..questions.definitions import asked_subject, find_definition
from ..questions.instructions import asks_how, find_instruction
from ..questions.question import Question
from ..questions.spelling import correct_name
from ..text.folding import fold
from .call_labels import labels_of_call
from .conversation import MAX_QUESTION_CHARACTERS, SearchResult, message_text
from .declining import declined_message
from .options import GroundingOptions


@runtime_checkable
class _KnowsNames(Protocol):
    """A source with a graph, as a KnowledgeBase is."""

    def link(self, text: str, **labels: Any) -> list[LinkedEntity]: ...

    def names_near(self, text: str, **labels: Any) -> list[str]: ...


_SEARCH_DEPTH = 10
_DEFINING_DEPTH = 30
_FURTHER_FACTS = 20


def open_question(messages: Sequence[AnyMessage]) -> HumanMessage | None:
    """The message that waits for an answer from evidence; small talk needs none."""
    last = messages[-1] if messages else None
    if not isinstance(last, HumanMessage):
        return None
    said = message_text(last)
    return last if said.strip() and Question(said).small_talk is None else None


def grounded_turn(
    message: HumanMessage,
    meant: Sequence[str],
    source: PassageSource,
    options: GroundingOptions,
    facts: FactSource | None,
) -> dict[str, Any]:
    """The beginning of a turn: a search and its result, and where nothing was found, the decline.

    Args:
        message: What the user said.
        meant: The questions that it may stand for, the likeliest first.
        source: Where to search.
        options: How.
        facts: A separate source of facts.

    Returns:
        What the conversation is told: `messages`, `evidence`, and "end" to `jump_to` where the turn
        ends with them.
    """
    tried = [(one, *_search(one, source, options, facts)) for one in map(Question, meant)]
    question, found, judged = max(tried, key=lambda one: one[2].score)
    asked = question
    threshold = (options.thresholds or DEFAULT_THRESHOLDS)[question.language]
    reading = None
    if judged.score < threshold:
        reading = correct_name(
            question.text, _numbered(found), _near_names(question, source, options)
        )
    if reading is not None:
        question = Question(reading.question)
        found, judged = _search(question, source, options, facts)
    sufficient = bool(found) and judged.score >= threshold
    shown = _shown(found, options.k)
    result: SearchResult = {
        "evidence": [piece.id for piece in shown],
        "sufficient": sufficient,
        "score": round(judged.score, 4),
        "threshold": threshold,
        "missing": [] if sufficient else _really_missing(judged, question, source, options),
        "suggested": reading.name if reading is not None and not sufficient else "",
        "hidden": not sufficient and (options.hides_thin or not found),
    }
    told: dict[str, Any] = {
        "messages": _search_and_result(message, asked.text, result),
        "evidence": {piece.id: piece.to_dict() for piece in shown},
    }
    if not options.has_tools and result["hidden"]:
        end = declined_message(asked.text, result, shown)
        told["messages"].append(end.model_copy(update={"id": f"{message.id}-declined"}))
        told["jump_to"] = "end"
    return told


def _search(
    question: Question,
    source: PassageSource,
    options: GroundingOptions,
    facts: FactSource | None,
) -> tuple[list[Evidence], Answerability]:
    """What is found for a question, and how well it answers it."""
    # What says what something is may stand behind much that speaks of it.
    is_deep = asked_subject(question.text) or asks_how(question.folded)
    depth = max(options.k, _DEFINING_DEPTH if is_deep else _SEARCH_DEPTH)
    found = source.search(question.text, k=depth, mode=options.mode, labels=options.labels)
    named = by_title(question, _numbered(found))
    if named is not question:  # asked by another name: what is told under the first one
        more = source.search(named.text, k=depth, mode=options.mode, labels=options.labels)
        first = found[:1]  # as a rule the one that gives the name
        ids = {piece.id for piece in (*first, *more)}
        found = [
            *first,
            *(piece for piece in more if piece not in first),
            *(piece for piece in found if piece.id not in ids),
        ]
    if facts is not None and id(facts) != id(source):  # a base has given its own facts already
        found = found + _further_facts(named.text, found, facts, options.labels)
    found = _defining_first(question, found)
    judged = score_answerability(question, found)
    if named is not question:
        judged = max(judged, score_answerability(named, found), key=lambda one: one.score)
    return found, judged


def _near_names(question: Question, source: PassageSource, options: GroundingOptions) -> list[str]:
    """Names of the source's graph, where it has one, that the question may misspell."""
    if not isinstance(source, _KnowsNames):
        return []
    return source.names_near(question.text, **_labels(options))


def _really_missing(
    judged: Answerability, question: Question, source: PassageSource, options: GroundingOptions
) -> list[str]:
    """The words of a question that were not found, without the names that facts know."""
    if not judged.missing or not isinstance(source, _KnowsNames):
        return list(judged.missing)
    known = [
        fold(link.span.cut(question.text))
        for link in source.link(question.text, **_labels(options))
    ]
    return [term for term in judged.missing if not any(term in name for name in known)]


def _labels(options: GroundingOptions) -> dict[str, Any]:
    return {} if options.labels is None else {"labels": options.labels}


def _search_and_result(message: HumanMessage, query: str, result: SearchResult) -> list[AnyMessage]:
    # Ids that follow from the question's, so that a retry replaces instead of repeating.
    call_id = f"search-{message.id}"
    call = {"name": SEARCH_TOOL, "args": {"query": query}, "id": call_id}
    return [
        AIMessage("", id=f"{message.id}-search", tool_calls=[call]),
        ToolMessage(
            _summary(result),
            id=f"{message.id}-evidence",
            name=SEARCH_TOOL,
            tool_call_id=call_id,
            artifact=result,
        ),
    ]


def _further_facts(
    question: str, found: Sequence[Evidence], facts: FactSource, labels: tuple[str, ...] | None
) -> list[Evidence]:
    """Facts of a separate source on the entities that the question names."""
    known = {piece.id for piece in found}
    seen: dict[str, Any] = {} if labels is None else {"labels": labels}
    links = facts.link(question, **seen)
    listed = [fact for link in links for fact in facts.facts(link.entity.id, **seen)]
    unique = {fact.id: fact for fact in listed if fact.id not in known}
    return [
        fact_evidence(fact, score=0.5, why="linked entity")
        for fact in list(unique.values())[:_FURTHER_FACTS]
    ]


def _numbered(found: Sequence[Evidence]) -> list[NumberedEvidence]:
    return [
        NumberedEvidence(number, piece.kind, piece.title, piece.text, piece.place)
        for number, piece in enumerate(found)
    ]


def _defining_first(question: Question, found: Sequence[Evidence]) -> list[Evidence]:
    """The passage that says what the question's subject is, or how it is done, before others."""
    numbered = _numbered(found)
    said = find_definition(question.text, numbered) or find_instruction(question, numbered)
    first = [found[said.number]] if said is not None else []
    return [*first, *(piece for piece in found if piece not in first)]


def _shown(found: Sequence[Evidence], k: int) -> list[Evidence]:
    passages = [piece for piece in found if piece.kind == "passage"][:k]
    return passages + [piece for piece in found if piece.kind == "fact"]


def search_tool(source: PassageSource, options: GroundingOptions) -> BaseTool:
    """The search as a tool of the model, for a further hop."""

    def search_knowledge(query: str) -> tuple[str, SearchResult]:
        if not query.strip():
            return "the query is empty", {"evidence": [], "sufficient": False}
        found = source.search(
            query[:MAX_QUESTION_CHARACTERS],
            k=options.k,
            mode=options.mode,
            labels=labels_of_call(options.labels),
        )
        shown = [piece.to_dict() for piece in found]
        result: SearchResult = {"evidence": shown, "sufficient": bool(found)}
        return _summary(result), result

    return StructuredTool.from_function(
        search_knowledge,
        name=SEARCH_TOOL,
        description="Search the knowledge base for passages and facts. 在知识库中检索段落和事实。",
        response_format="content_and_artifact",
    )


def stored_once(message: ToolMessage) -> Command[Any]:
    """A search's result as a conversation keeps it: the pieces apart, their ids in the message."""
    result = cast("SearchResult", message.artifact or {})
    pieces = [piece for piece in result.get("evidence", ()) if not isinstance(piece, str)]
    told: SearchResult = {**result, "evidence": [piece["id"] for piece in pieces]}
    return Command(
        update={
            "messages": [message.model_copy(update={"artifact": told})],
            "evidence": {piece["id"]: piece for piece in pieces},
        }
    )


def _summary(result: SearchResult) -> str:
    return f"{len(result.get('evidence', []))} pieces of evidence"
