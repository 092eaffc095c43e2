"""Files are read by processes of their own, which end where they take too long or too much."""

import os
import threading
import time
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.loading import ReadingOptions, Refusal, load_files
from groundglm.loading.reading_processes import FileToRead, default_jobs, end_all, read_all
from groundglm.retrieval import HashEmbeddings

from . import made_files
from .hostile_files import data, far_sheet


@pytest.fixture
def slow_file(tmp_path: Path) -> Path:
    """A file that takes minutes: each line says the next one twice."""
    path = tmp_path / "slow.rst"
    lines = "".join(f".. |s{n}| replace:: |s{n + 1}| |s{n + 1}|\n" for n in range(30))
    path.write_text(f"{lines}.. |s30| replace:: ha\n\nThe ferry |s0|.\n")
    return path


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(
    slow_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "z.txt").write_text("The ferry leaves at nine.")

    start = time.monotonic()
    slow, good = load_files(
        [slow_file, tmp_path / "z.txt"], options=ReadingOptions(seconds=1.5), jobs=1
    )

    assert isinstance(slow, Refusal) and "more than 1.5 seconds" in slow.reason
    assert "--max-seconds" in slow.reason
    assert isinstance(good, Document)
    assert time.monotonic() - start < 20


def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    far_sheet(tmp_path / "far.xlsx")
    (tmp_path / "z.txt").write_text("The ferry leaves at nine.")
    far, good = load_files(
        [tmp_path / "far.xlsx", tmp_path / "z.txt"],
        options=ReadingOptions(megabytes=400),
        jobs=1,
    )

    assert isinstance(far, Refusal)
    assert isinstance(good, Document)


