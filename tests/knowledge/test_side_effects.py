"""What stays behind after a call: half-made bases, limits of the process, lost columns."""

import csv
import sqlite3
from contextlib import closing

import pytest

from groundglm.errors import NotABaseError
from groundglm.knowledge import KnowledgeBase, read_facts
from groundglm.retrieval import HashEmbeddings


class BrokenEmbeddings(HashEmbeddings):
    def embed_documents(self, texts):
        raise RuntimeError("the model does not load")

    embed_query = embed_documents


def test_a_model_that_does_not_work_leaves_nothing_on_disk(tmp_path):
    folder = tmp_path / "new" / "base"
    with pytest.raises(RuntimeError, match="does not load"):
        KnowledgeBase.open(folder, BrokenEmbeddings())
    assert not (tmp_path / "new").exists()


def test_a_base_that_was_begun_only_says_how_to_finish_it(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.database.close()
    with closing(sqlite3.connect(tmp_path / "base.sqlite")) as connection:
        connection.execute("DELETE FROM manifest")
        connection.commit()

    with pytest.raises(NotABaseError, match="begun but not finished.*groundglm init"):
        KnowledgeBase.open(tmp_path, read_only=True)
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        assert base.statistics()["documents"] == 0


# --- files of facts ---


def test_reading_facts_leaves_the_limit_of_csv_as_it_was(tmp_path):
    before = csv.field_size_limit(99_999)
    try:
        (tmp_path / "f.csv").write_text("subject,predicate,object\na,is,b\n")
        read_facts(tmp_path / "f.csv")
        assert csv.field_size_limit() == 99_999
    finally:
        csv.field_size_limit(before)


def test_an_unclosed_mark_costs_its_own_line_only(tmp_path):
    rows = "\n".join(f"s{n},is,o{n}" for n in range(3_000))
    text = f'subject,predicate,object\na,is,"b\n{rows}\n"x",is,"two\nlines"\ny,is,"open\nz,is,w\n'
    (tmp_path / "f.csv").write_text(text)

    found = read_facts(tmp_path / "f.csv")

    assert [line for line, _ in found.refused] == [2, 3005]
    assert "not closed" in found.refused[0][1]
    assert len(found) == 3_002
    assert {"subject": "x", "predicate": "is", "object": "two\nlines", "line": 3003} in found.facts
    assert found.facts[-1]["subject"] == "z"


def test_the_source_that_a_row_names_is_kept(tmp_path):
    text = "主语,谓语,宾语,来源\n苏轼,出生时间,1037年,宋史\n苏轼,朝代,北宋,\n"
    (tmp_path / "f.csv").write_text(text, "utf-8")
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings()) as base:
        base.add_facts(read_facts(tmp_path / "f.csv"), document_id="f.csv", title="人物")
        found = base.search("苏轼的出生时间是什么时候？", mode="graph")

        assert found[0].sources[0].title == "宋史"
        titles = {fact.predicate: fact.sources[0].title for fact in base.facts("苏轼")}
        assert titles == {"出生时间": "宋史", "朝代": "人物"}
        assert base.facts("苏轼")[0].sources[0].document_id == "f.csv"

        changed = [{"主语": "苏轼", "谓语": "出生时间", "宾语": "1037年", "来源": "东坡志林"}]
        report = base.add_facts(changed, document_id="f.csv", title="人物")
        assert report.updated == ["f.csv"]
