"""A server that is killed in the middle of uploads: nothing is lost, nothing is half there."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

from groundglm import KnowledgeBase
from groundglm.serving.uploads import FOLDER, UploadedFiles

from .conftest import fill


def text_of(number):
    lines = [f"Station {number} of the Kolm line has {number + 3} lamps."]
    lines += [f"Line {line} of the log of station {number}." for line in range(200 + number)]
    return "\n".join(lines)


class Killable:
    """`groundglm serve` as a process of its own."""

    def __init__(self, folder, *more):
        self.given = (folder, *more)
        command = [sys.executable, "-m", "groundglm", "serve", str(folder), "--port", "0", *more]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8")
        line = self.process.stderr.readline()
        assert "Serving" in line, line + self.process.stderr.read()
        self.url = line.split(" at ")[1].split(" ")[0]
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_acknowledged_is_there_and_what_is_there_is_whole(tmp_path, full):
    folder = fill(tmp_path / "kb")
    chance = random.Random(5)
    acknowledged, sent = set(), 0
    for _ in range(12 if full else 5):
        server = Killable(folder)
        stop = threading.Event()

        def send(url=server.url, stop=stop):
            nonlocal sent
            with httpx.Client(base_url=url, timeout=30) as client:
                while not stop.is_set():
                    number = sent
                    sent += 1
                    files = {"files": (f"station-{number}.txt", text_of(number).encode())}
                    try:
                        reply = client.post("/api/bases/kb/documents", files=files)
                    except httpx.HTTPError:
                        return
                    if reply.status_code == 200:
                        assert reply.json()["files"][0]["status"] in ("added", "unchanged")
                        acknowledged.add(number)

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(0.3 + 1.5 * chance.random())
        server.kill()
        stop.set()
        sending.join(60)
        assert not sending.is_alive()
    server = Killable(folder)
    try:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            last = client.post("/api/bases/kb/documents", files={"files": ("end.txt", b"The end.")})
            assert last.status_code == 200  # behind whatever was left
            listed = client.get("/api/bases/kb/documents", params={"limit": 500, "q": FOLDER})
            ids = {one["id"] for one in listed.json()["documents"]} - {f"{FOLDER}/end.txt"}
            numbers = {int(id_.rpartition("-")[2].removesuffix(".txt")) for id_ in ids}
            assert acknowledged and acknowledged <= numbers
            for number in numbers:
                id_ = f"{FOLDER}/station-{number}.txt"
                told = client.get("/api/bases/kb/document", params={"id": id_}).json()
                assert told["text"] == text_of(number)
    finally:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    assert not (folder / "server.json").exists()
    there = {path.name for path in (folder / FOLDER).iterdir() if path.is_file()}
    assert {f"station-{number}.txt" for number in numbers} == there - {"end.txt"}
    partial = folder / ".uploads" / "partial"
    assert not [path for path in partial.rglob("*") if path.is_file()]
    with KnowledgeBase.open(folder, read_only=True) as base:
        assert base.statistics()["documents"] == 4 + len(there)


def test_what_a_crash_left_is_added_put_back_or_cleared_away(tmp_path):
    folder = fill(tmp_path / "kb")
    files, on_the_way = UploadedFiles(folder), folder / ".uploads"
    labelled, unknown = folder / FOLDER / "0123456789ab", folder / FOLDER / "ffffffffffff"
    for made in (labelled, unknown, on_the_way / "partial", on_the_way / "replaced"):
        made.mkdir(parents=True)
    (labelled / ".labels.json").write_text(json.dumps({"owner": "x", "labels": ["staff"]}))
    lying = {
        "unread.txt": "The mill of Ost grinds rye.",
        "bad.pdf": "%PDF-1.4 nothing",
        "0123456789ab/secret.txt": "The tunnel of Ost is closed.",
        "ffffffffffff/who.txt": "Nobody knows who may see this.",
    }
    for name, text in lying.items():
        (folder / FOLDER / name).write_text(text, "utf-8")
    for name in (*lying, "gone.txt"):
        begun = on_the_way / "begun" / name
        begun.parent.mkdir(parents=True, exist_ok=True)
        begun.touch()
    (on_the_way / "partial" / "abc").mkdir()
    (on_the_way / "partial" / "abc" / ".alive").touch()
    (on_the_way / "partial" / "abc" / "half").write_bytes(b"half")
    (on_the_way / "replaced" / "bad.pdf").write_bytes(b"the good one before")
    (on_the_way / "replaced" / "unread.txt").write_text("what was replaced", "utf-8")
    (on_the_way / "replaced" / "gone.txt").write_text("The inn of Ost has nine beds.", "utf-8")
    with KnowledgeBase.open(folder) as base:
        files.recover(base)
        ids = {one.id for one in base.documents()}
        assert {f"{FOLDER}/unread.txt", f"{FOLDER}/0123456789ab/secret.txt"} <= ids
        assert not [id_ for id_ in ids if "who.txt" in id_]
        public = {one.id for one in base.documents(labels=[])}
        assert f"{FOLDER}/0123456789ab/secret.txt" not in public
    assert (folder / FOLDER / "bad.pdf").read_bytes() == b"the good one before"
    assert "grinds rye" in (folder / FOLDER / "unread.txt").read_text("utf-8")
    assert (folder / FOLDER / "gone.txt").is_file()
    assert not list((on_the_way / "partial").iterdir())
    assert not [path for path in (on_the_way / "replaced").rglob("*") if path.is_file()]


def test_a_server_that_starts_leaves_alone_what_another_is_receiving(tmp_path):
    folder = fill(tmp_path / "kb")
    one, other = UploadedFiles(folder), UploadedFiles(folder)
    received = one.receive(io.BytesIO(b"The mill of Ost grinds rye."), most=100, name="ost.txt")
    with KnowledgeBase.open(folder) as base:
        other.recover(base)
        assert received.read_bytes() == b"The mill of Ost grinds rye."
        one.close()
        other.recover(base)
    assert not received.exists()


def test_a_document_that_was_deleted_otherwise_does_not_come_back(tmp_path):
    folder = fill(tmp_path / "kb")
    server = Killable(folder)
    try:
        sent = {"files": ("ost.txt", b"The mill of Ost grinds rye.")}
        with httpx.Client(base_url=server.url, timeout=30) as client:
            assert client.post("/api/bases/kb/documents", files=sent).status_code == 200
    finally:
        server.kill()
    with KnowledgeBase.open(folder) as base:
        assert base.delete([f"{FOLDER}/ost.txt"])
        UploadedFiles(folder).recover(base)
        assert f"{FOLDER}/ost.txt" not in {one.id for one in base.documents()}


def test_the_note_of_a_server_is_its_owners_and_goes_with_it(tmp_path):
    from groundglm.base_folder import read_notice

    folder = fill(tmp_path / "kb")
    server = Killable(folder)
    note = folder / "server.json"
    assert note.stat().st_mode & 0o077 == 0
    assert read_notice(folder).url == server.url
    done = subprocess.run(
        [sys.executable, "-m", "groundglm", "ask", "青石桥建于哪一年？", "--kb", str(folder)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=60,
    )
    assert done.returncode == 0 and "1652" in done.stdout and "bridge.txt" in done.stdout
    server.kill()
    assert note.exists() and read_notice(folder) is None  # it is stale
    done = subprocess.run(
        [sys.executable, "-m", "groundglm", "ask", "青石桥建于哪一年？", "--kb", str(folder)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0 and "1652" in done.stdout
