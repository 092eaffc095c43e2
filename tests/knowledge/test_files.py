"""Files into a base and out of it: names that stay, what vanished, what is passed over."""

import os
import shutil

import pytest
from langchain_core.documents import Document

from groundglm.cli.app import run
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in, with documents in `docs` and a base in `kb`."""
    monkeypatch.chdir(tmp_path)
    for name in ("docs/a.txt", "docs/sub/b.md", "note.txt"):
        write(tmp_path / name, f"The text of {name}.")
    return tmp_path


@pytest.fixture
def base(place):
    with KnowledgeBase.open(place / "kb", HashEmbeddings(16)) as opened:
        yield opened


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def ids(base):
    return [one.id for one in base.documents()]


# --- names --------------------------------------------------------------------------------------


def test_names_are_relative_to_the_current_folder(base):
    base.add_files(["docs", "note.txt"])

    assert ids(base) == ["docs/a.txt", "docs/sub/b.md", "note.txt"]


def test_elsewhere_names_are_relative_to_what_holds_the_named_folder(base, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    base.add_files([tmp_path / "docs", tmp_path / "note.txt"])

    assert ids(base) == ["docs/a.txt", "docs/sub/b.md", "note.txt"]


def test_a_file_keeps_its_name_wherever_it_is_added_from(base, monkeypatch, tmp_path):
    base.add_files(["docs"])
    monkeypatch.chdir(tmp_path / "docs")

    report = base.add_files(["a.txt", tmp_path / "docs" / "sub"])

    assert (report.unchanged, report.added) == (["docs/a.txt", "docs/sub/b.md"], [])


def test_two_files_of_one_name_are_two_documents(base, monkeypatch, tmp_path):
    write(tmp_path / "one" / "README.md", "The first.")
    write(tmp_path / "two" / "README.md", "The second.")
    for folder in ("one", "two"):
        monkeypatch.chdir(tmp_path / folder)
        base.add_files(["README.md"])

    assert ids(base) == ["README.md", "two/README.md"]
    assert base.text("README.md") == "The first."


def test_a_document_of_no_file_is_not_overwritten(base):
    base.add_documents([Document("mine", id="note.txt")])

    report = base.add_files(["note.txt"])

    assert not report.updated and base.text("note.txt") == "mine"
    assert base.text(report.added[0]) == "The text of note.txt."


def test_a_name_that_another_process_takes_meanwhile_is_not_overwritten(base, place):
    write(place / "other" / "README.md", "The other.")
    write(place / "README.md", "Mine.")
    stored = base.files()
    metadata = {"source": "README.md", "file": "../other/README.md"}
    base.add_documents([Document("The other.", id="README.md", metadata=metadata)])

    assert stored.name_of(place / "README.md", place / "README.md") != "README.md"


def test_a_name_that_is_taken_while_the_file_is_read_is_not_overwritten(base, place):
    def disturb(progress):
        if progress.name == "note.txt" and "note.txt" not in ids(base):
            with KnowledgeBase.open(base.path) as other:
                other.add_documents([Document("The other.", id="note.txt")])

    report = base.add_files(["note.txt"], progress=disturb)

    assert base.text("note.txt") == "The other."
    ((id_, reason),) = report.refused
    assert id_ == "note.txt" and "meanwhile" in reason
    assert len(base.add_files(["note.txt"]).added) == 1
    assert base.text("note.txt") == "The other."


def test_a_base_that_moves_with_its_files_knows_them(place, monkeypatch):
    with KnowledgeBase.open("kb", HashEmbeddings(16)) as base:
        base.add_files(["docs"])
    (place / "new").mkdir()
    for name in ("kb", "docs"):
        shutil.move(place / name, place / "new" / name)
    monkeypatch.chdir(place / "new")

    with KnowledgeBase.open("kb", HashEmbeddings(16)) as base:
        report = base.add_files(["docs"])

    assert (len(report.unchanged), report.added) == (2, [])


def test_a_file_that_moved_alone_keeps_its_document(base, place):
    base.add_files(["docs/a.txt"])
    shutil.move(place / "docs", place / "moved")
    os.chdir(place / "moved")
    write(place / "docs2" / "x", "")

    report = base.add_files([place / "moved" / "a.txt"])

    # Its new name is free, so it is another document; the old one goes with --sync or remove.
    assert report.added == ["a.txt"]
    os.chdir(place)
    shutil.move(place / "moved", place / "again")
    os.chdir(place / "again")
    assert base.add_files(["a.txt"]).updated == ["a.txt"]


def test_a_base_of_absolute_names_keeps_them(base, place):
    path = (place / "docs" / "a.txt").as_posix()
    base.add_documents([Document("old", id=path, metadata={"source": path, "size": 3})])

    report = base.add_files(["docs"])

    assert (report.updated, report.added) == ([path], ["docs/sub/b.md"])
    assert base.files().documents_of(place / "docs" / "a.txt") == [path]


# --- what vanished ------------------------------------------------------------------------------


def test_sync_takes_out_what_vanished_and_nothing_else(base, place):
    write(place / "docs" / "rows.jsonl", '{"text": "one"}\n{"text": "two"}')
    base.add_files(["docs", "note.txt"])
    base.add_documents([Document("of no file", id="docs/z.txt")])
    (place / "docs" / "rows.jsonl").unlink()
    (place / "docs" / "a.txt").unlink()
    (place / "note.txt").unlink()

    assert not base.add_files(["docs"]).removed
    report = base.add_files(["docs"], sync=True)

    assert sorted(report.removed) == ["docs/a.txt", "docs/rows.jsonl#1", "docs/rows.jsonl#2"]
    assert ids(base) == ["docs/sub/b.md", "docs/z.txt", "note.txt"]
    assert base.add_files(["note.txt"], sync=True).removed == ["note.txt"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_is_empty_or_gone_loses_nothing(base, place, is_there):
    base.add_files(["docs"])
    shutil.rmtree(place / "docs")
    if is_there:
        (place / "docs").mkdir()

    report = base.add_files(["docs"], sync=True)

    assert not report.removed and len(ids(base)) == 2
    ((path, reason),) = report.refused
    assert path == "docs" and "remove --recursive docs" in reason


def test_a_file_that_cannot_be_read_any_more_stays(base, place):
    base.add_files(["docs"])
    (place / "docs" / "a.txt").write_bytes(b"\xff" * 51)

    report = base.add_files(["docs"], sync=True)

    assert not report.removed and len(report.refused) == 1
    assert "docs/a.txt" in ids(base)


def test_a_name_that_never_was_is_refused(base):
    assert base.add_files(["dosc"], sync=True).refused


# --- what is passed over ------------------------------------------------------------------------


def test_what_is_passed_over_is_named_with_its_reason(base, place):
    for name in (
        "docs/.git/config.txt",
        "docs/.env",
        "docs/node_modules/x/README.md",
        "docs/env/pyvenv.cfg",
        "docs/env/lib/x.txt",
        "docs/cache/CACHEDIR.TAG",
        "docs/cache/x.txt",
        "docs/photo.raw",
        "docs/Makefile",
        "docs/base/base.sqlite",
        "docs/base/indexes/manifest.json",
    ):
        write(place / name, "{}")
    (place / "docs" / "out.txt").symlink_to(place / "note.txt")
    os.mkfifo(place / "docs" / "pipe.txt")

    report = base.add_files(["docs"])

    assert report.added == ["docs/a.txt", "docs/sub/b.md"]
    assert not report.refused
    reasons = dict(report.passed_over)
    assert sorted(reasons) == [
        "docs/.env",
        "docs/.git",
        "docs/Makefile",
        "docs/base",
        "docs/cache",
        "docs/env",
        "docs/node_modules",
        "docs/out.txt",
        "docs/photo.raw",
        "docs/pipe.txt",
    ]
    assert reasons["docs/photo.raw"] == "the format .raw is not read"
    assert "no regular file" in reasons["docs/pipe.txt"]


def test_the_index_of_a_base_is_no_document(place):
    with KnowledgeBase.open(place / "docs", HashEmbeddings(16)) as base:
        base.add_documents(Document(f"Text {n}.", id=f"d{n}") for n in range(80))
        base.keep_indexes()

        report = base.add_files([place / "docs"])

    assert report.added == ["a.txt", "sub/b.md"]


def test_what_is_named_itself_is_read(base, place):
    write(place / "docs" / "node_modules" / "x.txt", "Mine.")
    write(place / "docs" / ".hidden.txt", "Mine too.")

    report = base.add_files(["docs/node_modules", "docs/.hidden.txt", "docs/node_modules/x.txt"])

    assert report.added == ["docs/node_modules/x.txt", "docs/.hidden.txt"]


def test_progress_tells_files_and_bytes(base, place):
    told = []
    base.add_files(["docs", "note.txt"], progress=told.append)

    assert [one.files for one in told] == [0, 1, 2, 3]
    assert {one.of_files for one in told} == {3}
    assert told[-1].bytes == told[-1].of_bytes > 0
    assert told[-1].passages == 3
    assert told[0].name == "docs/a.txt"


# --- the command line ---------------------------------------------------------------------------


@pytest.fixture
def made(place, monkeypatch, capsys):
    assert run(["init", "kb", "--embeddings", "hash"]) == 0
    monkeypatch.setenv("GROUNDGLM_KB", "kb")
    write(place / "docs" / "rows.jsonl", '{"text": "one"}\n{"text": "two"}')
    assert run(["add", "docs", "note.txt"]) == 0
    capsys.readouterr()
    return place


def listed(capsys):
    capsys.readouterr()
    assert run(["list"]) == 0
    return [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[:-1]]


def test_remove_takes_a_file_or_a_document(made, capsys, monkeypatch):
    assert run(["remove", "note.txt", "docs/rows.jsonl#1"]) == 0
    assert listed(capsys) == ["docs/a.txt", "docs/rows.jsonl#2", "docs/sub/b.md"]

    monkeypatch.chdir(made / "docs")
    monkeypatch.setenv("GROUNDGLM_KB", "../kb")
    assert run(["remove", "rows.jsonl", "./a.txt"]) == 0
    assert listed(capsys) == ["docs/sub/b.md"]


def test_remove_takes_a_folder_only_when_told(made, capsys):
    assert run(["remove", "docs"]) == 1
    assert "--recursive" in capsys.readouterr().err
    assert len(listed(capsys)) == 5

    assert run(["remove", "-r", "docs/"]) == 0
    assert listed(capsys) == ["note.txt"]


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_removes_nothing(made, capsys, name):
    assert run(["remove", "-r", name]) == 1
    assert len(listed(capsys)) == 5


def test_remove_names_what_is_near(made, capsys):
    assert run(["remove", "notes.txt"]) == 1
    assert "the nearest is 'note.txt'" in capsys.readouterr().err


def test_facts_of_a_file_are_removed_by_its_name(made, capsys):
    write(made / "facts.csv", "subject,predicate,object\n苏轼,朝代,北宋\n")
    assert run(["add-facts", "facts.csv"]) == 0
    assert run(["remove", str(made / "facts.csv")]) == 0
    assert "facts.csv" not in listed(capsys)


def test_add_tells_what_it_passed_over(made, capsys):
    for number in range(25):
        write(made / "docs" / f"{number}.raw", "")
    assert run(["add", "docs"]) == 0
    said = capsys.readouterr().out
    assert said.count("the format .raw is not read") == 21
    assert "5 more" in said


def test_facts_of_an_earlier_version_are_not_added_twice(made, capsys):
    file = made / "facts.csv"
    write(file, "subject,predicate,object\n苏轼,朝代,北宋\n")
    with KnowledgeBase.open("kb") as base:
        fact = {"subject": "苏轼", "predicate": "朝代", "object": "宋"}
        base.add_facts([fact], document_id=file.as_posix())
    assert run(["add-facts", "facts.csv"]) == 0
    assert [name for name in listed(capsys) if "facts" in name] == [file.as_posix()]
