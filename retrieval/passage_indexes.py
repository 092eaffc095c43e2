"""BM25 and vectors of one database, up to date at each query, and kept on disk."""

import hashlib
import json
import logging
import os
import re
import time
import uuid
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..database.database import Database
from ..database.upkeep import own_words
from .array_file import DamagedFileError
from .bm25 import BM25Index
from .dense_index import DenseIndex, VectorIndexKind
from .fusion import Fused, fuse
from .postings import Segment
from .ranking import Hit
from .ranking_options import Ranking
from .vector_index import VectorIndex

logger = logging.getLogger(__name__)

_MANIFEST = "manifest.json"
_NAME = re.compile(r"[0-9a-f]{12}\.safetensors")
WORTH_SAVING = 64  # passages; fewer are cut into words again sooner than they are read
_UNUSED_SECONDS = 600  # a file that another process writes just now is not in the manifest yet
_DEFAULT = Ranking()


class PassageIndexes:
    """Finds passages of one database by words and by vectors; each index is made when first asked.

    Not safe for threads by itself: its owner holds a lock and a snapshot of the database around
    each call.

    Args:
        database: Where the passages are.
        folder: Where they are kept, so that opening cuts no passage into words again, nor reads
            many vectors; None for memory alone.
        vector_index: As `DenseIndex` takes it.
    """

    def __init__(
        self,
        database: Database,
        folder: Path | None = None,
        vector_index: VectorIndexKind = "auto",
    ) -> None:
        self._database = database
        self._bm25: _Lexical | None = None
        self._dense = DenseIndex(
            database, None if folder is None else folder / "vectors", vector_index
        )
        self._folder = folder
        self._vector_index: VectorIndexKind = vector_index

    def search(
        self,
        query: str | None,
        vector: np.ndarray | None,
        *,
        k: int,
        visible: np.ndarray | None = None,
        ranking: Ranking = _DEFAULT,
    ) -> list[Fused[int]]:
        """The numbers of the passages of both rankings, best first, each ranking `k` long.

        Args:
            query: What BM25 looks for; None leaves it out.
            vector: The normalised vector of the query; None leaves vectors out.
            k: How many passages of each ranking are fused.
            visible: Which passages may be found (bool, by number); None for all.
            ranking: How the two rankings become one.
        """
        lexical: list[Hit] = []
        dense: list[Hit] = []
        if query is not None:
            lexical = self._settled(self.bm25().search(query, k=k, visible=visible))[:k]
        if vector is not None:
            dense = self.nearest(vector, k=k, visible=visible)
        fused = {
            hit.id: hit
            for hit in fuse(
                lexical, dense, vector_weight=ranking.vector_weight, fusion=ranking.fusion
            )
        }
        order = self._settled([(hit.id, hit.score) for hit in fused.values()])
        return [fused[number] for number, _ in order]

    def nearest(
        self, vector: np.ndarray, *, k: int, visible: np.ndarray | None = None
    ) -> list[Hit]:
        """The numbers of the `k` passages nearest to a normalised vector, with their cosine.

        Raises:
            EmbeddingMismatchError: the base was given the vectors of another model meanwhile.
        """
        self._database.check_vector_model()
        found = self.vectors(len(vector)).search(vector, k=k, visible=visible)
        return self._settled(found)[:k]

    def vectors_of(self, numbers: Sequence[int]) -> np.ndarray:
        """The normalised vectors of passages, of shape [len(numbers), dimensions]."""
        dimensions = int(self._database.embedding_fingerprint().partition(":")[0])
        return self.vectors(dimensions).vectors(numbers)

    def bm25(self) -> BM25Index:
        """The BM25 index over titles, headings and texts, up to date."""
        if self._bm25 is None:
            self._bm25 = _Lexical(self._database, self._folder)
        return self._bm25.caught_up()

    def vectors(self, dimensions: int) -> VectorIndex:
        """The vectors of the passages, up to date."""
        return self._dense.caught_up(dimensions)

    def catch_up(self) -> None:
        """Bring up to date what `save` would keep."""
        self.bm25()
        self._dense.catch_up()

    def beside(self, database: Database) -> "PassageIndexes":
        """Indexes of the same base, to be made while these are asked; `take_over` puts them here.

        Args:
            database: The same file, opened once more.
        """
        return PassageIndexes(database, self._folder, self._vector_index)

    def take_over(self, newer: "PassageIndexes") -> None:
        """Go on with the indexes of another object of the same base, where these are behind."""
        if self._bm25 is None or (
            newer._bm25 is not None and self._bm25.generation < newer._bm25.generation
        ):
            self._bm25 = newer._bm25
        if self._dense.generation < newer._dense.generation:
            self._dense = newer._dense
        self._dense.database = self._database
        if self._bm25 is not None:
            self._bm25.database = self._database

    def save(self) -> None:
        """Keep on disk what is worth it, where that was asked for."""
        if self._bm25 is not None:
            self._bm25.save()
        self._dense.save()

    def pack(self) -> None:
        """Make BM25 hold nothing of deleted passages, up to date; `save_packed` keeps that."""
        self.bm25().pack()
        self.catch_up()

    def save_packed(self) -> None:
        """Keep packed indexes on disk, and no file of an earlier one."""
        if self._bm25 is not None:
            self._bm25.caught_up()
            self._bm25.save(is_packed=True)
        self.catch_up()
        self._dense.save(is_packed=True)

    def _settled(self, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits, best first, those of one score by the ids of their passages."""
        equal = {
            number
            for one, other in pairwise(hits)
            if one[1] == other[1]
            for number in (one[0], other[0])
        }
        if not equal:
            return list(hits)
        ids = self._database.passage_ids(equal)
        return sorted(hits, key=lambda hit: (-hit[1], ids.get(hit[0], "")))


class _Lexical:
    """The BM25 index of a database and its files.

    The manifest names the segments and, for each, the generation that it was made in, since when
    passages of it may have gone.
    """

    def __init__(self, database: Database, folder: Path | None) -> None:
        self.database = database
        self._folder = folder
        self._index = BM25Index()
        self.generation = 0
        self._files: dict[int, tuple[Segment, str, int]] = {}  # by the identity of a segment
        self._is_loaded = folder is None

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
        manifest = self._folder / _MANIFEST
        try:
            written = manifest.read_bytes()
        except FileNotFoundError:
            return
        try:
            self._read(self._folder)
        except (DamagedFileError, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            self._index, self.generation, self._files = BM25Index(self._index.own_words), 0, {}
            if manifest.exists() and manifest.read_bytes() != written:
                return self._load()  # another process has just written a new one
            logger.warning("The index in %s is made anew: %s", self._folder, error)

    def _read(self, folder: Path) -> None:
        told = json.loads((folder / _MANIFEST).read_text("utf-8"))
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

    def save(self, *, is_packed: bool = False) -> None:
        """Write the segments that are new, then the manifest; nothing where little is new.

        The index is only a saving of time: a full disk is told, and nothing else fails by it.

        Args:
            is_packed: Whether it was packed as the base was: it is written in any case, and the
                files of an earlier one go at once.
        """
        try:
            self._write(is_packed=is_packed)
        except OSError as error:
            logger.warning("The index in %s was not kept: %s", self._folder, error)

    def _write(self, *, is_packed: bool) -> None:
        base = self.database.manifest().get("base_id")
        if self._folder is None or base is None:
            return
        segments = self._index.segments
        unsaved = [segment for segment in segments if id(segment) not in self._files]
        if sum(len(segment) for segment in unsaved) < WORTH_SAVING and not is_packed:
            return
        for segment in unsaved:
            name = f"{uuid.uuid4().hex[:12]}.safetensors"
            segment.save(self._folder / name)
            # Texts of it that are gone already went before this generation.
            since = 0 if self._index.has_deleted(segment) else self.generation
            self._files[id(segment)] = (segment, name, since)
        self._files = {id(segment): self._files[id(segment)] for segment in segments}
        if is_packed:  # nothing of them has gone
            self._files = {
                key: (segment, name, self.generation)
                for key, (segment, name, _) in self._files.items()
            }
        told = {
            "base": base,
            "words": _words_fingerprint(self._index.own_words),
            "segments": [[name, since] for _, name, since in self._files.values()],
        }
        self._folder.mkdir(exist_ok=True)
        part = self._folder / f".{_MANIFEST}.{uuid.uuid4().hex[:8]}"
        part.write_text(json.dumps(told), "utf-8")
        os.replace(part, self._folder / _MANIFEST)
        self._remove_unused(0 if is_packed else _UNUSED_SECONDS)

    def _remove_unused(self, seconds: int) -> None:
        assert self._folder is not None
        used = {_MANIFEST, *(name for _, name, _ in self._files.values())}
        for path in self._folder.iterdir():
            try:
                if path.name not in used and time.time() - path.stat().st_mtime >= seconds:
                    path.unlink()
            except OSError:  # another process was quicker, or still reads it (Windows)
                continue


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
