"""Retrieval: texts to passages, embeddings, BM25, vectors, and their fusion."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bm25 import BM25Index
    from .embeddings import (
        HashEmbeddings,
        SentenceTransformerEmbeddings,
        fingerprint,
        load_embeddings,
        model_name,
        reads_chinese,
    )
    from .fusion import fuse
    from .splitting import TextPassage, split_text
    from .vector_index import VectorIndex

__all__ = [
    "BM25Index",
    "HashEmbeddings",
    "SentenceTransformerEmbeddings",
    "TextPassage",
    "VectorIndex",
    "fingerprint",
    "fuse",
    "load_embeddings",
    "model_name",
    "reads_chinese",
    "split_text",
]

_HOMES = {
    "BM25Index": "bm25",
    "HashEmbeddings": "embeddings",
    "SentenceTransformerEmbeddings": "embeddings",
    "TextPassage": "splitting",
    "VectorIndex": "vector_index",
    "fingerprint": "embeddings",
    "fuse": "fusion",
    "load_embeddings": "embeddings",
    "model_name": "embeddings",
    "reads_chinese": "embeddings",
    "split_text": "splitting",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
