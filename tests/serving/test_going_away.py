"""Readers that leave, queues that are full, replies that take too long, a server that goes down."""

import asyncio
import json
import random
import socket
import threading
import time
from contextlib import suppress

import pytest

from groundglm import ChatGLM3
from groundglm.engines.engine import TokenChunk
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.serving.queueing import TurnQueue
from groundglm.serving.running import _bound

from .conftest import fill, make_server
from .running_server import running


class SlowEngine(ScriptedEngine):
    """Writes a long reply, a piece at a time, and counts the replies that are being written."""

    def __init__(self, pieces=400, seconds=0.02):
        super().__init__(["word " * pieces], name="slow")
        self.seconds = seconds
        self.writing = 0
        self.begun = 0
        self._guard = threading.Lock()

    def generate(self, request):
        with self._guard:
            self.writing += 1
            self.begun += 1
        try:
            for chunk in super().generate(request):
                time.sleep(self.seconds)
                yield chunk
        finally:
            with self._guard:
                self.writing -= 1

    async def agenerate(self, request):
        from groundglm.engines.async_chunks import in_thread

        async for chunk in in_thread(lambda: self.generate(request)):
            yield chunk


@pytest.fixture
def slow(tmp_path):
    """A server whose model writes slowly, one turn at a time."""
    engine = SlowEngine()
    folder = fill(tmp_path / "kb")
    model = ChatGLM3(engine=engine)
    options = {"concurrent": 2, "waiting": 1, "wait_seconds": 1.0, "tools": [], "model": model}
    with running(lambda: make_server(folder, **options)) as found:
        yield found, engine


BODY = {"model": "slow", "messages": [{"role": "user", "content": "x"}]}


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "ask", "grounded"])
def test_a_reader_that_leaves_stops_what_is_written_for_it(slow, stream, path):
    found, engine = slow
    body = {**BODY, "stream": stream}
    if path == "/v1/completions":
        body = {"model": "slow", "prompt": "x", "max_tokens": 2000, "stream": stream}
    elif path == "ask":
        path, body = "/api/bases/kb/ask", {"question": "When does the library open?"}
        body["stream"] = stream
    elif path == "grounded":
        path = "/v1/chat/completions"
        question = {"role": "user", "content": "When does the Alder library open?"}
        body = {"model": "kb", "messages": [question], "stream": stream}
    raw = json.dumps(body).encode()
    host, port = found.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )
        assert until(lambda: engine.writing == 1)
    assert until(lambda: engine.writing == 0, 5), "it is still being written"
    assert found.wait_idle()


def test_readers_that_hang_up_anywhere_leave_nothing_behind(slow, full):
    found, engine = slow
    engine.seconds = 0.002
    host, port = found.url.removeprefix("http://").split(":")
    raw = json.dumps({**BODY, "stream": True}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    ).encode()
    chance = random.Random(1)
    threads = threading.active_count()
    for _ in range(200 if full else 40):
        with socket.create_connection((host, int(port))) as connection:
            sent = head + raw
            connection.sendall(sent[: chance.randrange(len(sent) + 200)])
            if chance.random() < 0.7:
                connection.settimeout(0.05)
                with suppress(TimeoutError):
                    connection.recv(chance.choice([1, 50, 3000]))
    assert found.wait_idle()
    assert until(lambda: engine.writing == 0)
    assert until(lambda: threading.active_count() <= threads + 8)
    with found.client() as client:
        assert "groundglm_turns_running 0.0" in client.get("/metrics").text
        assert client.get("/v1/models").status_code == 200


def test_too_many_are_told_to_come_back(slow):
    found, engine = slow
    results = []

    def ask():
        with found.client() as client:
            results.append(client.post("/v1/chat/completions", json=BODY))

    asking = [threading.Thread(target=ask) for _ in range(5)]
    for one in asking:
        one.start()
        time.sleep(0.1)
    for one in asking:
        one.join(60)
    told = sorted(one.status_code for one in results)
    # Two were answered, one waited in vain, two found the queue full.
    assert told == [200, 200, 503, 503, 503]
    refused = [one for one in results if one.status_code == 503]
    assert {one.json()["error"]["code"] for one in refused} == {"queue_full"}
    assert all(one.headers["retry-after"] for one in refused)


def test_a_stream_that_cannot_begin_is_no_stream(slow):
    found, _ = slow
    with found.client() as client:
        reply = client.post(
            "/v1/chat/completions",
            json={**BODY, "stream": True, "messages": [{"role": "user", "content": ""}]},
        )
        assert reply.status_code == 400 and reply.json()["error"]["param"]


