"""What a knowledge base is asked: passages, facts, and what it holds."""

import os
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any, get_args

import networkx as nx
import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.runnables.config import run_in_executor

from ..database.database import Database
from ..database.records import DocumentInfo
from ..database.upkeep import own_words
from ..errors import EmbeddingMismatchError
from ..evidence import Evidence, SearchMode
from ..facts import Entity, Fact, LinkedEntity, Path
from ..notation import fact_evidence
from ..retrieval.dense_index import kind_of
from ..retrieval.embedding_calls import embedded_query
from ..retrieval.embedding_record import compare_models
from ..retrieval.embeddings import load_embeddings, reads_chinese
from ..retrieval.faiss_store import FAISSVectorStore
from ..retrieval.filters import Filter
from ..retrieval.passage_indexes import PassageIndexes
from ..retrieval.ranking_options import Ranking
from ..retrieval.vector_index import normalized
from ..retrieval.visibility import View, Visibility
from ..text.scripts import has_cjk
from .files import FILE_KEY
from .graph_export import plain_graph, plain_neighbourhood
from .graph_index import GraphIndex
from .ranking import PassageRanker
from .results import Context, check_context, passage_evidence, with_context
from .retriever import KnowledgeBaseRetriever
from .stored_graph import StoredGraph

MAX_QUERY_CHARACTERS = 4000
_CANDIDATES = 100  # passages of each ranking that fusion sees
_FACTS = 6  # facts given beside the passages


