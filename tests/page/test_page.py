"""The page in a real browser: asked, looked into, given files, in two languages, at two sizes."""

import re

import pytest

pytestmark = pytest.mark.page

WORDS = {
    "en": {
        "question": "Where was Petra Holm born?",
        "answer": "Aarhus",
        "passage": "When does the Alder library open?",
        "quote": "The Alder library opens at half past eight.",
        "unknown": "How tall is the moon tree?",
        "delete": "Delete the booking 17.",
        "file": ("skarn.md", "# Skarn\n\nSkarn is a village in Denmark. Its mill has six wings."),
        "about_file": "How many wings does the mill of Skarn have?",
        "file_says": "six wings",
        "entity": "Skarn",
    },
    "zh": {
        "question": "Petra Holm出生在哪里？",
        "answer": "Aarhus",
        "passage": "青石桥建于哪一年？",
        "quote": "青石桥建于1652年，由工匠顾南主持修建。",
        "unknown": "月亮树有多高？",
        "delete": "删除预订17",
        "file": ("灯塔.md", "# 斯卡恩灯塔\n\n斯卡恩灯塔建于1871年。《灯塔志》的作者是顾远。"),
        "about_file": "斯卡恩灯塔建于哪一年？",
        "file_says": "1871",
        "entity": "灯塔志",
    },
}
BOTH = [
    pytest.param(language, size, id=f"{language}-{size}")
    for language in ("en", "zh")
    for size in ("desktop", "phone")
]


def ask(page, question):
    """Ask, and give the article of the answer when it is whole."""
    before = page.get_by_test_id("answer").count()
    page.get_by_test_id("question").fill(question)
    page.get_by_test_id("question").press("Enter")
    page.wait_for_function(
        "n => document.querySelectorAll('[data-testid=answer]').length > n "
        "&& !document.querySelector('[aria-busy]')",
        arg=before,
    )
    return page.locator("article.answer").last


@pytest.mark.parametrize(("language", "size"), BOTH)
def test_a_person_asks_and_looks_into_the_answer(
    served, visit, check_access, pictures, language, size
):
    words = WORDS[language]
    page = visit(served.url, language=language, size=size)
    page.get_by_test_id("question").wait_for()
    check_access(page, "empty")
    answer = ask(page, words["passage"])
    check_access(page, "answer")
    answer.get_by_test_id("cite").first.click()
    drawer = page.get_by_test_id("drawer")
    assert words["quote"] in drawer.get_by_test_id("quote").inner_text()
    drawer.get_by_role("button").filter(has_text=re.compile("document|文档")).first.click()
    drawer.get_by_test_id("context").wait_for()
    assert words["quote"][:10] in drawer.get_by_test_id("context").inner_text()
    check_access(page, "drawer")
    page.screenshot(path=pictures / f"evidence-{language}-{size}.png")
    page.keyboard.press("Escape")
    drawer.wait_for(state="detached")
    # The fact path of an answer, lit, and on into the graph.
    answer = ask(page, words["question"])
    assert words["answer"] in answer.inner_text()
    answer.get_by_test_id("facts").click()
    assert page.get_by_test_id("strong-edge").count() >= 1
    check_access(page, "facts")
    page.screenshot(path=pictures / f"facts-{language}-{size}.png")
    page.get_by_test_id("drawer").get_by_test_id("node").filter(has_text="Petra Holm").click()
    page.get_by_test_id("graph-shown").get_by_test_id("picture").wait_for()
    assert "Alder library" in page.get_by_test_id("graph-shown").inner_text()
    check_access(page, "graph")
    page.screenshot(path=pictures / f"graph-{language}-{size}.png")
    page.get_by_test_id("from").fill("Alder library")
    page.get_by_test_id("to").fill("Denmark")
    page.get_by_test_id("connect").click()
    assert "Aarhus" in page.get_by_test_id("path").first.inner_text()
    assert page.problems == []


