"""Vectors kept on disk by the hash of their text, so that no text is embedded twice."""

import hashlib
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from .embedding_calls import embedded, embedded_query
from .embeddings import document_fingerprint

_VARIABLES = 900  # SQLite's oldest limit on the variables of one statement is 999


class CachedEmbeddings(Embeddings):
    """Any LangChain Embeddings whose vectors of documents are kept in a SQLite file.

    The file may hold several models: each is known by its vector of a fixed passage. Questions are
    not kept. Safe for threads and processes.

    >>> import tempfile
    >>> from groundglm.retrieval import HashEmbeddings
    >>> folder = tempfile.mkdtemp()
    >>> cached = CachedEmbeddings(HashEmbeddings(8), f"{folder}/cache.sqlite")
    >>> len(cached.embed_documents(["tea", "rivers"])), len(cached.embed_documents(["tea"])[0])
    (2, 8)
    """

    def __init__(self, inner: Embeddings, path: str | Path) -> None:
        self.inner = inner
        self.path = Path(path).expanduser()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._model: str | None = None
        self._lock = threading.Lock()
        with closing(self._connection()) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)"
            )

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, by the model itself."""
        return embedded_query(self.inner, text).tolist()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts; only those that are new are embedded."""
        if not texts:
            return []
        keys = [self._key(text) for text in texts]
        with closing(self._connection()) as connection:
            found = self._found(connection, keys)
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
            if new:
                rows = embedded(self.inner, list(new.values()))
                made = {key: row.tobytes() for key, row in zip(new, rows, strict=True)}
                with connection:
                    connection.executemany(
                        "INSERT OR REPLACE INTO vectors VALUES (?, ?)", made.items()
                    )
                found |= made
        return [np.frombuffer(found[key], dtype="<f4").tolist() for key in keys]

    def _found(self, connection: sqlite3.Connection, keys: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _VARIABLES):
            part = keys[start : start + _VARIABLES]
            marks = ", ".join("?" * len(part))
            found |= dict(
                connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)
            )
        return found

    def _key(self, text: str) -> str:
        with self._lock:
            if self._model is None:
                self._model = document_fingerprint(self.inner)
        told = f"{self._model}\x00{text}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(told).hexdigest()

    def _connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection
