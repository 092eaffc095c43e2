"""The hits of a search as evidence."""

from ..database.records import FoundPassage
from ..evidence import Evidence, Source


def passage_evidence(found: FoundPassage, score: float, why: str) -> Evidence:
    """A passage as evidence."""
    passage = found.passage
    source = Source(passage.document_id, found.title, passage.page, passage.span)
    return Evidence(passage.id, "passage", passage.text, score, why, (source,))
