"""A file of several documents that is read again leaves nothing of what it no longer holds."""

import json
import zipfile

import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.loading import ReadingOptions, load_files
from groundglm.retrieval import HashEmbeddings


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(16)) as opened:
        yield opened


def write(path, *texts):
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts), "utf-8")


def ids(base):
    return [one.id for one in base.documents()]


def test_rows_that_a_file_lost_are_removed(base, tmp_path):
    rows = tmp_path / "rows.jsonl"
    write(rows, "one", "two", "three")
    base.add_documents(load_files([rows], root=tmp_path))

    write(rows, "one")
    report = base.add_documents(load_files([rows], root=tmp_path))

    assert report.removed == ["rows.jsonl#2", "rows.jsonl#3"]
    assert ids(base) == ["rows.jsonl#1"]
    assert not base.search("three", mode="bm25")


def test_a_list_that_became_one_object_leaves_no_item(base, tmp_path):
    file = tmp_path / "a.json"
    file.write_text('[{"text": "one"}, {"text": "two"}]', "utf-8")
    base.add_documents(load_files([file], root=tmp_path))

    file.write_text('{"text": "alone"}', "utf-8")
    base.add_documents(load_files([file], root=tmp_path))

    assert ids(base) == ["a.json"]


def test_what_is_not_of_the_file_stays(base, tmp_path):
    rows = tmp_path / "rows.jsonl"
    base.add_facts([{"subject": "a", "predicate": "b", "object": "c"}], document_id="rows.jsonl")
    own = [Document("mine", id="rows.jsonl#9"), Document("other", id="other.jsonl#3")]
    base.add_documents(own)
    write(rows, "one", "two")

    report = base.add_documents(load_files([rows], root=tmp_path))

    assert not report.removed
    assert {"rows.jsonl", "rows.jsonl#9", "other.jsonl#3"} < set(ids(base))


def test_a_file_that_cannot_be_read_any_more_keeps_its_rows(base, tmp_path):
    rows = tmp_path / "rows.jsonl"
    write(rows, "one", "two")
    base.add_documents(load_files([rows], root=tmp_path))

    rows.write_text('{"text": "one"}\n{"text": ', "utf-8")
    found = [one for one in load_files([rows], root=tmp_path) if isinstance(one, Document)]
    base.add_documents(found)

    assert ids(base) == ["rows.jsonl#1", "rows.jsonl#2"]


@pytest.mark.parametrize("told", [5, "x", {"parts": 5}, {"parts": "abc"}, {"notes": [1]}, [1]])
def test_strange_words_of_a_loader_do_no_harm(base, told):
    base.add_documents([Document("one", id="s#1", metadata={"source": "s"})])
    metadata = {"source": "s", "groundglm_reading": told}
    report = base.add_documents([Document("two", id="s#2", metadata=metadata)])
    assert (report.removed, report.notes) == ([], [])
    assert ids(base) == ["s#1", "s#2"]


def test_attachments_that_are_gone_go_with_their_rows(tmp_path):
    rows = json.dumps([{"text": "The ferry leaves at nine."}, {"text": "It comes back at noon."}])

    def write(content: str) -> None:
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as file:
            file.writestr("rows.json", content)
            file.writestr("a.txt", "Bicycles cost two euros.")

    options = ReadingOptions(archives=True)
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        write(rows)
        assert len(base.add_files([tmp_path / "all.zip"], options=options).added) == 3
        write('[{"text": "The ferry leaves at ten."}]')
        report = base.add_files([tmp_path / "all.zip"], options=options)

    assert report.updated == ["all.zip#rows.json#1", "all.zip#a.txt"]
    assert report.removed == ["all.zip#rows.json#2"]
