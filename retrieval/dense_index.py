"""The vectors of one database, up to date at each query; many are kept in a file."""

import json
import logging
import re
import time
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from ..database.database import Database
from .array_file import DamagedFileError
from .index_folder import IndexFolder
from .vector_file import VectorFile, train_centres, write_vectors
from .vector_index import VectorIndex

logger = logging.getLogger(__name__)

VectorIndexKind = Literal["auto", "flat", "ivf"]

#: From so many vectors on, "auto" looks at the nearest clusters instead of at all of them: a flat
#: search grows with the base (27 ms at a million), that of clusters hardly does (a few ms), and
#: misses a few in a hundred of the ten nearest.
IVF_FROM = 300_000
WORTH_A_FILE = 20_000  # vectors; fewer are read from the database as soon

_MANIFEST = "vectors.json"
_NAME = re.compile(r"[0-9a-f]{12}\.vectors")
_OUTGROWN = 4  # times as many vectors as the centres were made for: they are made anew


def check_kind(kind: str) -> None:
    """Raise ValueError if there is no such kind of vector index."""
    if kind not in get_args(VectorIndexKind):
        raise ValueError(f"vector_index must be one of {get_args(VectorIndexKind)}, not {kind!r}")


def kind_of(recorded: str | None) -> VectorIndexKind:
    """The kind that a base records; "auto" for none, or one that only a later version knows."""
    return next((kind for kind in get_args(VectorIndexKind) if kind == recorded), "auto")


