"""The graph as other programs get it: plain values, and statements that differ stay apart."""

import networkx as nx
import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(16)) as opened:
        yield opened


def facts(*objects):
    return [{"subject": "Dose", "predicate": "limit", "object": one} for one in objects]


def test_graphml_holds_names_sources_and_hostile_text(base, tmp_path):
    base.add_facts(
        [
            {"subject": "苏轼", "predicate": "朝代", "object": "北宋", "time": "1037"},
            {"subject": "a\x0bb<&>", "predicate": "p\x1f", "object": "\ufffe𝒳", "confidence": 0.5},
        ],
        document_id="facts.csv",
    )

    nx.write_graphml(base.graph(), tmp_path / "graph.xml")
    read = nx.read_graphml(tmp_path / "graph.xml", force_multigraph=True)

    said = {edge["predicate"]: edge for _, _, edge in read.edges(data=True)}
    assert said["朝代"]["object"] == "北宋" and said["朝代"]["time"] == "1037"
    assert "facts.csv" in said["朝代"]["sources"]
    assert {node["name"] for _, node in read.nodes(data=True)} >= {"苏轼", "北宋"}
    assert [edge["confidence"] for edge in said.values()].count(0.5) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<5 mg", ">5 mg"),
        ("$5", "€5"),
        ("5 %", "5"),
        ("≤ 18", "18"),
        ("−3", "3"),
        ("5 €", "5 £"),
        ("±2", "2"),
    ],
)
def test_different_statements_stay_apart(base, one, other):
    base.add_facts(facts(one, other))

    assert sorted(fact.object for fact in base.facts("Dose")) == sorted([one, other])


@pytest.mark.parametrize(
    ("one", "other"), [("< 5 mg", "<5 mg"), ("＜5 mg", "<5 mg"), ("5 %", "5%"), ("−3", "-3")]
)
def test_spellings_of_one_statement_are_one(base, one, other):
    base.add_facts(facts(one, other))

    assert len(base.facts("Dose")) == 1


def test_a_caller_gets_the_graph_of_what_it_sees(base):
    labels = {"labels": ["board"]}
    base.add_documents(
        [
            Document("Su Shi was born in Meishan.", id="open"),
            Document(
                "Su Shi was born in Meishan. 李白的朝代是唐朝。", id="closed", metadata=labels
            ),
        ]
    )
    base.add_facts(facts("9 mg"), document_id="secret", labels=["board"])

    names = {node["name"] for _, node in base.graph(labels=[]).nodes(data=True)}

    assert "Dose" in {node["name"] for _, node in base.graph().nodes(data=True)}
    assert "Dose" not in names and "9 mg" not in names
    sources = {edge["sources"] for _, _, edge in base.graph(labels=[]).edges(data=True)}
    assert not any("closed" in one or "secret" in one for one in sources)
