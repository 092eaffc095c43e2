"""A disk that is full: a clear error, and what was stored before is there."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.errors import StorageError
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def document(number: int) -> Document:
    return Document(f"Town{number} is a town. " + f"word{number} " * 1500, id=f"d{number}")


def fill(disk: Path, left: int = 0) -> Path:
    """A file that takes all room but some bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(b"x" * max(0, free - left))
    return filler


def test_adding_goes_on_after_room_was_made(disk):
    with KnowledgeBase.open(disk / "kb", HashEmbeddings(16)) as base:
        base.add_documents([document(0)])
        filler = fill(disk, left=100_000)
        with pytest.raises(StorageError, match=r"full|space"):
            base.add_documents(document(n) for n in range(1, 60))
        there = {one.id for one in base.documents()}
        assert "d0" in there and len(there) < 60
        assert base.search("town", k=3)
    with KnowledgeBase.open(disk / "kb", HashEmbeddings(16)) as base:
        assert base.database.integrity_problems() == []
        assert {one.id for one in base.documents()} == there
        assert all(base.text(id_) == document(int(id_[1:])).page_content for id_ in there)
        filler.unlink()
        base.add_documents(document(n) for n in range(1, 20))
        assert {f"d{n}" for n in range(20)} <= {one.id for one in base.documents()}


def test_upkeep_on_a_full_disk_changes_nothing(disk, tmp_path):
    with KnowledgeBase.open(disk / "kb", HashEmbeddings(16)) as base:
        base.add_documents(document(n) for n in range(10))
        before = {one.id for one in base.documents()}
        fill(disk)
        with pytest.raises(StorageError):
            base.compact()
        with pytest.raises(StorageError):
            base.backup(disk / "backup.zip")
        with pytest.raises(StorageError):
            base.reembed(HashEmbeddings(512))
        assert not list(disk.glob("*.zip")) and not list(disk.glob(".backup*"))
        assert base.embedding_name == "hash-16"
        assert {one.id for one in base.documents()} == before
        assert base.search("Town3", mode="vector")
        assert base.backup(tmp_path / "elsewhere.zip")["documents"] == 10
