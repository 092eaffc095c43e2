"""Keys: what is stored of them, what each may do, and what each may see."""

import json
import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundglm.errors import SettingsError
from groundglm.serving import KeyFile
from groundglm.serving.access import RateLimits
from groundglm.serving.options import ServerOptions, check_exposure, is_loopback


def test_a_key_is_stored_as_its_hash_and_found_again(tmp_path):
    file = KeyFile(tmp_path / "keys.json")
    made, secret = file.add("ann", ["ask", "read"], labels=["b", "a"], rate=30)
    text = (tmp_path / "keys.json").read_text("utf-8")
    assert secret not in text and secret.split("-")[2] not in text
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert KeyFile(tmp_path / "keys.json").find(secret) == made
    assert made.labels == ("a", "b") and made.may("read") and not made.may("write")
    assert file.find(secret[:-1]) is None and file.find("") is None


def test_a_removed_key_is_nobodys_at_once(tmp_path):
    file, other = KeyFile(tmp_path / "keys.json"), KeyFile(tmp_path / "keys.json")
    _, secret = file.add("ann")
    assert other.find(secret) is not None
    assert [key.name for key in file.remove("ann")] == ["ann"]
    assert other.find(secret) is None and file.remove("ann") == []


@pytest.mark.parametrize(
    ("name", "scopes", "more"),
    [("", ["ask"], {}), ("x", ["fly"], {}), ("x", [], {}), ("x", ["ask"], {"rate": 0})],
)
def test_a_key_that_makes_no_sense_is_refused(tmp_path, name, scopes, more):
    with pytest.raises(ValueError, match="key"):
        KeyFile(tmp_path / "keys.json").add(name, scopes, **more)


@pytest.mark.parametrize("text", ["", "{}", '{"keys": [1]}', '{"keys": [{"name": "x"}]}'])
def test_a_damaged_file_of_keys_opens_nothing(tmp_path, text):
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(SettingsError, match="keys.json"):
        KeyFile(tmp_path / "keys.json").find("x")


def test_labels_that_are_no_list_open_nothing(tmp_path):
    file = KeyFile(tmp_path / "keys.json")
    file.add("ann", labels=["staff"])
    told = json.loads((tmp_path / "keys.json").read_text("utf-8"))
    told["keys"][0]["labels"] = "staff"
    (tmp_path / "keys.json").write_text(json.dumps(told))
    with pytest.raises(SettingsError, match="labels"):
        KeyFile(tmp_path / "keys.json").keys()


def test_only_a_server_with_keys_listens_to_others():
    assert is_loopback("localhost") and is_loopback("[::1]") and not is_loopback("192.168.0.1")
    for host in ("0.0.0.0", "::", "example.org", "10.0.0.1"):
        with pytest.raises(SettingsError, match="groundglm keys add"):
            check_exposure(host, has_keys=False)
        check_exposure(host, has_keys=True)
    with pytest.raises(ValueError, match="one by one"):
        ServerOptions(origins=("*",))


def test_a_rate_is_a_bucket_that_fills_evenly():
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    assert [limits.take("a", 3) for _ in range(3)] == [0, 0, 0]
    assert limits.take("a", 3) == pytest.approx(20)
    assert limits.take("b", 3) == 0
    now[0] += 20
    assert limits.take("a", 3) == 0 and limits.take("a", 3) > 0


# --- over HTTP ------------------------------------------------------------------------------------

READS = [
    ("GET", "/api/bases"),
    ("GET", "/api/bases/kb/documents"),
    ("GET", "/api/bases/kb/search?q=library"),
    ("GET", "/api/bases/kb/facts?entity=Petra+Holm"),
]


@pytest.mark.parametrize(("method", "path"), [*READS, ("GET", "/v1/models"), ("GET", "/metrics")])
def test_without_a_key_nothing_is_told(keyed, method, path):
    running, _ = keyed
    for key in (None, "gglm-0-wrong"):
        with running.client(key) as client:
            reply = client.request(method, path)
        assert reply.status_code == 401
        assert reply.json()["error"]["code"] == "invalid_api_key"
        assert reply.headers["www-authenticate"] == "Bearer"


