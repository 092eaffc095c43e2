"""The knowledge base: one corpus on disk, searched for passages and facts."""

import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any, Self, get_args

import networkx as nx
import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.runnables.config import run_in_executor

from ..database.connection import BUSY_SECONDS
from ..database.database import Database
from ..database.records import DocumentInfo
from ..errors import NotABaseError
from ..evidence import Evidence, SearchMode
from ..extraction.extraction import extract_facts
from ..facts import Fact, FactExtractor, LinkedEntity, Path
from ..notation import fact_evidence
from ..retrieval.embedding_record import compare_models, record_or_compare
from ..retrieval.embeddings import fingerprint, load_embeddings, reads_chinese
from ..retrieval.faiss_store import FAISSVectorStore
from ..retrieval.filters import Filter
from ..retrieval.passage_indexes import WORTH_SAVING, PassageIndexes
from ..retrieval.vector_index import normalized
from ..retrieval.visibility import View, Visibility
from ..text.scripts import has_cjk
from .graph import KnowledgeGraph
from .graph_index import GraphIndex
from .importing import to_fact
from .records import AddReport, read_fact_set
from .results import passage_evidence
from .retriever import KnowledgeBaseRetriever
from .writing import DocumentWriter, Progress

DATABASE_NAME = "base.sqlite"
MAX_QUERY_CHARACTERS = 4000
_CANDIDATES = 100  # passages of each ranking that fusion sees
_FACTS = 6  # facts given beside the passages


