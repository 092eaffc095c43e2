"""BM25 over words cut by `text.words`, Chinese and English, in memory over tantivy."""

import threading
from collections.abc import Collection, Iterable, Iterator

import tantivy

from ..text import words

MAX_QUERY_TERMS = 512
_FIELD = "words"
_HEAP_BYTES = 15_000_000  # the least that tantivy takes for one thread


class BM25Index:
    """Ranks texts by BM25 (k1 1.2, b .75, no stop words); title and text count as one text.

    Words are cut before they reach tantivy, and queries are built from terms, so nothing in a
    query is syntax. Safe for threads.
    """

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        # Only a text field deletes exactly: tantivy ignores a deletion on an unsigned field.
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field(_FIELD, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer(
            "whitespace", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )
        self._ids: set[str] = set()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """Add (id, title, text); the same id replaces."""
        with self._writing() as writer:
            for id_, title, text in entries:
                if id_ in self._ids:
                    writer.delete_documents_by_term("id", id_)
                self._ids.add(id_)
                document = tantivy.Document()
                document.add_text("id", id_)
                document.add_text(_FIELD, " ".join(_terms(f"{title}\n{text}")))
                writer.add_document(document)

    def delete(self, ids: Iterable[str]) -> None:
        """Delete by id; an unknown id is no error."""
        known = self._ids.intersection(ids)
        if not known:
            return
        with self._writing() as writer:
            for id_ in known:
                writer.delete_documents_by_term("id", id_)
            self._ids -= known

    def search(
        self, query: str, *, k: int, allowed: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The `k` best (id, score), best first, ties by id.

        Of a very long query the first 512 different words count.

        Args:
            query: Any text.
            k: How many at most.
            allowed: Only these ids are ranked; None for all.
        """
        terms = list(dict.fromkeys(_terms(query)))[:MAX_QUERY_TERMS]
        if not terms or not self._ids or (allowed is not None and not allowed):
            return []
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, _FIELD, term))
            for term in terms
        ]
        found = tantivy.Query.boolean_query(clauses)
        if allowed is not None:
            visible = tantivy.Query.term_set_query(self._schema, "id", sorted(allowed))
            visible = tantivy.Query.const_score_query(visible, 0.0)
            found = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, found), (tantivy.Occur.Must, visible)]
            )
        with self._lock:
            searcher = self._index.searcher()
            hits = searcher.search(found, limit=k).hits
            ranked = [
                (str(searcher.doc(address).to_dict()["id"][0]), float(score))
                for score, address in hits
            ]
        return sorted(ranked, key=lambda hit: (-hit[1], hit[0]))

    def _writing(self) -> "_Writing":
        return _Writing(self._index, self._lock)


class _Writing:
    """A tantivy writer for one change, committed at the end and visible at once."""

    def __init__(self, index: tantivy.Index, lock: threading.RLock) -> None:
        self._index = index
        self._lock = lock

    def __enter__(self) -> tantivy.IndexWriter:
        self._lock.acquire()
        self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        return self._writer

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._writer.commit()
            else:
                self._writer.rollback()
            self._writer.wait_merging_threads()
            self._index.reload()
        finally:
            self._lock.release()


def _terms(text: str) -> Iterator[str]:
    # tantivy drops terms of 65,530 bytes and more; no word of a language is near that.
    return (word for word in words(text) if len(word) < 256)
