"""The BM25 index of one database, up to date at each query, and kept on disk."""

import hashlib
import json
import logging
import re
import uuid
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..database.database import Database
from ..database.upkeep import own_words
from .array_file import DamagedFileError
from .bm25 import BM25Index
from .index_folder import IndexFolder
from .postings import Segment

logger = logging.getLogger(__name__)

WORTH_SAVING = 64  # passages; fewer are cut into words again sooner than they are read

_MANIFEST = "manifest.json"
_NAME = re.compile(r"[0-9a-f]{12}\.safetensors")


class LexicalIndex:
    """The BM25 index of a database and its files.

    The manifest names the segments and, for each, the generation that it was made in, since when
    passages of it may have gone.
    """

    def __init__(self, database: Database, folder: Path | None) -> None:
        self.database = database
        self._folder = None if folder is None else IndexFolder(folder, _MANIFEST)
        self._index = BM25Index()
        self.generation = 0
        self._files: dict[int, tuple[Segment, str, int]] = {}  # by the identity of a segment
        self._is_loaded = folder is None

    def beside(self, database: Database) -> "LexicalIndex":
        """The same over another connection to the base, to be changed while this one is asked."""
        made = LexicalIndex(database, None)
        made._folder, made._is_loaded = self._folder, self._is_loaded
        made._index, made._files = self._index.copy(), dict(self._files)
        made.generation = self.generation
        return made

    def caught_up(self) -> BM25Index:
        """The index as the base stands now; only passages that are new are cut into words."""
        if not self._is_loaded:
            self._load()
        generation = self.database.generation()
        if generation != self.generation:
            gone = self.database.gone_since(self.generation)
            own = own_words(self.database)
            if gone is None or own != self._index.own_words:
                self._index, self._files = BM25Index(own), {}
            self._index.delete(gone or [])
            self._index.add(self.database.passages_after(self._index.last))
            self.generation = generation
        return self._index

    def _load(self) -> None:
        self._is_loaded = True
        self._index = BM25Index(own_words(self.database))
        assert self._folder is not None
        written = self._folder.read()
        if written is None:
            return
        try:
            self._read(self._folder.path, json.loads(written))
        except (DamagedFileError, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            self._index, self.generation, self._files = BM25Index(self._index.own_words), 0, {}
            if self._folder.read() not in (written, None):
                return self._load()  # another process has just written a new one
            logger.warning("The index in %s is made anew: %s", self._folder.path, error)

    def _read(self, folder: Path, told: dict[str, Any]) -> None:
        if told["words"] != _words_fingerprint(self._index.own_words):
            return  # of another version: not damaged, but of no use
        if told["base"] != self.database.manifest().get("base_id"):
            raise ValueError("it belongs to another base")
        if not all(_NAME.fullmatch(str(name)) for name, _ in told["segments"]):
            raise ValueError("its manifest names files that are not its own")
        segments = [Segment.load(folder / name) for name, _ in told["segments"]]
        made = [int(since) for _, since in told["segments"]]
        self._index.restore(segments)
        gone = self.database.gone_since(min(made, default=0))
        if gone is None:
            return  # the base was compacted since
        self._index.delete(gone)
        self._index.add(self.database.passages_after(self._index.last))
        if len(self._index) != self.database.passage_count():
            raise ValueError("it holds other passages than the base")
        self._files = {
            id(segment): (segment, name, since)
            for segment, (name, _), since in zip(segments, told["segments"], made, strict=True)
        }
        self.generation = self.database.generation()

    def drop(self) -> None:
        """Let go of what is kept on disk; it is made anew where it is worth it."""
        if self._folder is not None:
            self._folder.clear()
        self._files = {}

    def save(self, *, is_packed: bool = False) -> None:
        """Write the segments that are new, then the manifest; nothing where little is new.

        The index is only a saving of time: a full disk is told, and nothing else fails by it.

        Args:
            is_packed: Whether it was packed as the base was: it is written in any case, and the
                files of an earlier one go at once.
        """
        if self._folder is None:
            return
        try:
            self._write(self._folder, is_packed=is_packed)
        except OSError as error:
            logger.warning("The index in %s was not kept: %s", self._folder.path, error)

    def _write(self, folder: IndexFolder, *, is_packed: bool) -> None:
        base = self.database.manifest().get("base_id")
        if base is None:
            return
        segments = self._index.segments
        unsaved = [segment for segment in segments if id(segment) not in self._files]
        if sum(len(segment) for segment in unsaved) < WORTH_SAVING and not is_packed:
            return
        for segment in segments:
            _, name, since = self._files.get(id(segment), (segment, "", 0))
            if not (folder.path / name).is_file():  # or another process has replaced it meanwhile
                name = f"{uuid.uuid4().hex[:12]}.safetensors"
                segment.save(folder.path / name)
                # Texts of it that are gone already went before this generation.
                since = 0 if self._index.has_deleted(segment) else self.generation
            self._files[id(segment)] = (segment, name, self.generation if is_packed else since)
        self._files = {id(segment): self._files[id(segment)] for segment in segments}
        told = {
            "base": base,
            "words": _words_fingerprint(self._index.own_words),
            "segments": [[name, since] for _, name, since in self._files.values()],
        }
        used = [name for _, name, _ in self._files.values()]
        folder.write(told, used=used, at_once=is_packed)


@lru_cache(maxsize=8)
def _words_fingerprint(own: tuple[str, ...]) -> str:
    """Changes with what cuts texts into words, so that an index of old words is not used.

    To cut a sample would be plainer, but loads the Chinese dictionary for every English question.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for file in ("text/words.py", "text/folding.py", "retrieval/bm25.py"):
        digest.update((package / file).read_bytes())
    digest.update(" ".join(version(package) for package in ("jieba", "opencc")).encode())
    digest.update("\n".join(own).encode())
    return digest.hexdigest()[:16]
