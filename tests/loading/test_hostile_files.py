"""Files that are broken, wrong or hostile: each is a line of the report, and nothing else."""

import os
import re
import threading
import time
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.loading import ReadingOptions, load_files
from groundglm.loading.reading_processes import end_all
from groundglm.retrieval import HashEmbeddings

from .hostile_files import ALL, PLACES, READ, SECRET, Hostile

OPTIONS = ReadingOptions(archives=True, seconds=20, megabytes=1_500)
IN_FOLDERS = {one.name for one in PLACES}


def children() -> set[str]:
    task = Path(f"/proc/{os.getpid()}/task")
    return {
        child
        for thread in task.iterdir()
        for child in (thread / "children").read_text().split()
        if (Path("/proc") / child / "exe").exists()
    }


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 80
    assert len({one.name for one in ALL}) == len(ALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile", [one for one in ALL if one.name not in IN_FOLDERS], ids=lambda one: one.name
)
def test_each_by_itself_is_read_or_refused_for_its_reason(hostile: Hostile, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / hostile.name
    hostile.make(path)

    start = time.monotonic()
    found = list(load_files([path], root=tmp_path / "in", options=OPTIONS, jobs=1))

    assert time.monotonic() - start < 60
    assert found
    said = " ".join(READ if isinstance(one, Document) else one.reason for one in found)
    assert re.search(hostile.says, said), said
    text = " ".join(one.page_content for one in found if isinstance(one, Document))
    assert SECRET not in text
    assert "\x00" not in text


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_in_one_folder_leave_the_others_alone(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for hostile in ALL:
        hostile.make(folder / hostile.name)
    good = {f"good-{n}.txt": f"The {n}th ferry leaves at nine." for n in range(9)}
    for name, text in good.items():
        (folder / name).write_text(text)
    end_all()
    before, threads = children(), threading.active_count()
    files = {name for name in os.listdir("/tmp")}

    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        report = base.add_files([folder], options=OPTIONS, jobs=2)
        stored = {one.id: one.title for one in base.documents()}
        again = base.add_files([folder], options=OPTIONS, jobs=2)

    told = [*stored, *(id_ for id_, _ in report.refused), *(p for p, _ in report.passed_over)]
    for name in (one.name for one in ALL if one.name not in ("folder.pdf", "no-unicode.txt")):
        assert any(name in one for one in told), name
    assert any("not UTF-8" in reason for _, reason in report.refused)
    assert all(reason.strip() for _, reason in (*report.refused, *report.passed_over))
    assert {name for name in good if any(id_.endswith(name) for id_ in stored)} == set(good)
    assert not again.added and not again.updated
    assert len(again.refused) == len(report.refused)
    end_all()
    assert children() <= before
    deadline = time.monotonic() + 10
    while threading.active_count() > threads:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not {name for name in set(os.listdir("/tmp")) - files if "pytest" not in name}
