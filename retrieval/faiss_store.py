"""`FAISSVectorStore`: LangChain's vector store over one SQLite file."""

import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from ..database.connection import BUSY_SECONDS
from ..database.database import Database
from ..database.records import DocumentRecord, FoundPassage
from ..errors import GroundGLMError
from .dense_index import VectorIndexKind
from .embedding_calls import embedded_query
from .embedding_record import check_model
from .filters import Filter
from .lexical_index import WORTH_SAVING
from .passage_indexes import PassageIndexes, keep_indexes
from .passage_vectors import passage_vectors
from .ranking import Hit
from .stored_texts import refuse_others, relevance, stored_document, text_record, unit_vector
from .visibility import View, Visibility, check_labels

_BATCH = 512  # texts that are embedded together and stored in one transaction


class FAISSVectorStore(VectorStore):
    """Texts and their vectors in one SQLite file, searched by FAISS; LangChain's whole contract.

    The same id again replaces a text. What one call adds is stored in batches, each whole or not at
    all. One process writes while others read and see it at their next search. Safe for threads.

    Scores are cosine similarities, from -1 to 1, higher is better; relevance scores are the same
    with 0 for what is below it. A `filter` (`retrieval.filters` has the language; or a function of
    the metadata) and `labels` hold before the ranking, so a search gives `k` where there are `k`.

    >>> from groundglm.retrieval import HashEmbeddings
    >>> store = FAISSVectorStore(HashEmbeddings())
    >>> _ = store.add_texts(["Tea grows on hills.", "茶长在山上。"], [{"in": "en"}, {"in": "zh"}])
    >>> [found.page_content for found in store.similarity_search("tea", k=2, filter={"in": "zh"})]
    ['茶长在山上。']
    """

    def __init__(
        self,
        embedding: Embeddings,
        path: str | Path | None = None,
        *,
        labels: Iterable[str] | None = None,
        vector_index: VectorIndexKind = "auto",
        create: bool = True,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        """Open the store in a file, or make one.

        Args:
            embedding: Any LangChain Embeddings; refused at first use where the store has another.
            path: The SQLite file; None for a temporary one.
            labels: Those of the caller: texts with `metadata["labels"]` are seen only by who
                shares one. None sees everything.
            vector_index: As `KnowledgeBase.open` takes it; many vectors are kept in a folder
                beside the file, `NAME.indexes`, which may be deleted at any time.
            create: Whether to make a store where there is none.
            read_only: Never write.
            busy_seconds: How long a write waits for another process that is writing.
        """
        self._temporary = None
        if path is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="groundglm-store-")
            path = Path(self._temporary.name) / "store.sqlite"
        file = Path(path)
        if create and not read_only:
            file.parent.mkdir(parents=True, exist_ok=True)
        database = Database(
            file,
            create=create and not read_only,
            read_only=read_only,
            busy_seconds=busy_seconds,
        )
        lock = database.connections.read_lock
        indexes = PassageIndexes(database, file.with_name(f"{file.name}.indexes"), vector_index)
        self._take(database, embedding, indexes, Visibility(database), lock, labels)

    def _take(
        self,
        database: Database,
        embedding: Embeddings,
        indexes: PassageIndexes,
        visibility: Visibility,
        lock: "threading.RLock",
        labels: Iterable[str] | None,
    ) -> None:
        self._database = database
        self._embedding = embedding
        self._indexes = indexes
        self._visibility = visibility
        self._lock = lock
        self._labels = None if labels is None else frozenset(check_labels(labels))
        self._is_checked = False
        self._is_part_of_base = False

    @classmethod
    def of_base(
        cls,
        database: Database,
        embedding: Embeddings,
        indexes: PassageIndexes,
        visibility: Visibility,
        *,
        lock: "threading.RLock",
        labels: Iterable[str] | None = None,
    ) -> Self:
        """The passages of a knowledge base as a store to read; `KnowledgeBase.as_vector_store`."""
        store = cls.__new__(cls)
        store._temporary = None
        store._take(database, embedding, indexes, visibility, lock, labels)
        store._is_checked = store._is_part_of_base = True
        return store

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        path: str | Path | None = None,
        **kwargs: Any,
    ) -> Self:
        """Open the store in a file (or a temporary one) and add texts to it."""
        store = cls(embedding, path, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @property
    def embeddings(self) -> Embeddings:
        """The embedding model."""
        return self._embedding

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if not self._is_part_of_base:
            self._database.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._database.passage_count()

    # --- writing ----------------------------------------------------------------------------

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int = _BATCH,
        **kwargs: Any,
    ) -> list[str]:
        """Embed texts and store them.

        Args:
            texts: Any number.
            metadatas: For each text what is known of it; `labels` in it (a list) restricts who
                may see the text. What is no JSON is kept as its string.
            ids: For each text its id, or None for a new one.
            batch_size: How many are embedded together and stored in one transaction.
            kwargs: There are no others.

        Returns:
            The ids, in the order of the texts.

        Raises:
            ValueError: the lists differ in length, or a text or metadata cannot be stored; then
                nothing is.
        """
        self._refuse(kwargs)
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        if self._is_part_of_base:
            raise GroundGLMError("this store shows a knowledge base: add documents to that")
        listed = list(texts)
        for name, given in (("metadatas", metadatas), ("ids", ids)):
            if given is not None and len(given) != len(listed):
                raise ValueError(f"{len(listed)} texts were given, but {len(given)} {name}")
        names = [(ids[n] if ids else None) or uuid4().hex for n in range(len(listed))]
        told = metadatas or [{} for _ in listed]
        records = [text_record(*one) for one in zip(names, listed, told, strict=True)]
        if records:
            self._check_model()
        for start in range(0, len(records), batch_size):
            self._store(records[start : start + batch_size])
        if len(records) >= WORTH_SAVING:
            keep_indexes(self._database, self._indexes, self._lock, words=False)
        return names

    def _store(self, records: Sequence[DocumentRecord]) -> None:
        texts = {str(one.passages[0].vector_key): one.text for one in records}
        vectors = passage_vectors(self._database, lambda: self._embedding, texts)
        self._database.put_documents(records, vectors)

    def keep_vectors(self, vectors: Iterable[tuple[str, bytes]]) -> None:
        """Store vectors (float16) by `vector_key`, ahead of their texts."""
        self._check_model()
        self._database.put_vectors(vectors)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete texts by id; one that is not there is no error.

        Raises:
            ValueError: no ids were given.
        """
        self._refuse(kwargs)
        if self._is_part_of_base:
            raise GroundGLMError("this store shows a knowledge base: delete its documents there")
        if ids is None:
            raise ValueError("delete takes the ids of texts")
        self._database.delete_documents(list(ids))
        return True

    # --- reading ----------------------------------------------------------------------------

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The texts of those ids that are there and may be seen, in the order of the ids."""
        with self._lock, self._database.snapshot():
            view = self._view(None, None)
            found = self._database.passages_by_id(ids)
            seen = {
                one.passage.id: one
                for number, one in found.items()
                if view is None or view.sees(number)
            }
            return self._documents([seen[id_] for id_ in ids if id_ in seen])

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        filter: Filter | None = None,
        *,
        labels: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The `k` texts nearest to a question, best first."""
        found = self.similarity_search_with_score(query, k, filter, labels=labels, **kwargs)
        return [document for document, _ in found]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        filter: Filter | None = None,
        *,
        labels: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The same with their cosine similarity."""
        return self.similarity_search_with_score_by_vector(
            self._embed(query), k, filter, labels=labels, **kwargs
        )

    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: Filter | None = None,
        *,
        labels: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The `k` texts nearest to a vector of any length, best first."""
        search = self.similarity_search_with_score_by_vector
        return [one for one, _ in search(embedding, k, filter, labels=labels, **kwargs)]

    def similarity_search_with_score_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: Filter | None = None,
        *,
        labels: Iterable[str] | None = None,
        fetch_k: int | None = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The same with their cosine similarity; `fetch_k` of LangChain's FAISS is not needed."""
        self._refuse(kwargs)
        with self._searching(filter, labels) as view:
            hits = self._nearest(unit_vector(embedding), k, view)
            return list(zip(self._found(hits), (float(score) for _, score in hits), strict=True))

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        *,
        labels: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The `k` of the `fetch_k` nearest that are near to the question and unlike each other.

        Args:
            query: The question.
            k: How many.
            fetch_k: From how many they are chosen.
            lambda_mult: From 0, most unlike each other, to 1, nearest to the question.
            filter: What their metadata must be.
            labels: Those of the caller.
            kwargs: None.
        """
        return self.max_marginal_relevance_search_by_vector(
            self._embed(query), k, fetch_k, lambda_mult, filter, labels=labels, **kwargs
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        *,
        labels: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The same by a vector."""
        self._refuse(kwargs)
        if not 0 <= lambda_mult <= 1:
            raise ValueError(f"lambda_mult is from 0 to 1, not {lambda_mult}")
        vector = unit_vector(embedding)
        with self._searching(filter, labels) as view:
            hits = self._nearest(vector, max(k, fetch_k), view)
            if not hits:
                return []
            rows = self._indexes.vectors(len(vector)).vectors([number for number, _ in hits])
            chosen = maximal_marginal_relevance(vector, list(rows), lambda_mult, k)
            return self._found([hits[place] for place in chosen])

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return relevance

    # --- parts ------------------------------------------------------------------------------

    @contextmanager
    def _searching(
        self, filter: Filter | None, labels: Iterable[str] | None
    ) -> Generator[View | None]:
        """One moment of the store, and what may be seen of it."""
        with self._lock, self._database.snapshot():
            yield self._view(filter, labels)

    def _view(self, filter: Filter | None, labels: Iterable[str] | None) -> View | None:
        own = None if labels is None else frozenset(check_labels(labels))
        if self._labels is not None:  # a call may see less than the store, never more
            own = self._labels if own is None else own & self._labels
        return self._visibility.view(filter, own)

    def _nearest(self, vector: np.ndarray, k: int, view: View | None) -> list[Hit]:
        visible = None if view is None else view.passages
        return self._indexes.nearest(vector, k=k, visible=visible)

    def _found(self, hits: Sequence[Hit]) -> list[Document]:
        found = self._database.passages_by_number([number for number, _ in hits])
        return self._documents([found[number] for number, _ in hits])

    def _documents(self, found: Sequence[FoundPassage]) -> list[Document]:
        metadata = self._database.metadata_of({one.passage.document_id for one in found})
        return [stored_document(one, metadata[one.passage.document_id]) for one in found]

    def _embed(self, query: str) -> list[float]:
        self._check_model()
        return embedded_query(self._embedding, query).tolist()

    def _check_model(self) -> None:
        if self._is_checked:
            return
        check_model(self._database, self._embedding)
        self._is_checked = True

    _refuse = staticmethod(refuse_others)
