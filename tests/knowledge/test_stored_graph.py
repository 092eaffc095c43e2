"""The graph that a base's tables answer for is the one that its visible facts make in memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundglm.database.database import Database
from groundglm.database.fact_tables import FactTables
from groundglm.database.naming import namings_of
from groundglm.database.records import DocumentRecord
from groundglm.evidence import Source
from groundglm.facts import Contribution, Fact
from groundglm.knowledge import KnowledgeBase, KnowledgeGraph
from groundglm.knowledge.fact_graph import FactGraph
from groundglm.knowledge.graph_export import plain_graph
from groundglm.knowledge.stored_graph import StoredGraph
from groundglm.retrieval import HashEmbeddings

NAMES = st.sampled_from(
    ["Elm", "Oak Hill", "oak  hill", "Oak", "Elm (river)", "北京", "紅樓夢", "红楼梦", "1999", "x"]
)
PREDICATES = st.sampled_from(
    ["director", "Director", "birthplace", "alias", "别名", "作者", "is a", "instance of", "导演"]
)
DOCUMENTS = st.sampled_from(["a", "b", "c"])
FACTS = st.lists(st.tuples(NAMES, PREDICATES, NAMES, st.integers(0, 2)), max_size=5)
STEPS = st.lists(st.tuples(DOCUMENTS, st.none() | FACTS), min_size=1, max_size=7)
QUESTIONS = [
    "Who is the director of Oak Hill?",
    "What is the birthplace of the director of Elm?",
    "红楼梦的作者是谁？",
    "How are Elm and Oak related?",
    "Tell me about Elmm river",
    "北京",
]


def said(document: str, rows: list[tuple[str, str, str, int]]) -> tuple[Fact, ...]:
    return tuple(
        Fact(subject, predicate, object_, (Contribution(Source(document), time=str(at)),))
        for subject, predicate, object_, at in rows
    )


def record(document: str, facts: tuple[Fact, ...]) -> DocumentRecord:
    return DocumentRecord(document, "facts", "", "text", {}, (), "hash", (), facts)


def told(graph: FactGraph) -> dict[str, Any]:
    """All that a graph answers."""
    names = ["Elm", "OAK HILL", "Oak", "北京", "红楼梦", "1999", "x", "nobody"]
    plain = plain_graph(graph)
    nodes = [entity.id for entity in graph.entities()]
    return {
        "degrees": [(graph.degree(node), sorted(graph.neighbours(node))) for node in nodes],
        "joined": [graph.joining(a, b) for a in nodes for b in nodes],
        "entities": graph.entities(),
        "named": [graph.entity(name) for name in names],
        "facts": [graph.facts(name) for name in names],
        "links": [graph.link(question) for question in QUESTIONS],
        "near": [graph.names_near(question) for question in QUESTIONS],
        "relevant": [graph.relevant(question) for question in QUESTIONS],
        "paths": [graph.paths(a, b) for a in names for b in names],
        "around": [graph.around(name, hops=2) for name in names],
        "nodes": sorted(plain.nodes(data=True)),
        "edges": sorted(plain.edges(keys=True, data=True)),
    }


@settings(max_examples=60, deadline=None)
@given(STEPS, st.frozensets(DOCUMENTS))
def test_tables_answer_as_a_graph_in_memory(steps: list[Any], visible: frozenset[str]) -> None:
    whole, seen, held = KnowledgeGraph(), KnowledgeGraph(), dict[str, tuple[Fact, ...]]()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "base.sqlite", create=True)
        for document, rows in steps:
            if rows is None:
                database.delete_documents([document])
                held.pop(document, None)
            else:
                held[document] = said(document, rows)
                database.put_document(record(document, held[document]))
        for document, facts in held.items():
            whole.add(document, facts)
            if document in visible:
                seen.add(document, facts)
        numbers = dict(map(reversed, database.document_ids()))
        mask = bytearray(max(numbers.values(), default=0) + 1)
        for document in visible & numbers.keys():
            mask[numbers[document]] = 1
        with database.snapshot():
            assert told(StoredGraph(FactTables(database))) == told(whole)
            assert told(StoredGraph(FactTables(database, bytes(mask)))) == told(seen)
            for stored, graph in (
                (StoredGraph(FactTables(database)), whole),
                (StoredGraph(FactTables(database, bytes(mask))), seen),
            ):
                assert stored.size() == size(graph)
                assert dict(stored.best_connected(99)) == {
                    entity: graph.degree(entity.id) for entity in graph.entities()
                }
                for name in ("Elm", "Oak", "北京"):
                    assert stored.fact_count(name) == len(graph.facts(name))
        with database.connections.reading() as connection:
            rows = connection.execute("SELECT entity, kind, name, said FROM names").fetchall()
        counted = sum((namings_of(facts) for facts in held.values()), namings_of(()))
        assert {row[:3]: row[3] for row in rows} == dict(counted)
        database.close()


def size(graph: KnowledgeGraph) -> tuple[int, int]:
    return graph.networkx.number_of_edges(), graph.networkx.number_of_nodes()


# --- hubs ---


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(16)) as opened:
        rows = [
            {"subject": f"Town {n}", "predicate": "located in", "object": "California"}
            for n in range(1500)
        ]
        rows += [
            {"subject": "California", "predicate": "city", "object": f"City {n}"}
            for n in range(1500)
        ]
        rows += [
            {"subject": "California", "predicate": "zenith", "object": "Mount Whitney"},
            {"subject": "Mount Whitney", "predicate": "height", "object": "4,421 m"},
            {"subject": "Town 7", "predicate": "mayor", "object": "Ann"},
        ]
        opened.add_facts(rows, document_id="f")
        yield opened


def facts_for(base: KnowledgeBase, question: str) -> list[tuple[str, str]]:
    found = base.search(question, mode="graph")
    return [(one.text, one.why) for one in found if one.kind == "fact"]


def test_a_rare_fact_of_a_hub_is_found_by_its_predicate(base: KnowledgeBase) -> None:
    (found,) = facts_for(base, "What is the zenith of California?")
    assert "Mount Whitney" in found[0]
    assert "looked at" not in found[1]
    texts = [text for text, _ in facts_for(base, "What is the height of the zenith of California?")]
    assert len(texts) == 2


def test_the_cap_of_a_hub_is_said(base: KnowledgeBase) -> None:
    found = facts_for(base, "Which city is in California?")
    assert found
    assert all("California has more facts than the 1,000 looked at" in why for _, why in found)
    assert base.fact_count("California") == 3001
    assert len(base.facts("California")) == 2000
    assert base.fact_count("California", labels=[]) == 3001
    assert base.fact_count("nobody") == 0


def test_ways_through_and_to_a_hub_are_found(base: KnowledgeBase) -> None:
    (path,) = base.paths("Town 1400", "California")
    assert len(path.facts) == 1
    (path,) = base.paths("Ann", "Mount Whitney")
    assert [fact.predicate for fact in path.facts] == ["mayor", "located in", "zenith"]


def test_a_neighbourhood_is_exported_without_the_rest(base: KnowledgeBase, tmp_path: Path) -> None:
    near = base.graph("Ann", hops=2)
    assert sorted(near.nodes[node]["name"] for node in near) == ["Ann", "California", "Town 7"]
    assert near.number_of_edges() == 2
    assert base.graph("California", limit=10).number_of_edges() == 10
    assert base.graph("nobody").number_of_nodes() == 0
    nx.write_graphml(near, tmp_path / "near.graphml")