@pytest.mark.parametrize(("language", "size"), BOTH)
def test_a_file_is_sent_asked_about_and_deleted_with_its_facts(
    served, visit, check_access, pictures, language, size
):
    words = WORDS[language]
    name, text = words["file"]
    page = visit(served.url, language=language, size=size)
    page.get_by_test_id("view-documents").click()
    page.get_by_test_id("files").set_input_files(
        [
            {"name": name, "mimeType": "text/markdown", "buffer": text.encode()},
            {"name": "bad.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 nothing"},
        ]
    )
    states = page.get_by_test_id("upload-state")
    page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('[data-testid=upload-state]')];"
        "return all.length === 2 && all.every(one => /:|：/.test(one.textContent)); }"
    )
    assert "bad" in states.first.get_attribute("class")
    row = page.get_by_test_id("document").filter(has_text=f"files/{name}")
    row.wait_for()
    check_access(page, "documents")
    page.screenshot(path=pictures / f"documents-{language}-{size}.png")
    page.get_by_test_id("view-chat").click()
    answer = ask(page, words["about_file"])
    assert words["file_says"] in answer.inner_text()
    page.get_by_test_id("view-graph").click()
    page.get_by_test_id("entity").fill(words["entity"])
    page.get_by_test_id("show").click()
    page.get_by_test_id("graph-shown").get_by_test_id("picture").wait_for()
    page.get_by_test_id("view-documents").click()
    row.get_by_test_id("remove").click()
    dialog = page.get_by_test_id("confirm")
    assert re.search(r"[1-9]", dialog.get_by_test_id("removal").inner_text())
    assert words["entity"] in dialog.inner_text()
    check_access(page, "dialog")
    page.screenshot(path=pictures / f"removal-{language}-{size}.png")
    dialog.get_by_test_id("confirm-yes").click()
    row.wait_for(state="detached")
    page.get_by_test_id("view-graph").click()
    page.get_by_test_id("entity").fill(words["entity"])
    page.get_by_test_id("show").click()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=graph-shown]').textContent.length > 3"
    )
    assert page.get_by_test_id("graph-shown").get_by_test_id("picture").count() == 0
    page.get_by_test_id("view-chat").click()
    assert (
        words["file_says"]
        not in ask(page, words["about_file"]).get_by_test_id("answer").inner_text()
    )
    assert page.problems == []


@pytest.mark.parametrize(("language", "size"), BOTH)
def test_a_call_is_approved_once_and_another_rejected(
    served, visit, check_access, pictures, language, size
):
    page = visit(served.url, language=language, size=size)
    answer = ask(page, WORDS[language]["delete"])
    answer.get_by_test_id("pending").wait_for()
    check_access(page, "pending")
    page.screenshot(path=pictures / f"approval-{language}-{size}.png")
    answer.get_by_test_id("approve").click()
    page.wait_for_function("() => document.querySelectorAll('[data-testid=answer]').length === 2")
    assert "17 is gone" in page.locator("article.answer").last.inner_text()
    again = ask(page, WORDS[language]["delete"])
    again.get_by_test_id("reject").click()
    page.wait_for_function("() => document.querySelectorAll('[data-testid=answer]').length === 4")
    last = page.locator("article.answer").last
    assert "is gone" not in last.get_by_test_id("answer").inner_text()
    assert page.problems == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_conversation_goes_on_after_the_page_was_left(served, visit, language):
    page = visit(served.url, language=language)
    ask(page, "Who is the director of the Alder library?")
    page.reload()
    page.get_by_test_id("history").get_by_role("button").first.click()
    page.get_by_test_id("answer").wait_for()
    assert "Petra Holm" in page.get_by_test_id("log").inner_text()
    assert "Aarhus" in ask(page, "Where was she born?").inner_text()


def test_a_decline_says_so_and_its_trace_tells_the_steps(served, visit, check_access):
    page = visit(served.url)
    answer = ask(page, WORDS["en"]["unknown"])
    assert answer.get_by_test_id("declined").is_visible()
    answer.get_by_test_id("trace").click()
    assert page.get_by_test_id("step").count() >= 2
    check_access(page, "trace")
    page.get_by_test_id("close-drawer").click()
    answer.get_by_test_id("good").click()
    page.locator("#status").filter(has_text="Thank you").wait_for()
    kept = served.server.bases["kb"].records.feedback(limit=5)
    assert [one["rating"] for one in kept] == ["up"]


