"""Backups, packing and another embedding model: nothing is lost, nothing of the deleted stays."""

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.cli.app import run
from groundglm.errors import EmbeddingMismatchError, GroundGLMError, StorageError
from groundglm.knowledge import KnowledgeBase
from groundglm.knowledge.backups import restore
from groundglm.retrieval import FAISSVectorStore, HashEmbeddings

COUNT = 90
SECRET = "zyzzyva"


def documents(count: int = COUNT) -> list[Document]:
    names = [f"otter{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(count)]
    return [
        Document(f"{name} lives in the river.", id=f"d{n}", metadata={"title": name})
        for n, name in enumerate(names)
    ]


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as opened:
        opened.add_documents(documents())
        opened.add_documents([Document(f"The {SECRET} is hidden.", id=f"{SECRET}.txt")])
        opened.add_facts([{"subject": "苏轼", "predicate": "朝代", "object": "北宋"}])
        opened.delete([f"{SECRET}.txt", "d1", "d2"])
        yield opened


def held(base: KnowledgeBase) -> tuple[object, ...]:
    found = [(one.id, one.score) for one in base.search("otterac river", k=20)]
    facts = [fact.object for fact in base.facts("苏轼")]
    return [one.id for one in base.documents()], found, facts


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# --- packing ------------------------------------------------------------------------------------


def test_compact_leaves_nothing_of_what_was_deleted(base):
    before = held(base)
    assert SECRET.encode() in bytes_in(base.path)

    size, packed = base.compact()

    assert packed < size
    assert SECRET.encode() not in bytes_in(base.path)
    assert held(base) == before
    assert base.database.integrity_problems() == []
    counts = base.statistics()
    assert counts["vectors"] == counts["passages"]


def test_a_reader_that_was_behind_sees_the_base_as_it_is(base):
    with KnowledgeBase.open(base.path, HashEmbeddings(16), read_only=True) as reader:
        held(reader)
        reader.search("otteraf", mode="graph", labels=["x"])
        base.delete(["d3", "d4", "facts"])
        base.add_documents([Document("otterzz is new.", id="new")])
        base.compact()
        assert held(reader) == held(base)
        assert not reader.search("otterad", mode="bm25")
        assert reader.search("otterzz", mode="bm25")[0].source.document_id == "new"


def test_a_packed_index_is_opened_and_not_made_anew(base, monkeypatch, caplog):
    base.compact()
    base.close()
    with KnowledgeBase.open(base.path, HashEmbeddings(16)) as again:
        monkeypatch.setattr("groundglm.retrieval.bm25._fields", None)  # nothing is cut into words
        assert [one.source.document_id for one in again.search("otterac", mode="bm25")] == []
        assert again.search("otteraf", mode="bm25")[0].source.document_id == "d5"
    assert not caplog.text
    assert len(list((base.path / "indexes").glob("*.safetensors"))) == 1


def test_compact_needs_room(base, monkeypatch):
    before = (base.path / "base.sqlite").stat().st_size
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(StorageError, match="MB are free"):
        base.compact()
    assert (base.path / "base.sqlite").stat().st_size == before


def test_a_compact_that_is_killed_leaves_the_base(base):
    before = held(base)
    base.close()
    code = (
        "import os, sys\nfrom groundglm import KnowledgeBase\n"
        "from groundglm.retrieval import HashEmbeddings, passage_indexes\n"
        "passage_indexes.PassageIndexes.save_packed = lambda _: os._exit(9)\n"
        "KnowledgeBase.open(sys.argv[1], HashEmbeddings(16)).compact()"
    )
    assert subprocess.run([sys.executable, "-c", code, base.path]).returncode == 9
    with KnowledgeBase.open(base.path, HashEmbeddings(16)) as again:
        assert held(again) == before


# --- backups ------------------------------------------------------------------------------------


def test_a_backup_makes_the_same_base_elsewhere(base, tmp_path):
    (base.path / "groundglm.toml").write_text("[grounding]\nk = 7\n", "utf-8")
    told = base.backup(tmp_path / "saved" / "one.zip")

    assert restore(tmp_path / "saved" / "one.zip", tmp_path / "again") == told

    assert told["documents"] == COUNT - 2 + 1
    assert SECRET.encode() not in bytes_in(tmp_path / "again")
    assert "k = 7" in (tmp_path / "again" / "groundglm.toml").read_text("utf-8")
    with KnowledgeBase.open(tmp_path / "again") as other:
        assert held(other) == held(base)
        assert other.delete(["d9"]) == ["d9"]
        assert "d9" in [one.id for one in base.documents()]


def test_a_backup_is_of_one_moment_while_others_write(base, tmp_path):
    code = (
        "import sys\nfrom langchain_core.documents import Document\n"
        "from groundglm import KnowledgeBase\nfrom groundglm.retrieval import HashEmbeddings\n"
        "base = KnowledgeBase.open(sys.argv[1], HashEmbeddings(16))\nprint('on', flush=True)\n"
        "for n in range(100000):\n"
        "    base.add_documents([Document(f'w{n}', id=f'w{n}')], extract_facts=False)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, base.path], stdout=subprocess.PIPE, text=True
    )
    try:
        writer.stdout.readline()
        for number in range(3):
            base.backup(tmp_path / f"{number}.zip")
    finally:
        writer.kill()
        writer.wait()
    for number in range(3):
        restore(tmp_path / f"{number}.zip", tmp_path / str(number))
        with KnowledgeBase.open(tmp_path / str(number)) as other:
            written = [one.id for one in other.documents() if one.id.startswith("w")]
            assert sorted(written) == sorted(f"w{n}" for n in range(len(written)))


def test_nothing_is_replaced_unless_it_is_asked_for(base, tmp_path):
    file = tmp_path / "one.zip"
    base.backup(file)
    with pytest.raises(FileExistsError, match="--force"):
        base.backup(file)
    base.delete(["d5"])
    base.close()
    (base.path / "mine.txt").write_text("mine", "utf-8")

    with pytest.raises(FileExistsError, match="--force"):
        restore(file, base.path)
    restore(file, base.path, replace=True)

    with KnowledgeBase.open(base.path) as again:
        assert "d5" in [one.id for one in again.documents()]
    assert (base.path / "mine.txt").read_text("utf-8") == "mine"
    (aside,) = base.path.glob("replaced-*")
    with KnowledgeBase.open(aside) as old:
        assert "d5" not in [one.id for one in old.documents()]


def test_what_waits_in_the_log_is_there_though_a_restore_is_killed(base, tmp_path, monkeypatch):
    base.backup(tmp_path / "one.zip")
    base.add_documents([Document("otterzz is new.", id="new")])  # in the write-ahead log only
    copy = tmp_path / "copy"
    shutil.copytree(base.path, copy)
    assert (copy / "base.sqlite-wal").stat().st_size

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("groundglm.knowledge.backups.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "one.zip", copy, replace=True)
    monkeypatch.undo()
    with KnowledgeBase.open(copy) as again:
        assert "new" in [one.id for one in again.documents()]


@pytest.mark.parametrize(
    "hurt", ["cut", "flipped", "text", "other", "long", "bare", "trigger", "missing"]
)
def test_a_backup_that_is_none_changes_nothing(base, tmp_path, hurt):
    file = tmp_path / "one.zip"
    base.backup(file)
    if hurt in ("cut", "flipped"):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data[: len(data) // 2] if hurt == "cut" else data)
    elif hurt == "text":
        file.write_text("no ZIP", "utf-8")
    elif hurt == "missing":
        file.unlink()
    else:
        with zipfile.ZipFile(file) as archive:
            told = json.loads(archive.read("backup.json"))
            (tmp_path / "base.sqlite").write_bytes(archive.read("base.sqlite"))
        if hurt == "trigger":
            with sqlite3.connect(tmp_path / "base.sqlite") as connection:
                connection.execute(
                    "CREATE TRIGGER t AFTER INSERT ON documents BEGIN DELETE FROM facts; END"
                )
            connection.close()
        data = (tmp_path / "base.sqlite").read_bytes()
        import hashlib

        told["sha256"] = hashlib.sha256(data).hexdigest()
        told["bytes"] = len(data) - (hurt == "long")
        if hurt == "other":
            told["format"] = 99
        if hurt == "bare":
            del told["sha256"]
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("backup.json", json.dumps(told))
            archive.writestr("base.sqlite", data)
            archive.writestr("../evil.txt", "x")

    with pytest.raises((GroundGLMError, FileNotFoundError)):
        restore(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    before = bytes_in(base.path)
    with pytest.raises((GroundGLMError, FileNotFoundError)):
        restore(file, base.path, replace=True)
    assert bytes_in(base.path) == before
    assert not (tmp_path / "evil.txt").exists()


# --- another embedding model --------------------------------------------------------------------


def test_reembedding_changes_the_model_at_one_stroke(base):
    told: list[tuple[int, int]] = []

    assert base.reembed(HashEmbeddings(32), progress=lambda *one: told.append(one)) == COUNT - 2

    assert base.embedding_name == "hash-32"
    assert told[-1] == (COUNT - 2, COUNT - 2)
    with KnowledgeBase.open(base.path.parent / "new", HashEmbeddings(32)) as new:
        new.add_documents(one for one in documents() if one.id not in ("d1", "d2"))

        def found(kb: KnowledgeBase) -> list[tuple[str, float]]:
            hits = kb.search("otteraf river", k=9, mode="vector")
            return [(one.source.document_id, round(one.score, 4)) for one in hits]

        assert found(base) == found(new)
    base.add_documents([Document("otterzz", id="z")])
    assert base.search("otterzz", mode="vector")[0].source.document_id == "z"
    assert base.database.integrity_problems() == []


def test_an_interrupted_change_leaves_the_base_and_goes_on(base, monkeypatch):
    class Failing(HashEmbeddings):
        calls = 0

        def embed_documents(self, texts):
            self.calls += 1
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().embed_documents(texts)

    monkeypatch.setattr("groundglm.knowledge.changing_model._BATCH", 20)
    before = held(base)
    with pytest.raises(KeyboardInterrupt):
        base.reembed(Failing(32))
    assert held(base) == before
    base.add_documents([Document("otterzz", id="z")])
    base.delete(["d9"])

    assert base.reembed(HashEmbeddings(32)) == COUNT - 2 - 40 + 1 - 0
    assert base.search("otterzz", mode="vector")[0].source.document_id == "z"


def test_documents_that_come_meanwhile_are_embedded_too(base, monkeypatch):
    monkeypatch.setattr("groundglm.knowledge.changing_model._BATCH", 20)
    with KnowledgeBase.open(base.path) as other:

        class Disturbed(HashEmbeddings):
            calls = 0

            def embed_documents(self, texts):
                self.calls += 1
                if self.calls <= 6:
                    other.add_documents([Document(f"late{self.calls}", id=f"late{self.calls}")])
                return super().embed_documents(texts)

        base.reembed(Disturbed(32))
        assert base.search("late6", mode="vector")[0].source.document_id == "late6"
        # The other one loads the new model by itself.
        assert other.search("late6", mode="vector")[0].source.document_id == "late6"
        assert other.embedding_name == "hash-32"


def test_who_holds_the_old_model_stores_and_finds_nothing_by_it(base):
    with KnowledgeBase.open(base.path, HashEmbeddings(16)) as other:
        store = other.as_vector_store()
        other.search("otteraf")
        base.reembed(HashEmbeddings(32))
        with pytest.raises(EmbeddingMismatchError):
            other.search("otteraf", mode="vector")
        assert other.search("otteraf", mode="bm25")
        with pytest.raises(EmbeddingMismatchError):
            store.similarity_search("otteraf")
        with pytest.raises(EmbeddingMismatchError):
            other.add_documents([Document("more", id="more")])
        assert "more" not in [one.id for one in base.documents()]
    with FAISSVectorStore(HashEmbeddings(16), base.path.parent / "s.sqlite") as standing:
        standing.add_texts(["a"])
        assert standing.similarity_search("a")


# --- the command line ---------------------------------------------------------------------------


def test_the_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDGLM_KB", "kb")
    (tmp_path / "a.txt").write_text("Otters live in rivers.", "utf-8")
    assert run(["init", "kb", "--embeddings", "hash"]) == 0
    assert run(["add", "a.txt"]) == 0
    assert run(["backup", "kb.zip"]) == 0
    assert run(["backup", "kb.zip"]) == 1
    assert run(["backup", "kb.zip", "--force", "--json"]) == 0
    assert run(["restore", "kb.zip", "other"]) == 0
    assert run(["search", "otters", "--kb", "other"]) == 0
    assert run(["compact"]) == 0
    assert run(["reembed", "hash-32"]) == 0
    assert 'model = "hash-32"' in (tmp_path / "kb" / "groundglm.toml").read_text("utf-8")
    capsys.readouterr()
    assert run(["search", "otters"]) == 0
    assert "a.txt" in capsys.readouterr().out
    assert run(["add", "a.txt"]) == 0
    assert run(["doctor"]) == 0
