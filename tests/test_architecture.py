"""What the documents say of the house is the house."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
ROOMS = [name.partition(".")[2] for name in PROJECT["setuptools"]["packages"]][1:]


@pytest.mark.parametrize("page", ["architecture.md", "architecture.zh-CN.md"])
def test_the_table_of_rooms_lists_the_folders_and_their_files(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)/` \|[^|]*\| ([^|]*) \|$", text, re.MULTILINE))
    assert sorted(rows) == sorted(ROOMS)
    for room, files in rows.items():
        there = {file.stem for file in (ROOT / room).glob("*.py")} - {"__init__", "__main__"}
        assert set(re.findall(r"`(\w+)`", files)) == there, room


@pytest.mark.parametrize("page", ["architecture.md", "architecture.zh-CN.md"])
def test_every_file_that_the_page_names_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    named = re.findall(r"`([a-z0-9_]+/[\w/.-]+\.(?:py|toml|json))`", text)
    assert named
    for name in named:
        assert (ROOT / name).is_file(), name


def test_the_floors_of_the_guide_are_those_of_the_lint() -> None:
    (contract,) = (one for one in PROJECT["importlinter"]["contracts"] if one["type"] == "layers")
    # Rooms in brackets are not built yet.
    lint = [re.findall(r"\w+", re.sub(r"\(\w+\)", "", layer)) for layer in contract["layers"]]
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    floors = [
        {name.strip("`/").removesuffix(".py") for name in re.findall(r"`[^`]+`", row)}
        for row in re.findall(r"^\| \d \| ([^|]*) \|", text, re.MULTILINE)
    ]
    # A floor of the guide may hold several layers of the lint, in their order.
    place = {name: number for number, names in enumerate(floors) for name in names}
    assert set(place) == {name for layer in lint for name in layer}
    order = [sorted({place[name] for name in layer}) for layer in lint if layer]
    assert all(len(numbers) == 1 for numbers in order)
    assert order == sorted(order)