def test_a_scope_is_needed(keyed):
    running, keys = keyed
    with running.client(keys["asker"]) as client:
        assert client.get("/v1/models").status_code == 200
        for method, path in READS:
            told = client.request(method, path)
            assert told.status_code == 403 and told.json()["error"]["code"] == "insufficient_scope"
    with running.client(keys["reader"]) as client:
        assert client.get("/api/bases").status_code == 200
        assert client.delete("/api/bases/kb/document?id=library.txt").status_code == 403
        assert client.get("/metrics").status_code == 403
    with running.client(keys["admin"]) as client:
        assert client.get("/metrics").status_code == 200


def test_a_key_asks_as_often_as_its_rate(keyed):
    running, keys = keyed
    with running.client(keys["slow"]) as client:
        told = [client.get("/v1/models") for _ in range(4)]
    assert [one.status_code for one in told] == [200, 200, 200, 429]
    assert int(told[-1].headers["retry-after"]) > 0
    assert told[-1].json()["error"]["type"] == "rate_limit_error"


def everything_told(client):
    """All that a client can learn of the document about the vault, as one text."""
    question = "What is the vault code of the Alder library?"
    body = {"model": "kb", "messages": [{"role": "user", "content": question}]}
    replies = [
        client.post("/v1/chat/completions", json=body),
        client.post("/v1/chat/completions", json={**body, "stream": True}),
        client.post("/api/bases/kb/ask", json={"question": question}),
        client.post("/api/bases/kb/ask", json={"question": question, "labels": ["staff"]}),
        client.get("/api/bases"),
        client.get("/api/bases/kb/documents"),
        client.get("/api/bases/kb/search", params={"q": question, "k": 50}),
        client.get("/api/bases/kb/document", params={"id": "vault.txt"}),
        client.get("/api/bases/kb/document/removal", params={"id": "vault.txt"}),
        client.delete("/api/bases/kb/document", params={"id": "vault.txt"}),
        client.get("/api/bases/kb/entities"),
        client.get("/api/bases/kb/facts", params={"entity": "vault code"}),
        client.get("/api/bases/kb/graph", params={"entity": "Alder library", "hops": 3}),
        client.get("/api/bases/kb/traces"),
    ]
    return replies, "\n".join(one.text for one in replies)


def test_a_key_is_told_nothing_of_what_its_labels_hide(keyed):
    running, keys = keyed
    with running.client(keys["staff"]) as client:
        replies, text = everything_told(client)
        assert "7731" in text
        # It deleted the document: for the others it is made anew below.
        assert replies[9].status_code == 200
    served = running.server.bases["kb"]
    from langchain_core.documents import Document

    served.base.add_documents(
        [
            Document(
                "The vault code of the Alder library is 7731.",
                id="vault.txt",
                metadata={"title": "The vault", "labels": ["staff"]},
            )
        ]
    )
    with running.client(keys["public"]) as client:
        replies, text = everything_told(client)
    assert "7731" not in text and "The vault" not in text
    statuses = {replies[place].status_code for place in (7, 8, 9)}
    assert statuses == {404}
    (base,) = replies[4].json()["bases"]
    assert base["documents"] == len(replies[5].json()["documents"])
    assert "vault.txt" in {one.id for one in served.base.documents()}


def test_answers_and_conversations_are_their_owners(keyed):
    running, keys = keyed
    asked = {"question": "When does the Alder library open?", "thread_id": "mine", "stream": False}
    with running.client(keys["reader"]) as client:
        answer = client.post("/api/bases/kb/ask", json=asked).json()
        assert client.get("/api/bases/kb/conversations/mine").status_code == 200
    with running.client(keys["writer"]) as client:
        assert client.get("/api/bases/kb/conversations/mine").status_code == 404
        assert client.get(f"/api/bases/kb/traces/{answer['id']}").status_code == 404
        said = {"answer_id": answer["id"], "rating": "up"}
        assert client.post("/api/bases/kb/feedback", json=said).status_code == 404
        assert client.delete("/api/bases/kb/conversations/mine").status_code == 404
    with running.client(keys["admin"]) as client:
        assert client.get(f"/api/bases/kb/traces/{answer['id']}").status_code == 200


