"""A real vLLM on the CPU behind the adapter: ids, ends, cancellation, forced calls, the checks.

`make test-vllm` builds its environment (3 GB) and starts it; nothing else needs it.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from groundglm import ChatGLM3, build_agent
from groundglm.chatglm3 import GenerationRequest, HTTPEngine, JsonTokenizer, convert_checkpoint
from groundglm.chatglm3.model_check import check_model
from groundglm.engines.transformers_engine import TransformersEngine
from groundglm.schemas import first_violation, standard_schema
from groundglm.wire.tokenizer import STOP_IDS, USER

from ..grammar.test_grammar import bfcl_functions
from .large_vocabulary import write_checkpoint, write_tokenizer_config

pytestmark = pytest.mark.vllm

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("GROUNDGLM_VLLM_PYTHON", ROOT / "build" / "vllm" / "bin" / "python"))
START_SECONDS = 400


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """A checkpoint that `convert_checkpoint` made, with what AutoTokenizer wants."""
    folder = tmp_path_factory.mktemp("vllm")
    source = write_checkpoint(folder / "original")
    convert_checkpoint(source, folder / "converted")
    write_tokenizer_config(folder / "converted")
    return folder / "converted"


@pytest.fixture(scope="session")
def address(converted, tmp_path_factory):
    """The address of a vLLM that serves it; ended, with its children, when the tests are done."""
    if not PYTHON.exists():
        pytest.skip("needs vLLM: make test-vllm")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "vllm.log"
    command = [
        str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(converted),
        "--served-model-name", "chatglm3", "--dtype", "float32", "--max-model-len", "2048",
        "--host", "127.0.0.1", "--port", str(port),
        "--structured-outputs-config", '{"backend": "guidance"}',
    ]  # fmt: skip
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    on_cpu = {"VLLM_TARGET_DEVICE": "cpu", "VLLM_CPU_KVCACHE_SPACE": "1"}
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, **offline, **on_cpu},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def wait_for(url, process, log):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(1)
    raise AssertionError(f"vLLM did not start: {log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def remote(address, converted):
    return HTTPEngine.open(address, JsonTokenizer(converted / "tokenizer.json"))


@pytest.fixture(scope="session")
def here(converted):
    return TransformersEngine.open(converted, dtype="float32", device="cpu")


def prompt(number):
    return [64790, 64792, USER, 13, *range(20 + number, 60 + 3 * number), 64796]


def ids_of(engine, request):
    chunks = list(engine.generate(request))
    return [id_ for chunk in chunks for id_ in chunk.ids], chunks[-1].finish_reason, len(chunks)


def test_vllm_is_known_for_what_it_is(remote):
    assert remote.name == "chatglm3" and remote.max_context == 2048
    assert remote.supports_grammar and not remote.is_own


def test_greedy_ids_are_those_of_the_engine_in_process(remote, here):
    for number in range(12):
        request = GenerationRequest(prompt(number), max_tokens=40)
        told, reason, pieces = ids_of(remote, request)
        alone, why, _ = ids_of(here, request)
        assert (told, reason) == (alone, why)
        assert pieces >= len(told)  # streamed, an id a piece
    requests = [GenerationRequest(prompt(number), max_tokens=16) for number in range(8)]
    assert [one.ids for one in remote.generate_batch(requests)] == [
        one.ids for one in here.generate_batch(requests)
    ]


def test_a_reply_ends_at_the_stop_ids(remote, here):
    request = GenerationRequest(prompt(1), max_tokens=40)
    ids, _, _ = ids_of(here, request)
    stop = ids[7]
    first = ids.index(stop)
    held = GenerationRequest(prompt(1), max_tokens=40, stop_ids=(*STOP_IDS, stop))
    assert ids_of(remote, held)[:2] == ids_of(here, held)[:2] == (ids[: first + 1], "stop")


async def test_a_cancelled_reply_ends_on_the_server(remote, address):
    def running():
        with urllib.request.urlopen(f"{address}/metrics", timeout=5) as reply:
            text = reply.read().decode()
        line = next(one for one in text.splitlines() if one.startswith("vllm:num_requests_running"))
        return float(line.rpartition(" ")[2])

    request = GenerationRequest(prompt(2), max_tokens=1500, stop_ids=())

    async def read(count):
        async for _ in remote.agenerate(request):
            count.append(1)

    count = []
    task = asyncio.create_task(read(count))
    while len(count) < 3:
        await asyncio.sleep(0.02)
    assert await asyncio.to_thread(running) >= 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(100):
        if await asyncio.to_thread(running) == 0:
            break
        await asyncio.sleep(0.1)
    assert await asyncio.to_thread(running) == 0
    chunks = remote.generate(request)
    next(chunks)
    chunks.close()
    time.sleep(0.5)
    assert await asyncio.to_thread(running) == 0


def bounded(schema):
    """A schema with texts and lists that end: random weights would never end them by themselves."""
    if isinstance(schema, list):
        return [bounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: bounded(value) for key, value in schema.items()}
    kind = told.get("type")
    if kind == "string" and not {"enum", "const", "format", "pattern"} & told.keys():
        told["maxLength"] = min(12, told.get("maxLength", 12))
    if kind == "array":
        told["maxItems"] = min(2, told.get("maxItems", 2))
    if kind == "object" and "properties" not in told:
        told["maxProperties"] = 1
    return told


def test_a_hundred_forced_calls_of_bfcl_are_valid(address, converted, shared_folder):
    functions = bfcl_functions(shared_folder / "data/bfcl")
    chat = ChatGLM3(base_url=address, tokenizer=str(converted), temperature=1.0, max_tokens=900)
    done, taken = 0, 0
    for place, function in enumerate(functions):
        parameters = bounded(standard_schema(function["parameters"]))
        if len(json.dumps(parameters)) > 3000:
            continue
        told = {"name": function["name"], "description": "", "parameters": parameters}
        bound = chat.bind_tools([told], tool_choice="any", seed=place)
        reply = bound.invoke("x")
        taken += 1
        (call,) = reply.tool_calls
        assert call["name"] == function["name"]
        assert not first_violation(parameters, call["args"]), (function["name"], call["args"])
        done += 1
        if done == 100:
            break
    assert done == taken == 100


def test_the_checks_of_a_model_find_no_fault_of_the_format(address, converted):
    chat = ChatGLM3(base_url=address, tokenizer=str(converted))
    found = {
        check.name: (check.status, check.detail) for check in check_model(chat, most_tokens=64)
    }
    assert not {name: told for name, told in found.items() if told[0] == "fail"}
    assert found["held calls"][0] in ("pass", "weak") and found["stream"][0] == "pass"


def test_the_command_line_checks_it_too(address, converted, capsys):
    from groundglm.cli.app import run

    code = run(
        ["check-model", address, "--tokenizer", str(converted), "--most-tokens", "40", "--json"]
    )
    told = json.loads(capsys.readouterr().out)
    assert code == 0, told


def test_an_agent_answers_through_it(address, converted, tmp_path):
    from groundglm import KnowledgeBase

    from ..serving.conftest import fill

    chat = ChatGLM3(base_url=address, tokenizer=str(converted), max_tokens=30)
    with KnowledgeBase.open(fill(tmp_path / "kb")) as base:
        answer = build_agent(base, model=chat).ask("When does the Alder library open?")
    assert answer.model == "chatglm3" and answer.evidence and answer.usage["output_tokens"] > 0
