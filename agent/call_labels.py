"""Access labels of one call: what its asker may see, and what a conversation has already shown."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.runnables.config import RunnableConfig
from langgraph.config import get_config

from ..errors import ConversationError

_KEY = "groundglm_labels"
#: In the state of a conversation: it was shown what only who sees everything may see. No label is
#: empty, so nobody can be given it.
EVERYTHING = ""


def narrowed(own: Sequence[str] | None, asked: Sequence[str] | None) -> tuple[str, ...] | None:
    """The labels of a call of an agent that has labels of its own: less than these, never more.

    >>> narrowed(["a", "b"], ["b", "c"]), narrowed(None, ["a"]), narrowed(["a"], None)
    (('b',), ('a',), ('a',))
    """
    if asked is None:
        return None if own is None else tuple(own)
    return tuple(asked) if own is None else tuple(one for one in asked if one in own)


def with_labels(config: RunnableConfig, labels: tuple[str, ...] | None) -> RunnableConfig:
    """The configuration of a call with its labels in it."""
    configurable = {**config.get("configurable", {}), _KEY: labels}
    return {**config, "configurable": configurable}


def labels_of_call(own: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The labels of the call that is running; those of the agent where it has none of its own.

    Through `graph.invoke` anything may stand in a configuration, but it only ever narrows.
    """
    try:
        told: object = get_config().get("configurable", {}).get(_KEY)
    except RuntimeError:  # outside of a graph, as when the tool is called by itself
        return own
    if told is None:
        return own
    if not isinstance(told, list | tuple):
        raise ValueError(f"the labels of a call are a list, not {told!r}")
    return narrowed(own, [str(one) for one in cast("Sequence[object]", told)])


def seen_with(labels: tuple[str, ...] | None) -> list[str]:
    """What a conversation notes of a turn with these labels."""
    return [EVERYTHING] if labels is None else sorted(labels)


def check_conversation(
    thread_id: str,
    state: Mapping[str, Any],
    labels: tuple[str, ...] | None,
    *,
    own: tuple[str, ...] | None,
) -> None:
    """Refuse a turn whose asker may see less than the conversation has shown before.

    Args:
        thread_id: The conversation.
        state: Its state.
        labels: Those of the call.
        own: Those of the agent: one of an earlier version, which noted nothing, was shown what
            these may see.

    Raises:
        ConversationError: so it is.
    """
    noted = cast("list[str] | None", state.get("seen_with"))
    if noted is None:
        noted = seen_with(own) if state.get("messages") else []
    if labels is None or set(noted) <= set(labels):
        return
    who = "who sees everything" if EVERYTHING in noted else str(noted)
    raise ConversationError(
        f"the conversation {thread_id!r} was shown what only {who} may see, and is asked with the "
        f"labels {list(labels)} now; begin another one"
    )
