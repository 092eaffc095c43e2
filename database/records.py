"""What goes into the database and comes out of it, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..facts import Fact
from ..text.spans import Span

DocumentKind = Literal["text", "facts"]


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A retrievable piece of a document; `span` cuts `text` out of the document's text."""

    id: str
    document_id: str
    position: int
    span: Span
    text: str
    heading: str = ""
    page: int | None = None
    vector_key: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A whole document, ready to be stored in one transaction."""

    id: str
    kind: DocumentKind
    title: str
    text: str
    metadata: Mapping[str, Any]
    labels: tuple[str, ...]
    content_hash: str
    passages: tuple[PassageRecord, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a list of documents shows; `characters` counts the stored text."""

    id: str
    title: str
    kind: DocumentKind
    characters: int
    passages: int
    facts: int
    metadata: Mapping[str, Any]
    added_at: str


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage with the title of its document."""

    passage: PassageRecord
    title: str
