import re
import subprocess
import sys

import pytest
import typer

from groundglm.cli.app import app


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_first_screen_answers_with_a_citation_in_under_twelve_lines(repository, tmp_path, name):
    (code,) = blocks((repository / name).read_text(encoding="utf-8"), "python")
    assert len([line for line in code.splitlines() if line.strip()]) < 12
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert "[1]" in done.stdout
    assert "supported=True" in done.stdout


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_command_is_listed_and_every_listed_command_exists(repository, name):
    listed = set(
        re.findall(r"`groundglm ([a-z-]+)", (repository / name).read_text(encoding="utf-8"))
    )
    assert listed == set(typer.main.get_command(app).commands)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_make_target_that_is_named_exists(repository, name):
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    text = (repository / name).read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
