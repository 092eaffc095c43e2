import re
import subprocess
import sys

import pytest
import typer

from groundglm.cli.app import app


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_first_screen_answers_with_a_citation_in_under_twelve_lines(
    repository, run_python, name
):
    (code,) = blocks((repository / name).read_text(encoding="utf-8"), "python")
    assert len([line for line in code.splitlines() if line.strip()]) < 12
    printed = run_python(code)
    assert "[1]" in printed
    assert "supported=True" in printed


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["chatglm3.md", "chatglm3.zh-CN.md"])
def test_the_page_on_chatglm3_runs_on_a_small_checkpoint(repository, tmp_path, name):
    """Its lines, with a random checkpoint of the same layout in the place of the weights."""
    from .tiny_model import TINY, write_byte_vocabulary, write_original

    text = (repository / "docs" / name).read_text(encoding="utf-8")
    write_byte_vocabulary(write_original(tmp_path / "chatglm3-6b", config=TINY))
    commands = re.findall(r"`(groundglm convert [^`]+)`", text)
    assert commands
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", *command.split()], cwd=tmp_path, check=True, capture_output=True
        )
    code = "\n".join(blocks(text, "py")).replace("chat.invoke(", "chat.bind(max_tokens=5).invoke(")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["tools.md", "tools.zh-CN.md"])
def test_the_page_on_tools_runs_on_a_small_checkpoint(repository, tmp_path, run_python, name):
    from .tiny_model import TINY, write_byte_vocabulary, write_original

    text = (repository / "docs" / name).read_text(encoding="utf-8")
    write_byte_vocabulary(write_original(tmp_path / "chatglm3-6b", config=TINY))
    code = "\n".join(blocks(text, "py"))
    # The tiny vocabulary spells every letter, so that its prompts and calls are long.
    code = code.replace("max_tokens=200", "max_tokens=150")
    printed = run_python(code)
    assert "tool_call(city='北京', days=3)" in printed
    assert "Person" in printed or "name=" in printed


@pytest.mark.parametrize(("name", "said"), [("agent.md", "nine"), ("agent.zh-CN.md", "九点")])
def test_the_page_on_agents_runs(repository, tmp_path, monkeypatch, run_python, name, said):
    from langchain_core.documents import Document

    from groundglm import KnowledgeBase
    from groundglm.retrieval import HashEmbeddings

    text = "The office opens at nine. 办公室早上九点开门。"
    with KnowledgeBase.open(tmp_path / "my-base", HashEmbeddings()) as base:
        base.add_documents([Document(text, id="office")])
    code = "\n".join(blocks((repository / "docs" / name).read_text(encoding="utf-8"), "py"))
    code = code.replace('"my-base"', repr(str(tmp_path / "my-base")))
    code = code.replace('"talk.sqlite"', repr(str(tmp_path / "talk.sqlite")))
    printed = run_python(code)
    assert said in printed
    assert "sunny" in printed or "晴" in printed
