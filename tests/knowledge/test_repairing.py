"""A damaged base: what can be saved is told, and saved; what was damaged is kept aside."""

import random
import sqlite3
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.cli.app import run
from groundglm.errors import BaseCorruptError, GroundGLMError, NotABaseError
from groundglm.knowledge import KnowledgeBase
from groundglm.knowledge.repairing import repair
from groundglm.retrieval import HashEmbeddings

COUNT = 70
PAGE = 4096


def text(n: int) -> str:
    return f"Town{n} is a town in Elmland. It has {n + 100} houses. " + f"Word{n} again. " * 60


@pytest.fixture
def folder(tmp_path) -> Path:
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents(
            Document(
                text(n),
                id=f"d{n}",
                metadata={"title": f"Town{n}", "n": n} | ({"labels": ["x"]} if n % 3 == 0 else {}),
            )
            for n in range(COUNT)
        )
        base.add_facts(
            [{"subject": f"S{n}", "predicate": "p", "object": f"O{n}"} for n in range(40)],
            document_id="facts.csv",
        )
    return tmp_path / "kb"


def pages_of(folder: Path, table: str) -> list[int]:
    """The pages of a table or an index, from SQLite's own account of them where it gives one."""
    with sqlite3.connect(folder / "base.sqlite") as connection:
        try:
            query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'"
            found = [page for (page,) in connection.execute(query, (table,))]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite is built without dbstat")
    connection.close()
    return found


def hurt(folder: Path, pages: list[int]) -> None:
    with (folder / "base.sqlite").open("rb+") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)


def held(folder: Path) -> dict[str, tuple[str, int, int]]:
    with KnowledgeBase.open(folder, create=False) as base:
        assert base.database.integrity_problems() == []
        base.search("Town5 houses", mode="graph")
        return {one.id: (base.text(one.id), one.passages, one.facts) for one in base.documents()}


def test_a_sound_base_has_nothing_wrong(folder):
    before = held(folder)
    report = repair(folder)
    assert (report.problems, report.lost, report.aside) == ([], [], "")
    assert held(folder) == before
    assert list((folder / "indexes").glob("*.safetensors"))


@pytest.mark.parametrize("table", ["passages", "vectors", "facts", "contributions"])
def test_whole_documents_are_saved_though_a_table_beside_them_is_lost(folder, table):
    before = held(folder)
    hurt(folder, pages_of(folder, table))

    told = repair(folder, dry_run=True)
    report = repair(folder)

    assert told.problems and (told.lost, told.recut) == (report.lost, report.recut)
    assert not report.lost and not report.unsure
    assert held(folder) == before
    assert (Path(report.aside) / "base.sqlite").exists()


def test_what_is_lost_is_named(folder):
    before = held(folder)
    hurt(folder, pages_of(folder, "documents")[:3])

    report = repair(folder)

    after = held(folder)
    assert report.lost and sorted(report.lost) == sorted(set(before) - set(after))
    assert {id_: before[id_] for id_ in after} == after


@pytest.mark.parametrize("seed", range(6))
def test_damage_anywhere_never_makes_up_or_publishes_anything(folder, seed):
    before = held(folder)
    size = (folder / "base.sqlite").stat().st_size // PAGE
    chance = random.Random(seed)
    hurt(folder, chance.sample(range(2, size + 1), max(1, size // 20)))

    try:
        report = repair(folder)
    except NotABaseError:
        return
    after = held(folder)
    for id_, (body, _, _) in after.items():
        assert body == before[id_][0] or id_ in report.unsure
    with KnowledgeBase.open(folder, create=False) as base:
        seen = {one.id for one in base.documents(labels=[])}
        assert not seen & {f"d{n}" for n in range(0, COUNT, 3)}
    lost = set(before) - set(after)
    assert not lost or report.lost


def test_a_dry_run_changes_nothing(folder):
    hurt(folder, pages_of(folder, "documents")[:1])
    before = (folder / "base.sqlite").read_bytes()
    report = repair(folder, dry_run=True)
    assert report.lost and len(report.saved) > COUNT // 2
    assert (folder / "base.sqlite").read_bytes() == before


def test_a_file_of_nothing_but_noise_is_said_to_be_so(folder):
    (folder / "base.sqlite").write_bytes(b"\xa5" * 50_000)
    with pytest.raises(GroundGLMError, match="backup"):
        repair(folder)


def test_lost_vectors_come_back_to_open_readers_too(folder):
    with KnowledgeBase.open(folder) as reader:
        reader.search("Town5", mode="vector")
        with sqlite3.connect(folder / "base.sqlite") as connection:
            connection.execute("DELETE FROM vectors WHERE number % 2 = 0")
        connection.close()
        with KnowledgeBase.open(folder) as base:
            assert base.database.integrity_problems()
            half = base.search("Town5 houses", mode="vector", k=COUNT)
        report = repair(folder)
        assert "lost vectors" in " ".join(report.mended)
        whole = reader.search("Town5 houses", mode="vector", k=COUNT)
        assert len(whole) == COUNT > len(half)


def test_rows_without_a_document_go(folder):
    with sqlite3.connect(folder / "base.sqlite") as connection:
        connection.execute("DELETE FROM documents WHERE id = 'd5'")
    connection.close()
    assert repair(folder).problems
    assert "d5" not in held(folder)
    assert repair(folder).problems == []


def test_the_command_and_what_leads_to_it(folder, capsys):
    hurt(folder, pages_of(folder, "documents")[:1])
    with (
        pytest.raises(BaseCorruptError, match="groundglm repair --dry-run"),
        KnowledgeBase.open(folder, create=False) as base,
    ):
        [base.text(one.id) for one in base.documents()]
    assert run(["repair", "--dry-run", "--kb", str(folder)]) == 1
    assert "can be saved" in capsys.readouterr().out
    assert run(["repair", "--kb", str(folder)]) == 1
    assert "lost: d" in capsys.readouterr().out
    assert run(["repair", "--kb", str(folder), "--json"]) == 0


def test_a_base_of_a_newer_version_is_left_alone(folder):
    with sqlite3.connect(folder / "base.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (folder / "base.sqlite").read_bytes()
    for dry_run in (True, False):
        with pytest.raises(BaseCorruptError, match="newer version"):
            repair(folder, dry_run=dry_run)
    assert (folder / "base.sqlite").read_bytes() == before


def test_a_base_of_an_earlier_version_is_brought_up_to_date_first(tmp_path):
    old = Path(__file__).parent.parent / "database" / "schema_2" / "base.sqlite"
    (tmp_path / "base.sqlite").write_bytes(old.read_bytes())
    assert "earlier version" in repair(tmp_path, dry_run=True).problems[0]
    assert (tmp_path / "base.sqlite").read_bytes() == old.read_bytes()
    assert not repair(tmp_path).problems
    with KnowledgeBase.open(tmp_path, HashEmbeddings(16), create=False) as base:
        assert base.statistics()["documents"] == 4


def test_what_a_killed_repair_left_is_cleared_away(folder):
    (folder / ".repairing-abc").mkdir()
    (folder / ".repairing-abc" / "base.sqlite").write_bytes(b"x" * 1000)
    repair(folder)
    assert not list(folder.glob(".repairing-*"))
