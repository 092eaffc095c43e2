"""A base of an earlier version is taken further with all it holds, or says how.

`tests/database/schema_2/base.sqlite` was written by the last version of schema 2, and that of
`schema_3` is the same taken further by the last version of schema 3.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from groundglm.errors import BaseOutdatedError
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

OLD = Path(__file__).parent.parent / "database"


@pytest.fixture(params=[1, 2, 3])
def folder(tmp_path, request) -> Path:
    shutil.copy(OLD / f"schema_{max(2, request.param)}" / "base.sqlite", tmp_path)
    if request.param == 1:
        with sqlite3.connect(tmp_path / "base.sqlite") as connection:
            connection.execute("ALTER TABLE contributions DROP COLUMN source_title")
            connection.execute("PRAGMA user_version = 1")
        connection.close()
    return tmp_path


def test_everything_is_still_there(folder):
    with KnowledgeBase.open(folder, HashEmbeddings(16)) as base:
        assert base.statistics() == {
            "documents": 4,
            "passages": 3,
            "vectors": 3,
            "facts": 2,
            "entities": 4,
            "generation": base.database.generation(),
        }
        assert base.database.integrity_problems() == []
        for mode in ("bm25", "vector", "hybrid"):
            (first,) = base.search("harbour lighthouse", k=1, mode=mode)
            assert (first.source.document_id, first.title) == ("elm.txt", "Elm")
        assert base.search("茶馆", mode="bm25")[0].source.document_id == "茶馆.txt"
        assert not base.search("board meets", mode="bm25", labels=[])
        assert base.search("harbour", mode="bm25", filter={"year": {"$lt": 1950}})
        assert [fact.object for fact in base.facts("Elm")] == ["4,100"]
        assert [link.entity.name for link in base.link("How many live in ELM?")] == ["Elm"]
        assert base.graph("Elm").number_of_edges() == 1
        assert base.delete(["elm.txt"]) == ["elm.txt"]
        assert base.statistics()["vectors"] == 2
        assert base.database.integrity_problems() == []


def test_one_that_is_only_read_says_what_to_do_and_stays(folder):
    before = (folder / "base.sqlite").read_bytes()
    with pytest.raises(BaseOutdatedError, match="without read_only=True"):
        KnowledgeBase.open(folder, HashEmbeddings(16), read_only=True)
    assert (folder / "base.sqlite").read_bytes() == before


@pytest.mark.parametrize("step", ["_half", "predicate_key", "fill_names"])
def test_a_crash_on_the_way_leaves_the_old_base(folder, monkeypatch, step):
    from groundglm.database import connection

    before = version(folder)
    if step == "_half" and before == 3:  # its vectors are as they are to be
        step = "fill_names"

    def fail(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(connection, step, fail)
        with pytest.raises((sqlite3.OperationalError, RuntimeError)):
            KnowledgeBase.open(folder, HashEmbeddings(16))
    assert version(folder) == before
    with KnowledgeBase.open(folder, HashEmbeddings(16)) as base:
        assert base.statistics()["documents"] == 4
        assert len(base.facts("Elm")) == 1


def version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "base.sqlite")) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]
