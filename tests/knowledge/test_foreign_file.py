"""Another program's file is refused and left as it is."""

import sqlite3
from contextlib import closing

import pytest

from groundglm.errors import NotABaseError
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings


def test_a_foreign_file_is_refused_unchanged(tmp_path):
    file = tmp_path / "base.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(NotABaseError):
        KnowledgeBase.open(tmp_path, HashEmbeddings())
    assert file.read_bytes() == before
