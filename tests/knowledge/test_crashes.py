"""What is left of a base when a process is killed, or when two write at once."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from groundglm.knowledge import KnowledgeBase

FILES = 200
ADD = """
import sys
from pathlib import Path
from langchain_core.documents import Document
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings
folder, start, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
with KnowledgeBase.open(folder, HashEmbeddings()) as base:
    base.add_documents(
        Document(f"Document {n} is about topic {n}. " * 30, id=f"d{n}", metadata={"title": f"T{n}"})
        for n in range(start, start + count)
    )
print("done", flush=True)
"""


def adding(folder: Path, start: int = 0, count: int = FILES) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ADD, str(folder), str(start), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def committed(folder: Path) -> int:
    """Documents that another process has committed, read past our own code to be quick."""
    try:
        with closing(sqlite3.connect(f"file:{folder}/base.sqlite?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    except sqlite3.OperationalError:  # not made yet
        return 0


def assert_holds_whole_documents(base: KnowledgeBase) -> None:
    assert base.database.integrity_problems() == []
    for info in base.documents():
        passages = base.passages(info.id)
        assert info.passages == len(passages) > 0
        text = base.text(info.id)
        assert all(piece.source.span.cut(text) == piece.text for piece in passages)
        assert "".join("".join(p.text for p in passages).split()) == "".join(text.split())


def test_kill_at_random_moments_leaves_whole_documents_and_add_completes(tmp_path, full):
    random.seed(7)
    partial, moments = 0, 20 if full else 3
    for moment in range(moments):
        folder = tmp_path / str(moment)
        process = adding(folder)
        process.stdout.readline()
        wanted = random.randrange(1, FILES - 40)
        while committed(folder) < wanted and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.wait()
        with KnowledgeBase.open(folder, create=False) as base:
            assert_holds_whole_documents(base)
            partial += 0 < len(base.documents()) < FILES
            base.search("topic 3", k=3)
        again = adding(folder)
        assert again.communicate()[0].endswith("done\n")
        with KnowledgeBase.open(folder, create=False) as base:
            assert_holds_whole_documents(base)
            assert len(base.documents()) == FILES
    assert partial > moments / 2


def test_two_processes_adding_at_once_lose_nothing(tmp_path):
    first, second = adding(tmp_path / "kb", 0, 60), adding(tmp_path / "kb", 60, 60)
    assert first.communicate()[0].endswith("done\n")
    assert second.communicate()[0].endswith("done\n")
    with KnowledgeBase.open(tmp_path / "kb", create=False) as base:
        assert_holds_whole_documents(base)
        assert len(base.documents()) == 120


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the system does not tell who locks")
def test_the_process_that_holds_the_base_is_named(tmp_path):
    from langchain_core.documents import Document

    from groundglm.errors import BaseBusyError
    from groundglm.retrieval import HashEmbeddings

    KnowledgeBase.open(tmp_path, HashEmbeddings()).close()
    hold = (
        "import sys, time; from groundglm.knowledge import KnowledgeBase\n"
        "base = KnowledgeBase.open(sys.argv[1])\n"
        "with base.database.connections.writing():\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        holder.stdout.readline()
        with KnowledgeBase.open(tmp_path, busy_seconds=0.5) as base:
            with pytest.raises(BaseBusyError, match=str(holder.pid)) as caught:
                base.add_documents([Document("x", id="x")])
            assert caught.value.pid == holder.pid
    finally:
        holder.kill()
        holder.wait()
