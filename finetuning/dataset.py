"""Training data from files, each record checked, what is wrong told with its line."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DatasetError
from ..wire.tokenizer import Tokenizer
from .encoding import Encoded, Mask, encode_conversation
from .formats import Conversation, read_conversation

MOST_LINE_BYTES = 1_000_000
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one record."""

    file: str
    place: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.place}: {self.what}"


@dataclass(slots=True)
class DatasetReport:
    """What was read: the conversations, what was wrong, and the hash of the files.

    `sha256` is of all the bytes in order, so that a run can say what it learned from.
    """

    conversations: list[Conversation] = field(default_factory=list[Conversation])
    problems: list[Problem] = field(default_factory=list[Problem])
    sha256: str = ""

    def encoded(
        self, tokenizer: Tokenizer, *, max_length: int, mask: Mask = "original"
    ) -> list[Encoded]:
        """The conversations as ids and labels; those of which nothing is learned are left out.

        Each that is cut or left out is added to the problems.
        """

        def encode(one: Conversation) -> Encoded:
            return encode_conversation(tokenizer, one.segments, max_length=max_length, mask=mask)

        found: list[Encoded] = []
        with ThreadPoolExecutor() as pool:  # tokenizers work outside of Python's lock
            every = list(pool.map(encode, self.conversations))
        for one, encoded in zip(self.conversations, every, strict=True):
            if encoded.cut:
                kept = "the rest is cut off" if encoded.targets else "left out: its answers are cut"
                what = f"longer than {max_length} tokens; {kept}"
                self.problems.append(Problem(one.file, one.place, what))
            if encoded.targets:
                found.append(encoded)
        return found


def read_dataset(paths: Sequence[str | Path], *, skip_bad: bool = False) -> DatasetReport:
    """Read JSON Lines, or JSON arrays, of conversations.

    Args:
        paths: The files; each record may have another form.
        skip_bad: Go on without the records that are wrong; they are in the report.

    Raises:
        DatasetError: records are wrong (the first ten are told, with their lines), or none is left.
    """
    report, known = DatasetReport(), hashlib.sha256()
    for path in map(Path, paths):
        data = _bytes(path)
        known.update(data)
        for place, record in _records(path, data):
            if isinstance(record, Problem):
                report.problems.append(record)
                continue
            try:
                found = read_conversation(record, place)
            except ValueError as error:
                report.problems.append(Problem(path.name, place, str(error)))
            else:
                report.conversations.append(
                    Conversation(found.segments, found.place, file=path.name)
                )
    report.sha256 = known.hexdigest()
    if report.problems and not skip_bad:
        told = "\n".join(map(str, report.problems[:_SHOWN]))
        more = len(report.problems) - _SHOWN
        raise DatasetError(
            f"{len(report.problems)} records cannot be learned from:\n{told}"
            + (f"\n... and {more} more" if more > 0 else "")
        )
    if not report.conversations:
        raise DatasetError(f"there is nothing to learn in {', '.join(str(path) for path in paths)}")
    return report


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error
    return data.removeprefix(b"\xef\xbb\xbf")


def _records(path: Path, data: bytes) -> Iterator[tuple[int, Any]]:
    """Each record with its line, or its item of a JSON array; a `Problem` in place of a bad one."""
    if data.lstrip()[:1] == b"[":
        yield from _items(path, data)
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        if len(line) > MOST_LINE_BYTES:
            what = f"the line has {len(line):,} bytes, at most {MOST_LINE_BYTES:,} are read"
            yield number, Problem(path.name, number, what)
            continue
        try:
            yield number, json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            what = f"no UTF-8 at byte {error.start}; save the file as UTF-8"
            yield number, Problem(path.name, number, what)
        except (ValueError, RecursionError) as error:
            yield number, Problem(path.name, number, f"no JSON: {error}")


def _items(path: Path, data: bytes) -> Iterator[tuple[int, Any]]:
    try:
        items: Any = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        yield line, Problem(path.name, line, f"no UTF-8 at byte {error.start}")
        return
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        yield line, Problem(path.name, line, f"no JSON: {error}")
        return
    yield from enumerate(items, start=1)
