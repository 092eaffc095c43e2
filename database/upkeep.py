"""Looking after a database: packing it, copying it, and giving it the vectors of another model."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import cast

from ..errors import StorageError
from .database import Database
from .naming_rows import fill_names
from .writing import FORGOTTEN, VECTORS_REPLACED, generation_of, next_generation, value_in

_SPARE_BYTES = 16 << 20
_CHANGING_TO = "changing_to"
_OWN_WORDS = "own_words"


def size_of(database: Database) -> int:
    """The bytes of the file and of what still waits to be merged into it."""
    sizes = 0
    for suffix in ("", "-wal"):
        try:
            sizes += os.stat(f"{database.path}{suffix}").st_size
        except OSError:
            continue
    return sizes


def set_property(database: Database, key: str, value: str) -> None:
    """Set a property of the base, whether it was set before or not."""
    with database.connections.writing() as connection:
        connection.execute("REPLACE INTO manifest VALUES (?, ?)", (key, value))


def own_words(database: Database) -> tuple[str, ...]:
    """The Chinese words that the base keeps whole beside those that are known."""
    try:
        told: object = json.loads(database.manifest().get(_OWN_WORDS, "[]"))
    except ValueError:
        return ()
    listed = cast("list[object]", told) if isinstance(told, list) else []
    return tuple(word for word in listed if isinstance(word, str))


def set_own_words(database: Database, words: Iterable[str]) -> None:
    """Change these words; every process makes its index of words anew at its next query."""
    told = json.dumps(sorted(set(words)), ensure_ascii=False)
    with database.connections.writing() as connection:
        next_generation(connection)
        connection.execute("REPLACE INTO manifest VALUES (?, ?)", (_OWN_WORDS, told))


def check_room(folder: Path, wanted: int) -> None:
    """Refuse what would not fit on the disk.

    Raises:
        StorageError: fewer bytes than `wanted` are free under the folder.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted + _SPARE_BYTES:
        raise StorageError(
            f"that needs {wanted / 1e6:,.0f} MB under {folder}, but {free / 1e6:,.0f} MB are free; "
            "nothing was changed"
        )


def compact(database: Database) -> None:
    """Give free space back, and keep nothing of what was deleted: no text, no word, no number.

    Readers go on meanwhile; an index of one that is behind is made anew.

    Raises:
        StorageError: there is no room on the disk for a second copy.
        BaseBusyError: another process was writing for too long.
    """
    check_room(database.path.parent, 2 * size_of(database))
    with database.connections.writing() as connection:
        _forget(connection)
    with database.connections.alone() as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _forget(connection: sqlite3.Connection) -> None:
    """Delete what still tells of documents that were deleted."""
    drop_orphans(connection)
    connection.execute("DELETE FROM gone")
    connection.execute("DELETE FROM changes WHERE document_id NOT IN (SELECT id FROM documents)")
    generation = str(generation_of(connection))
    connection.execute("REPLACE INTO manifest VALUES (?, ?)", (FORGOTTEN, generation))


def drop_orphans(connection: sqlite3.Connection) -> None:
    """Delete vectors, facts and names that nothing stands on."""
    connection.execute(
        "DELETE FROM vectors WHERE key NOT IN "
        "(SELECT vector_key FROM passages WHERE vector_key IS NOT NULL)"
    )
    connection.execute("DELETE FROM facts WHERE id NOT IN (SELECT fact_id FROM contributions)")


def drop_dangling(database: Database) -> None:
    """Delete passages and statements whose document is not there."""
    with database.connections.writing() as connection:
        generation = next_generation(connection)
        connection.execute(
            "DELETE FROM passages WHERE document NOT IN (SELECT number FROM documents)"
        )
        connection.execute(
            "DELETE FROM contributions WHERE document_id NOT IN (SELECT id FROM documents) "
            "OR fact_id NOT IN (SELECT id FROM facts)"
        )
        connection.execute(
            "DELETE FROM entity_names WHERE document_id NOT IN (SELECT id FROM documents)"
        )
        drop_orphans(connection)
        fill_names(connection)
        # Which facts and passages those were is not looked up: indexes are made anew.
        connection.execute("REPLACE INTO manifest VALUES (?, ?)", (FORGOTTEN, str(generation)))


