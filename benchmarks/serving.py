"""A server under load beside a bare FastAPI endpoint: 200 streaming clients, nothing mixed up.

    .venv/bin/python benchmarks/serving.py [--clients 200] [--seconds 60]

Both servers run as processes of their own on this machine, one after the other, and the clients in
this one. Each client asks for the token of its own question again and again, over a stream, and
checks that the answer holds that token and no other. The bare endpoint streams the same engine's
reply to the same evidence by `fastapi` and `uvicorn` alone: what is above it our layers add.

Printed: answers a second, errors, mixed-up answers, p50 and p99 of the time to the first piece and
to the end, for each; what our layers add to an answer when nobody else asks; the memory of the
server at the beginning and at the end. And `groundglm ask` through it.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent

BARE = """
import json, sys
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from groundglm import KnowledgeBase
from groundglm.engines.extractive_engine import ExtractiveEngine
from groundglm.engines.engine import GenerationRequest
from groundglm.notation import format_question
from groundglm.wire.prompt import encode_chat
from langchain_core.messages import HumanMessage

base = KnowledgeBase.open(sys.argv[1], read_only=True)
engine = ExtractiveEngine()
app = FastAPI()

@app.post("/v1/chat/completions")
async def chat(request: Request):
    question = (await request.json())["messages"][-1]["content"]
    found = await base.asearch(question, k=5, mode="graph")
    text = format_question(question, list(enumerate(found, start=1)))
    ids = encode_chat(engine.tokenizer, [HumanMessage(text)]).ids
    asked = GenerationRequest(ids, question_holds_evidence=True)
    async def pieces():
        async for chunk in engine.agenerate(asked):
            said = engine.tokenizer.decode([i for i in chunk.ids if i < 64789])
            told = {"choices": [{"index": 0, "delta": {"content": said}}]}
            yield "data: " + json.dumps(told) + "\\n\\n"
        yield "data: [DONE]\\n\\n"
    return StreamingResponse(pieces(), media_type="text/event-stream")

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def make_base(folder: Path, documents: int) -> None:
    """A base in which each document holds a token of its own."""
    from langchain_core.documents import Document

    from groundglm import KnowledgeBase
    from groundglm.retrieval.embeddings import HashEmbeddings

    folder.mkdir(parents=True)
    (folder / "groundglm.toml").write_text('[embeddings]\nmodel = "hash"\n', encoding="utf-8")
    with KnowledgeBase.open(folder, HashEmbeddings()) as base:
        base.add_documents(
            Document(
                f"The password of locker {number} is {token(number)}. It stands in a hall.",
                id=f"locker-{number}.txt",
                metadata={"title": f"Locker {number}"},
            )
            for number in range(documents)
        )


def token(number: int) -> str:
    """What only the answer to this question may hold."""
    return f"Q{number * 7919 % 100003:05d}Z"


def free_port() -> int:
    """A port that nobody listens at."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def resident(pid: int) -> float:
    """The memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def wait_until_up(url: str, process: subprocess.Popen) -> None:
    """Wait for a server to answer at all."""
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("the server ended")
        try:
            httpx.get(url, timeout=2)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


async def ask(client: httpx.AsyncClient, url: str, number: int) -> tuple[float, float, str]:
    """Seconds to the first piece of text and to the end, and the text."""
    body = {
        "model": "kb",
        "stream": True,
        "messages": [{"role": "user", "content": f"What is the password of locker {number}?"}],
    }
    began, first, text = time.perf_counter(), 0.0, []
    async with client.stream("POST", url, json=body) as reply:
        if reply.status_code != 200:
            raise RuntimeError(f"{reply.status_code}: {(await reply.aread())[:200]!r}")
        async for line in reply.aiter_lines():
            if not line.startswith("data: {"):
                continue
            told = json.loads(line[6:])
            if "error" in told:
                raise RuntimeError(str(told["error"]))
            for choice in told["choices"]:
                piece = choice["delta"].get("content") or ""
                if piece and not first:
                    first = time.perf_counter() - began
                text.append(piece)
    return first, time.perf_counter() - began, "".join(text)


