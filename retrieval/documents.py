"""Evidence as LangChain Documents, and back."""

from hashlib import sha256
from typing import Any

from langchain_core.documents import Document

from ..evidence import Evidence, Source
from ..text.spans import Span


def to_document(piece: Evidence) -> Document:
    """A passage as a LangChain Document; `to_evidence` reads it back.

    `metadata["start"]` and `["end"]` are its span, `["page"]` its page, `["place"]` the headings
    above it, `["context"]` the text around it where that was asked for, `["score"]` and `["why"]`
    how it was found, and `["also_in"]` the other documents that say the same.
    """
    metadata: dict[str, Any] = {"score": piece.score, "why": piece.why}
    if piece.source is not None:
        metadata |= {"document_id": piece.source.document_id, "title": piece.source.title}
        if piece.source.page is not None:
            metadata["page"] = piece.source.page
        if piece.source.place:
            metadata["place"] = piece.source.place
        if piece.source.span is not None:
            metadata |= {"start": piece.source.span.start, "end": piece.source.span.end}
    if piece.context:
        metadata["context"] = piece.context
    if len(piece.sources) > 1:
        metadata["also_in"] = [source.document_id for source in piece.sources[1:]]
    return Document(id=piece.id, page_content=piece.text, metadata=metadata)


def to_evidence(document: Document, *, rank: int = 1) -> Evidence:
    """A Document of any retriever as a passage.

    Args:
        document: What the retriever gave. Without `metadata["document_id"]` its `source` or its
            own id names where it stands.
        rank: Its place in what the retriever gave; scores a document that has no score.
    """
    metadata: dict[str, Any] = document.metadata
    start, end = _whole(metadata.get("start")), _whole(metadata.get("end"))
    span = Span(start, end) if start is not None and end is not None and start < end else None
    # By its text and not its rank: another search gives another text the same rank.
    digest = sha256(document.page_content.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    document_id = str(
        metadata.get("document_id") or metadata.get("source") or document.id or f"text-{digest}"
    )
    title = str(metadata.get("title") or "")
    score = metadata.get("score")
    return Evidence(
        document.id or f"{document_id}#{digest}",
        "passage",
        document.page_content,
        score if isinstance(score, int | float) else 1 / rank,
        str(metadata.get("why") or f"retriever rank {rank}"),
        (
            Source(
                document_id,
                title,
                _whole(metadata.get("page")),
                span,
                " ".join(str(metadata.get("place") or "").split()),
            ),
        ),
    )


def _whole(value: object) -> int | None:
    """A number of a page or a character, and nothing else that metadata may hold there."""
    return value if type(value) is int and value >= 0 else None
