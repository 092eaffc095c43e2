"""OpenAI's own JavaScript client against a server."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import NODE_MODULES, needs

pytestmark = pytest.mark.page


@pytest.mark.parametrize("engine", ["extractive", "random"])
def test_the_javascript_client_chats_streams_calls_shapes_and_embeds(served, engine, tmp_path):
    from groundglm import ChatGLM3

    from ..random_model import random_engine
    from ..serving.conftest import fill, make_server
    from ..serving.running_server import running
    from .node_packages import node_command

    needs((NODE_MODULES / "openai").is_dir(), "the package openai of npm")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    program = tmp_path / "client.mjs"
    shutil.copy(Path(__file__).with_name("client.mjs"), program)

    def run(url):
        done = subprocess.run(
            [*node_command(), str(program), f"{url}/v1", "kb"],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    if engine == "extractive":
        told = run(served.url)
        assert "half past eight" in told["text"] and told["citations"]
        assert "sunny" in told["result"] and told["call"][2] == {"city": "Paris"}
        assert told["models"] == ["kb", "groundglm-extractive"]
    else:
        made = random_engine(tmp_path / "weights", favoured=slice(3, 259))
        folder = fill(tmp_path / "random" / "kb")
        model = ChatGLM3(engine=made, max_tokens=120)
        with running(lambda: make_server(folder, tools=[], model=model)) as other:
            told = run(other.url)
    assert told["streamed"] == (told["text"] or "")
    assert told["usage"]["total_tokens"] > 0
    assert told["call"][:2] == ["tool_calls", "get_weather"]
    assert set(told["streamedCall"]) == set(told["shaped"]) == {"city"}
    assert told["embedding"][0] == told["embedding"][1] > 1
    assert told["error"] == [404, "model_not_found"]
