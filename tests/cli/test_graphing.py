"""The graph as a picture and as files for other programs."""

import csv
import json
from xml.etree import ElementTree

import networkx as nx
import pytest

from groundglm import KnowledgeBase
from groundglm.cli.app import run
from groundglm.drawing import Edge, Node, laid_out, to_html, to_svg
from groundglm.facts import Fact
from groundglm.retrieval.embeddings import HashEmbeddings

from ..hostile_texts import FIRST, LATER


@pytest.fixture
def folder(tmp_path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        base.add_facts(
            [
                Fact("红楼梦", "作者", "曹雪芹"),
                Fact("曹雪芹", "朝代", "清代"),
                Fact("清代", "首都", "北京"),
            ],
            document_id="facts.csv",
        )
    return tmp_path / "kb"


def names_in(svg):
    tree = ElementTree.fromstring(svg)
    return [one.text for one in tree.iter() if one.tag.endswith("text")]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("曹雪芹", {"红楼梦", "曹雪芹", "清代", "作者", "朝代"}),
        ("《红楼梦》的作者是哪个朝代的人？", {"红楼梦", "曹雪芹", "清代", "作者", "朝代"}),
    ],
)
def test_an_entity_and_a_question_are_drawn(folder, tmp_path, capsys, asked, names):
    out = tmp_path / "picture.svg"
    assert run(["graph", "show", asked, "--kb", str(folder), "--out", str(out)]) == 0
    assert names <= set(names_in(out.read_text("utf-8")))
    assert "曹雪芹 —朝代→ 清代" in capsys.readouterr().out


def test_a_picture_is_html_or_png_too_and_nothing_else(folder, tmp_path, capsys):
    show = ["graph", "show", "曹雪芹", "--kb", str(folder), "--hops", "2", "--out"]
    assert run([*show, str(tmp_path / "x.html")]) == 0
    page = (tmp_path / "x.html").read_text("utf-8")
    assert "default-src 'none'" in page and "北京" in page and "<script" not in page
    assert run([*show, str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert run([*show, str(tmp_path / "x.gif")]) == 2
    assert run(["graph", "show", "--kb", str(folder), "--out", str(tmp_path / "y.svg")]) == 2
    assert not (tmp_path / "y.svg").exists()


def test_the_graph_is_written_for_other_programs(folder, tmp_path, capsys):
    for ending in ("graphml", "csv", "json"):
        path = tmp_path / f"graph.{ending}"
        assert run(["graph", "export", str(path), "--kb", str(folder)]) == 0
        assert run(["graph", "export", str(path), "--kb", str(folder)]) == 2  # it is there
    graph = nx.read_graphml(tmp_path / "graph.graphml")
    assert graph.number_of_edges() == 3
    rows = list(csv.DictReader((tmp_path / "graph.csv").open(encoding="utf-8")))
    assert {(row["subject"], row["predicate"], row["object"]) for row in rows} == {
        ("红楼梦", "作者", "曹雪芹"),
        ("曹雪芹", "朝代", "清代"),
        ("清代", "首都", "北京"),
    }
    told = json.loads((tmp_path / "graph.json").read_text("utf-8"))
    assert len(told["entities"]) == 4 and len(told["facts"]) == 3
    part = ["graph", "export", str(tmp_path / "part.json"), "--kb", str(folder), "--json"]
    assert run([*part, "--around", "红楼梦"]) == 0
    assert run([*part, "--around", "nobody", "--force"]) == 1


def test_the_csv_goes_back_into_a_base(folder, tmp_path):
    path = tmp_path / "graph.csv"
    assert run(["graph", "export", str(path), "--kb", str(folder)]) == 0
    other = tmp_path / "other"
    with KnowledgeBase.open(other, HashEmbeddings()):
        pass
    assert run(["add-facts", str(path), "--kb", str(other)]) == 0
    with KnowledgeBase.open(other, read_only=True) as base:
        assert base.statistics()["facts"] == 3


@pytest.mark.parametrize("text", [*FIRST, *LATER][::7])
def test_any_name_is_drawn_as_text(text):
    picture = laid_out([Node("a", text or "-"), Node("b", "b")], [Edge("1", "a", "b", text, text)])
    for drawn in (to_svg(picture, title=text), to_svg(picture)):
        ElementTree.fromstring(drawn)
    assert "<script" not in to_html(picture, title=text, facts=[text])


def test_a_large_part_of_a_graph_is_laid_out_within_its_plane():
    nodes = [Node(str(number), f"n{number}") for number in range(300)]
    edges = [Edge(str(n), "0", str(n), "knows") for n in range(1, 300)]
    picture = laid_out(nodes, edges)
    assert all(
        0 <= x <= picture.width and 0 <= y <= picture.height for x, y in picture.places.values()
    )
    assert picture == laid_out(nodes, edges)
    assert laid_out([], []).places == {}