class KnowledgeBase:
    """One corpus on disk; open it with `KnowledgeBase.open`.

    Safe for threads. Several processes may read while one writes; a reader sees what was written
    at its next query.
    """

    def __init__(
        self,
        path: FilePath,
        database: Database,
        embeddings: Embeddings | None,
        extractor: FactExtractor | None = None,
    ) -> None:
        self.path = path
        self.extractor = extractor or extract_facts
        self.database = database
        manifest = database.manifest()
        self.embedding_name = manifest["embedding_name"]
        self.embedding_fingerprint = manifest["embedding_fingerprint"]
        self._embeddings = embeddings
        self._passages = PassageIndexes(database, None if database.immutable else path / "indexes")
        self._visibility = Visibility(database)
        self._facts = GraphIndex(database)
        self._lock = threading.RLock()
        self._is_closed = False

    @classmethod
    def open(
        cls,
        path: str | FilePath,
        embeddings: Embeddings | None = None,
        *,
        extractor: FactExtractor | None = None,
        create: bool = True,
        read_only: bool = False,
        immutable: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "KnowledgeBase":
        """Open the base in a folder, or make one there.

        Args:
            path: The folder.
            embeddings: Any LangChain Embeddings. None loads the model that the base was made
                with; a new base gets the small English one of the extra `minilm`.
            extractor: Reads facts out of the documents that are added; None takes the rules of
                `groundglm.extraction`. A document that it fails on is refused, the others stay.
            create: Whether to make a base where there is none.
            read_only: Never write.
            immutable: With `read_only`, for a base that nobody can change, as on a read-only disk;
                changes that are not yet merged into the main file are not seen.
            busy_seconds: How long a write waits for another process that is writing.

        Raises:
            NotABaseError: there is none and `create` is off, or the path is something else.
            EmbeddingMismatchError: the base was made with another embedding model.
        """
        folder = FilePath(path)
        file = folder / DATABASE_NAME
        if folder.exists() and not folder.is_dir():
            raise NotABaseError(f"{folder} is a file; a base is a folder")
        if not file.exists() and (read_only or not create):
            raise NotABaseError(
                f"{folder} holds no base ({DATABASE_NAME} is missing). "
                f"Make one with: groundglm init {folder}"
            )
        is_new = not file.exists()
        if is_new:
            embeddings = embeddings or load_embeddings()
            fingerprint(embeddings)  # the model must work before anything is made on disk
            folder.mkdir(parents=True, exist_ok=True)
        database = Database(
            file,
            create=create and not read_only,
            read_only=read_only,
            immutable=immutable,
            busy_seconds=busy_seconds,
        )
        try:
            record_or_compare(folder, database, embeddings)
            return cls(folder, database, embeddings, extractor)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Close the files; a second call does nothing."""
        with self._lock:
            if not self._is_closed and not self.database.read_only:
                self._passages.save()
            self._is_closed = True
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def embeddings(self) -> Embeddings:
        """The embedding model; the recorded one is loaded at first use."""
        with self._lock:
            if self._embeddings is None:
                self._embeddings = load_embeddings(self.embedding_name)
                compare_models(self.path, self.database.manifest(), self._embeddings)
            return self._embeddings

    @property
    def reads_chinese(self) -> bool:
        """Whether the embedding model knows Chinese; if not, BM25 carries Chinese questions."""
        return reads_chinese(self.embeddings)

    # --- writing ----------------------------------------------------------------------------

    def add_documents(
        self,
        docs: Iterable[Document],
        *,
        progress: Progress | None = None,
        extract_facts: bool = True,
    ) -> AddReport:
        """Add documents; each is stored whole in a transaction of its own, or not at all.

        A document's `id` replaces the one of the same id, and is skipped where nothing changed;
        without one a hash of the content is its id. `metadata["title"]` is its title,
        `metadata["labels"]` (a list) restricts who may see it. Metadata that is no JSON is kept as
        its string.

        Args:
            docs: LangChain Documents; an iterator is read as it goes.
            progress: Called with the number of documents done and seen so far.
            extract_facts: Whether facts are read out of the text.
        """
        writer = self._writer(progress)
        writer.add(docs, extractor=self.extractor if extract_facts else None)
        if writer.report.passages >= WORTH_SAVING:
            self.keep_indexes()
        return writer.report

    def keep_indexes(self) -> None:
        """Index what is new now, not at the next question, and keep that on disk.

        `add_documents` does it by itself where much is new.
        """
        with self._lock:
            with self.database.snapshot():
                self._passages.bm25()
            self._passages.save()

    def add_facts(
        self,
        facts: Iterable[Fact | Mapping[str, Any]],
        *,
        document_id: str | None = None,
        title: str = "",
        labels: Iterable[str] = (),
    ) -> AddReport:
        """Add facts as one document, so that they can be replaced or deleted together.

        Args:
            facts: `Fact`s or mappings with `subject`, `predicate`, `object` and, where known,
                `confidence`, `time` and `aliases`.
            document_id: The id of that document; a hash of the facts where None.
            title: Its title.
            labels: Who may see it; empty for everyone.

        Raises:
            ValueError: one of the facts is incomplete; nothing is added.
        """
        owner = document_id or "facts"
        listed = [to_fact(fact, document_id=owner, title=title) for fact in facts]
        if not listed:
            raise ValueError("there are no facts to add")
        record = read_fact_set(listed, document_id=document_id, title=title, labels=labels)
        writer = self._writer(None)
        if self.database.content_hashes([record.id]).get(record.id) == record.content_hash:
            writer.report.unchanged.append(record.id)
        else:
            writer.store([record])
        return writer.report

    def _writer(self, progress: Progress | None) -> DocumentWriter:
        return DocumentWriter(self.database, lambda: self.embeddings, progress)

    def delete(self, document_ids: Iterable[str]) -> list[str]:
        """Delete documents with everything that stands on them alone; the ids that were there."""
        if isinstance(document_ids, str):
            raise TypeError("delete takes a list of document ids, not a string")
        return self.database.delete_documents(list(document_ids))

    # --- reading ----------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: Filter | None = None,
        labels: Iterable[str] | None = None,
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

        Returns:
            At most `k` passages, best first, then in mode "graph" the facts.

        Raises:
            ValueError: an empty query, a `k` or mode that does not exist, or labels of no list.
        """
        if not query.strip():
            raise ValueError("the question is empty")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        if mode not in get_args(SearchMode):
            raise ValueError(f"mode must be one of {get_args(SearchMode)}, not {mode!r}")
        query = query[:MAX_QUERY_CHARACTERS]
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
            )[:k]
            facts = self._graph(view).relevant(query, limit=_FACTS) if mode == "graph" else []
            found = self.database.passages_by_number([one.id for one in ranked])
        passages = [
            passage_evidence(found[one.id], one.score, one.why) for one in ranked if one.id in found
        ]
        return passages + [fact_evidence(fact, score=score, why=why) for fact, score, why in facts]

    def _view(self, filter: Filter | None, labels: Iterable[str] | None) -> View | None:
        given: Any = labels  # a bare string is refused there, not taken for a list of letters
        return self._visibility.view(filter, given)

    def _graph(self, view: View | None) -> KnowledgeGraph:
        if view is None:
            return self._facts.graph()
        return self._facts.graph_of(view.documents, key=view.key)

    async def asearch(
        self,
        query: str,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: Filter | None = None,
        labels: Iterable[str] | None = None,
    ) -> list[Evidence]:
        """`search` for asyncio, in a thread."""
        return await run_in_executor(
            None, self.search, query, k=k, mode=mode, filter=filter, labels=labels
        )

    def as_retriever(
        self,
        *,
        k: int = 5,
        mode: SearchMode = "hybrid",
        filter: dict[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> KnowledgeBaseRetriever:
        """This base as a LangChain retriever; it gives passages only."""
        given: Any = labels  # pydantic makes a tuple of it, and refuses a bare string
        return KnowledgeBaseRetriever(base=self, k=k, mode=mode, filter=filter, labels=given)

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

    def facts(self, entity: str, *, labels: Iterable[str] | None = None) -> list[Fact]:
        """The facts about an entity, given by name, alias or id, as a caller with `labels` sees."""
        with self._seen(labels) as graph:
            return graph.facts(entity)

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
    def _seen(self, labels: Iterable[str] | None) -> Generator[KnowledgeGraph]:
        with self._lock, self.database.snapshot():
            yield self._graph(self._view(None, labels))

    def graph(self) -> "nx.MultiDiGraph[str]":
        """A copy of the knowledge graph as networkx sees it."""
        with self._lock:
            return self._facts.graph().networkx.copy()

    def documents(self) -> list[DocumentInfo]:
        """What the base holds, by document id."""
        return self.database.documents()

    def text(self, document_id: str) -> str:
        """The stored text of a document, which spans point into.

        Raises:
            KeyError: there is no such document.
        """
        text = self.database.text(document_id)
        if text is None:
            raise KeyError(document_id)
        return text

    def passages(self, document_id: str) -> list[Evidence]:
        """The passages of a document, in order."""
        return [
            passage_evidence(found, 1.0, "") for found in self.database.passages_of([document_id])
        ]

    def statistics(self) -> dict[str, int]:
        """Counts of documents, passages, vectors, facts and entities, and the generation."""
        return self.database.counts() | {"generation": self.database.generation()}

    def _query_vector(self, query: str, mode: SearchMode) -> np.ndarray | None:
        # An embedding model that does not know Chinese only adds noise to a Chinese question.
        if mode != "vector" and has_cjk(query) and not self.reads_chinese:
            return None
        vector = np.asarray(self.embeddings.embed_query(query), dtype="<f4")
        return normalized(vector[None, :])[0]
