"""Rows in and out of a base's file: whatever is put in comes out, and goes with its document."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from groundglm import Fact, Source, Span
from groundglm.database import Database
from groundglm.database.records import DocumentRecord, PassageRecord
from groundglm.database.schema import SCHEMA_VERSION
from groundglm.errors import BaseCorruptError, GroundGLMError
from groundglm.facts import Contribution

IDS = ["a", "b", "c d", "好"]
TEXTS = ["one", "two", "three", "四"]


def record(id_: str, texts: list[str], facts: list[tuple[str, str]], *, title="T", labels=()):
    """A document of a passage for each text, and facts that its first passage says."""
    whole = "\n".join(texts)
    passages: list[PassageRecord] = []
    start = 0
    for position, text in enumerate(texts):
        span = Span(start, start + len(text))
        key = f"v-{text}" if position % 2 == 0 else None
        passages.append(
            PassageRecord(
                f"{id_}-{position}", id_, position, span, text, page=position, vector_key=key
            )
        )
        start += len(text) + 1
    said = [
        Fact(
            subject,
            "is",
            object_,
            (Contribution(Source(id_, title, 3, Span(0, 1)), f"{id_}-0", "rule:x", 0.5, "1999"),),
        )
        for subject, object_ in facts
    ]
    return DocumentRecord(
        id_, "text", title, whole, {"n": 1}, labels, "hash", tuple(passages), tuple(said)
    )


class DatabaseMachine(RuleBasedStateMachine):
    """The database against a dictionary of the records that it should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, DocumentRecord] = {}
        self.touched: dict[str, int] = {}
        self.generation = 0

    @initialize()
    def open(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name) / "base.sqlite", create=True)

    @rule(
        id_=st.sampled_from(IDS),
        texts=st.lists(st.sampled_from(TEXTS), max_size=3),
        facts=st.lists(
            st.tuples(st.sampled_from("xy"), st.sampled_from("pq")), max_size=3, unique=True
        ),
    )
    def put(self, id_, texts, facts) -> None:
        made = record(id_, texts, facts)
        vectors = {p.vector_key: p.text.encode() for p in made.passages if p.vector_key}
        self.database.put_document(made, vectors)
        self.held[id_] = made
        self._changed([id_])

    @rule(ids=st.lists(st.sampled_from(IDS), max_size=3))
    def delete(self, ids) -> None:
        there = sorted({id_ for id_ in ids if id_ in self.held})
        assert sorted(self.database.delete_documents(ids)) == there
        for id_ in there:
            del self.held[id_]
        if there:
            self._changed(there)

    @precondition(lambda self: self.held)
    @rule()
    def open_again(self) -> None:
        self.database.close()
        self.database = Database(Path(self.folder.name) / "base.sqlite")

    def _changed(self, ids) -> None:
        self.generation += 1
        self.touched |= dict.fromkeys(ids, self.generation)

    @invariant()
    def it_holds_the_records_and_nothing_else(self) -> None:
        if not hasattr(self, "database"):
            return
        database, held = self.database, self.held
        assert {one.id: one.characters for one in database.documents()} == {
            id_: len(one.text) for id_, one in held.items()
        }
        for id_, one in held.items():
            assert database.text(id_) == one.text
            assert tuple(f.passage for f in database.passages_of([id_])) == one.passages
        said = {id_: tuple(facts) for id_, facts in database.facts_of()}
        assert said == {id_: one.facts for id_, one in held.items() if one.facts}
        passages = [p for one in held.values() for p in one.passages]
        facts = {fact.id for one in held.values() for fact in one.facts}
        counts = database.counts()
        assert (counts["passages"], counts["facts"]) == (len(passages), len(facts))
        assert counts["vectors"] == len({p.vector_key for p in passages if p.vector_key})
        assert database.generation() == self.generation
        for since in (0, self.generation - 1, self.generation):
            changed = sorted(id_ for id_, when in self.touched.items() if when > since)
            assert database.changed_since(since) == changed
        assert database.without_vectors() == set()
        assert database.integrity_problems() == []

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()


TestDatabaseMachine = DatabaseMachine.TestCase
TestDatabaseMachine.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "base.sqlite"


def test_a_snapshot_sees_one_moment_while_another_process_writes(file: Path) -> None:
    database, other = Database(file, create=True), Database(file)
    database.put_document(record("a", ["one"], []))
    with database.snapshot():
        assert [one.id for one in database.documents()] == ["a"]
        other.put_document(record("b", ["two"], []))
        assert [one.id for one in database.documents()] == ["a"]
    assert [one.id for one in database.documents()] == ["a", "b"]


def test_more_ids_than_sqlite_takes_variables_are_asked_in_parts(file: Path) -> None:
    database = Database(file, create=True)
    database.put_document(record("d1500", ["one"], [("x", "p")]))
    many = [f"d{number}" for number in range(2500)]
    found = database.passages_by_id([f"{id_}-0" for id_ in many])
    assert [one.passage.id for one in found.values()] == ["d1500-0"]
    assert [id_ for id_, _ in database.facts_of(many)] == ["d1500"]
    assert database.delete_documents(many) == ["d1500"]


def test_properties_are_recorded_once(file: Path) -> None:
    database = Database(file, create=True)
    database.record_once({"made": "today"})
    database.record_once({"made": "tomorrow", "model": "m"})
    assert database.manifest() == {"made": "today", "model": "m"}


def test_a_reading_database_refuses_to_write_and_says_what_to_do(file: Path) -> None:
    Database(file, create=True).close()
    with pytest.raises(GroundGLMError, match="without read_only=True"):
        Database(file, read_only=True).put_document(record("a", ["one"], []))
    with pytest.raises(ValueError, match="read_only"):
        Database(file, immutable=True)


def test_a_new_base_and_one_taken_further_have_one_schema(file: Path) -> None:
    def schema(path: Path) -> dict[str, str]:
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")
            told = {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}
        connection.close()
        return told

    shutil.copy(Path(__file__).parent / "schema_2" / "base.sqlite", file)
    Database(file).close()
    Database(file.with_name("new.sqlite"), create=True).close()
    assert schema(file) == schema(file.with_name("new.sqlite"))


def test_a_base_of_a_later_schema_is_refused_with_the_way_out(file: Path) -> None:
    Database(file, create=True).close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(BaseCorruptError, match="pip install -U groundglm"):
        Database(file)


def test_a_failing_write_leaves_what_was_there(file: Path) -> None:
    database = Database(file, create=True)
    database.put_document(record("a", ["one"], [("x", "p")]))
    twice = record("a", ["two", "three"], [])
    broken = DocumentRecord(
        "a", "text", "", "two", {}, (), "h", (twice.passages[0], twice.passages[0])
    )
    with pytest.raises(sqlite3.IntegrityError):
        database.put_document(broken)
    assert database.text("a") == "one"
    assert database.generation() == 1
