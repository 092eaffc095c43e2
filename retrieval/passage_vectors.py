"""The vectors of passages: what is embedded, under which key it is kept, what is missing."""

import hashlib
from collections.abc import Callable, Mapping

from langchain_core.embeddings import Embeddings

from ..database.database import Database
from .embedding_calls import embedded
from .vector_index import normalized


def embedded_text(title: str, heading: str, text: str) -> str:
    """What is embedded of a passage: its title, the headings above it, and its text."""
    return "\n".join(filter(None, (title, heading, text)))


def vector_key(title: str, heading: str, text: str) -> str:
    """The key of the vector of a passage, the same wherever the passage stands."""
    parts = (title, heading, text) if heading else (title, text)
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]


def passage_vectors(
    database: Database, embeddings: Callable[[], Embeddings], texts: Mapping[str, str]
) -> dict[str, bytes]:
    """The normalised vectors (float16) of texts by key; new ones are stored ahead of a crash.

    Args:
        database: Where vectors are kept by their keys.
        embeddings: Gives the embedding model, at the first text that is new.
        texts: What is embedded, by `vector_key`.
    """
    vectors = database.vectors_by_key(texts)
    missing = sorted(set(texts) - set(vectors))
    if missing:
        rows = embedded(embeddings(), [texts[key] for key in missing])
        array = normalized(rows).astype("<f2")
        new = {key: row.tobytes() for key, row in zip(missing, array, strict=True)}
        database.put_vectors(new.items())
        vectors |= new
    return vectors
