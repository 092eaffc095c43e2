"""The checks of length complain when they should."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run_check(repository: Path):
    def run(root: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(repository / "checks" / "length.py"), str(root)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def function(name: str, lines: int) -> str:
    return f"def {name}():\n" + "    pass\n" * (lines - 1)


def test_a_file_of_400_lines_passes_and_one_of_401_does_not(tmp_path: Path, run_check) -> None:
    (tmp_path / "room").mkdir()
    file = tmp_path / "room" / "file.py"
    file.write_text("x = 1\n" * 400)
    assert run_check(tmp_path).returncode == 0

    file.write_text("x = 1\n" * 401)
    result = run_check(tmp_path)
    assert result.returncode == 1
    assert "file.py: 401 lines" in result.stdout


def test_one_long_function_in_a_hundred_passes_and_one_in_99_does_not(
    tmp_path: Path, run_check
) -> None:
    short = [function(f"f{i}", 2) for i in range(99)]
    for i, name in enumerate(("a", "b", "c")):
        (tmp_path / f"{name}.py").write_text("".join(short[i * 33 : (i + 1) * 33]))
    (tmp_path / "long.py").write_text("async " + function("long", 61))
    assert run_check(tmp_path).returncode == 0

    (tmp_path / "a.py").write_text("".join(short[1:33]))
    result = run_check(tmp_path)
    assert result.returncode == 1
    assert "long.py:1 long: 61 lines" in result.stdout


def test_functions_of_60_lines_are_never_long(tmp_path: Path, run_check) -> None:
    (tmp_path / "a.py").write_text(function("a", 60))
    assert run_check(tmp_path).returncode == 0


@pytest.mark.parametrize("folder", ["tests", "examples", "benchmarks", "typings", "build", ".venv"])
def test_what_is_not_the_product_may_be_long(tmp_path: Path, run_check, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "a.py").write_text(function("a", 500))
    assert run_check(tmp_path).returncode == 0
