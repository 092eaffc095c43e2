"""The trace: what was searched, found, called and checked, in text, JSON and as a page."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent.fact_drawing import draw_facts
from groundglm.cli.app import run
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool

from ..hostile_texts import FIRST, LATER


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents(
            [Document("苏轼的出生地是眉山。", id="su", metadata={"title": "苏轼 <b>&"})]
        )
        opened.add_facts([{"subject": "眉山", "predicate": "所属省份", "object": "四川"}])
        yield opened


def test_two_hops_are_told_with_their_path_and_a_picture(base):
    answer = build_agent(base, model=ChatGLM3(engine="extractive")).ask(
        "苏轼的出生地所属省份是什么？"
    )
    text, page = answer.trace_text(), answer.trace_html()
    (path,) = answer.fact_paths
    assert [piece.text for piece in path] == ["苏轼 | 出生地 | 眉山", "眉山 | 所属省份 | 四川"]
    for said in ("search_knowledge", "有据", "path 苏轼", "groundglm-extractive"):
        assert said in text
    assert 'lang="zh"' in page and "<svg" in page and 'href="#e3"' in page and 'id="e3"' in page
    assert "苏轼 &lt;b&gt;&amp;" in page
    assert json.loads(json.dumps(answer.to_dict()))["fact_paths"] == [[p.text for p in path]]
    assert set(answer.timings) >= {"retrieval", "model", "total"}
    assert answer.timings["total"] >= answer.timings["retrieval"] > 0


def test_calls_and_declines_are_told_in_english(base):
    @tool(read_only=True)
    def look(at: str) -> str:
        """Look."""
        raise LookupError("nothing")

    call = AIMessage("", tool_calls=[{"name": "look", "args": {"at": "x"}, "id": "1"}])
    engine = ScriptedEngine([call, "Mei Shan lies in Peru.[1] I do not know."])
    agent = build_agent(base, model=ChatGLM3(engine=engine), tools=[look], threshold=0)
    answer = agent.ask("Where does 眉山 lie, do you know?")
    text, page = answer.trace_text(), answer.trace_html()
    assert "call: look(at='x')" in text
    assert "not supported by it" in text
    assert ">failed</td>" in page and 'class="bad"' in page


@pytest.mark.parametrize(
    "hostile", [*FIRST[:6], *LATER[:6], "<script>alert(1)</script>", "a'\"&<>"]
)
def test_a_page_runs_and_loads_nothing_whatever_it_tells(tmp_path, hostile):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as opened:
        opened.add_documents([Document(hostile, id="h", metadata={"title": hostile})])
        opened.add_facts([{"subject": hostile, "predicate": hostile, "object": "end"}])
        engine = ScriptedEngine([f"{hostile} [1]"])
        agent = build_agent(opened, model=ChatGLM3(engine=engine), threshold=0)
        page = agent.ask(f"{hostile}?").trace_html()
    assert (
        "<script" not in page
        and "<img" not in page
        and "javascript:" not in re.sub(r">[^<]*<", "><", page)
    )
    assert not re.search(r"<[^>]*\s(?:src|onload|onclick)=", page)
    body = page.partition("<body>")[2].partition("</body>")[0].replace("<br>", "<br/>")
    plain = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", body)
    ElementTree.fromstring(f"<body>{plain}</body>")


def test_many_facts_are_drawn_and_none_is_nothing():
    assert draw_facts([]) == ""
    assert draw_facts([(1, "no fact")]) == ""
    facts = [(n, f"hub {n % 7} | rel {n} | node {n}") for n in range(200)]
    picture = draw_facts(facts, cited=frozenset({150}))
    tree = ElementTree.fromstring(picture)
    assert "[150]" in picture
    assert len(tree.findall(".//{http://www.w3.org/2000/svg}line")) == 40
    assert picture == draw_facts(facts, cited=frozenset({150}))
    ElementTree.fromstring(draw_facts([(1, "self | is | self")]))


@pytest.mark.parametrize("ending", ["html", "json", "txt"])
def test_the_command_line_writes_it(tmp_path, ending, capsys):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as opened:
        opened.add_documents([Document("The office opens at nine.", id="o")])
    path = tmp_path / f"out.{ending}"
    question = "When does the office open?"
    assert run(["ask", question, "--kb", str(tmp_path / "kb"), "--trace", str(path)]) == 0
    assert "nine" in path.read_text("utf-8")
    assert "nine" in capsys.readouterr().out
    folder = str(tmp_path / "none" / "out.html")
    assert run(["ask", question, "--kb", str(tmp_path / "kb"), "--trace", folder]) == 2
