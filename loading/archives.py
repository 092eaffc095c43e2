"""Archives (ZIP, tar), where they are asked for: what they hold, each a document of its own."""

import bz2
import gzip
import io
import lzma
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import replace

from ..errors import DocumentError
from .options import ReadingOptions
from .parts import Part
from .zip_files import open_zip

_MOST_DEPTH = 3
_MOST_FILES = 20_000
_MOST_TOLD = 5


def read_archive(data: bytes, options: ReadingOptions, *, depth: int = 0) -> Iterator[Part]:
    """The documents of what an archive holds; the notes name what could not be read.

    Raises:
        DocumentError: archives were not asked for, or it is none, is damaged or too large.
    """
    from .formats import format_of, read_bytes

    if not options.archives:
        raise DocumentError("it is an archive; what is in it is read with --archives")
    if depth >= _MOST_DEPTH:
        raise DocumentError("archives in it are nested too deeply")
    notes: list[str] = []
    found: list[Part] = []
    size = 0
    for name, held in _members(data, options):
        size += len(held)
        if size > 4 * options.max_bytes:
            raise DocumentError(
                f"unpacked, it would have more than {4 * options.max_bytes:,} bytes"
            )
        if not held.strip() or posixpath.basename(name).startswith("."):
            continue
        try:
            if format_of(name) == "archive":
                parts = list(read_archive(held, options, depth=depth + 1))
            else:
                parts = list(read_bytes(held, name, options))
        except (DocumentError, RecursionError) as error:
            notes.append(f"{name}: {error}")
            continue
        label = re.sub(r"#", "-", name)
        found += [
            replace(one, name=f"#{label}{one.name}", title=one.title or _stem(name))
            for one in parts
        ]
        options.bounded(sum(len(one.text) for one in found))
        options.still_going()
    if not found:
        raise DocumentError("; ".join(("it holds no file that can be read", *notes[:_MOST_TOLD])))
    if len(notes) > _MOST_TOLD:
        notes[_MOST_TOLD:] = [f"and {len(notes) - _MOST_TOLD} more files were not read"]
    told = "; ".join(filter(None, (found[0].note, *notes)))
    yield replace(found[0], note=told)
    yield from found[1:]


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]


def _members(data: bytes, options: ReadingOptions) -> Iterator[tuple[str, bytes]]:
    """The files of an archive with their bytes; none is ever written to a disk."""
    if data.startswith(b"PK"):
        archive = open_zip(data, options)
        for member in archive.file.infolist():
            if not member.is_dir() and not _is_made(member.filename):
                yield _safe(member.filename), archive.read(member.filename)
        return
    unpacked = _unpacked(data, 4 * options.max_bytes)
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as file:
            for number, member in enumerate(file):
                if number >= _MOST_FILES:
                    raise DocumentError(f"it holds more than {_MOST_FILES:,} files")
                # Links and devices are nothing to read, wherever they lead.
                if not member.isreg() or member.size > options.max_bytes or _is_made(member.name):
                    continue
                held = file.extractfile(member)
                if held is not None:
                    yield _safe(member.name), held.read(options.max_bytes)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise DocumentError(f"it is no archive that can be opened: {error}") from error


def _unpacked(data: bytes, most: int) -> bytes:
    openers = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
    opener = openers.get(data[:2])
    if opener is None:
        return data
    try:
        with opener(io.BytesIO(data)) as file:
            held = file.read(most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise DocumentError(f"it is damaged: {error}") from error
    if len(held) > most:
        raise DocumentError(f"unpacked, it would have more than {most:,} bytes")
    return held


def _is_made(name: str) -> bool:
    return "__MACOSX/" in name or name.endswith(".DS_Store")


def _safe(name: str) -> str:
    """A name without ways out of the archive, control characters, or halves of characters."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", name).replace("\\", "/")
    name = name.encode("utf-8", "replace").decode()
    return posixpath.normpath("/" + name).lstrip("/") or "file"
