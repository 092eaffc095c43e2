"""Files that are sent to a base: kept beside it, read, added; whole or not at all.

A file is written under a name of the server's own, moved to its place in one step, and then added;
one that it takes the place of is kept until then. What a crash leaves between is added, put back or
cleared away when the server starts again.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import threading
import unicodedata
import uuid
from collections import OrderedDict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from filelock import FileLock

from ..errors import GroundGLMError
from ..knowledge.base import KnowledgeBase
from ..knowledge.records import AddReport
from ..loading.options import ReadingOptions
from .failures import RequestError
from .keys import Key

_LOG = logging.getLogger("groundglm.serving")

Labels = tuple[str, ...] | None

FOLDER = "files"
_ON_THE_WAY = ".uploads"
_LABELS = ".labels.json"
_ALIVE = ".alive"
_LONGEST_NAME = 120
_KEPT_JOBS = 200
_BLOCK = 1 << 20
# Names that Windows keeps for devices, should the base ever be copied there.
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f<>:\"/\\|?*\u202a-\u202e\u2066-\u2069]")


def safe_name(name: str | None) -> str:
    r"""A file's name without anything that leads out of its folder or deceives a reader.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\notes\\年报.pdf")
    ('passwd', '年报.pdf')

    Raises:
        RequestError: nothing is left of it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name or ""))[-1]
    plain = _NOT_IN_NAMES.sub("_", last.encode("utf-8", "replace").decode()).strip(". ")
    if not plain or plain in (".", ".."):
        raise RequestError(f"{name!r} is no name for a file", param="files")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if len(plain.encode()) > _LONGEST_NAME and dot and len(ending) < 12:
        room = _LONGEST_NAME - len(ending.encode()) - 1
        return f"{_cut(stem, room)}.{ending}"
    return _cut(plain, _LONGEST_NAME)


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore").rstrip(". ") or "file"


