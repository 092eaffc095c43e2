"""The bases over HTTP: search, facts, documents in and out, conversations, approval, traces."""

import io
import json
import zipfile

import pytest

from groundglm import ChatGLM3
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.serving.uploads import safe_name

from .conftest import SETTINGS, fill, make_server
from .running_server import running


@pytest.fixture
def client(open_server):
    with open_server.client() as found:
        yield found


def events_of(reply):
    """The server-sent events of a reply, as pairs of name and data."""
    found = []
    for block in reply.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def send(client, *files, **fields):
    sent = [("files", file) for file in files]
    return client.post("/api/bases/kb/documents", files=sent, data=fields)


def test_health_needs_no_key_and_tells_no_base(keyed):
    running, _ = keyed
    with running.client() as client:
        told = client.get("/api/health").json()
    assert told == {"status": "ok", "running": 0, "waiting": 0, "needs_key": True}


def test_a_search_tells_what_each_ranking_says(client):
    told = client.get("/api/bases/kb/search", params={"q": "When does the library open?"}).json()
    first = told["found"][0]
    assert first["sources"][0]["document_id"] == "library.txt"
    ranks = {part["ranking"]: part["rank"] for part in first["parts"]}
    assert ranks["BM25"] == 1 and ranks["vector"] >= 1


def test_facts_paths_entities_and_a_part_of_the_graph(client):
    facts = client.get("/api/bases/kb/facts", params={"entity": "Petra Holm"}).json()
    assert {one["predicate"] for one in facts["facts"]} == {"director", "birthplace"}
    assert facts["facts"][0]["sources"][0]["document_id"] == "facts.csv"
    near = client.get("/api/bases/kb/facts", params={"entity": "Petra Hollm"}).json()
    assert near["facts"] == [] and near["near"] == ["Petra Holm"]
    paths = client.get(
        "/api/bases/kb/paths", params={"start": "Alder library", "end": "Denmark"}
    ).json()
    assert paths["paths"][0]["entities"] == ["Alder library", "Petra Holm", "Aarhus", "Denmark"]
    named = client.get("/api/bases/kb/entities", params={"q": "Was Petra Holm here?"}).json()
    assert [one["name"] for one in named["entities"]] == ["Petra Holm"]
    graph = client.get("/api/bases/kb/graph", params={"entity": "Petra Holm", "hops": 2}).json()
    assert len(graph["edges"]) == 3 and not graph["is_cut"]
    assert all(0 <= node["x"] <= graph["width"] for node in graph["nodes"])
    cut = client.get("/api/bases/kb/graph", params={"entity": "Petra Holm", "limit": 1}).json()
    assert cut["is_cut"] and len(cut["edges"]) == 1


def test_a_document_is_sent_asked_about_shown_and_deleted_with_its_facts(client):
    text = "The lighthouse of Skarn was built in 1871. Skarn is a village in Denmark."
    told = send(client, ("skarn.md", f"# Skarn\n\n{text}".encode())).json()
    (result,) = told["files"]
    assert told["status"] == "done" and result["status"] == "added" and result["passages"] == 1
    (id_,) = result["documents"]
    assert id_ == "files/skarn.md"
    asked = {"question": "When was the lighthouse of Skarn built?", "stream": False}
    answer = client.post("/api/bases/kb/ask", json=asked).json()["answer"]
    assert "1871" in answer["text"]
    cited = {one["number"]: one for one in answer["evidence"]}[answer["citations"][0]["number"]]
    span = cited["sources"][0]["span"]
    whole = client.get("/api/bases/kb/document", params={"id": id_}).json()
    if span:
        assert "1871" in whole["text"][span[0] : span[1]]
    listed = client.get("/api/bases/kb/documents", params={"q": "skarn"}).json()
    assert listed["total"] == 1 and listed["documents"][0]["is_upload"]
    preview = client.get("/api/bases/kb/document/removal", params={"id": id_}).json()
    assert preview["passages"] == 1 and preview["file"]
    assert {one["subject"] for one in preview["listed"]} and preview["facts"] >= 1
    gone = client.delete("/api/bases/kb/document", params={"id": id_}).json()
    assert gone == {"removed": [id_]}
    assert client.get("/api/bases/kb/document", params={"id": id_}).status_code == 404
    fact = preview["listed"][0]
    left = client.get("/api/bases/kb/facts", params={"entity": fact["subject"]}).json()
    assert fact["id"] not in {one["id"] for one in left["facts"]}
    again = client.post("/api/bases/kb/ask", json=asked).json()["answer"]
    assert "1871" not in again["text"]


