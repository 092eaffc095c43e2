"""Single rows of the database to records, and back."""

from typing import Any

from ..evidence import Source
from ..facts import Contribution, Fact
from ..text import Span
from .records import FoundPassage, PassageRecord


def read_fact(row: tuple[Any, ...]) -> Fact:
    """A fact as one document says it, from a row of `Database.facts_of`."""
    document_id, _, subject_id, object_id, subject, predicate, object_ = row[:7]
    title, page, start, end, passage_id, extractor, confidence, time = row[7:]
    span = Span(start, end) if start is not None else None
    source = Source(document_id, title, page, span)
    said = Contribution(source, passage_id, extractor, confidence, time)
    return Fact(subject, predicate, object_, (said,), subject_id, object_id)


def passage_row(passage: PassageRecord) -> tuple[object, ...]:
    """A passage in the order of its table's columns."""
    return (
        passage.id,
        passage.document_id,
        passage.position,
        passage.span.start,
        passage.span.end,
        passage.page,
        passage.heading,
        passage.text,
        passage.vector_key,
    )


def found_passage(row: tuple[Any, ...]) -> FoundPassage:
    """A passage and its title, from a row of `Database.passages`."""
    id_, document_id, position, start, end, text, heading, page, vector_key, title = row
    span = Span(start, end)
    passage = PassageRecord(
        id_, document_id, position, span, text, heading, page=page, vector_key=vector_key
    )
    return FoundPassage(passage, title)