class UploadedFiles:
    """The files of a base that came over the network.

    Those that not everybody may see lie in a folder of their labels, which says so.

    Args:
        base: The folder of the base.
    """

    def __init__(self, base: Path) -> None:
        self.folder = base / FOLDER
        self._on_the_way = base / _ON_THE_WAY
        self._partials = self._on_the_way / "partial"
        self._own: tuple[Path, FileLock] | None = None
        self._guard = threading.Lock()
        self._replaced = base / _ON_THE_WAY / "replaced"
        self._begun = base / _ON_THE_WAY / "begun"

    def folder_for(self, key: Key, labels: Labels) -> Path:
        """Where files of a key with these labels lie.

        A key that does not see everything has folders of its own: so it never takes the place of a
        file that it may not see, nor learns that there is one.
        """
        if not labels and key.labels is None:
            return self.folder
        told = {"owner": key.id if key.labels is not None else "", "labels": sorted(labels or ())}
        written = json.dumps(told, ensure_ascii=False, sort_keys=True)
        folder = self.folder / hashlib.sha256(written.encode()).hexdigest()[:12]
        if not (folder / _LABELS).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            _write_whole(folder / _LABELS, written)
        return folder

    def receive(self, source: BinaryIO, *, most: int, name: str) -> Path:
        """Write what is sent into a file of no name yet.

        Raises:
            RequestError: it is larger than it may be.
        """
        path = self._own_folder() / uuid.uuid4().hex
        read = 0
        try:
            with path.open("xb") as file:
                while block := source.read(_BLOCK):
                    read += len(block)
                    if read > most:
                        raise RequestError(
                            f"{name} is larger than {most:,} bytes", status=413, param="files"
                        )
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def _own_folder(self) -> Path:
        """Where this process receives files: locked as long as it lives."""
        with self._guard:
            if self._own is None:
                folder = self._partials / uuid.uuid4().hex
                folder.mkdir(parents=True)
                alive = FileLock(folder / _ALIVE, thread_local=False)
                alive.acquire()
                self._own = folder, alive
            return self._own[0]

    def close(self) -> None:
        """Let go of what this process has received and not added."""
        with self._guard:
            if self._own is not None:
                folder, alive = self._own
                shutil.rmtree(folder, ignore_errors=True)
                alive.release()
                self._own = None

    @contextmanager
    def changing(self) -> Generator[None]:
        """Hold the files alone: several servers may have the same base."""
        self._on_the_way.mkdir(parents=True, exist_ok=True)
        with FileLock(self._on_the_way / "lock"):
            yield

    def place(self, partial: Path, target: Path) -> None:
        """Move a received file to its place; what stood there is kept until `settle`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        # Else a file whose document was deleted otherwise would look like one never added.
        begun = self._begun / target.relative_to(self.folder)
        begun.parent.mkdir(parents=True, exist_ok=True)
        begun.touch()
        _sync_folder(begun.parent)
        if target.exists():
            kept = self._kept_of(target)
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(target, kept)
        os.replace(partial, target)
        _sync_folder(target.parent)

    def settle(self, target: Path, *, is_kept: bool) -> None:
        """Let go of what a new file replaced, or put it back where the new one was refused."""
        kept = self._kept_of(target)
        if is_kept:
            kept.unlink(missing_ok=True)
        elif kept.exists():
            os.replace(kept, target)
        else:
            target.unlink(missing_ok=True)
        (self._begun / target.relative_to(self.folder)).unlink(missing_ok=True)

    def _kept_of(self, target: Path) -> Path:
        return self._replaced / target.relative_to(self.folder)

    def holds(self, path: Path | None) -> bool:
        """Whether a file lies here, so that it goes with its document."""
        if path is None:
            return False
        top = os.path.join(os.path.realpath(self.folder), "")
        return os.path.realpath(path).startswith(top)

    def recover(self, base: KnowledgeBase) -> None:
        """Add what a crash left unread, put back what it left aside, clear the rest away.

        What another process that lives is receiving or adding stays.
        """
        if not self._on_the_way.is_dir():
            return
        self._clear_partials()
        with self.changing():
            self._recover(base)

    def _clear_partials(self) -> None:
        for folder in self._partials.iterdir() if self._partials.is_dir() else ():
            if not (folder / _ALIVE).is_file():  # its process is just making it
                continue
            try:
                with FileLock(folder / _ALIVE, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
            except OSError:  # its process lives (a Timeout is one)
                continue

    def _recover(self, base: KnowledgeBase) -> None:
        for begun in _files_below(self._begun):
            target = self.folder / begun.relative_to(self._begun)
            labels = _labels_in(target.parent)
            if not target.exists():
                kept = self._kept_of(target)
                if kept.exists():
                    os.replace(kept, target)
                begun.unlink(missing_ok=True)
            elif labels is None and target.parent != self.folder:
                _LOG.warning("%s does not say who may see its files: not added", target.parent)
            else:
                report = base.add_files([target], labels=labels, jobs=1)
                self.settle(target, is_kept=not report.refused)


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _labels_in(folder: Path) -> Labels:
    """Who may see the files of a folder, as it says itself; None where it does not."""
    try:
        told: Any = json.loads((folder / _LABELS).read_text(encoding="utf-8"))
        return tuple(str(label) for label in told["labels"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_whole(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with new.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(slots=True)
class Job:
    """Files on their way into a base, and what came of each."""

    id: str
    owner: str
    of: int
    status: Literal["running", "done", "failed"] = "running"
    done: int = 0
    files: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "job": self.id,
            "status": self.status,
            "files": list(self.files),
            "done": self.done,
            "of": self.of,
            "error": self.error,
        }


class Jobs:
    """The uploads of a server, the last ones kept for who asks how they ended."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def begin(self, owner: str, files: int) -> Job:
        """A new job."""
        job = Job(uuid.uuid4().hex, owner, files)
        with self._guard:
            self._jobs[job.id] = job
            while len(self._jobs) > _KEPT_JOBS:
                self._jobs.popitem(last=False)
        return job

    def of(self, id_: str, owner: str) -> Job:
        """The job of an id.

        Raises:
            RequestError: there is none of this owner.
        """
        found = self._jobs.get(id_)
        if found is None or found.owner != owner:
            raise RequestError(f"there is no job {id_!r}", status=404)
        return found


def add_received(
    base: KnowledgeBase,
    files: UploadedFiles,
    received: Sequence[tuple[str, Path]],
    *,
    key: Key,
    labels: Labels,
    options: ReadingOptions,
    job: Job,
) -> None:
    """Add received files one by one; each is whole in the base, or refused for its reason."""
    try:
        for name, partial in received:
            job.files.append(_added(base, files, name, partial, key, labels, options))
            job.done += 1
        job.status = "done"
    except BaseException as error:
        job.status = "failed"
        job.error = str(error) if isinstance(error, GroundGLMError) else "the server failed"
        raise
    finally:
        for _, partial in received:
            partial.unlink(missing_ok=True)


def _added(
    base: KnowledgeBase,
    files: UploadedFiles,
    name: str,
    partial: Path,
    key: Key,
    labels: Labels,
    options: ReadingOptions,
) -> dict[str, Any]:
    told: dict[str, Any] = {"status": "refused"}
    with files.changing():
        path = files.folder_for(key, labels) / name
        files.place(partial, path)
        try:
            report = base.add_files([path], options=options, labels=labels, jobs=1)
            told = _result(name, report)
        finally:
            files.settle(path, is_kept=told["status"] != "refused")
    return told


def _result(name: str, report: AddReport) -> dict[str, Any]:
    reasons = [reason for _, reason in (*report.refused, *report.passed_over)]
    kept = [*report.added, *report.updated, *report.unchanged]
    status = "refused"
    if kept:
        status = "added" if report.added else "updated" if report.updated else "unchanged"
    return {
        "name": name,
        "status": status,
        "documents": kept,
        "passages": report.passages,
        "facts": report.facts,
        "reason": "; ".join(reasons) if reasons or kept else "nothing could be read in it",
        "notes": [note for _, note in report.notes],
    }
