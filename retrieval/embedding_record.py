"""The embedding model that a base was made with, and the refusal of any other."""

from collections.abc import Mapping
from pathlib import Path as FilePath
from uuid import uuid4

from langchain_core.embeddings import Embeddings

from ..database.database import Database
from ..errors import EmbeddingMismatchError, NotABaseError
from .embeddings import (
    document_fingerprint,
    fingerprint,
    is_same_model,
    load_embeddings,
    model_name,
)


def record_or_compare(folder: FilePath, database: Database, embeddings: Embeddings | None) -> None:
    """Note the model of a new base, or compare it with the one that an old base was made with."""
    manifest = database.manifest()
    if "embedding_fingerprint" not in manifest:
        if database.connections.read_only:
            raise NotABaseError(
                f"{folder} was begun but not finished. Finish it with: groundglm init {folder}"
            )
        embeddings = embeddings or load_embeddings()
        record_model(database, embeddings)
        manifest = database.manifest()
    if "base_id" not in manifest and not database.connections.read_only:
        database.record_once({"base_id": uuid4().hex})
    if embeddings is not None:
        compare_models(folder, manifest, embeddings)


def record_model(database: Database, embeddings: Embeddings) -> None:
    """Note the model of a base that has none yet; of two processes the first one wins."""
    database.record_once(
        {
            "embedding_name": model_name(embeddings),
            "embedding_fingerprint": fingerprint(embeddings),
        }
    )


def check_model(database: Database, embeddings: Embeddings) -> None:
    """Compare the model of a store with the recorded one, or record it; what is read follows it.

    Raises:
        EmbeddingMismatchError: they differ.
    """
    manifest = database.manifest()
    if "embedding_fingerprint" in manifest:
        compare_models(database.path, manifest, embeddings)
    elif not database.read_only:
        record_model(database, embeddings)
    if "base_id" not in manifest and not database.read_only:
        database.record_once({"base_id": uuid4().hex})
    database.vector_model = database.embedding_fingerprint() or None


def compare_models(folder: FilePath, manifest: Mapping[str, str], embeddings: Embeddings) -> None:
    """Refuse a model that gives other vectors than the recorded one.

    Raises:
        EmbeddingMismatchError: they differ.
    """
    recorded = manifest["embedding_fingerprint"]
    if not is_same_model(fingerprint(embeddings), recorded) and not is_same_model(
        document_fingerprint(embeddings), recorded
    ):
        raise EmbeddingMismatchError(
            f"{folder} was made with the embedding model {manifest['embedding_name']!r}, but is "
            f"opened with {model_name(embeddings)!r}. Leave `embeddings` out to load the recorded "
            f"one, or change the base to another with: groundglm reembed --kb {folder} MODEL"
        )
