"""BM25 over words cut by `text.words`, Chinese and English, in memory over tantivy."""

import threading
from collections import Counter
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager

import tantivy

from ..text.scripts import has_cjk
from ..text.words import words
from .ranking import Hit, best

MAX_QUERY_TERMS = 512
TITLE_WEIGHT = 3  # chosen on the development halves of CMRC, HotpotQA and MuSiQue

_FIELD = "words"
_HEAP_BYTES = 15_000_000  # the least that tantivy takes for one thread
_MAX_WORD = 255  # tantivy refuses terms of 65,530 bytes; no word of a language is near that


class BM25Index:
    """Ranks texts by BM25 (k1 1.2, b .75, no stop words); a word of the title counts three times.

    Words are cut before they reach tantivy, and queries are built from terms, so nothing in a text
    or query is syntax. After deletions, word frequencies may still count deleted texts for a while;
    a deleted text itself is never found. Safe for threads.
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
        self._writing = threading.Lock()  # one change at a time, long
        self._reading = threading.Lock()  # the step to what was written, short

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """Add (id, title, text), all or nothing; the same id replaces."""
        with self._change() as (writer, ids):
            for id_, title, text in entries:
                if id_ in ids:
                    writer.delete_documents_by_term("id", id_)
                ids.add(id_)
                document = tantivy.Document()
                document.add_text("id", id_)
                document.add_text(_FIELD, " ".join([*_words(title)] * TITLE_WEIGHT + _words(text)))
                writer.add_document(document)

    def delete(self, ids: Iterable[str]) -> None:
        """Delete by id; an unknown id is no error."""
        gone = self._ids.intersection(ids)
        if not gone:
            return
        with self._change() as (writer, known):
            for id_ in gone:
                writer.delete_documents_by_term("id", id_)
            known -= gone

    def search(
        self, query: str, *, k: int, allowed: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The `k` best (id, score), best first, ties by id.

        Of a very long query the first 512 different words count.

        Args:
            query: Any text.
            k: How many at most.
            allowed: Only these ids are ranked; None for all.

        Raises:
            ValueError: `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        parsed = self._parse(query)
        if parsed is None or (allowed is not None and not allowed):
            return []
        if allowed is not None:
            visible = tantivy.Query.term_set_query(self._schema, "id", list(allowed))
            visible = tantivy.Query.const_score_query(visible, 0.0)
            parsed = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, parsed), (tantivy.Occur.Must, visible)]
            )
        with self._reading:
            searcher = self._index.searcher()

        def find(limit: int) -> list[Hit]:
            hits = searcher.search(parsed, limit=limit, count=False).hits
            return [
                (str(searcher.doc(address).to_dict()["id"][0]), float(score))
                for score, address in hits
            ]

        return best(find, k=k)

    def _parse(self, query: str) -> tantivy.Query | None:
        counted = Counter(_words(query))
        clauses: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for word, count in list(counted.items())[:MAX_QUERY_TERMS]:
            term = tantivy.Query.term_query(self._schema, _FIELD, word)
            # A Chinese word of two characters is met as a word and as a pair: that agreement of
            # two ways to cut counts. An English word is repeated only by the phrasing.
            if count > 1 and has_cjk(word):
                term = tantivy.Query.boost_query(term, float(count))
            clauses.append((tantivy.Occur.Should, term))
        return tantivy.Query.boolean_query(clauses) if clauses else None

    @contextmanager
    def _change(self) -> Generator[tuple[tantivy.IndexWriter, set[str]]]:
        """A writer, and the ids as they will be: both take effect together at the end."""
        with self._writing:
            ids = set(self._ids)
            writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
            try:
                yield writer, ids
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()
            with self._reading:
                self._index.reload()
                self._ids = ids


def _words(text: str) -> list[str]:
    return [word for word in words(text) if len(word) <= _MAX_WORD]