def test_who_stops_in_the_middle_leaves_nothing_running(slow_file: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The ferry leaves at nine.")
    threads = threading.active_count()
    read = read_all(
        [FileToRead(tmp_path / "a.txt"), *[FileToRead(slow_file)] * 4], ReadingOptions(), jobs=2
    )
    assert next(read).parts

    start = time.monotonic()
    read.close()

    assert time.monotonic() - start < 10
    while threading.active_count() > threads:  # a timer that was called off ends by itself
        assert time.monotonic() - start < 20
        time.sleep(0.05)


def test_files_come_in_their_order_however_many_are_read_at_once(tmp_path: Path) -> None:
    names = [f"{number:03}.txt" for number in range(40)]
    for name in names:
        (tmp_path / name).write_text(f"The ferry {name}.")

    one = [each.id for each in load_files([tmp_path], root=tmp_path, jobs=1)]
    four = [each.id for each in load_files([tmp_path], root=tmp_path, jobs=4)]

    assert one == four == names


def test_reading_goes_on_wherever_one_stands(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.txt").write_text("The ferry leaves at nine.")
    list(load_files([tmp_path / "a.txt"], jobs=1))  # the process stands where it was started
    monkeypatch.chdir(tmp_path)

    (document,) = load_files([Path("a.txt")], jobs=1)

    assert document.page_content == "The ferry leaves at nine."


def test_there_is_a_process_for_each_processor_up_to_a_bound() -> None:
    assert 1 <= default_jobs() <= 8


# --- adding ---------------------------------------------------------------------------------------


@pytest.fixture
def base(tmp_path: Path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as opened:
        yield opened


def test_a_file_whose_bytes_are_the_same_is_not_read_again(base, tmp_path, monkeypatch) -> None:
    made_files.mbox(tmp_path / "guide.mbox")
    first = base.add_files([tmp_path / "guide.mbox"])
    assert len(first.added) == 6

    def nothing(*_, **__):
        raise AssertionError("it was read")

    monkeypatch.setattr("groundglm.knowledge.adding.documents_of", nothing)
    again = base.add_files([tmp_path / "guide.mbox"])

    assert sorted(again.unchanged) == sorted(first.added)


def test_a_file_that_was_stored_in_part_is_read_again(base, tmp_path) -> None:
    made_files.mbox(tmp_path / "guide.mbox")
    first = base.add_files([tmp_path / "guide.mbox"])
    base.delete(first.added[1:2])

    again = base.add_files([tmp_path / "guide.mbox"])

    assert again.added == first.added[1:2]
    assert len(again.unchanged) == 5


def test_other_options_read_a_file_again(base, tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("船は朝九時に島へ出発します。".encode("euc_jp"))
    assert "--encoding euc-jp" in base.add_files([path]).refused[0][1]

    report = base.add_files([path], options=ReadingOptions(encoding="euc_jp"))

    assert report.added
    assert base.text(report.added[0]) == "船は朝九時に島へ出発します。"


def test_a_dry_run_tells_what_would_be_added_and_stores_nothing(base, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    made_files.docx(folder / "a.docx")
    made_files.pdf(folder / "b.pdf")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "x.bin").write_bytes(b"\0")
    base.add_files([folder / "a.docx"])

    found = base.preview_files([folder])

    assert [id_.rpartition("/")[2] for id_, _ in found.documents] == ["b.pdf"]
    assert found.formats == {"PDF": 1}
    assert found.passages == sum(count for _, count in found.documents) > 0
    assert found.characters > 100 and found.seconds >= found.reading > 0
    assert len(found.unchanged) == len(found.refused) == len(found.passed_over) == 1
    assert len(base.documents()) == 1


def test_a_picture_without_words_in_a_folder_is_passed_over(base, tmp_path) -> None:
    from .hostile_files import blank_picture

    folder = tmp_path / "in"
    folder.mkdir()
    blank_picture(folder / "logo.png")

    report = base.add_files([folder])

    assert not report.refused
    assert [reason for _, reason in report.passed_over] == ["no words were found in the picture"]
    assert base.add_files([folder / "logo.png"]).refused  # who names it wants to know


def test_patterns_name_files(base, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.txt", "in/sub/b.txt", "in/sub/c.md", "in/[x].txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data("The ferry leaves at nine.")(path)

    assert base.add_files(["in/**/*.txt"]).added == ["in/[x].txt", "in/a.txt", "in/sub/b.txt"]
    assert base.add_files(["in/[x].txt"]).unchanged == ["in/[x].txt"]
    assert base.add_files(["in/*.pdf"]).refused == [("in/*.pdf", "it does not exist (any more)")]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ocr": "magic"}, "ocr is one of"),
        ({"encoding": "made-up"}, "no encoding 'made-up'"),
        ({"seconds": 0}, "seconds must be above 0"),
        ({"megabytes": -1}, "megabytes must be above 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong, says) -> None:
    with pytest.raises(ValueError, match=says):
        ReadingOptions(**wrong)


def test_a_process_whose_starter_is_killed_ends(slow_file: Path) -> None:
    import signal
    import subprocess
    import sys

    program = (
        "import sys; from pathlib import Path; from groundglm.loading import load_files; "
        "print('go', flush=True); list(load_files([Path(sys.argv[1])], jobs=1))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(slow_file)], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    children: list[str] = []
    deadline = time.monotonic() + 20
    while not children and time.monotonic() < deadline:
        time.sleep(0.1)
        children = [
            child
            for task in Path(f"/proc/{process.pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    assert children
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.wait()

    deadline = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{child}") for child in children):
        assert time.monotonic() < deadline, "the process that reads is still there"
        time.sleep(0.1)


def test_a_process_that_waits_in_vain_ends_and_the_next_file_is_read(tmp_path, monkeypatch) -> None:
    import subprocess

    from groundglm.loading import reading_processes

    end_all()
    quick = reading_processes._START.replace(
        "import main;", "import main; from {package} import worker; worker._IDLE_SECONDS = 0.2;"
    )
    monkeypatch.setattr(reading_processes, "_START", quick)
    (tmp_path / "a.txt").write_text("The ferry leaves at nine.")
    process = reading_processes.ReadingProcess()
    file, options = FileToRead(tmp_path / "a.txt"), ReadingOptions()
    assert process.read(file, options).parts
    child = process._process
    assert isinstance(child, subprocess.Popen)

    assert child.wait(timeout=20) == 75

    assert process.read(file, options).parts
    assert process._process is not child
    process.close()
