"""The hits of a search as evidence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ..database.database import Database
from ..database.records import FoundPassage
from ..database.surroundings import context_of
from ..evidence import Evidence, Source

#: How much of the text around a passage goes with it: so many passages on each side, or all that
#: stand under the same heading.
Context = int | Literal["section"]

_MOST_CONTEXT = 6_000


def passage_evidence(found: FoundPassage, score: float, why: str) -> Evidence:
    """A passage as evidence."""
    passage = found.passage
    source = Source(passage.document_id, found.title, passage.page, passage.span, passage.heading)
    return Evidence(passage.id, "passage", passage.text, score, why, (source,))


def check_context(context: object) -> None:
    """Refuse what says no context.

    Raises:
        ValueError: it is no number from 0 on and not "section".
    """
    is_number = isinstance(context, int) and not isinstance(context, bool) and context >= 0
    if not is_number and context != "section":
        raise ValueError(f'context is a number from 0 on or "section", not {context!r}')


def with_context(database: Database, found: Sequence[Evidence], context: Context) -> list[Evidence]:
    """The passages with the text around each; facts as they are."""
    around = None if context == "section" else context
    return [
        replace(one, context=context_of(database, one.id, around, most=_MOST_CONTEXT))
        if one.kind == "passage"
        else one
        for one in found
    ]
