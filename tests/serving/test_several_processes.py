"""Several bases in a server, several servers of a base, a proxy before them."""

import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from groundglm.serving import Server
from groundglm.serving.server import names_of

from .conftest import fill
from .running_server import running
from .test_killed_uploads import Killable

ROOT = Path(__file__).resolve().parents[2]


def test_one_server_has_several_bases_and_each_answers_for_itself(tmp_path):
    folders = [fill(tmp_path / "one" / "first"), fill(tmp_path / "two" / "second")]
    with (
        running(lambda: Server(names_of(folders))) as found,
        found.client() as client,
    ):
        served = found.server.bases
        served["second"].base.delete(["bridge.txt"])
        models = [one["id"] for one in client.get("/v1/models").json()["data"]]
        assert models == ["first", "second", "groundglm-extractive"]
        told = {}
        for name in ("first", "second"):
            body = {"model": name, "messages": [{"role": "user", "content": "青石桥建于哪一年？"}]}
            reply = client.post("/v1/chat/completions", json=body).json()
            told[name] = reply["choices"][0]["message"]["content"]
        assert "1652" in told["first"] and "1652" not in told["second"]
        assert len({id(one.model) for one in served.values()}) == 1  # loaded once
    with pytest.raises(Exception, match="rename"):
        names_of([tmp_path / "a" / "kb", tmp_path / "b" / "kb"])


@pytest.mark.slow
def test_any_process_takes_the_next_turn_and_sees_what_another_wrote(tmp_path, require_system):
    require_system("nginx")
    folder = fill(tmp_path / "kb")
    tools = tmp_path / "tools.py"
    tools.write_text(
        "from groundglm.tools import tool\n\n\n"
        "@tool(approval=True)\ndef delete_booking(number: int) -> str:\n"
        '    """Delete a booking."""\n    return f"the booking {number} is gone"\n',
        encoding="utf-8",
    )
    one, two = (Killable(folder, "--tools", str(tools), "--allow-changing-tools") for _ in range(2))
    try:
        first, second = (httpx.Client(base_url=s.url, timeout=60) for s in (one, two))
        asked = {"question": "Who is the director of the Alder library?", "thread_id": "t"}
        first.post("/api/bases/kb/ask", json={**asked, "stream": False})
        asked["question"] = "Where was she born?"
        answer = second.post("/api/bases/kb/ask", json={**asked, "stream": False}).json()
        assert "Aarhus" in answer["answer"]["text"]
        asked = {"question": "Delete the booking 17.", "thread_id": "d", "stream": False}
        (call,) = first.post("/api/bases/kb/ask", json=asked).json()["answer"]["pending"]
        decided = {"decisions": {call["id"]: "approve"}, "stream": False}
        done = second.post("/api/bases/kb/conversations/d/decisions", json=decided).json()
        assert "17 is gone" in done["answer"]["text"]
        twice = first.post("/api/bases/kb/conversations/d/decisions", json=decided)
        assert twice.status_code == 409
        sent = {"files": ("ost.txt", b"The mill of Ost grinds rye.")}
        assert first.post("/api/bases/kb/documents", files=sent).status_code == 200
        assert "rye" in second.get("/api/bases/kb/search?q=mill+Ost").text
        one.process.send_signal(signal.SIGHUP)  # reads its settings again
        time.sleep(1)
        assert first.get("/api/bases").status_code == 200
        behind_nginx(tmp_path, one, two)
    finally:
        for server in (one, two):
            server.process.send_signal(signal.SIGTERM)
        assert [server.process.wait(60) for server in (one, two)] == [0, 0]


def behind_nginx(tmp_path, one, two):
    """The configuration that is shipped, with the ports of this test."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    ports = [server.url.rpartition(":")[2] for server in (one, two)]
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    for old, new in zip(("8765", "8766"), ports, strict=True):
        text = text.replace(f"server 127.0.0.1:{old}", f"server 127.0.0.1:{new}")
    # The servers of this test have no keys, so they answer to names of this machine alone.
    text = text.replace("proxy_set_header Host $host;", "proxy_set_header Host 127.0.0.1;")
    text = f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n" + re.sub(
        r"http \{",
        f"http {{\n    access_log off;\n    client_body_temp_path {tmp_path}/body;",
        text,
    )
    config = tmp_path / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    nginx = subprocess.Popen(["nginx", "-c", str(config), "-g", "daemon off;"])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for _ in range(100):
                try:
                    client.get("/api/health")
                    break
                except httpx.HTTPError:
                    time.sleep(0.05)
            asked = {"model": "kb", "stream": True}
            asked["messages"] = [{"role": "user", "content": "When does the Alder library open?"}]
            with client.stream("POST", "/v1/chat/completions", json=asked) as reply:
                pieces = [line for line in reply.iter_lines() if line.startswith("data: ")]
            assert pieces[-1] == "data: [DONE]" and len(pieces) > 3
            two.kill()
            for _ in range(6):  # the other one goes on
                assert client.get("/api/bases").status_code == 200
            two.__init__(*two.given)
    finally:
        nginx.terminate()
        nginx.wait(20)
