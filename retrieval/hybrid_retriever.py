"""`HybridRetriever`: several LangChain retrievers or vector stores as one."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import ConfigDict, Field, model_validator

from .ranking_options import Fusion
from .reranking import Sayings

_RANKS = 60  # the constant of the paper

_Scored = list[tuple[Document, float | None]]


class HybridRetriever(BaseRetriever):
    """Fuses what several parts find; each part is any LangChain retriever or vector store.

    A document is known by its text and title, whatever its id; one that says the same as a better
    one, up to punctuation, case, width and script, is left out. `metadata["score"]` is at most 1,
    and `["why"]` says which parts found it at which rank. What fails in a part is raised.

    >>> from groundglm.retrieval import FAISSVectorStore, HashEmbeddings
    >>> store = FAISSVectorStore.from_texts(["Tea grows on hills.", "Rivers."], HashEmbeddings())
    >>> hybrid = HybridRetriever(parts=[store, store.as_retriever()], k=1)
    >>> [(one.page_content, one.metadata["why"]) for one in hybrid.invoke("tea")]
    [('Tea grows on hills.', 'part 1 rank 1, part 2 rank 1')]
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    parts: list[Any]
    """Retrievers or vector stores."""
    weights: list[float] | None = None
    """What each part weighs; the same for all where None."""
    k: int = Field(default=5, ge=1)
    """How many documents are given."""
    depth: int = Field(default=50, ge=1)
    """How many are asked of a vector store; a retriever gives as many as it is made for."""
    fusion: Fusion = "rank"
    """"rank" adds up 1/(60 + rank); "score" the scores, each part's scaled from 0 to 1, which
    vector stores and retrievers that note `metadata["score"]` have."""

    @model_validator(mode="after")
    def _check(self) -> "HybridRetriever":
        if not self.parts:
            raise ValueError("a HybridRetriever needs parts: retrievers or vector stores")
        for part in self.parts:
            if not isinstance(part, BaseRetriever | VectorStore):
                raise ValueError(
                    "a part must be a LangChain retriever or vector store, not "
                    f"{type(part).__name__}"
                )
        if self.weights is not None and (
            len(self.weights) != len(self.parts) or min(self.weights) < 0 or sum(self.weights) <= 0
        ):
            raise ValueError(f"weights must be {len(self.parts)} numbers of which one is above 0")
        return self

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        child = {"callbacks": run_manager.get_child()}
        found: list[_Scored] = []
        for part in self.parts:
            if isinstance(part, VectorStore) and self.fusion == "rank":
                found.append(_noted(part.similarity_search(query, k=self.depth)))
            elif isinstance(part, VectorStore):
                scored = part.similarity_search_with_relevance_scores(query, k=self.depth)
                found.append([*scored])
            else:
                found.append(_noted(cast("BaseRetriever", part).invoke(query, cast("Any", child))))
        return self._fused(found, self._wanted(k))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        child = {"callbacks": run_manager.get_child()}

        async def ask(part: Any) -> _Scored:
            if isinstance(part, VectorStore) and self.fusion == "rank":
                return _noted(await part.asimilarity_search(query, k=self.depth))
            if isinstance(part, VectorStore):
                return [*await part.asimilarity_search_with_relevance_scores(query, k=self.depth)]
            return _noted(await cast("BaseRetriever", part).ainvoke(query, cast("Any", child)))

        found = await asyncio.gather(*(ask(part) for part in self.parts))
        return self._fused(found, self._wanted(k))

    def _wanted(self, k: int | None) -> int:
        if k is not None and k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        return k or self.k

    def _fused(self, found: Sequence[_Scored], k: int) -> list[Document]:
        weights = self.weights or [1.0] * len(self.parts)
        scores: dict[object, float] = {}
        whys: dict[object, list[str]] = {}
        documents: dict[object, Document] = {}
        for number, (listed, weight) in enumerate(zip(found, weights, strict=True), start=1):
            worths = self._worths(listed, number)
            for rank, ((document, _), worth) in enumerate(zip(listed, worths, strict=True), 1):
                key = _key(document)
                if f"part {number} " in "".join(whys.get(key, ())):
                    continue  # a part that gives a document twice counts once
                documents.setdefault(key, document)
                scores[key] = scores.get(key, 0.0) + weight * worth / sum(weights)
                whys.setdefault(key, []).append(f"part {number} rank {rank}")
        order = sorted(scores, key=lambda key: -scores[key])
        sayings = Sayings()
        given: list[Document] = []
        for key in order:
            document = documents[key]
            title = str(document.metadata.get("title") or "")
            if sayings.place_of(title, document.page_content) is None:
                told = {"score": scores[key], "why": ", ".join(whys[key])}
                metadata = {**document.metadata, **told}
                given.append(document.model_copy(update={"metadata": metadata}))
            if len(given) == k:
                break
        return given

    def _worths(self, listed: _Scored, part: int) -> list[float]:
        if self.fusion == "rank":
            return [(_RANKS + 1) / (_RANKS + rank) for rank in range(1, len(listed) + 1)]
        scores = [score for _, score in listed if score is not None]
        if len(scores) < len(listed):
            raise ValueError(
                f"part {part} gives no scores, so they cannot be fused: use fusion='rank'"
            )
        low, high = min(scores, default=0.0), max(scores, default=0.0)
        return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def _noted(documents: Sequence[Document]) -> _Scored:
    scores = [document.metadata.get("score") for document in documents]
    return [
        (document, float(score) if isinstance(score, int | float) else None)
        for document, score in zip(documents, scores, strict=True)
    ]


def _key(document: Document) -> object:
    # Not by its id: two stores may give one id to two texts, or two ids to one.
    return document.page_content, str(document.metadata.get("title") or "")
