"""One process writes without a pause while eight readers ask: no error, and no torn read."""

import subprocess
import sys
import time

import pytest

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

WRITE = """
import sys
from langchain_core.documents import Document
from groundglm.knowledge import KnowledgeBase
base = KnowledgeBase.open(sys.argv[1])
print("ready", flush=True)
version = 0
while True:
    version += 1
    id_ = f"d{version % 12}"
    if version % 7 == 3:
        base.delete([id_])
    elif version % 101 == 50:
        base.compact()
    else:
        # Several passages, facts among them, that all tell one version.
        text = "\\n\\n".join(
            f"# Part {part}\\n\\nTown{version} is a town in Elmland. " + f"v{version} " * 90
            for part in range(4)
        )
        base.add_documents([Document(text, id=id_, metadata={"title": f"Town{version}"})])
"""

READ = """
import re, sys, threading, time
from groundglm.knowledge import KnowledgeBase
until = time.monotonic() + float(sys.argv[2])
base = KnowledgeBase.open(sys.argv[1], read_only=True)
print("ready", flush=True)
asked = [0]

def read(number):
    while time.monotonic() < until:
        for mode in ("hybrid", "vector", "graph"):
            found = base.search("Which town is in Elmland?", k=8, mode=mode)
            for one in found:
                told = {name[1:] for name in re.findall(r"\\bv\\d+", one.text)}
                told |= set(re.findall(r"Town(\\d+)", one.text + one.title))
                assert len(told) == 1, one
            asked[0] += 1
        with base.database.snapshot():
            for info in base.documents():
                passages = base.passages(info.id)
                assert info.passages == len(passages)
                text = base.text(info.id)
                assert all(p.source.span.cut(text) == p.text for p in passages)
        base.facts("Elmland")

threads = [threading.Thread(target=read, args=(n,)) for n in range(int(sys.argv[3]))]
failed = []
threading.excepthook = lambda told: failed.append(told.exc_value) or sys.__excepthook__(
    told.exc_type, told.exc_value, told.exc_traceback
)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("failed" if failed else f"asked {asked[0]}", flush=True)
"""


@pytest.mark.timeout(900)
def test_one_writer_and_eight_readers(tmp_path, full):
    seconds, processes, threads = (300, 8, 1) if full else (4, 2, 4)
    KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(32)).close()

    def started(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, str(tmp_path / "kb"), *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    writer = started(WRITE)
    readers: list[subprocess.Popen[str]] = []
    try:
        assert writer.stdout.readline() == "ready\n"
        time.sleep(0.5)
        readers = [started(READ, seconds, threads) for _ in range(processes)]
        told = [reader.communicate(timeout=seconds + 120)[0].splitlines() for reader in readers]
        assert writer.poll() is None
    finally:
        for process in (writer, *readers):
            process.kill()
            process.wait()
    assert all(lines[0] == "ready" and lines[-1].startswith("asked ") for lines in told), told
    assert all(int(lines[-1].split()[1]) > 0 for lines in told)
    with KnowledgeBase.open(tmp_path / "kb") as base:
        assert base.database.integrity_problems() == []
