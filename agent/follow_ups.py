"""The questions that a message of a conversation may stand for."""

from collections.abc import Iterator, Sequence

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from ..evaluation.citations import marks_in
from ..evidence import Evidence
from ..notation import SEARCH_TOOL, asks_which, parse_fact
from ..questions.ambiguity import meant_title
from ..questions.definitions import asked_subject
from ..questions.follow_ups import goes_on_with, readings
from ..questions.topics import bare_title
from ..text.folding import fold
from .conversation import MAX_QUESTION_CHARACTERS, Conversation, message_text


def meant_questions(talk: Conversation) -> list[str]:
    """What the last message of a conversation may ask, read with the turn before it.

    The likeliest comes first.
    """
    said = message_text(talk.messages[-1])[:MAX_QUESTION_CHARACTERS]
    turn = _turn_before(talk.messages)
    if not turn:
        return [said]
    results = [m for m in turn if isinstance(m, ToolMessage) and m.name != SEARCH_TOOL]
    goes_on = goes_on_with(said, message_text(results[-1])) if results else ""
    if goes_on:
        return [goes_on]
    picked = _picked(said, turn, talk)
    return [picked] if picked else readings(said, list(_topics(turn, talk)))


def _picked(said: str, turn: Sequence[AnyMessage], talk: Conversation) -> str:
    """The question before, about the one of several things that this message picks, if it does."""
    reply = message_text(turn[-1]) if isinstance(turn[-1], AIMessage) else ""
    if not asks_which(reply):
        return ""
    title = meant_title(said, list(dict.fromkeys(one.title for one in _cited(turn, talk))))
    asked, bare = message_text(turn[0]), bare_title(title)
    place = fold(asked).find(bare) if title else -1
    return asked[:place] + title + asked[place + len(bare) :] if place >= 0 else ""


def _turn_before(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages of the last turn that is over."""
    users = [i for i, message in enumerate(messages) if isinstance(message, HumanMessage)]
    return list(messages[users[-2] : users[-1]]) if len(users) > 1 else []


def _topics(turn: Sequence[AnyMessage], talk: Conversation) -> Iterator[str]:
    """What a turn spoke of: what its reply cites, then what it asked."""
    asked = message_text(turn[0])
    for piece in _cited(turn, talk)[:2]:
        fact = parse_fact(piece.text) if piece.kind == "fact" else None
        if fact is None:
            yield piece.title
        else:
            # What was asked for is spoken of now, then what it was asked of.
            yield from (fact[2], fact[0]) if fact[0] in asked else (fact[0], fact[2])
    yield asked_subject(asked)


def _cited(turn: Sequence[AnyMessage], talk: Conversation) -> list[Evidence]:
    """The pieces that the reply of a turn cites, in order."""
    shown = talk.evidence_among(turn)
    reply = message_text(turn[-1]) if isinstance(turn[-1], AIMessage) else ""
    return [shown[number] for number, _, _ in marks_in(reply) if number in shown]
