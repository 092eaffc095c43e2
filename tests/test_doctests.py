"""The examples in docstrings are true."""

import doctest
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def modules() -> list[str]:
    """Every module of the package, by the name under which it is imported."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    return sorted(
        package if file.stem == "__init__" else f"{package}.{file.stem}"
        for package in listed
        for file in ROOT.joinpath(*package.split(".")[1:]).glob("*.py")
        if file.stem != "__main__"
    )


@pytest.mark.parametrize("name", modules())
def test_the_docstring_examples_hold(name: str) -> None:
    module = import_module(name)
    assert Path(module.__file__ or "").is_relative_to(ROOT)

    failed, _ = doctest.testmod(module)

    assert failed == 0, "see the captured output"


def test_examples_are_found_at_all() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for test in finder.find(import_module("groundglm.notation")) if test.examples]
    assert len(found) >= 4
