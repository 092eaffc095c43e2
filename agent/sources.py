"""Any LangChain retriever or vector store as a source of passages for an agent."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore

from ..evidence import Evidence, PassageSource, SearchMode
from ..facts import FactSource
from ..retrieval.documents import to_evidence


class _LangChainSource(ABC):
    """A part of LangChain behind the protocol `PassageSource`.

    The rank gives the score where a document brings none. `filter` and `labels` cannot be handed
    on, so they are refused.
    """

    @abstractmethod
    def _documents(self, query: str, k: int) -> Sequence[Document]:
        """What it gives for a question, best first; `k` are wanted."""

    def search(
        self,
        query: str,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> list[Evidence]:
        """The first `k` documents as evidence."""
        if filter is not None or labels is not None:
            raise ValueError("a wrapped retriever takes no filter and no labels; set them on it")
        found: dict[str, Evidence] = {}
        for rank, document in enumerate(self._documents(query, k)[:k], start=1):
            piece = to_evidence(document, rank=rank)
            known = found.get(piece.id)
            if known is not None and known.text != piece.text:  # an id of several texts is none
                piece = to_evidence(document.model_copy(update={"id": None}), rank=rank)
            found.setdefault(piece.id, piece)
        return list(found.values())


class RetrieverSource(_LangChainSource):
    """A LangChain retriever as a source of passages; it gives as many as it is set to."""

    def __init__(self, retriever: BaseRetriever) -> None:
        self.retriever = retriever

    def _documents(self, query: str, k: int) -> Sequence[Document]:
        return self.retriever.invoke(query)


class VectorStoreSource(_LangChainSource):
    """A LangChain vector store as a source of passages; it is asked for as many as are wanted."""

    def __init__(self, store: VectorStore) -> None:
        self.store = store

    def _documents(self, query: str, k: int) -> Sequence[Document]:
        return self.store.similarity_search(query, k=k)


def as_source(source: PassageSource | BaseRetriever | VectorStore) -> PassageSource:
    """A base as it is; a retriever or vector store wrapped.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(source, VectorStore):
        return VectorStoreSource(source)
    if isinstance(source, BaseRetriever):
        return RetrieverSource(source)
    if isinstance(source, PassageSource):  # pyright: ignore[reportUnnecessaryIsInstance]
        return source
    raise TypeError(
        "source must be a KnowledgeBase, a LangChain retriever or a vector store, "
        f"not {type(source).__name__}"
    )


def check_given_labels(labels: object) -> None:
    """Refuse labels of an asker that are no list of strings.

    Raises:
        ValueError: they are none.
    """
    listed = cast("Iterable[object]", labels)
    if not isinstance(labels, list | tuple | set | frozenset) or not all(
        isinstance(one, str) and one.strip() for one in listed
    ):
        raise ValueError(f"labels must be a list of non-empty strings, not {labels!r}")


def check_labelled(facts: FactSource) -> None:
    """Refuse a source of facts that would tell a caller with labels everything.

    Raises:
        ValueError: `link` or `facts` of it takes no `labels`.
    """
    for method in (facts.link, facts.facts):
        taken = inspect.signature(method).parameters.values()
        if not any(one.name == "labels" or one.kind is one.VAR_KEYWORD for one in taken):
            raise ValueError(
                f"{type(facts).__name__}.{method.__name__} takes no labels, so that an agent with "
                "labels would show facts that its asker may not see; give it a parameter labels"
            )
