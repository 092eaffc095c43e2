"""Single rows of the database to records, and back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..evidence import Source
from ..facts import Contribution, Fact
from ..text.spans import Span
from .records import DocumentRecord, FoundPassage, PassageRecord

#: The rows that `read_fact` takes.
FACTS_QUERY = (
    "SELECT c.document_id, c.position, f.subject_id, f.object_id, c.subject, c.predicate, "
    "c.object, d.title, c.page, c.start, c.end, c.passage_id, c.extractor, c.confidence, "
    "c.time, c.source_title, c.fact_id FROM contributions c JOIN facts f ON f.id = c.fact_id "
    "JOIN documents d ON d.id = c.document_id"
)


def contribution_row(
    document: DocumentRecord, position: int, fact: Fact, said: Contribution
) -> tuple[object, ...]:
    """A contribution in the order of its table's columns."""
    span = said.source.span
    return (
        fact.id,
        document.id,
        position,
        said.passage_id,
        fact.subject,
        fact.predicate,
        fact.object,
        said.source.page,
        span.start if span else None,
        span.end if span else None,
        said.extractor,
        said.confidence,
        said.time,
        None if said.source.title == document.title else said.source.title or None,
    )


def read_fact(row: tuple[Any, ...]) -> Fact:
    """A fact as one document says it, from a row of `Database.facts_of`."""
    document_id, _, subject_id, object_id, subject, predicate, object_ = row[:7]
    title, page, start, end, passage_id, extractor, confidence, time, source_title, _ = row[7:]
    span = Span(start, end) if start is not None else None
    source = Source(document_id, source_title or title, page, span)
    said = Contribution(source, passage_id, extractor, confidence, time)
    return Fact(subject, predicate, object_, (said,), subject_id, object_id)


def merge_facts(facts: Sequence[Fact]) -> Fact:
    """One fact with the contributions of several that say the same; the first gives the words."""
    first = facts[0]
    if len(facts) == 1:
        return first
    contributions = dict.fromkeys(c for fact in facts for c in fact.contributions)
    return replace(first, contributions=tuple(contributions))


def passage_row(passage: PassageRecord, document: int) -> tuple[object, ...]:
    """A passage of the document of a number, in the order of its table's columns."""
    return (
        passage.id,
        document,
        passage.position,
        passage.span.start,
        passage.span.end,
        passage.page,
        passage.heading,
        passage.vector_key,
        passage.text,
    )


def found_passage(row: tuple[Any, ...]) -> FoundPassage:
    """A passage and its title, from a row of `Database.passages`."""
    id_, document_id, position, start, end, text, heading, page, vector_key, title = row[:10]
    span = Span(start, end)
    passage = PassageRecord(
        id_, document_id, position, span, text, heading, page=page, vector_key=vector_key
    )
    return FoundPassage(passage, title)
