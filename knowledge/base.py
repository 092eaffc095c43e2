"""The knowledge base: one corpus on disk, searched for passages and facts."""

from pathlib import Path as FilePath
from typing import Self

from langchain_core.embeddings import Embeddings

from ..database.connection import BUSY_SECONDS
from ..database.database import Database
from ..database.upkeep import set_property
from ..errors import NotABaseError
from ..facts import FactExtractor
from ..retrieval.dense_index import VectorIndexKind, check_kind
from ..retrieval.embedding_record import record_or_compare
from ..retrieval.embeddings import fingerprint, load_embeddings
from ..retrieval.ranking_options import Ranking
from ..retrieval.splitter import Splitting
from .backups import DATABASE_NAME
from .changing import ChangingBase


class KnowledgeBase(ChangingBase):
    """One corpus on disk; open it with `KnowledgeBase.open`.

    Safe for threads. Several processes may read while one writes; a reader sees what was written
    at its next query.
    """

    @classmethod
    def open(
        cls,
        path: str | FilePath,
        embeddings: Embeddings | None = None,
        *,
        extractor: FactExtractor | None = None,
        ranking: Ranking | None = None,
        device: str | None = None,
        splitting: Splitting | None = None,
        vector_index: VectorIndexKind | None = None,
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
            ranking: How passages are ranked where a search does not say otherwise.
            device: Where a model that the base names itself is run, as torch names it; None
                chooses. A model that is given has its own.
            splitting: How large the passages are of what is added from now on; documents that were
                split otherwise are split again when they are added again.
            vector_index: "flat" looks at every vector, "ivf" at those of the nearest clusters (and
                misses a few in a hundred of the ten nearest), "auto" at every one while there are
                fewer than 300,000. The base keeps what it is given; None leaves it.
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
            if vector_index is not None and not read_only:
                check_kind(vector_index)
                set_property(database, "vector_index", vector_index)
            return cls(folder, database, embeddings, extractor, ranking, device, splitting)
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
