"""Retrieval: texts to passages, embeddings, BM25, vectors, and their fusion."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .bm25 import BM25Index
    from .documents import to_document, to_evidence
    from .embedding_cache import CachedEmbeddings
    from .embeddings import (
        HashEmbeddings,
        SentenceTransformerEmbeddings,
        fingerprint,
        load_embeddings,
        model_name,
        reads_chinese,
    )
    from .faiss_store import FAISSVectorStore
    from .fusion import fuse
    from .hybrid_retriever import HybridRetriever
    from .langchain_faiss import import_langchain_faiss, read_langchain_faiss
    from .ranking_options import Boost, Ranking, Recency
    from .record_manager import SQLiteRecordManager
    from .splitter import Splitting
    from .splitting import TextPassage, split_text
    from .vector_index import VectorIndex

__all__ = [
    "BM25Index",
    "Boost",
    "CachedEmbeddings",
    "FAISSVectorStore",
    "HashEmbeddings",
    "HybridRetriever",
    "Ranking",
    "Recency",
    "SQLiteRecordManager",
    "SentenceTransformerEmbeddings",
    "Splitting",
    "TextPassage",
    "VectorIndex",
    "fingerprint",
    "fuse",
    "import_langchain_faiss",
    "load_embeddings",
    "model_name",
    "read_langchain_faiss",
    "reads_chinese",
    "split_text",
    "to_document",
    "to_evidence",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "bm25": "BM25Index",
        "documents": "to_document to_evidence",
        "embedding_cache": "CachedEmbeddings",
        "embeddings": (
            "HashEmbeddings SentenceTransformerEmbeddings fingerprint load_embeddings model_name "
            "reads_chinese"
        ),
        "faiss_store": "FAISSVectorStore",
        "fusion": "fuse",
        "hybrid_retriever": "HybridRetriever",
        "langchain_faiss": "import_langchain_faiss read_langchain_faiss",
        "ranking_options": "Boost Ranking Recency",
        "record_manager": "SQLiteRecordManager",
        "splitter": "Splitting",
        "splitting": "TextPassage split_text",
        "vector_index": "VectorIndex",
    },
)
