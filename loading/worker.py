"""The process that reads files for another one: what is hostile or broken ends here.

It is asked on its standard input and answers on its standard output, in frames of JSON (so nothing
is unpickled on either side); it ends with its input, or with the process that started it.
"""

import hashlib
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import DocumentError
from .formats import read_bytes
from .options import ReadingOptions
from .reading import open_file

_HEAD = struct.Struct(">I")
_BEAT = 1.0  # seconds between two signs of life
_IDLE_SECONDS = 30.0
#: With this code ends a process that nobody has asked for a while.
WAS_IDLE = 75


def write_frame(stream: BinaryIO, data: Mapping[str, Any]) -> None:
    """Send a message."""
    body = json.dumps(data).encode("ascii")
    stream.write(_HEAD.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, or None where the other side has ended."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    (length,) = _HEAD.unpack(head)
    body = stream.read(length)
    return json.loads(body) if len(body) == length else None


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)  # whatever a library prints must not stand among the answers
    asked = _Asked()
    threading.Thread(target=_end, args=(os.getppid(), asked), daemon=True).start()
    bounded = False
    while (request := read_frame(sys.stdin.buffer)) is not None:
        asked.begin()
        options = ReadingOptions.from_dict(request["options"], _Beat(answers))
        if not bounded:
            _bound(options.megabytes)
            bounded = True
        try:
            write_frame(answers, _answer(request, options, answers))
        except MemoryError:
            write_frame(answers, {"refused": _no_memory(options.megabytes)})
            break  # what is left of it is not worth keeping
        asked.end()


def _answer(
    request: Mapping[str, Any], options: ReadingOptions, answers: BinaryIO
) -> dict[str, Any]:
    """Read a file, send its parts, and say how it ended."""
    try:
        data = open_file(Path(request["path"]), options.max_bytes)
        digest = hashlib.sha256(data + options.fingerprint().encode()).hexdigest()[:32]
        if digest == request.get("known"):
            return {"same": True}
        for part in read_bytes(data, request["path"], options):
            write_frame(answers, {"part": asdict(part)})
    except DocumentError as error:
        return {"refused": str(error)}
    except FileNotFoundError:
        return {"refused": "it does not exist (any more)"}
    except OSError as error:
        return {"refused": f"it cannot be read: {error.strerror or error}"}
    except RecursionError:
        return {"refused": "it is nested too deeply"}
    except MemoryError:
        raise
    except Exception as error:  # a damaged file makes libraries fail in ways of their own
        return {"refused": f"it is damaged: {type(error).__name__}: {error!s:.200}"}
    return {"done": {"size": len(data), "digest": digest}}


def _no_memory(megabytes: int) -> str:
    return (
        f"reading it takes more than {megabytes:,} MB of memory; raise the limit with --max-memory"
    )


class _Beat:
    """Tells the other side that reading goes on, not more often than matters."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._last = time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._last > _BEAT:
            self._last = now
            write_frame(self._answers, {"going": True})


def _bound(megabytes: int) -> None:
    """Bound the memory of this process, where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    # Of data, not of addresses: a library that reserves much and uses little is no danger.
    for limit, most in (
        (resource.RLIMIT_DATA, megabytes * 1_000_000),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        if hard == resource.RLIM_INFINITY or most <= hard:
            resource.setrlimit(limit, (most, hard))


class _Asked:
    """Whether a file is being read, and since when none is."""

    def __init__(self) -> None:
        self.since: float | None = time.monotonic()

    def begin(self) -> None:
        """A file is being read."""
        self.since = None

    def end(self) -> None:
        """It was."""
        self.since = time.monotonic()


def _end(parent: int, asked: _Asked) -> None:
    """End with the process that asks, and where it has nothing more to ask."""
    while os.getppid() == parent:
        time.sleep(0.5)
        since = asked.since
        if since is not None and time.monotonic() - since > _IDLE_SECONDS:
            os._exit(WAS_IDLE)
    os._exit(1)