def test_a_key_gives_its_uploads_no_other_labels_than_its_own(keyed):
    running, keys = keyed
    sent = {"files": ("note.txt", b"The ferry to Fano leaves at noon.")}
    with running.client(keys["staff"]) as client:
        told = client.post("/api/bases/kb/documents", files=sent).json()
        (id_,) = told["files"][0]["documents"]
        refused = client.post("/api/bases/kb/documents", files=sent, data={"labels": "board"})
        assert refused.status_code == 403
        assert "Fano" in client.get("/api/bases/kb/search?q=ferry+Fano").text
    with running.client(keys["public"]) as client:
        assert "Fano" not in client.get("/api/bases/kb/search?q=ferry+noon").text
        assert client.get("/api/bases/kb/document", params={"id": id_}).status_code == 404
        # The same name of another key is another file.
        again = {"files": ("note.txt", b"The bus to Ribe leaves at one.")}
        other = client.post("/api/bases/kb/documents", files=again).json()
        assert other["files"][0]["documents"] != [id_]
    with running.client(keys["staff"]) as client:
        assert "Fano" in client.get("/api/bases/kb/document", params={"id": id_}).text


LABELS = st.sampled_from(["a", "b", "c"])
SECRETS = st.lists(
    st.tuples(st.integers(1000, 9999), st.frozensets(LABELS, max_size=2)),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)


@settings(max_examples=300 if os.environ.get("GROUNDGLM_FULL") == "1" else 30, deadline=None)
@given(secrets=SECRETS, own=st.frozensets(LABELS, max_size=2), stream=st.booleans())
def test_no_answer_search_list_or_graph_tells_what_a_key_may_not_see(keyed, secrets, own, stream):
    from langchain_core.documents import Document

    running, _ = keyed
    served = running.server.bases["kb"]
    documents = [
        Document(
            f"The locker number K{number}Q belongs to the Fjord club.",
            id=f"locker-{number}",
            metadata={"title": f"Locker {number}", "labels": sorted(labels)},
        )
        for number, labels in secrets
    ]
    for number, labels in secrets:
        served.base.add_facts(
            [{"subject": "Fjord club", "predicate": "locker", "object": f"number K{number}Q"}],
            document_id=f"facts-{number}",
            labels=sorted(labels),
        )
    served.base.add_documents(documents)
    file = running.server.access.keys
    made, secret = file.add("one", ["ask", "read"], labels=sorted(own))
    try:
        hidden = {number for number, labels in secrets if labels and not labels & own}
        seen = {number for number, _ in secrets} - hidden
        question = "Which locker number belongs to the Fjord club?"
        body = {"model": "kb", "messages": [{"role": "user", "content": question}]}
        with running.client(secret) as client:
            told = [
                client.post("/v1/chat/completions", json={**body, "stream": stream}),
                client.post("/api/bases/kb/ask", json={"question": question, "stream": stream}),
                client.get("/api/bases/kb/search", params={"q": question, "k": 50}),
                client.get("/api/bases/kb/documents", params={"q": "locker"}),
                client.get("/api/bases/kb/facts", params={"entity": "Fjord club"}),
                client.get("/api/bases/kb/graph", params={"entity": "Fjord club"}),
                client.get("/api/bases/kb/traces"),
            ]
        assert {one.status_code for one in told} == {200}
        for one in told:
            assert not [number for number in hidden if f"K{number}Q" in one.text]
        assert {one["id"] for one in told[3].json()["documents"]} >= {
            f"locker-{number}" for number in seen
        }
        facts = told[4].json()
        assert len(facts["facts"]) == facts["known"] == len(seen)
        assert len(told[5].json()["edges"]) == len(seen)
    finally:
        file.remove(made.id)
        served.base.delete([id_ for n, _ in secrets for id_ in (f"locker-{n}", f"facts-{n}")])