class DenseIndex:
    """The vector index of a database and its file.

    Not safe for threads by itself: its owner holds a lock and a snapshot around each call.

    Args:
        database: Where the vectors are.
        folder: Where the file is kept; None for memory alone.
        kind: "flat" looks at every vector, "ivf" at those of the nearest clusters, "auto" at every
            one while there are fewer than 300,000.
    """

    def __init__(
        self, database: Database, folder: Path | None, kind: VectorIndexKind = "auto"
    ) -> None:
        check_kind(kind)
        self.database = database
        self.generation = 0
        self._folder = None if folder is None else IndexFolder(folder, _MANIFEST)
        self._kind = kind
        self._model = ""  # the fingerprint of the model whose vectors the index holds
        self._index: VectorIndex | None = None

    def caught_up(self, dimensions: int) -> VectorIndex:
        """The index as the base stands now; only vectors that are new are read."""
        generation = self.database.generation()
        index = self._index
        if index is not None and generation != self.generation:
            index = self._without_gone(index, self.generation)
        if index is None:
            index = self._loaded(dimensions) or VectorIndex(dimensions)
        if index is not self._index or generation != self.generation:
            self._add_new(index)
        self._index, self.generation = index, generation
        self._model = self.database.embedding_fingerprint()
        return index

    def catch_up(self, *, always: bool = False) -> None:
        """Bring the index up to date where `save` would then write it, or always.

        Whether it would is told by the manifest, for reading many vectors takes a while.
        """
        dimensions = self.database.embedding_fingerprint().partition(":")[0]
        count = self.database.passage_count()
        if not dimensions.isdecimal() or count < WORTH_A_FILE:
            return
        if always or self._is_worth_reading(count):
            self.caught_up(int(dimensions))

    def _is_worth_reading(self, count: int) -> bool:
        if self._folder is None:
            return False
        try:
            told = json.loads(self._folder.read() or b"{}")
            if told["base"] != self.database.manifest().get("base_id"):
                return True
            kept, last, lists = int(told["count"]), int(told["last"]), int(told["lists"])
            new = sum(1 for _ in self.database.documents_after(last))
        except (ValueError, KeyError, TypeError, OverflowError):
            return True
        is_other = (lists > 1) != (self._lists(count) > 1)
        return is_other or 2 * new + kept - count >= max(WORTH_A_FILE, kept // 4)

    def _without_gone(self, index: VectorIndex, since: int) -> VectorIndex | None:
        """The index without what went since a generation; None where it is of no use any more."""
        gone = self.database.gone_since(since)
        if gone is None or self.database.vectors_replaced() > since:
            return None
        index.delete(gone)
        return index

    def _add_new(self, index: VectorIndex) -> None:
        numbers: list[int] = []
        rows: list[bytes] = []
        for number, vector in self.database.vectors_after(index.last):
            numbers.append(number)
            rows.append(vector)
        if numbers:
            array = np.frombuffer(b"".join(rows), dtype="<f2").reshape(len(rows), -1)
            index.add(numbers, array)

    def _loaded(self, dimensions: int) -> VectorIndex | None:
        """What is kept in the folder, without what went since; None where there is nothing."""
        written = None if self._folder is None else self._folder.read()
        if self._folder is None or written is None:
            return None
        folder = self._folder
        try:
            return self._read(folder.path, json.loads(written), dimensions)
        except (DamagedFileError, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            if folder.read() not in (written, None):
                return self._loaded(dimensions)  # another process has just written a new one
            logger.warning("The vectors in %s are read anew: %s", folder.path, error)
            return None

    def _read(self, folder: Path, told: dict[str, object], dimensions: int) -> VectorIndex | None:
        own = (self.database.manifest().get("base_id"), self.database.embedding_fingerprint())
        if (told["base"], told["model"]) != own:
            return None  # of a copy, or of the model before
        since, name = told["since"], told["file"]
        if not isinstance(since, int) or not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError("its manifest names what is not its own")
        if since > self.database.generation():
            raise ValueError("it is of a later base")
        stored = VectorFile(folder / name)
        if stored.dimensions != dimensions:
            raise ValueError(f"it holds vectors of {stored.dimensions} dimensions")
        return self._without_gone(VectorIndex(dimensions, stored), since)

    def save(self, *, is_packed: bool = False) -> None:
        """Keep the vectors in a file where there are many and much is new.

        It only saves time: a full disk is told, and nothing else fails by it.

        Args:
            is_packed: Whether nothing that was deleted may stay in the file.
        """
        if self._folder is None:
            return
        try:
            if is_packed and self.database.passage_count() < WORTH_A_FILE:
                self._drop_file(self._folder)
            elif self._index is not None:
                self._save(self._folder, self._index, is_packed=is_packed)
        except OSError as error:
            logger.warning("The vectors in %s were not kept: %s", self._folder.path, error)

    def drop(self) -> None:
        """Let go of what is kept on disk; it is made anew where it is worth it."""
        if self._folder is not None:
            self._drop_file(self._folder)

    def _drop_file(self, folder: IndexFolder) -> None:
        folder.clear()
        if self._index is not None and self._index.stored is not None:
            self._index = None

    def _save(self, folder: IndexFolder, index: VectorIndex, *, is_packed: bool) -> None:
        base = self.database.manifest().get("base_id")
        if base is None or not (is_packed or self._is_worth_it(index)):
            return
        if index.stored is not None and not index.unsaved and self._is_of_kind(index):
            return folder.tidy(_names(index.stored.path))
        numbers, codes = index.alive()
        path = write_vectors(folder.path, numbers, codes, self._centres(index, codes))
        told = {
            "base": base,
            "model": self._model,
            "file": path.name,
            "since": self.generation,
            "count": len(numbers),
            "last": index.last,
            "lists": self._lists(len(index)),
        }
        folder.write(told, used=_names(path), at_once=is_packed)
        self._index = VectorIndex(index.dimensions, VectorFile(path))

    def _is_worth_it(self, index: VectorIndex) -> bool:
        stored = 0 if index.stored is None else len(index.stored)
        is_other = len(index) >= WORTH_A_FILE and not self._is_of_kind(index)
        return is_other or index.unsaved >= max(WORTH_A_FILE, stored // 4)

    def _is_of_kind(self, index: VectorIndex) -> bool:
        """Whether the file is of the kind that is asked for: one list, or several."""
        return index.stored is not None and (index.stored.lists > 1) == (
            self._lists(len(index)) > 1
        )

    def _lists(self, count: int) -> int:
        """Of how many lists a file of vectors is made: one where every vector is looked at."""
        if self._kind == "flat" or (self._kind == "auto" and count < IVF_FROM):
            return 1
        return 1 << round(np.log2(4 * np.sqrt(count)))

    def _centres(self, index: VectorIndex, codes: np.ndarray) -> np.ndarray:
        lists, count = self._lists(len(index)), len(codes)
        if lists == 1:
            return np.zeros((1, index.dimensions), dtype=np.float32)
        known = index.stored
        if known is not None and known.lists > 1 and lists < _OUTGROWN * known.lists:
            return known.centres
        started = time.monotonic()
        centres = train_centres(codes, lists)
        seconds = time.monotonic() - started
        logger.info("%d clusters of %d vectors were found in %.0f s", lists, count, seconds)
        return centres


def _names(path: Path) -> tuple[str, str]:
    return path.name, path.with_suffix(".safetensors").name
