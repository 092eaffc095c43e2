"""Ends of a turn without the model: the limit of steps, a call that was held."""

from langchain_core.messages import AIMessage

from ..text.scripts import language
from .conversation import Conversation, is_held
from .declining import with_reason
from .wording import HELD, STEP_LIMIT


def early_end(talk: Conversation, max_steps: int) -> AIMessage | None:
    """What ends the turn in place of a further reply of the model, if anything does."""
    lang = language(talk.question)
    if sum(isinstance(message, AIMessage) for message in talk.turn) > max_steps:
        return with_reason(AIMessage(STEP_LIMIT[lang].format(steps=max_steps)), "step_limit")
    held = dict.fromkeys(str(message.name) for message in talk.turn if is_held(message))
    return AIMessage(HELD[lang].format(names=", ".join(held))) if held else None
