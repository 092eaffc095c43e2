"""A knowledge base as a LangChain retriever, for any existing chain."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from ..evidence import PassageSource, SearchMode
from ..retrieval.documents import to_document
from ..retrieval.ranking_options import Ranking


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
    ranking: Ranking | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        own: dict[str, Any] = {} if self.ranking is None else {"ranking": self.ranking}
        found = self.base.search(
            query, k=k or self.k, mode=self.mode, filter=self.filter, labels=self.labels, **own
        )
        return [to_document(piece) for piece in found if piece.kind == "passage"]
