"""What the pages for clients say is run, against the sample base that they speak of."""

import re
from pathlib import Path

import pytest

from groundglm.cli.demo import make_sample_base, sample_tools
from groundglm.serving import Server, ServerOptions

from .running_server import running

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "clients").glob("*.md"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = make_sample_base(tmp_path_factory.mktemp("demo") / "demo")
    options = ServerOptions(allow_changing_tools=True)
    with running(lambda: Server({"demo": folder}, tools=sample_tools(), options=options)) as found:
        yield found


def test_each_client_has_a_page_in_both_languages():
    names = {page.name for page in PAGES}
    for client in ("openai-sdk", "langchain", "open-webui", "curl"):
        assert {f"{client}.md", f"{client}.zh-CN.md"} <= names


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text("utf-8")])
def test_the_code_of_the_page_runs(demo, page, run_python):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    code = "\n".join(blocks).replace("http://127.0.0.1:8765", demo.url)
    said = run_python(code)
    assert "Lord Byron" in said and ("Paris" in said or "21 degrees" in said)
    assert "384" in said  # dimensions of the small English embedder


@pytest.mark.parametrize("name", ["curl.md", "curl.zh-CN.md"])
def test_the_lines_for_curl_run(demo, name, tmp_path, require_system):
    import subprocess

    require_system("curl")
    text = (ROOT / "docs" / "clients" / name).read_text("utf-8")
    script = re.search(r"```sh\n(.*?)```", text, re.DOTALL).group(1)
    script = script.replace("groundglm serve --demo &", "").replace(
        "http://127.0.0.1:8765", demo.url
    )
    (tmp_path / "notes.md").write_text("# Ost\n\nOst is a village in Denmark.", encoding="utf-8")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"export GROUNDGLM_KEY=none\n{script}"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Lord Byron" in done.stdout and '{"error"' not in done.stdout
    assert "event: answered" in done.stdout and '"removed":["files/notes.md"]' in done.stdout