def test_each_file_has_a_result_and_a_bad_one_stops_no_other(client):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("x.txt", "x")
    told = send(
        client,
        ("good.txt", "桃花潭的水深千尺。".encode()),
        ("empty.txt", b""),
        ("broken.pdf", b"%PDF-1.4 nothing"),
        ("packed.zip", archive.getvalue()),
    ).json()
    states = {one["name"]: one["status"] for one in told["files"]}
    assert states == {
        "good.txt": "added",
        "empty.txt": "refused",
        "broken.pdf": "refused",
        "packed.zip": "refused",
    }
    assert all(one["reason"] for one in told["files"] if one["status"] == "refused")
    served = client.get("/api/bases/kb/documents", params={"q": "files/"}).json()
    assert [one["id"] for one in served["documents"]] == ["files/good.txt"]
    assert (
        send(client, ("good.txt", "桃花潭的水深千尺。".encode())).json()["files"][0]["status"]
        == "unchanged"
    )
    changed = send(client, ("good.txt", "桃花潭的水深百尺。".encode())).json()
    assert changed["files"][0]["status"] == "updated"
    # What cannot be read takes no good file's place.
    assert send(client, ("good.txt", b"")).json()["files"][0]["status"] == "refused"
    kept = client.get("/api/bases/kb/document", params={"id": "files/good.txt"}).json()
    assert "百尺" in kept["text"]
    client.delete("/api/bases/kb/document", params={"id": "files/good.txt"})


def test_an_upload_in_the_background_tells_how_far_it_is(client):
    job = send(client, ("later.txt", b"The mill of Ost grinds rye."), background="true").json()
    for _ in range(200):
        told = client.get(f"/api/jobs/{job['job']}").json()
        if told["status"] != "running":
            break
    assert told["status"] == "done" and told["done"] == told["of"] == 1
    assert client.get("/api/jobs/none").status_code == 404
    client.delete("/api/bases/kb/document", params={"id": "files/later.txt"})


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.txt",
        "..\\..\\boot.txt",
        "/abs/x.txt",
        "a/../../b.txt",
        "\u202etxt.jpg.txt",
    ],
)
def test_a_name_leads_nowhere(open_server, client, name):
    told = send(client, (name, b"A name that leads nowhere, in the city of Kolm.")).json()
    (id_,) = told["files"][0]["documents"]
    folder = open_server.server.bases["kb"].folder
    path = (folder / id_).resolve()
    assert path.is_file() and path.parent == (folder / "files").resolve()
    assert client.delete("/api/bases/kb/document", params={"id": id_}).status_code == 200
    assert not path.exists()


def test_names_are_cut_and_never_empty():
    assert safe_name("x" * 500 + ".pdf").endswith(".pdf")
    assert len(safe_name("报" * 500 + ".pdf").encode()) <= 120
    assert safe_name("CON.txt") == "_CON.txt"
    for name in ("", "..", "/", None, "..."):
        with pytest.raises(Exception, match="no name"):
            safe_name(name)