def test_text_of_documents_and_models_never_becomes_part_of_the_page(served, visit):
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> is the Alder pet.'
    from langchain_core.documents import Document

    served.server.bases["kb"].base.add_documents(
        [Document(f"The Alder pet is Rex. {evil}", id="<b>evil</b>.txt", metadata={"title": evil})]
    )
    page = visit(served.url)
    answer = ask(page, "What is the Alder pet?")
    for one in answer.get_by_test_id("cite").all():
        one.click()
    page.get_by_test_id("view-documents").click()
    page.get_by_test_id("document").first.wait_for()
    page.get_by_test_id("view-search").click()
    page.get_by_test_id("query").fill("Alder pet")
    page.get_by_test_id("search").click()
    page.get_by_test_id("hit").first.wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0 and page.locator("main script").count() == 0
    assert evil[:20] in page.get_by_test_id("results").inner_text()


def test_what_no_evidence_carries_is_marked(tmp_path, visit):
    from groundglm import ChatGLM3
    from groundglm.engines.scripted_engine import ScriptedEngine

    from ..serving.conftest import fill, make_server
    from ..serving.running_server import running

    said = "The Alder library opens at half past eight.[1] 😀 It was built by giants in 1203.[1]"
    model = ChatGLM3(engine=ScriptedEngine([said]))
    folder = fill(tmp_path / "kb")
    with running(lambda: make_server(folder, tools=[], model=model)) as served:
        page = visit(served.url)
        answer = ask(page, "When does the Alder library open?")
        marked = answer.get_by_test_id("unsupported")
        assert [one.inner_text().strip() for one in marked.all()] == [
            "😀 It was built by giants in 1203."
        ]


def test_an_answer_can_be_stopped(tmp_path, visit):
    from groundglm import ChatGLM3

    from ..serving.conftest import fill, make_server
    from ..serving.running_server import running
    from ..serving.test_going_away import SlowEngine, until

    engine = SlowEngine()
    folder = fill(tmp_path / "kb")
    with running(lambda: make_server(folder, tools=[], model=ChatGLM3(engine=engine))) as served:
        page = visit(served.url)
        page.get_by_test_id("question").fill("When does the Alder library open?")
        page.get_by_test_id("send").click()
        assert until(lambda: engine.writing == 1)
        page.get_by_test_id("stop").click()
        page.get_by_test_id("failure").wait_for()
        assert until(lambda: engine.writing == 0)


def test_search_state_themes_and_the_keyboard(served, visit, check_access, pictures):
    for dark in (False, True):
        page = visit(served.url, dark=dark)
        page.get_by_test_id("view-search").click()
        page.get_by_test_id("query").fill("When does the library open?")
        page.get_by_test_id("query").press("Enter")
        page.get_by_test_id("hit").first.wait_for()
        check_access(page, "search")
        page.get_by_test_id("view-state").click()
        page.get_by_text("grounding.k").wait_for()
        check_access(page, "state")
        page.get_by_test_id("view-chat").click()
        ask(page, "Where was Petra Holm born?")
        check_access(page, f"dark {dark}")
        page.screenshot(path=pictures / f"theme-{'dark' if dark else 'light'}.png")
    # From the top of the page by keys alone to an answer's evidence and back.
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_test_id("question").focus()
    page.keyboard.type("When does the Alder library open?")
    page.keyboard.press("Enter")
    page.get_by_test_id("cite").first.wait_for()
    page.get_by_test_id("cite").first.focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("drawer").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.testid") == "cite"
    page.get_by_test_id("language").click()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


def test_a_server_with_keys_asks_for_one(tmp_path, visit, check_access):
    from groundglm.serving import KeyFile

    from ..serving.conftest import fill, make_server
    from ..serving.running_server import running

    folder = fill(tmp_path / "kb")
    file = KeyFile(folder / "keys.json")
    _, secret = file.add("ann", ["ask", "read"])
    with running(lambda: make_server(folder, keys=file)) as served:
        page = visit(served.url, language="zh")
        check_access(page, "sign in")
        page.get_by_test_id("key").fill("wrong")
        page.get_by_test_id("sign-in").click()
        page.locator(".bad").wait_for()
        page.get_by_test_id("key").fill(secret)
        page.get_by_test_id("sign-in").click()
        assert "1652" in ask(page, "青石桥建于哪一年？").inner_text()
