"""Evidence: what was found and where it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from .text.spans import Span

#: A longer title is cut: nobody reads it, and it stands before every passage of its document.
MAX_TITLE_CHARACTERS = 300

EvidenceKind = Literal["passage", "fact"]
SearchMode = Literal["vector", "bm25", "hybrid", "graph"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece of evidence stands: a document and the characters of its extracted text.

    `page` is that of a PDF or a slide; `place` is the sheet, slide or time and the headings above
    it, from the outermost in, such as "sheet Fares" or "Boats > Winter".
    """

    document_id: str
    title: str = ""
    page: int | None = None
    span: Span | None = None
    place: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; `from_dict` reads it back."""
        span = [self.span.start, self.span.end] if self.span else None
        return {
            "document_id": self.document_id,
            "title": self.title,
            "page": self.page,
            "span": span,
        } | ({"place": self.place} if self.place else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Source":
        """Rebuild what `to_dict` wrote."""
        span = Span(*data["span"]) if data.get("span") else None
        return cls(
            data["document_id"],
            data.get("title", ""),
            data.get("page"),
            span,
            data.get("place", ""),
        )

    def __str__(self) -> str:
        parts = [self.document_id]
        if self.page is not None:
            parts.append(f"p. {self.page}")
        if self.place:
            parts.append(self.place)
        if self.span is not None:
            parts.append(f"{self.span.start}..{self.span.end}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage or a fact that was found for a question.

    `score` is higher for better and comparable only within one search; `why` says how it was
    found (BM25, vector, link, path). A fact's `text` is written by `notation.format_fact`.
    `context` is the text around a passage, itself included, where a search was asked for it.
    """

    id: str
    kind: EvidenceKind
    text: str
    score: float
    why: str = ""
    sources: tuple[Source, ...] = field(default=())
    context: str = ""

    @property
    def source(self) -> Source | None:
        """The first of the sources."""
        return self.sources[0] if self.sources else None

    @property
    def place(self) -> str:
        """Where it stands in the first source's document, or nothing."""
        return self.sources[0].place if self.sources else ""

    @property
    def title(self) -> str:
        """The title of the first source's document, or nothing; a very long one is cut."""
        return self.sources[0].title[:MAX_TITLE_CHARACTERS] if self.sources else ""

    def to_dict(self) -> dict[str, Any]:
        """The one JSON form; `from_dict` reads it back."""
        return {
            "id": self.id,
            "kind": self.kind,
            "text": self.text,
            "score": self.score,
            "why": self.why,
            "sources": [source.to_dict() for source in self.sources],
        } | ({"context": self.context} if self.context else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Evidence":
        """Rebuild what `to_dict` wrote."""
        sources = tuple(Source.from_dict(source) for source in data.get("sources", ()))
        return cls(
            data["id"],
            data["kind"],
            data["text"],
            data["score"],
            data.get("why", ""),
            sources,
            data.get("context", ""),
        )


@dataclass(frozen=True, slots=True)
class Citation:
    """A number in an answer and the evidence behind it.

    `span_in_answer` covers the sentence (without its mark) that the number stands behind;
    `supported` says whether the evidence carries that sentence.
    """

    number: int
    evidence_id: str
    span_in_answer: Span
    supported: bool


@runtime_checkable
class PassageSource(Protocol):
    """Anything that finds evidence for a question: a KnowledgeBase, or a wrapped retriever."""

    def search(
        self,
        query: str,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> list[Evidence]:
        """At most `k` passages, best first, then (in mode "graph") facts beside them."""
        ...


def evidence_in(pieces: Sequence[Evidence], kind: EvidenceKind) -> list[Evidence]:
    """The pieces of one kind, in their order."""
    return [piece for piece in pieces if piece.kind == kind]