class ReadingBase:
    """A base that is open, and everything it is asked; `KnowledgeBase` adds what changes it."""

    def __init__(
        self,
        path: FilePath,
        database: Database,
        embeddings: Embeddings | None,
        ranking: Ranking | None = None,
        device: str | None = None,
    ) -> None:
        self.path = path
        self._device = device
        self.ranking = ranking or Ranking()
        self.database = database
        self._is_model_given = embeddings is not None
        self._take_model(embeddings)
        kind = kind_of(database.manifest().get("vector_index"))
        folder = None if database.immutable else path / "indexes"
        self._passages = PassageIndexes(database, folder, kind)
        self._visibility = Visibility(database)
        self._ranker = PassageRanker(database, self._passages, self._visibility)
        self._facts = GraphIndex(database)
        self._lock = database.connections.read_lock
        self._is_closed = False

    def _take_model(self, embeddings: Embeddings | None) -> None:
        """Note the model whose vectors the base holds now."""
        manifest = self.database.manifest()
        self.embedding_name = manifest["embedding_name"]
        self.embedding_fingerprint = manifest["embedding_fingerprint"]
        self.database.vector_model = self.embedding_fingerprint
        self._embeddings = embeddings

    def _follow_model(self) -> None:
        """Take over the model that another process has changed the base to.

        Raises:
            EmbeddingMismatchError: the base was opened with a model that is none of that kind.
        """
        with self._lock:
            if self._is_model_given and self._embeddings is not None:
                compare_models(self.path, self.database.manifest(), self._embeddings)
                self._take_model(self._embeddings)
            else:
                self._take_model(None)

    @property
    def embeddings(self) -> Embeddings:
        """The embedding model; the recorded one is loaded at first use."""
        with self._lock:
            if self._embeddings is None:
                self._embeddings = load_embeddings(self.embedding_name, device=self._device)
                compare_models(self.path, self.database.manifest(), self._embeddings)
            return self._embeddings

    @property
    def own_words(self) -> tuple[str, ...]:
        """The Chinese words that this base keeps whole beside those that jieba knows."""
        return own_words(self.database)

    @property
    def reads_chinese(self) -> bool:
        """Whether the embedding model knows Chinese; if not, BM25 carries Chinese questions."""
        return reads_chinese(self.embeddings)

    def search(
        self,
        query: str,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: Filter | None = None,
        labels: Iterable[str] | None = None,
        ranking: Ranking | None = None,
        context: Context = 0,
    ) -> list[Evidence]:
        """Find evidence for a question.

        Args:
            query: The question; of a very long one the first 4,000 characters are used.
            k: The number of passages.
            mode: "vector", "bm25", "hybrid" (both) or "graph" (both, and facts beside the
                passages).
            filter: What a document's metadata must be: `{"year": {"$gte": 1990}}`, a list as value
                for any of these (`retrieval.filters` has the whole language), or a function of the
                metadata.
            labels: Those of the caller: documents with labels of their own are seen only by who
                shares one. None sees everything.
            ranking: How passages are ranked, in place of `self.ranking`.
            context: How many passages before and behind each go into its `context`, or "section"
                for those under the same heading; at most 6,000 characters of text.

        Returns:
            At most `k` passages, best first, then in mode "graph" the facts.

        Raises:
            ValueError: an empty query, a `k` or mode that does not exist, or labels of no list.
        """
        if not query.strip():
            raise ValueError("the question is empty")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        check_context(context)
        if mode not in get_args(SearchMode):
            raise ValueError(f"mode must be one of {get_args(SearchMode)}, not {mode!r}")
        query = query[:MAX_QUERY_CHARACTERS]
        try:
            found = self._search(query, k, mode, filter, labels, ranking or self.ranking)
        except EmbeddingMismatchError:
            self._follow_model()
            found = self._search(query, k, mode, filter, labels, ranking or self.ranking)
        return with_context(self.database, found, context) if context else found

    def _search(
        self,
        query: str,
        k: int,
        mode: SearchMode,
        filter: Filter | None,
        labels: Iterable[str] | None,
        ranking: Ranking,
    ) -> list[Evidence]:
        vector = None if mode == "bm25" else self._query_vector(query, mode)
        depth = max(k, _CANDIDATES)
        # What may be seen and the indexes must be of one moment: a label may just be changing.
        with self._lock, self.database.snapshot():
            view = self._view(filter, labels)
            ranked = self._passages.search(
                None if mode == "vector" else query,
                vector,
                k=depth,
                visible=None if view is None else view.passages,
                ranking=ranking,
            )
            passages = self._ranker.passages(ranked, ranking, k=k)
            facts = self._facts.graph(view).relevant(query, limit=_FACTS) if mode == "graph" else []
        return passages + [fact_evidence(fact, score=score, why=why) for fact, score, why in facts]

    def _view(self, filter: Filter | None, labels: Iterable[str] | None) -> View | None:
        given: Any = labels  # a bare string is refused there, not taken for a list of letters
        return self._visibility.view(filter, given)

    async def asearch(
        self,
        query: str,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: Filter | None = None,
        labels: Iterable[str] | None = None,
        ranking: Ranking | None = None,
        context: Context = 0,
    ) -> list[Evidence]:
        """`search` for asyncio, in a thread."""
        return await run_in_executor(
            None,
            self.search,
            query,
            k=k,
            mode=mode,
            filter=filter,
            labels=labels,
            ranking=ranking,
            context=context,
        )

    def as_retriever(
        self,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: dict[str, Any] | None = None,
        labels: Iterable[str] | None = None,
        ranking: Ranking | None = None,
    ) -> KnowledgeBaseRetriever:
        """This base as a LangChain retriever; it gives passages only."""
        given: Any = labels  # pydantic makes a tuple of it, and refuses a bare string
        return KnowledgeBaseRetriever(
            base=self, k=k, mode=mode, filter=filter, labels=given, ranking=ranking
        )

    def as_vector_store(self, *, labels: Iterable[str] | None = None) -> FAISSVectorStore:
        """The passages of this base as a LangChain vector store to read; open as long as it is."""
        return FAISSVectorStore.of_base(
            self.database,
            self.embeddings,
            self._passages,
            self._visibility,
            lock=self._lock,
            labels=labels,
        )

    def metadata_of(
        self, document_ids: Collection[str], *, labels: Iterable[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """The metadata of documents by their ids, of those that a caller with `labels` sees."""
        with self._lock, self.database.snapshot():
            view = self._view(None, labels)
            found = self.database.metadata_of(document_ids)
        return {id_: told for id_, told in found.items() if view is None or id_ in view.ids}

    def facts(self, entity: str, *, labels: Iterable[str] | None = None) -> list[Fact]:
        """The facts about an entity, given by name, alias or id, as a caller with `labels` sees.

        Of one with more than a thousand facts as subject (or as object), a thousand of each are
        given, by predicate; `fact_count` tells how many there are.
        """
        with self._seen(labels) as graph:
            return graph.facts(entity)

    def facts_around(
        self, entity: str, *, hops: int = 1, limit: int = 1000, labels: Iterable[str] | None = None
    ) -> list[Fact]:
        """The facts within so many steps of an entity, the nearest first, at most `limit`."""
        with self._seen(labels) as graph:
            return graph.around(entity, hops=hops, most=limit)

    def entities_of(self, name: str, *, labels: Iterable[str] | None = None) -> list[Entity]:
        """The entities that a name, an alias or an id stands for, as a caller sees."""
        with self._seen(labels) as graph:
            return graph.named(name)

    def fact_count(self, entity: str, *, labels: Iterable[str] | None = None) -> int:
        """How many facts an entity takes part in, as a caller with `labels` sees."""
        with self._seen(labels) as graph:
            return graph.fact_count(entity)

    def facts_of(self, document_id: str, *, labels: Iterable[str] | None = None) -> list[Fact]:
        """The facts that a document says, at most a thousand, as a caller with `labels` sees."""
        with self._visible(document_id, labels) as is_visible, self._seen(labels) as graph:
            return graph.facts_of(document_id) if is_visible else []

    def best_connected(
        self, count: int = 10, *, labels: Iterable[str] | None = None
    ) -> list[tuple[Entity, int]]:
        """The entities with the most facts, and how many, as a caller with `labels` sees."""
        with self._seen(labels) as graph:
            return graph.best_connected(count)

    def paths(
        self, a: str, b: str, *, max_hops: int = 3, labels: Iterable[str] | None = None
    ) -> list[Path]:
        """The shortest chains of facts between two entities, as a caller with `labels` sees."""
        with self._seen(labels) as graph:
            return graph.paths(a, b, max_hops=max_hops)

    def link(self, text: str, *, labels: Iterable[str] | None = None) -> list[LinkedEntity]:
        """The entities of the graph that a text names, as a caller with `labels` sees."""
        with self._seen(labels) as graph:
            return graph.link(text)

    def names_near(self, text: str, *, labels: Iterable[str] | None = None) -> list[str]:
        """Names that a part of a text nearly spells, as a caller with `labels` sees."""
        with self._seen(labels) as graph:
            return graph.names_near(text)

    @contextmanager
    def _seen(self, labels: Iterable[str] | None) -> Generator[StoredGraph]:
        with self._lock, self.database.snapshot():
            yield self._facts.graph(self._view(None, labels))

    def graph(
        self,
        around: str | None = None,
        *,
        hops: int = 1,
        limit: int = 1000,
        labels: Iterable[str] | None = None,
    ) -> "nx.MultiDiGraph[str]":
        """The knowledge graph for networkx, as a caller with `labels` sees it.

        A copy of plain values that `networkx.write_graphml` takes; `graph_export.plain_graph`
        lists its attributes.

        Args:
            around: An entity, by name, alias or id, whose neighbourhood is wanted; all of the graph
                where None, which takes memory and half a minute for a million facts.
            hops: How far from it.
            limit: The number of facts of a neighbourhood at most, the nearest first.
            labels: Those of the caller.
        """
        with self._seen(labels) as graph:
            if around is None:
                return plain_graph(graph)
            return plain_neighbourhood(graph, around, hops=hops, most=limit)

    def documents(self, *, labels: Iterable[str] | None = None) -> list[DocumentInfo]:
        """What the base holds, by document id, as a caller with `labels` sees."""
        with self._lock, self.database.snapshot():
            view = self._view(None, labels)
            listed = self.database.documents()
        return [one for one in listed if view is None or one.id in view.ids]

    def text(self, document_id: str, *, labels: Iterable[str] | None = None) -> str:
        """The stored text of a document, which spans point into.

        Raises:
            KeyError: there is no such document, or none that a caller with `labels` sees.
        """
        with self._visible(document_id, labels) as is_visible:
            text = self.database.text(document_id) if is_visible else None
        if text is None:
            raise KeyError(document_id)
        return text

    def passages(self, document_id: str, *, labels: Iterable[str] | None = None) -> list[Evidence]:
        """The passages of a document, in order; none of one that a caller does not see."""
        with self._visible(document_id, labels) as is_visible:
            found = list(self.database.passages_of([document_id])) if is_visible else []
        return [passage_evidence(one, 1.0, "") for one in found]

    @contextmanager
    def _visible(self, document_id: str, labels: Iterable[str] | None) -> Generator[bool]:
        with self._lock, self.database.snapshot():
            view = self._view(None, labels)
            yield view is None or document_id in view.ids

    def path_of(self, document_id: str, *, labels: Iterable[str] | None = None) -> FilePath | None:
        """Where the file of a document lies; None for one of no file, or that is not seen."""
        with self._visible(document_id, labels) as is_visible:
            found = self.database.metadata_of([document_id]) if is_visible else {}
        file = found.get(document_id, {}).get(FILE_KEY)
        return FilePath(os.path.normpath(self.path / file)) if isinstance(file, str) else None

    def statistics(self, *, labels: Iterable[str] | None = None) -> dict[str, int]:
        """Counts of documents, passages, vectors, facts and entities, and the generation.

        A caller with `labels` is told of documents, passages, facts and entities that it sees.
        """
        with self._lock, self.database.snapshot():
            view = self._view(None, labels)
            if view is None:
                return self.database.counts() | {"generation": self.database.generation()}
            facts, entities = self._facts.graph(view).size()
            return {
                "documents": int(view.documents.sum()),
                "passages": int(view.passages.sum()),
                "facts": facts,
                "entities": entities,
            }

    def _query_vector(self, query: str, mode: SearchMode) -> np.ndarray | None:
        # An embedding model that does not know Chinese only adds noise to a Chinese question.
        if mode != "vector" and has_cjk(query) and not self.reads_chinese:
            return None
        vector = embedded_query(self.embeddings, query)
        return normalized(vector[None, :])[0]
