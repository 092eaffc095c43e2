"""What changes a knowledge base: documents, files and facts, in and out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from ..database.database import Database
from ..database.upkeep import compact, set_own_words, size_of
from ..extraction.extraction import extract_facts
from ..facts import Fact, FactExtractor
from ..loading.addresses import load_addresses
from ..loading.fetching import FetchLimits
from ..loading.files import DIGEST_KEY
from ..loading.options import ReadingOptions
from ..retrieval.lexical_index import WORTH_SAVING
from ..retrieval.passage_indexes import keep_indexes
from ..retrieval.ranking_options import Ranking
from ..retrieval.splitter import Splitter, Splitting
from ..text.scripts import has_cjk
from .adding import FileProgress, FileReader
from .backups import back_up
from .changing_model import change_model
from .files import StoredFiles
from .importing import to_fact
from .preview import AddPreview, preview_files
from .reading import ReadingBase
from .records import READING_VERSION, AddReport, read_fact_set
from .writing import DocumentWriter, Progress


class ChangingBase(ReadingBase):
    """A base that is open, what it is asked and what changes it."""

    def __init__(
        self,
        path: FilePath,
        database: Database,
        embeddings: Embeddings | None,
        extractor: FactExtractor | None = None,
        ranking: Ranking | None = None,
        device: str | None = None,
        splitting: Splitting | None = None,
    ) -> None:
        super().__init__(path, database, embeddings, ranking, device)
        self.extractor = extractor or extract_facts
        self.splitter = Splitter(splitting, lambda: self.embeddings)

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
        writer.add(map(_as_given, docs), extractor=self.extractor if extract_facts else None)
        if writer.report.passages >= WORTH_SAVING:
            self.keep_indexes()
        return writer.report

    def add_files(
        self,
        paths: Iterable[str | FilePath],
        *,
        sync: bool = False,
        options: ReadingOptions | None = None,
        jobs: int | None = None,
        extract_facts: bool = True,
        progress: Callable[[FileProgress], None] | None = None,
        labels: Iterable[str] | None = None,
    ) -> AddReport:
        """Add files, and folders with all that stands in them, as `groundglm add` does.

        A document's id is its file's path relative to the base, the current folder, or the folder
        that holds what was named (with `#n` for the lines of a JSON Lines file), and the file keeps
        it. The report names each file that was refused or passed over.

        Args:
            paths: Files and folders.
            sync: Whether documents go whose files were in these folders and are gone. If nothing
                is left of a folder, its documents stay.
            options: How files are read (encoding, OCR, archives), and what each may cost.
            jobs: How many files are read at once, each in a process of its own, so that a broken
                one stops nothing; None for one a processor.
            extract_facts: Whether facts are read out of the text.
            progress: Called before each file and at the end.
            labels: Who may see the documents, () for everybody; None leaves those of a file that
                was added before as they are.
        """
        named = [FilePath(path) for path in paths]
        stored = self.files()
        writer = DocumentWriter(
            self.database,
            lambda: self.embeddings,
            self.splitter,
            is_taken=stored.is_taken_meanwhile,
        )
        reader = FileReader(
            stored,
            writer.report,
            sync=sync,
            options=options or ReadingOptions(),
            jobs=jobs,
            progress=progress,
            labels=labels,
        )
        writer.add(reader.documents(named), extractor=self.extractor if extract_facts else None)
        reader.finish()
        if sync:
            writer.report.removed += self.delete(reader.vanished(named))
        if writer.report.passages >= WORTH_SAVING:
            self.keep_indexes()
        return writer.report

    def add_addresses(
        self,
        urls: Iterable[str],
        *,
        options: ReadingOptions | None = None,
        limits: FetchLimits | None = None,
        extract_facts: bool = True,
    ) -> AddReport:
        """Fetch pages and files from the web and add them; the id of each is its address.

        Nothing is fetched but what is named: no page that another links to, no other host behind a
        redirect, no private address.

        Args:
            urls: Addresses with http or https.
            options: How what is fetched is read, and what it may cost.
            limits: Time, and whether private addresses may be.
            extract_facts: Whether facts are read out of the text.
        """
        writer = self._writer(None)

        def documents() -> Iterator[Document]:
            for one in load_addresses(urls, options=options, limits=limits):
                if isinstance(one, Document):
                    yield one
                else:
                    writer.report.refused.append((one.path, one.reason))

        writer.add(documents(), extractor=self.extractor if extract_facts else None)
        return writer.report

    def preview_files(
        self,
        paths: Iterable[str | FilePath],
        *,
        options: ReadingOptions | None = None,
        jobs: int | None = None,
        progress: Callable[[FileProgress], None] | None = None,
    ) -> AddPreview:
        """Read files as `add_files` does and say what it would store; nothing is stored.

        Args:
            paths: Files and folders.
            options: How files are read, and what each may cost.
            jobs: How many files are read at once.
            progress: Called before each file and at the end.
        """
        return preview_files(
            self.files(),
            self.database.content_hashes,
            lambda: self.embeddings,
            self.splitter,
            [FilePath(path) for path in paths],
            options=options or ReadingOptions(),
            jobs=jobs,
            progress=progress,
        )

    def files(self) -> StoredFiles:
        """The files that documents were read from, as the base stands now."""
        split = self.splitter.splitting
        version = (
            str(READING_VERSION) if split == Splitting() else f"{READING_VERSION}, {split.name}"
        )
        return StoredFiles(self.database, self.path, version)

    def keep_indexes(self) -> None:
        """Index what is new now, not at the next question, and keep that on disk.

        `add_documents` does it by itself where much is new.
        """
        keep_indexes(self.database, self._passages, self._lock, words=True)

    def add_facts(
        self,
        facts: Iterable[Fact | Mapping[str, Any]],
        *,
        document_id: str | None = None,
        title: str = "",
        labels: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> AddReport:
        """Add facts as one document, so that they can be replaced or deleted together.

        Args:
            facts: `Fact`s or mappings with `subject`, `predicate`, `object` and, where known,
                `confidence`, `time` and `aliases`.
            document_id: The id of that document; a hash of the facts where None.
            title: Its title.
            labels: Who may see it; empty for everyone.
            metadata: Its metadata.

        Raises:
            ValueError: one of the facts is incomplete; nothing is added.
        """
        owner = document_id or "facts"
        listed = [to_fact(fact, document_id=owner, title=title) for fact in facts]
        if not listed:
            raise ValueError("there are no facts to add")
        record = read_fact_set(
            listed, document_id=document_id, title=title, labels=labels, metadata=metadata
        )
        writer = self._writer(None)
        if self.database.content_hashes([record.id]).get(record.id) == record.content_hash:
            writer.report.unchanged.append(record.id)
        else:
            writer.store([record])
        return writer.report

    def _writer(self, progress: Progress | None) -> DocumentWriter:
        return DocumentWriter(self.database, lambda: self.embeddings, self.splitter, progress)

    def delete(self, document_ids: Iterable[str]) -> list[str]:
        """Delete documents with everything that stands on them alone; the ids that were there."""
        if isinstance(document_ids, str):
            raise TypeError("delete takes a list of document ids, not a string")
        return self.database.delete_documents(list(document_ids))

    # --- keeping ----------------------------------------------------------------------------

    def backup(self, file: str | FilePath, *, replace: bool = False) -> dict[str, Any]:
        """Write the base as it stands now into one ZIP file, which `restore` makes a base of.

        Others may read and write meanwhile.

        Returns:
            What the backup tells of itself: when it was made, its checksum, what it holds.

        Raises:
            FileExistsError: the file is there, and `replace` is off.
            StorageError: the disk is full; what was there stays.
        """
        return back_up(self.database, self.path, FilePath(file), replace=replace)

    def compact(self) -> tuple[int, int]:
        """Give the space of what was deleted back; nothing of it stays in any file.

        Others may read meanwhile. It needs room on the disk for a second copy.

        Returns:
            The bytes of the database before and after.

        Raises:
            StorageError: there is no such room; nothing was changed.
        """
        with self._lock:
            before = size_of(self.database)
            with self.database.snapshot():
                self._passages.pack()
            compact(self.database)
            with self.database.snapshot():
                self._passages.save_packed()
            return before, size_of(self.database)

    def set_own_words(self, words: Iterable[str]) -> None:
        """Set the Chinese words that the base keeps whole beside those that jieba knows.

        Names of products, herbs, parts: BM25 finds a question's "灵犀草" by the whole word. They
        take the place of those that were set before; the index of words is made anew.

        Args:
            words: Each of 2 to 32 characters, one of them Chinese.

        Raises:
            ValueError: one is no such word; nothing was changed.
        """
        listed = [word.strip() for word in words]
        for word in listed:
            if not (2 <= len(word) <= 32 and has_cjk(word) and len(word.split()) == 1):
                raise ValueError(
                    f"{word!r} is no Chinese word of 2 to 32 characters without blanks; words of "
                    "other scripts are kept whole by themselves"
                )
        set_own_words(self.database, listed)
        self.keep_indexes()

    def reembed(
        self, embeddings: Embeddings, *, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Change the base to another embedding model: at one stroke, when all is embedded.

        Until then it stays as it is, for everybody. Interrupted, it goes on where it was when it is
        called again with the same model.

        Args:
            embeddings: The new model.
            progress: Called with the passages done and all there are.

        Returns:
            How many passages were embedded now.
        """
        embedded = change_model(self.database, embeddings, progress)
        with self._lock:
            self._take_model(embeddings)
            self._is_model_given = True
        return embedded


def _as_given(document: Document) -> Document:
    """A document that anybody has made: it does not say which bytes of a file it was read from.

    Else a document with the metadata of a file would keep that file from being read again.
    """
    metadata: object = getattr(document, "metadata", None)  # no Document is refused further on
    if not isinstance(metadata, dict) or DIGEST_KEY not in metadata:
        return document
    kept = {key: value for key, value in document.metadata.items() if key != DIGEST_KEY}
    return document.model_copy(update={"metadata": kept})
