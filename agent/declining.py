"""Declining: when nothing speaks for an answer, and what is said then."""

from collections.abc import Sequence

from langchain_core.messages import AIMessage

from ..evidence import Evidence
from ..notation import decline_text, is_decline, missing_text, unconnected_text, without_marks
from ..questions.connections import asked_ends
from ..questions.question import Question
from ..text.scripts import Language, language
from .citations import rests_on_tools, without_unsupported
from .conversation import REASON_KEY, Conversation, SearchResult, message_text
from .options import CitationPolicy
from .wording import ReasonCode

_LONGEST_TITLE = 60


def must_decline(talk: Conversation, reply: str) -> bool:
    """Whether a reply stands on nothing: no evidence was shown, and no tool gave what it says.

    That a tool ran, or that a further search was empty, is no ground by itself.
    """
    if not talk.search.get("hidden", False) or talk.found_later():
        return False
    return not rests_on_tools(reply, talk.tool_texts())


def declined_message(
    question: str,
    found: SearchResult,
    pieces: Sequence[Evidence],
    message: AIMessage | None = None,
) -> AIMessage:
    """The decline in the question's language, with what was missing, as a message.

    Args:
        question: What was asked.
        found: How what was found was judged.
        pieces: What was found.
        message: A reply that it takes the place of.
    """
    lang = language(question)
    ends = asked_ends(Question(question))
    apart = unconnected_text(lang, *ends) if ends else ""
    reasons = [apart or missing_text(lang, found.get("missing", [])), _suggestion(found, lang)]
    if not any(reasons):
        reasons = [_nearest(pieces, lang)]
    text = decline_text(lang, ("；" if lang == "zh" else "; ").join(filter(None, reasons)))
    declined = message.model_copy(update={"content": text}) if message else AIMessage(text)
    return with_reason(declined, "below_threshold" if pieces else "no_evidence")


def _nearest(pieces: Sequence[Evidence], lang: Language) -> str:
    """What the evidence that was found is about, where nothing else can be said of it."""
    titles = list(dict.fromkeys(_quoted(piece.title) for piece in pieces if piece.title.strip()))[
        :2
    ]
    if not titles:
        return ""
    if lang == "zh":
        return "找到的资料只涉及" + "、".join(f"“{title}”" for title in titles)
    return "what was found is on " + " and ".join(f'"{title}"' for title in titles)


def _quoted(name: str) -> str:
    """A name from outside as a decline may say it: on one line, citing nothing."""
    return without_marks(" ".join(name.split()))[:_LONGEST_TITLE]


def _suggestion(found: SearchResult, lang: Language) -> str:
    name = _quoted(found.get("suggested", ""))
    if not name:
        return ""
    return f"或许要问的是“{name}”" if lang == "zh" else f'perhaps "{name}" is meant'


def kept_reply(talk: Conversation, message: AIMessage, policy: CitationPolicy) -> AIMessage:
    """A reply as the policy leaves it: whole, or without what no cited evidence carries.

    What a tool gave, small talk and a decline in the model's own words stay as they are.
    """
    text = message_text(message)
    if policy == "mark" or message.tool_calls or not talk.search:
        return message
    if is_decline(text):
        return message
    kept = without_unsupported(text, talk.evidence(), talk.tool_texts())
    if kept == text.strip():
        return message
    if kept:
        return message.model_copy(update={"content": kept})
    lang = language(talk.question)
    declined = message.model_copy(update={"content": decline_text(lang)})
    return with_reason(declined, "unsupported")


def with_reason(message: AIMessage, code: ReasonCode) -> AIMessage:
    """The message with the reason for which it is no answer."""
    metadata = {**message.response_metadata, REASON_KEY: code}
    return message.model_copy(update={"response_metadata": metadata})