def test_what_is_too_large_is_refused_before_it_is_read(open_server, client):
    most = open_server.server.options.max_body
    reply = client.post("/v1/chat/completions", content=b"x" * (most + 1))
    assert reply.status_code == 413 and reply.json()["error"]["code"] == "too_large"

    def pieces():
        for _ in range(most // 1000 + 2):
            yield b"x" * 1000

    reply = client.post(
        "/v1/chat/completions", content=pieces(), headers={"content-type": "application/json"}
    )
    assert reply.status_code == 413


def test_a_turn_is_told_while_it_happens(client):
    reply = client.post("/api/bases/kb/ask", json={"question": "Where was Petra Holm born?"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = events_of(reply)
    names = [name for name, _ in events]
    assert names[0] == "retrieved" and names[-1] == "answered" and "text" in names
    last = events[-1][1]
    assert "Aarhus" in last["answer"]["text"]
    edges = {edge["id"]: edge for edge in last["answer"]["picture"]["edges"]}
    cited = {str(one["number"]) for one in last["answer"]["citations"]}
    assert {id_ for id_, edge in edges.items() if edge["strong"]} == cited & set(edges) != set()


def test_a_call_waits_for_a_person_and_is_decided_once(client):
    asked = {"question": "Delete the booking 17.", "thread_id": "approve-1"}
    events = events_of(client.post("/api/bases/kb/ask", json=asked))
    (needed,) = [data for name, data in events if name == "approval_needed"]
    (call,) = needed["pending"]
    assert call["name"] == "delete_booking" and call["args"] == {"number": 17}
    waiting = client.get("/api/bases/kb/conversations/approve-1").json()
    assert [one["id"] for one in waiting["pending"]] == [call["id"]]
    decided = {"decisions": {call["id"]: "approve"}, "stream": False}
    path = "/api/bases/kb/conversations/approve-1/decisions"
    done = client.post(path, json=decided).json()
    assert "17 is gone" in done["answer"]["text"]
    twice = client.post(path, json=decided)
    assert twice.status_code == 409
    assert client.get("/api/bases/kb/conversations/approve-1").json()["pending"] == []


def test_a_rejected_call_is_not_run(client):
    asked = {"question": "删除预订17", "thread_id": "reject-1", "stream": False}
    answer = client.post("/api/bases/kb/ask", json=asked).json()["answer"]
    (call,) = answer["pending"]
    decided = {"decisions": {call["id"]: "reject"}, "stream": False}
    done = client.post("/api/bases/kb/conversations/reject-1/decisions", json=decided).json()
    (use,) = done["answer"]["tool_calls"]
    assert use["status"] == "rejected" and "is gone" not in done["answer"]["text"]


def test_a_conversation_is_kept_and_forgotten(client):
    for text in ("Who is the director of the Alder library?", "Where was she born?"):
        asked = {"question": text, "thread_id": "t:ü-1", "stream": False}
        assert client.post("/api/bases/kb/ask", json=asked).status_code == 200
    listed = client.get("/api/bases/kb/conversations").json()["conversations"]
    assert listed[0]["id"] == "t:ü-1" and listed[0]["title"].startswith("Who is the director")
    path = "/api/bases/kb/conversations/" + "t:%C3%BC-1"
    held = client.get(path).json()
    assert [one["answer"]["question"] for one in held["answers"]][1] == "Where was she born?"
    assert client.delete(path).json() == {"done": True}
    assert client.get(path).status_code == 404
    traces = client.get("/api/bases/kb/traces").json()["traces"]
    assert "t:ü-1" not in {one["thread_id"] for one in traces}


def test_a_trace_is_kept_and_what_people_say_of_it(client):
    asked = {"question": "青石桥由谁主持修建？", "stream": False}
    id_ = client.post("/api/bases/kb/ask", json=asked).json()["id"]
    kept = client.get(f"/api/bases/kb/traces/{id_}").json()
    assert "顾南" in kept["answer"]["text"] and kept["answer"]["trace"]
    assert client.get("/api/bases/kb/traces").json()["traces"][0]["id"] == id_
    for rating in ("down", "up"):
        said = {"answer_id": id_, "rating": rating, "comment": "好"}
        assert client.post("/api/bases/kb/feedback", json=said).json() == {"done": True}
    listed = client.get("/api/bases/kb/feedback").json()["feedback"]
    assert [(one["rating"], one["comment"]) for one in listed if one["answer_id"] == id_] == [
        ("up", "好")
    ]


def test_settings_are_read_again_while_the_server_runs(open_server, client):
    folder = open_server.server.bases["kb"].folder
    settings = folder / "groundglm.toml"
    before = settings.read_text("utf-8")
    old = open_server.server.bases["kb"]
    try:
        settings.write_text(before + "[thresholds]\nen = 0\n", encoding="utf-8")
        assert client.post("/api/reload").json() == {"bases": ["kb"]}
        assert open_server.server.bases["kb"] is not old
        settings.write_text("[nonsense]\nx = 1\n", encoding="utf-8")
        refused = client.post("/api/reload")
        assert refused.status_code == 400 and "nonsense" in refused.json()["error"]["message"]
        assert client.get("/api/bases/kb/search?q=library").status_code == 200
    finally:
        settings.write_text(before, encoding="utf-8")
        assert client.post("/api/reload").status_code == 200


def test_a_chinese_question_to_the_small_model_is_told_who_answers_it(tmp_path):
    folder = fill(tmp_path / "kb")
    (folder / "groundglm.toml").write_text(SETTINGS + '[engine]\nname = "small"\n', "utf-8")
    small = ScriptedEngine(["It opens at half past eight.[1]"], name="groundglm-small")
    model = ChatGLM3(engine=small)
    question = "青石桥是什么时候建的？"
    server = running(lambda: make_server(folder, tools=[], model=model))
    with server as found, found.client() as client:
        body = {"model": "kb", "messages": [{"role": "user", "content": question}]}
        said = client.post("/v1/chat/completions", json=body).json()["groundglm"]
        turn = client.post("/api/bases/kb/ask", json={"question": question})
    told = [data for name, data in events_of(turn) if name == "answered"]
    for notes in (said["notes"], told[-1]["answer"]["notes"]):
        assert any(note.startswith("groundglm-small 只懂英文") for note in notes), notes
    assert not small.requests


def test_every_reply_says_what_a_browser_may_do(client):
    for path in ("/api/health", "/nowhere", "/v1/models"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY" and len(headers["x-request-id"]) == 32
        assert "access-control-allow-origin" not in headers


def test_no_other_page_and_no_other_name_uses_a_server_without_keys(client):
    asked = {"question": "x"}
    evil = client.post("/api/bases/kb/ask", json=asked, headers={"origin": "https://evil.example"})
    assert evil.status_code == 403 and evil.json()["error"]["code"] == "wrong_origin"
    rebound = client.get("/api/bases", headers={"host": "evil.example:8765"})
    assert rebound.status_code == 421
    own = {"origin": str(client.base_url).rstrip("/")}
    told = client.post("/api/bases/kb/ask", json={**asked, "stream": False}, headers=own)
    assert told.status_code == 200


def test_what_is_not_there_is_said_as_openai_says_it(client):
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/models", 405),
        ("GET", "/api/bases/other/documents", 404),
        ("GET", "/api/bases/kb/search", 400),
        ("GET", "/api/bases/kb/search?q=%20", 400),
        ("GET", "/api/bases/kb/search?q=x&k=99", 400),
    ):
        reply = client.request(method, path)
        assert reply.status_code == status, path
        assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


def test_counters_tell_what_was_answered(client):
    client.post("/api/bases/kb/ask", json={"question": "How tall is the moon tree?"})
    text = client.get("/metrics").text
    assert 'groundglm_documents{base="kb"}' in text
    assert "groundglm_turns_running 0.0" in text
    assert 'groundglm_answers_total{model="kb",outcome=' in text
