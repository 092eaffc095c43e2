"""A knowledge base as a LangChain retriever, for any existing chain."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from ..evidence import Evidence, PassageSource, SearchMode


class KnowledgeBaseRetriever(BaseRetriever):
    """Gives the passages of a base as Documents; source, span, score and reason are metadata.

    Facts have no place in a list of Documents: ask the base itself for them.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: PassageSource
    k: int = Field(default=5, ge=1)
    mode: SearchMode = "hybrid"
    filter: dict[str, Any] | None = None
    labels: tuple[str, ...] | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        found = self.base.search(
            query, k=k or self.k, mode=self.mode, filter=self.filter, labels=self.labels
        )
        return [to_document(piece) for piece in found if piece.kind == "passage"]


def to_document(piece: Evidence) -> Document:
    """A passage as a LangChain Document; `metadata["start"]` and `["end"]` are its span."""
    metadata: dict[str, Any] = {"score": piece.score, "why": piece.why}
    if piece.source is not None:
        metadata |= {"document_id": piece.source.document_id, "title": piece.source.title}
        if piece.source.page is not None:
            metadata["page"] = piece.source.page
        if piece.source.span is not None:
            metadata |= {"start": piece.source.span.start, "end": piece.source.span.end}
    return Document(id=piece.id, page_content=piece.text, metadata=metadata)
