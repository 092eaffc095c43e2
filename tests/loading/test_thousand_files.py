"""A folder of a thousand mixed files: all accounted for, the memory flat, whole after kills."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

from .hostile_files import ALL, PLACES
from .made_files import MAKERS

PROGRAM = """
import json, sys
from groundglm.knowledge import KnowledgeBase
from groundglm.loading import ReadingOptions
from groundglm.retrieval import HashEmbeddings

folder, kb, told = sys.argv[1:]

def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4 // 1024

seen = []
def progress(one):
    if one.files % 100 == 0:
        seen.append(memory())
    print(one.files, flush=True)

options = ReadingOptions(archives=True, ocr="off", seconds=20, megabytes=1500)
with KnowledgeBase.open(kb, HashEmbeddings(16)) as base:
    report = base.add_files([folder], options=options, jobs=2, progress=progress)
    json.dump(
        {
            "documents": sorted(one.id for one in base.documents()),
            "refused": report.refused, "passed_over": report.passed_over,
            "unchanged": len(report.unchanged), "memory": seen,
        },
        open(told, "w"),
    )
"""
# Those that take long, or are made of much: they are tried by themselves.
LEFT_OUT = {"substitutes.rst", "million-cells.xlsx", "aliases.yaml"} | {one.name for one in PLACES}


def make_files(folder: Path, count: int) -> list[str]:
    """Mixed files, each with something of its own in it, a tenth of them hostile."""
    draw = random.Random(7)
    good = folder.with_name("good")
    good.mkdir()
    for ending, make in MAKERS.items():
        make(good / f"guide{ending}")
    hostile = [one for one in ALL if one.name not in LEFT_OUT and "bomb" not in one.name]
    names: list[str] = []
    for number in range(count):
        place = folder / f"{number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        if number % 10 == 3:
            one = draw.choice(hostile)
            path = place / f"{number}-{one.name}"
            one.make(path)
        else:
            ending = draw.choice([".txt", ".txt", *MAKERS])
            path = place / f"{number}{ending}"
            if ending == ".txt":
                path.write_text(f"Ferry {number} leaves at nine. 渡船{number}号九点出发。")
            else:
                shutil.copy(good / f"guide{ending}", path)
        names.append(path.relative_to(folder).as_posix())
    return names


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_thousand_files_are_all_accounted_for_through_twenty_kills(tmp_path: Path) -> None:
    folder, kb, told = tmp_path / "in", tmp_path / "kb", tmp_path / "told.json"
    names = make_files(folder, 1_000)
    program = [sys.executable, "-c", PROGRAM, str(folder)]
    draw = random.Random(11)

    for _ in range(20):
        process = subprocess.Popen([*program, str(kb), str(told)], stdout=subprocess.DEVNULL)
        time.sleep(draw.uniform(0.8, 6.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*program, str(kb), str(told)], check=True, stdout=subprocess.DEVNULL)
    after_kills = json.loads(told.read_text())

    subprocess.run(
        [*program, str(tmp_path / "at-once"), str(told)], check=True, stdout=subprocess.DEVNULL
    )
    at_once = json.loads(told.read_text())
    found = [*at_once["documents"]]
    found += [name for name, _ in (*at_once["refused"], *at_once["passed_over"])]
    for name in names:
        assert any(name in one for one in found), name
    assert after_kills["documents"] == at_once["documents"]
    assert len(after_kills["refused"]) == len(at_once["refused"])
    with (
        KnowledgeBase.open(kb, HashEmbeddings(16)) as one,
        KnowledgeBase.open(tmp_path / "at-once", HashEmbeddings(16)) as other,
    ):
        assert one.statistics() == other.statistics()
        for document in other.documents():
            assert one.text(document.id) == other.text(document.id)
    # The base itself grows a little with what it holds; the files that went through it do not.
    assert at_once["memory"][-1] - at_once["memory"][2] < 60, at_once["memory"]
    time.sleep(1.5)
    assert not _readers_of_nobody()


def _readers_of_nobody() -> list[int]:
    """Processes that read files and whose parent has ended."""
    found: list[int] = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            command = (place / "cmdline").read_bytes()
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"loading.worker" in command and parent in (1, os.getppid()):
            found.append(int(place.name))
    return found
