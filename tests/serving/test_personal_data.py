"""Personal data in what users say is hidden; other numbers stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm import ChatGLM3
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.serving import without_personal_data

from .conftest import fill, make_server
from .running_server import running


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("身份证11010519491231002X。", "身份证<identity card>。"),
        ("身份证 １１０１０５１９４９１２３１００２Ｘ", "身份证 <identity card>"),
        ("打138 0013 8000找我", "打<phone>找我"),
        ("call +86 13800138000 now", "call <phone> now"),
        ("座机010-88886666", "座机<phone>"),
        ("卡号6222 0000 0000 0000 008?", "卡号6222 0000 0000 0000 008?"),
        ("card 4111-1111-1111-1111.", "card <bank card>."),
        ("写信给li.lei@example.com.cn。", "写信给<e-mail>。"),
        ("身份证110105194912310021", "身份证110105194912310021"),  # its check digit is wrong
        ("订单20261127000123，2026-11-27，3.14159265358979", None),
        ("版本 1.2.3，端口 8765，圆周率 3.1415926", None),
    ],
)
def test_what_is_hidden_and_what_stays(text, hidden):
    assert without_personal_data(text) == (text if hidden is None else hidden)


@given(st.text(max_size=200))
def test_any_text_passes_and_what_is_hidden_stays_hidden(text):
    once = without_personal_data(text)
    assert without_personal_data(once) == once


def test_the_model_the_record_and_the_log_never_see_it(tmp_path, caplog):
    caplog.set_level("INFO", logger="groundglm.serving")
    engine = ScriptedEngine(["好的。"])
    folder = fill(tmp_path / "kb")
    options = {"redact": True, "log_contents": True, "tools": [], "model": ChatGLM3(engine=engine)}
    secret = "13800138000"
    with running(lambda: make_server(folder, **options)) as found, found.client() as client:
        said = f"请给{secret}打电话"
        body = {"messages": [{"role": "user", "content": said}]}
        for model in ("kb", "groundglm-scripted"):
            reply = client.post("/v1/chat/completions", json={"model": model, **body})
            assert reply.status_code == 200
        asked = {"question": said, "thread_id": "t", "stream": False}
        answer = client.post("/api/bases/kb/ask", json=asked)
        kept = client.get("/api/bases/kb/conversations/t").text
    prompts = "".join(engine.tokenizer.decode(one.prompt_ids) for one in engine.requests)
    for text in (prompts, answer.text, kept, caplog.text):
        assert secret not in text
    assert "<phone>" in prompts and "<phone>" in caplog.text


def test_without_being_told_the_log_holds_no_contents(tmp_path, caplog):
    caplog.set_level("INFO")
    folder = fill(tmp_path / "kb")
    with running(lambda: make_server(folder)) as found, found.client() as client:
        client.post("/api/bases/kb/ask", json={"question": "strange words here"})
        client.get("/api/bases/kb/search", params={"q": "other strange words"})
    assert "strange words" not in caplog.text
    assert '"path": "/api/bases/{base}/search"' in caplog.text


def test_a_page_of_a_named_origin_may_use_the_server_and_no_other(tmp_path):
    folder = fill(tmp_path / "kb")
    options = {"origins": ("https://app.example",)}
    with running(lambda: make_server(folder, **options)) as found, found.client() as client:
        mine = {"origin": "https://app.example"}
        asked = client.options(
            "/v1/models", headers={**mine, "access-control-request-method": "GET"}
        )
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == "https://app.example"
        told = client.get("/v1/models", headers=mine)
        assert told.headers["access-control-allow-origin"] == "https://app.example"
        other = client.get("/v1/models", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