async def load(url: str, clients: int, seconds: float, documents: int) -> dict:
    """So many clients for so long, each with questions of its own."""
    firsts, wholes, errors, mixed = [], [], [], 0
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)

    async def one(place: int) -> None:
        nonlocal mixed
        async with httpx.AsyncClient(timeout=120, limits=limits) as client:
            turn = 0
            while time.monotonic() < end:
                number = (place * 31 + turn * 17) % documents
                turn += 1
                try:
                    first, whole, text = await ask(client, url, number)
                except Exception as error:
                    errors.append(f"{type(error).__name__}: {error}")
                    continue
                firsts.append(first)
                wholes.append(whole)
                mixed += token(number) not in text or text.count("Q") > text.count(token(number))

    await asyncio.gather(*(one(place) for place in range(clients)))
    return {
        "answers": len(wholes),
        "per second": len(wholes) / seconds,
        "errors": len(errors),
        "mixed up": mixed,
        "first p50": quantile(firsts, 50),
        "first p99": quantile(firsts, 99),
        "whole p50": quantile(wholes, 50),
        "whole p99": quantile(wholes, 99),
        "an error": errors[0] if errors else "",
    }


async def alone(url: str, count: int, documents: int) -> list[float]:
    """Seconds of answers when nobody else asks."""
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(10):
            await ask(client, url, number)
        return [(await ask(client, url, number % documents))[1] for number in range(count)]


def quantile(values: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    if len(values) < 2:
        return float("nan")
    return 1000 * statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def measure(name: str, command: list[str], url: str, options: argparse.Namespace) -> dict:
    """Start a server, ask it alone and together, end it."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        wait_until_up(url, process)
        time.sleep(3)
        times = asyncio.run(alone(url, options.alone, options.documents))
        begin = resident(process.pid)
        asyncio.run(load(url, options.clients, 5, options.documents))
        warm = resident(process.pid)
        found = asyncio.run(load(url, options.clients, options.seconds, options.documents))
        found |= {
            "alone p50": quantile(times, 50),
            "alone p99": quantile(times, 99),
            "MB before": begin,
            "MB warm": warm,
            "MB after": resident(process.pid),
        }
        return found
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()


def time_asks(folder: Path) -> list[float]:
    """Seconds of `groundglm ask` in all, while a server runs."""
    command = [str(Path(sys.executable).with_name("groundglm")), "ask", "--kb", str(folder)]
    times = []
    for number in range(12):
        began = time.perf_counter()
        done = subprocess.run(
            [*command, f"What is the password of locker {number}?"], capture_output=True, text=True
        )
        times.append(time.perf_counter() - began)
        assert token(number) in done.stdout, done
    return times[2:]


def main() -> None:
    """Measure both, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--alone", type=int, default=100)
    parser.add_argument("--documents", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "kb"
        make_base(folder, options.documents)
        bare = Path(temporary) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        ports = free_port(), free_port()
        table = {}
        table["bare FastAPI"] = measure(
            "bare",
            [sys.executable, str(bare), str(folder), str(ports[0])],
            f"http://127.0.0.1:{ports[0]}/v1/chat/completions",
            options,
        )
        served = [
            sys.executable, "-m", "groundglm", "serve", str(folder), "--port", str(ports[1]),
            "--waiting", str(2 * options.clients), "--seconds", "120",
        ]  # fmt: skip
        url = f"http://127.0.0.1:{ports[1]}/v1/chat/completions"
        table["groundglm serve"] = measure("ours", served, url, options)
        process = subprocess.Popen(served, stderr=subprocess.DEVNULL, cwd=ROOT, env={**os.environ})
        try:
            wait_until_up(url, process)
            time.sleep(3)
            asks = time_asks(folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)
    names = list(next(iter(table.values())))
    print(f"{options.clients} streaming clients for {options.seconds:g} s, times in ms")
    print(f"{'':18}" + "".join(f"{name:>18}" for name in table))
    for name in names:
        values = [table[one][name] for one in table]
        shown = [f"{v:18.1f}" if isinstance(v, float) else f"{v!s:>18}" for v in values]
        print(f"{name:18}" + "".join(shown))
    ours, theirs = table["groundglm serve"], table["bare FastAPI"]
    print(
        f"our layers add to an answer alone: p50 {ours['alone p50'] - theirs['alone p50']:.1f} ms, "
        f"p99 {ours['alone p99'] - theirs['alone p99']:.1f} ms"
    )
    print(
        f"groundglm ask through the server: {statistics.median(asks):.2f} s "
        f"(slowest of {len(asks)}: {max(asks):.2f} s)"
    )


if __name__ == "__main__":
    main()
