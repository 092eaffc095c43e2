"""Backups of a base in one file each, and what is made of them."""

import hashlib
import json
import os
import shutil
import tempfile
import uuid
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from ..database.database import Database
from ..database.upkeep import check_room, copy_to
from ..errors import GroundGLMError

DATABASE_NAME = "base.sqlite"
INDEXES_NAME = "indexes"
SETTINGS_NAME = "groundglm.toml"
_TOLD_NAME = "backup.json"
_FORMAT = 1
_LONGEST_TEXT = 1_000_000  # bytes of the settings and of what a backup tells of itself
_BLOCK = 1 << 20


def back_up(database: Database, folder: Path, file: Path, *, replace: bool) -> dict[str, Any]:
    """Write a base as it stands now into one ZIP file; others may read and write meanwhile.

    It holds the database without what was deleted, the settings, and a checksum. Indexes are made
    anew from it.

    Returns:
        What the backup tells of itself.

    Raises:
        FileExistsError: the file is there, and `replace` is off.
        StorageError: the disk is full; what was there stays.
    """
    if file.exists() and not replace:
        raise FileExistsError(f"{file} is there already; name another, or replace it with --force")
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as name:
        copy, part = Path(name) / DATABASE_NAME, Path(name) / "backup.zip"
        copy_to(database, copy)
        told = _told(copy)
        check_room(file.parent, copy.stat().st_size)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(_TOLD_NAME, json.dumps(told, indent=2))
            settings = folder / SETTINGS_NAME
            if settings.is_file():
                archive.write(settings, SETTINGS_NAME)
            archive.write(copy, DATABASE_NAME)
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, file)
    return told


def _told(copy: Path) -> dict[str, Any]:
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    database = Database(copy, read_only=True, immutable=True)
    try:
        return {
            "format": _FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "sha256": digest,
            "bytes": copy.stat().st_size,
            "embedding_model": database.manifest().get("embedding_name", ""),
            **database.counts(),
        }
    finally:
        database.close()


def restore(file: Path, folder: Path, *, replace: bool = False) -> dict[str, Any]:
    """Make a base of a backup.

    It is checked whole before anything is put in place. With `replace`, the base that is there is
    kept in a folder `replaced-...` beside it; nobody else may have it open.

    Returns:
        What the backup tells of itself.

    Raises:
        GroundGLMError: the file is no backup, or damaged; nothing was changed.
        FileExistsError: there is a base in the folder, and `replace` is off.
    """
    is_there = (folder / DATABASE_NAME).exists()
    if is_there and not replace:
        raise FileExistsError(
            f"{folder} holds a base; restore into another folder, or replace it with --force"
        )
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".restoring-", dir=folder) as name:
            told = _unpack(file, Path(name))
            if is_there:
                set_aside(folder, "replaced")
            for made in (SETTINGS_NAME, DATABASE_NAME):  # the base is there once its database is
                if (Path(name) / made).exists():
                    os.replace(Path(name) / made, folder / made)
    except BaseException:
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return told


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    """The parts of a backup in a folder, each checked."""
    try:
        with zipfile.ZipFile(file) as archive:
            told = _read_told(archive)
            check_room(folder, int(told["bytes"]))
            if SETTINGS_NAME in archive.namelist():
                text = _read_short(archive, SETTINGS_NAME)
                (folder / SETTINGS_NAME).write_bytes(text)
            with (
                archive.open(DATABASE_NAME) as source,
                (folder / DATABASE_NAME).open("wb") as target,
            ):
                digest = _copy(source, target, int(told["bytes"]))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise GroundGLMError(f"{file} is no backup of a base, or damaged: {error}") from error
    if digest != told.get("sha256"):
        raise GroundGLMError(f"{file} is damaged: its checksum is another; nothing was changed")
    _check(folder / DATABASE_NAME, file)
    return told


def _read_told(archive: zipfile.ZipFile) -> dict[str, Any]:
    told: object = json.loads(_read_short(archive, _TOLD_NAME))
    if not isinstance(told, dict):
        raise ValueError(f"{_TOLD_NAME} is no object")
    given = cast("dict[str, Any]", told)
    if given.get("format") != _FORMAT:
        raise ValueError(f"its format is {given.get('format')!r}; this version reads {_FORMAT}")
    return given


def _read_short(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(_LONGEST_TEXT + 1)
    if len(data) > _LONGEST_TEXT:
        raise ValueError(f"{name} is too long")
    return data


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> str:
    digest, copied = hashlib.sha256(), 0
    while block := source.read(_BLOCK):
        copied += len(block)
        if copied > size:
            raise ValueError("its database is longer than it tells")
        digest.update(block)
        target.write(block)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def _check(path: Path, file: Path) -> None:
    """Refuse a database that is damaged or holds more than ours do; give it an id of its own."""
    database = Database(path)
    try:
        with database.connections.writing() as connection:
            made = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
            ).fetchall()
            if {name for (name,) in made} - {"passage_goes"}:
                raise GroundGLMError(f"{file} holds triggers that are not ours; it is not restored")
            connection.execute("REPLACE INTO manifest VALUES ('base_id', ?)", (uuid.uuid4().hex,))
        problems = database.integrity_problems()
    finally:
        database.close()
    if problems:
        raise GroundGLMError(f"{file} holds a damaged base: {problems[0]}; nothing was changed")


def set_aside(folder: Path, why: str) -> Path:
    """Keep the files of a base in a folder of their own beside it, so that another takes its place.

    What is derived from the database goes; the database itself stays until it is replaced.
    """
    with suppress(GroundGLMError):  # one that is damaged is kept as it is
        Database(folder / DATABASE_NAME).close()  # merges what still waits in the write-ahead log
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = folder / f"{why}-{stamp}-{uuid.uuid4().hex[:4]}"
    aside.mkdir()
    beside = [f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm"]
    for name in (*beside, DATABASE_NAME, SETTINGS_NAME):
        if (folder / name).exists():
            try:
                os.link(folder / name, aside / name)
            except OSError:  # a disk without links
                shutil.copy2(folder / name, aside / name)
    for name in beside:  # they are of the old database, and would be taken for the new one's
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / INDEXES_NAME, ignore_errors=True)
    return aside