def without_vector(database: Database, limit: int) -> list[tuple[str, str, str, str]]:
    """Vector key, title, heading and text of passages whose vector is missing."""
    with database.connections.reading() as connection:
        return connection.execute(
            "SELECT DISTINCT p.vector_key, d.title, p.heading, p.text FROM passages p "
            "JOIN documents d ON d.number = p.document LEFT JOIN vectors v ON v.key = p.vector_key "
            "WHERE p.vector_key IS NOT NULL AND v.key IS NULL ORDER BY p.number LIMIT ?",
            (limit,),
        ).fetchall()


def put_missing_vectors(database: Database, vectors: Iterable[tuple[str, bytes]]) -> None:
    """Store vectors of passages that are there already, so that every index reads them."""
    with database.connections.writing() as connection:
        connection.executemany("REPLACE INTO vectors (key, vector) VALUES (?, ?)", vectors)
        generation = str(next_generation(connection))
        connection.execute("REPLACE INTO manifest VALUES (?, ?)", (VECTORS_REPLACED, generation))


def copy_to(database: Database, path: Path) -> None:
    """Write the database as it stands now into a new file, without what was deleted from it.

    Others may read and write meanwhile.
    """
    check_room(path.parent, size_of(database))
    with database.connections.alone(to_read=True) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute("PRAGMA secure_delete = ON")
        _forget(copy)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


# --- another embedding model ----------------------------------------------------------------------


def begin_change(database: Database, model: str) -> None:
    """Make room for the vectors of another model, or go on where a change to it was interrupted.

    The base stays as it is until `finish_change`.
    """
    with database.connections.writing() as connection:
        if value_in(connection, _CHANGING_TO) != model:
            connection.execute("DROP TABLE IF EXISTS next_vectors")
            connection.execute("REPLACE INTO manifest VALUES (?, ?)", (_CHANGING_TO, model))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS next_vectors "
            "(number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, vector BLOB NOT NULL)"
        )


def changing_to(database: Database) -> str:
    """The fingerprint of the model that the base is being changed to; empty for none."""
    return database.manifest().get(_CHANGING_TO, "")


def lacking(database: Database, after: int, limit: int) -> list[tuple[int, str, str, str, str]]:
    """Number, vector key, title, heading and text of passages that have no next vector yet."""
    with database.connections.reading() as connection:
        return connection.execute(_LACKING + " LIMIT ?", (after, limit)).fetchall()


_LACKING = (
    "SELECT p.number, p.vector_key, d.title, p.heading, p.text FROM passages p "
    "JOIN documents d ON d.number = p.document "
    "LEFT JOIN next_vectors n ON n.key = p.vector_key "
    "WHERE p.number > ? AND p.vector_key IS NOT NULL AND n.key IS NULL ORDER BY p.number"
)


def put_next_vectors(database: Database, model: str, vectors: Iterable[tuple[str, bytes]]) -> bool:
    """Store vectors (little-endian float16) of the model that the base is being changed to.

    False where it is not any more: another process has finished the change, or begun another.
    """
    with database.connections.writing() as connection:
        if value_in(connection, _CHANGING_TO) != model:
            return False
        connection.executemany(
            "INSERT OR IGNORE INTO next_vectors (key, vector) VALUES (?, ?)", vectors
        )
    return True


def finish_change(database: Database, *, name: str, model: str) -> bool:
    """Put the next vectors in the place of the old ones; False where a passage lacks one.

    Args:
        database: The database.
        name: The name of the model.
        model: Its fingerprint, as `begin_change` was given it.
    """
    with database.connections.writing() as connection:
        if value_in(connection, _CHANGING_TO) != model:  # another process was quicker
            return value_in(connection, "embedding_fingerprint") == model
        if connection.execute(_LACKING + " LIMIT 1", (0,)).fetchone():
            return False
        generation = next_generation(connection)
        connection.execute("DROP TABLE vectors")
        connection.execute("ALTER TABLE next_vectors RENAME TO vectors")
        values = {
            "embedding_name": name,
            "embedding_fingerprint": model,
            VECTORS_REPLACED: str(generation),
        }
        connection.executemany("REPLACE INTO manifest VALUES (?, ?)", values.items())
        connection.execute("DELETE FROM manifest WHERE key = ?", (_CHANGING_TO,))
        drop_orphans(connection)
    return True
