"""A base that is given the vectors of another embedding model."""

from collections.abc import Callable

from langchain_core.embeddings import Embeddings

from ..database.database import Database
from ..database.upkeep import (
    begin_change,
    changing_to,
    finish_change,
    lacking,
    put_next_vectors,
)
from ..errors import GroundGLMError
from ..retrieval.embedding_calls import embedded
from ..retrieval.embeddings import fingerprint, is_same_model, model_name
from ..retrieval.passage_vectors import embedded_text
from ..retrieval.vector_index import normalized

_BATCH = 256  # passages that are embedded together


def change_model(
    database: Database,
    embeddings: Embeddings,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Give every passage a vector of another model, then change the base to it at one stroke.

    Until then the base stays as it is, for everybody. A change that is interrupted goes on where it
    was when it is asked for again with the same model.

    Args:
        database: The database of the base.
        embeddings: The new model.
        progress: Called with the passages done and all there are.

    Returns:
        How many passages were embedded now.

    Raises:
        GroundGLMError: another process changes the base to yet another model.
    """
    model, name = fingerprint(embeddings), model_name(embeddings)
    if is_same_model(model, database.embedding_fingerprint()):
        return 0
    begin_change(database, model)
    count = 0
    while True:
        after, total = 0, database.passage_count()
        while batch := lacking(database, after, _BATCH):
            texts = {
                key: embedded_text(title, heading, text) for _, key, title, heading, text in batch
            }
            array = normalized(embedded(embeddings, list(texts.values()))).astype("<f2")
            vectors = zip(texts, (row.tobytes() for row in array), strict=True)
            if not put_next_vectors(database, model, vectors):
                break
            after, count = batch[-1][0], count + len(batch)
            if progress is not None:
                progress(min(count, total), total)
        if finish_change(database, name=name, model=model):
            return count
        if changing_to(database) not in ("", model):
            raise GroundGLMError(
                "another process is changing this base to another embedding model; nothing was "
                "changed here"
            )
        begin_change(database, model)
