"""Processes that read files: so many at once, each ended where it takes too long or too much."""

import atexit
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from .ocr import THREADS
from .options import ReadingOptions
from .parts import Part
from .worker import WAS_IDLE, read_frame, write_frame

_AHEAD = 2  # files read ahead for each process
_MOST_JOBS = 8
_END_SECONDS = 2.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from {package}.worker import main; main()"
)


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file, and the digest under which it is known already: then it is not read again."""

    path: Path
    known: str = ""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What came of a file: its parts, or why there are none; `is_same` where it is known.

    `digest` is a hash of its bytes and of how it was read.
    """

    parts: tuple[Part, ...] = ()
    size: int = 0
    digest: str = ""
    refused: str = ""
    is_same: bool = False


def default_jobs() -> int:
    """How many processes read where nobody says: one for each processor, up to a bound."""
    processors = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        processors = len(os.sched_getaffinity(0))
    return max(1, min(_MOST_JOBS, processors))


def read_all(
    files: Iterable[FileToRead], options: ReadingOptions, *, jobs: int | None = None
) -> Iterator[ReadFile]:
    """Read files in processes of their own; what comes of each, in the order of the files.

    Args:
        files: The files.
        options: What may be done, and what each may cost.
        jobs: How many are read at once.
    """
    jobs = default_jobs() if jobs is None else jobs
    threads = max(1, (os.cpu_count() or 1) // jobs)
    waiting: deque[Future[ReadFile]] = deque()
    used: set[ReadingProcess] = set()

    def read(file: FileToRead) -> ReadFile:
        process = _take()
        used.add(process)
        try:
            return process.read(file, options, threads=threads)
        finally:
            used.discard(process)
            _give_back(process)

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="groundglm-reading")
    try:
        for file in files:
            waiting.append(pool.submit(read, file))
            if len(waiting) > jobs * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # also where nobody wants the rest any more
        for future in waiting:
            future.cancel()
        for process in list(used):
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)


class ReadingProcess:
    """One process that reads a file at a time; started anew where it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._megabytes = 0

    def read(self, file: FileToRead, options: ReadingOptions, *, threads: int = 1) -> ReadFile:
        """Read a file; whatever is wrong with it is said in the answer.

        Args:
            file: The file.
            options: What may be done, and what it may cost.
            threads: How many processors a picture may take, where the process is started for it.
        """
        found = self._read(file, options, threads)
        # One that has waited for long ends, and may do so just when it is asked.
        found = self._read(file, options, threads) if found is None else found
        return found or ReadFile(refused="the process that reads files ended before it began")

    def _read(self, file: FileToRead, options: ReadingOptions, threads: int) -> ReadFile | None:
        """What came of a file; None where the process had ended before it was asked."""
        process = self._started(options.megabytes, threads)
        watch = _Watch(process, options.seconds)
        parts: list[Part] = []
        try:
            stdin, stdout = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
            told = {
                "path": os.path.abspath(file.path),
                "known": file.known,
                "options": options.to_dict(),
            }
            write_frame(stdin, told)
            while (frame := read_frame(stdout)) is not None:
                watch.again()
                if "part" in frame:
                    parts.append(_part(frame["part"]))
                elif "refused" in frame:
                    return ReadFile(refused=str(frame["refused"]))
                elif "same" in frame:
                    return ReadFile(is_same=True)
                elif "done" in frame:
                    return ReadFile(tuple(parts), frame["done"]["size"], frame["done"]["digest"])
        except (OSError, ValueError, KeyError, TypeError):
            process.kill()
        finally:
            watch.end()
        self.close()
        if process.returncode == WAS_IDLE:
            return None
        return ReadFile(refused=_why_ended(process, watch, options))

    def _started(self, megabytes: int, threads: int) -> "subprocess.Popen[bytes]":
        is_running = self._process is not None and self._process.poll() is None
        if self._process is None or not is_running or megabytes != self._megabytes:
            self.close()
            self._megabytes = megabytes  # the bound holds for all that it reads
            package = __package__ or "groundglm.loading"
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START.format(package=package), _path()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={THREADS: str(threads), **os.environ},  # who has set it knows better
                start_new_session=True,  # Ctrl-C is for the one who asked
            )
        return self._process

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End it and wait until it has."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # it has ended already
                    stream.close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Watch:
    """Kills a process that has not answered for so long."""

    def __init__(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self.has_killed = False
        self.again()

    def again(self) -> None:
        """Wait anew."""
        self.end()
        self._timer = threading.Timer(self._seconds, self._kill)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """Wait no more."""
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.cancel()

    def _kill(self) -> None:
        self.has_killed = True
        self._process.kill()


def _why_ended(process: "subprocess.Popen[bytes]", watch: _Watch, options: ReadingOptions) -> str:
    if watch.has_killed:
        return (
            f"reading it took more than {options.seconds:g} seconds and was given up; "
            "raise the limit with --max-seconds"
        )
    code = process.returncode
    how = f"signal {-code}" if code and code < 0 else f"code {code}"
    return (
        f"reading it ended the process that read it ({how}): it is damaged, or takes more than "
        f"{options.megabytes:,} MB of memory (--max-memory)"
    )


def _path() -> str:
    return json.dumps([str(Path(place).absolute()) for place in sys.path])


def _part(data: dict[str, Any]) -> Part:
    return Part(
        data["text"],
        data["title"],
        data["name"],
        tuple(data["page_starts"]),
        data["note"],
        tuple((start, name) for start, name in data["places"]),
    )


# --- processes that wait for the next call --------------------------------------------------------

_idle: list[ReadingProcess] = []
_lock = threading.Lock()


def _take() -> ReadingProcess:
    with _lock:
        return _idle.pop() if _idle else ReadingProcess()


def _give_back(process: ReadingProcess) -> None:
    with _lock:
        if len(_idle) < _MOST_JOBS:
            _idle.append(process)
            return
    process.close()


@atexit.register
def end_all() -> None:
    """End the processes that wait."""
    with _lock:
        ended, _idle[:] = _idle[:], []
    for process in ended:
        process.close()
