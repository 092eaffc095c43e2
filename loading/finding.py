"""Files in folders: which are read, and which are passed over and why."""

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .refusals import PassedOver, Refusal

#: Folders that hold what tools have made or fetched, not what people wrote.
MADE_BY_TOOLS = frozenset(
    {"node_modules", "__pycache__", "site-packages", "venv", "bower_components", "__MACOSX"}
)
_TAG = "CACHEDIR.TAG"  # marks a folder as a cache: https://bford.info/cachedir/
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read, the file or folder that was named for it, and its size in bytes."""

    path: Path
    given: Path
    size: int


def find_files(
    paths: Iterable[Path], *, formats: Iterable[str]
) -> Iterator[FoundFile | PassedOver | Refusal]:
    """Find files, and what stands in folders, in a fixed order; each file once.

    In folders these are passed over: what is hidden (its name begins with a dot), folders that
    tools make (`node_modules`, environments, caches, other bases), formats that are not read, and
    links that lead out of the folder. A file that is named itself is always given.

    Args:
        paths: Files, folders, and patterns of them ("docs/**/*.pdf").
        formats: The endings that are read, such as ".txt".
    """
    known = frozenset(formats)
    seen: set[str] = set()
    for given in _expanded(paths):
        found = _walk(given, known) if os.path.isdir(given) else iter([_found(given, given)])
        for one in found:
            if isinstance(one, FoundFile):
                place = os.path.abspath(one.path)
                if place in seen:
                    continue
                seen.add(place)
            yield one


def _expanded(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, and what fits those that are patterns; a file that is named like one is itself."""
    for path in paths:
        text = str(path)
        if not any(mark in text for mark in "*?[") or os.path.lexists(path):
            yield path
            continue
        fitting = sorted(glob.glob(text, recursive=True))
        # A pattern that nothing fits is refused like a file that is not there.
        yield from map(Path, fitting) if fitting else (path,)


def _found(path: Path, given: Path) -> FoundFile:
    try:
        return FoundFile(path, given, path.stat().st_size)
    except (OSError, ValueError):  # it is read, and refused, by whoever loads it
        return FoundFile(path, given, 0)


def _walk(given: Path, formats: frozenset[str]) -> Iterator[FoundFile | PassedOver | Refusal]:
    top = given.resolve()
    errors: list[OSError] = []
    for here, folders, files in os.walk(given, onerror=errors.append):
        kept: list[str] = []
        for name in sorted(folders):
            reason = _why_not_into(Path(here) / name)
            if reason:
                yield PassedOver(str(Path(here) / name), reason)
            else:
                kept.append(name)
        folders[:] = kept
        for name in sorted(files):
            path = Path(here) / name
            reason = _why_not_read(path, top, formats)
            yield PassedOver(str(path), reason) if reason else _found(path, given)
    for error in errors:
        name = str(error.filename or given)
        yield Refusal(name, f"it cannot be read: {error.strerror or error}")


def _why_not_into(folder: Path) -> str:
    if folder.name.startswith("."):
        return "a hidden folder"
    if folder.is_symlink():
        return "a link to a folder"
    if folder.name in MADE_BY_TOOLS or (folder / _VIRTUAL_ENVIRONMENT).exists():
        return "a folder that tools make; name it to add it"
    if (folder / _TAG).exists():
        return "a cache; name it to add it"
    if (folder / "base.sqlite").exists():
        return "a base of its own"
    if folder.name == "indexes" and (folder.parent / "base.sqlite").exists():
        return "the index of a base"
    return ""


def _why_not_read(path: Path, top: Path, formats: frozenset[str]) -> str:
    if path.name.startswith("."):
        return "a hidden file"
    suffix = path.suffix.lower()
    if suffix not in formats:
        return f"the format {suffix} is not read" if suffix else "no format is known by its name"
    if path.is_symlink() and not _leads_into(path, top):
        return "a link that leads out of the folder, or nowhere"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "no regular file"
    except OSError:
        return ""  # refused with the reason when it is read
    return ""


def _leads_into(link: Path, top: Path) -> bool:
    try:
        return link.resolve().is_relative_to(top)
    except (OSError, RuntimeError):  # links in a circle
        return False
