"""What a search may see, and its hits as evidence."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..database.database import Database
from ..database.records import FoundPassage
from ..evidence import Evidence, Source
from .records import check_labels


@dataclass(frozen=True, slots=True)
class View:
    """What a search may see: None stands for everything."""

    documents: frozenset[str] | None = None
    passages: frozenset[str] | None = None
    key: str = ""  # the same for the same filter and labels


def visible_part(
    database: Database, filter: Mapping[str, Any] | None, labels: Iterable[str] | None
) -> View:
    """What a caller with these labels sees of the documents that carry this metadata."""
    own = None if labels is None else frozenset(check_labels(labels))
    if filter is None and own is None:
        return View()
    documents = frozenset(
        id_
        for id_, metadata, required in database.metadata()
        if _matches(metadata, filter or {})
        and (own is None or not required or not own.isdisjoint(required))
    )
    key = json.dumps([filter, None if own is None else sorted(own)], sort_keys=True, default=repr)
    return View(documents, database.passage_ids(documents), key)


def _matches(metadata: Mapping[str, Any], filter: Mapping[str, Any]) -> bool:
    for key, wanted in filter.items():
        value = metadata.get(key)
        if value not in wanted if isinstance(wanted, list | tuple | set) else value != wanted:
            return False
    return True


def passage_evidence(found: FoundPassage, score: float, why: str) -> Evidence:
    """A passage as evidence."""
    passage = found.passage
    source = Source(passage.document_id, found.title, passage.page, passage.span)
    return Evidence(passage.id, "passage", passage.text, score, why, (source,))