def test_a_reply_that_takes_too_long_is_ended(tmp_path):
    engine = SlowEngine()
    folder = fill(tmp_path / "kb")
    options = {"seconds": 0.8, "tools": [], "model": ChatGLM3(engine=engine)}
    with running(lambda: make_server(folder, **options)) as found, found.client() as client:
        whole = client.post("/v1/chat/completions", json=BODY)
        assert whole.status_code == 504 and whole.json()["error"]["code"] == "timeout"
        parts = client.post("/v1/chat/completions", json={**BODY, "stream": True})
        assert parts.status_code == 200
        last = [line for line in parts.text.splitlines() if line.startswith("data: {")][-1]
        assert json.loads(last.removeprefix("data: "))["error"]["code"] == "timeout"
        assert until(lambda: engine.writing == 0)


def test_an_engine_that_fails_is_said_so_and_the_log_says_why(tmp_path, caplog):
    class Broken(ScriptedEngine):
        def generate(self, request):
            yield TokenChunk((100,))
            raise RuntimeError("secret place /srv/x")

        async def agenerate(self, request):
            for chunk in self.generate(request):
                yield chunk

    model = ChatGLM3(engine=Broken(["x"], name="broken"))
    folder = fill(tmp_path / "kb")
    with (
        running(lambda: make_server(folder, tools=[], model=model)) as found,
        found.client() as client,
    ):
        body = {**BODY, "model": "broken"}
        reply = client.post("/v1/chat/completions", json=body)
        assert reply.status_code == 500 and "secret" not in reply.text
        reply = client.post("/v1/chat/completions", json={**body, "stream": True})
        assert "secret" not in reply.text and "server_error" in reply.text
    assert "secret place" in caplog.text


def test_going_down_sends_who_waits_away_and_lets_what_runs_end(tmp_path):
    engine = SlowEngine(pieces=100)
    folder = fill(tmp_path / "kb")
    options = {"concurrent": 1, "waiting": 5, "tools": [], "model": ChatGLM3(engine=engine)}
    with running(lambda: make_server(folder, **options)) as found:
        results = {}

        def ask(name):
            with found.client() as client:
                results[name] = client.post("/v1/chat/completions", json=BODY)

        asking = [threading.Thread(target=ask, args=(name,)) for name in ("runs", "waits")]
        for one in asking:
            one.start()
            assert until(lambda: engine.writing == 1)
            time.sleep(0.1)
        found.server.queue.stop()
        for one in asking:
            one.join(30)
        assert results["runs"].status_code == 200
        assert results["runs"].json()["choices"][0]["message"]["content"].count("word") == 100
        assert results["waits"].status_code == 503
        assert results["waits"].json()["error"]["code"] == "stopping"


async def test_a_queue_is_first_come_first_served_and_loses_no_place():
    queue = TurnQueue(2, 100, 5)
    order, running_now, most = [], 0, 0

    async def one(number):
        nonlocal running_now, most
        async with queue.turn():
            running_now += 1
            most = max(most, running_now)
            order.append(number)
            await asyncio.sleep(0.001)
            running_now -= 1

    tasks = [asyncio.create_task(one(number)) for number in range(40)]
    await asyncio.sleep(0)
    for number in range(5, 40, 7):
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == sorted(order) and most == 2
    assert queue.running == queue.waiting == 0


async def test_a_turn_that_comes_as_it_is_given_up_goes_to_the_next():
    queue = TurnQueue(1, 10, 0.05)
    got = []

    async def hold(seconds):
        async with queue.turn():
            await asyncio.sleep(seconds)

    async def want(name):
        try:
            async with queue.turn():
                got.append(name)
        except Exception as error:
            got.append(type(error).__name__)

    first = asyncio.create_task(hold(0.05))
    await asyncio.sleep(0)
    others = [asyncio.create_task(want(name)) for name in "abc"]
    await asyncio.gather(first, *others)
    assert queue.running == queue.waiting == 0 and len(got) == 3


async def test_what_is_written_goes_out_at_once():
    delays = []

    async def serve(reader, writer):
        delays.append(
            writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        )
        writer.close()

    with _bound("127.0.0.1", 0) as bound:
        bound.listen()
        async with await asyncio.start_server(serve, sock=bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            await reader.read()
            writer.close()
    assert delays and all(delays)
