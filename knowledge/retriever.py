"""A knowledge base as a LangChain retriever, for any existing chain."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from ..evidence import Evidence, PassageSource, SearchMode
from ..loading.files import DIGEST_KEY, OF_KEY
from ..loading.parts import PAGES_KEY, PLACES_KEY
from ..retrieval.documents import to_document
from ..retrieval.ranking_options import Ranking

# What the base itself keeps of a file is nothing that whoever added it has said.
_BOOKKEEPING = frozenset({DIGEST_KEY, OF_KEY, PAGES_KEY, PLACES_KEY, "labels"})


class KnowledgeBaseRetriever(BaseRetriever):
    """Gives the passages of a base as Documents; source, span, score and reason are metadata.

    What a document was given as metadata when it was added comes back with its passages.

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
        passages = [piece for piece in found if piece.kind == "passage"]
        return [
            self._document(piece, told)
            for piece, told in zip(passages, self._told(passages), strict=True)
        ]

    def _told(self, passages: Sequence[Evidence]) -> list[Mapping[str, Any]]:
        """What the documents of passages were given as metadata, where the source keeps it."""
        metadata_of = getattr(self.base, "metadata_of", None)
        ids = [piece.source.document_id if piece.source else "" for piece in passages]
        if not callable(metadata_of) or not passages:
            return [{} for _ in passages]
        known = cast("Mapping[str, Mapping[str, Any]]", metadata_of(set(ids), labels=self.labels))
        return [known.get(id_, {}) for id_ in ids]

    @staticmethod
    def _document(piece: Evidence, told: Mapping[str, Any]) -> Document:
        document = to_document(piece)
        own = {key: value for key, value in told.items() if key not in _BOOKKEEPING}
        document.metadata = {**own, **document.metadata}
        return document
