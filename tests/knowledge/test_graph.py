"""The graph: what goes in, what goes out, and that removing leaves no trace."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from groundglm.evidence import Source
from groundglm.facts import Contribution, Fact, entity_id
from groundglm.knowledge import KnowledgeGraph
from groundglm.text import Span


def said(subject: str, predicate: str, object_: str, document: str = "a", at: int = 0) -> Fact:
    source = Source(document, "", None, Span(at, at + 1))
    return Fact(subject, predicate, object_, (Contribution(source),))


def snapshot(graph: KnowledgeGraph) -> Any:
    edges = sorted(
        (one, other, key, repr(data))
        for one, other, key, data in graph.networkx.edges(keys=True, data=True)
    )
    names = ["苏轼", "Su", "东坡", "a", "b", "c"]
    links = [repr(graph.link(name)) for name in names]
    return edges, dict(graph.networkx.nodes(data=True)), graph.entities(), links, len(graph)


def test_a_fact_said_twice_is_one_fact_with_both_sources() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("苏轼", "朝代", "北宋", "a")])
    graph.add("b", [said("蘇軾", "朝代", "北宋", "b")])
    (fact,) = graph.facts("苏轼")
    assert [source.document_id for source in fact.sources] == ["a", "b"]


def test_removing_a_document_leaves_what_others_say() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("苏轼", "朝代", "北宋", "a"), said("苏轼", "籍贯", "眉山", "a")])
    graph.add("b", [said("苏轼", "朝代", "北宋", "b")])
    graph.remove("a")
    (fact,) = graph.facts("苏轼")
    assert (fact.object, [s.document_id for s in fact.sources]) == ("北宋", ["b"])
    assert graph.entity("眉山") is None


def test_removing_an_unknown_document_changes_nothing() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("苏轼", "朝代", "北宋")])
    before = snapshot(graph)
    graph.remove("b")
    assert snapshot(graph) == before


def test_an_alias_links_to_its_entity_until_the_fact_goes() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("苏轼", "又名", "苏东坡、东坡居士"), said("苏轼", "朝代", "北宋")])
    (link,) = graph.link("东坡居士是谁")
    assert link.entity.name == "苏轼"
    assert "苏东坡" in link.entity.aliases
    graph.remove("a")
    assert graph.link("东坡居士是谁") == []


def test_an_entity_is_found_by_id_name_alias_and_bare_title() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("Ed Wood (film)", "also known as", "The Ed Story")])
    ids = {graph.entity(key).id for key in (entity_id("Ed Wood (film)"), "Ed Wood", "the ed story")}  # pyright: ignore[reportOptionalMemberAccess]
    assert entity_id("Ed Wood (film)") in ids


def test_namesakes_both_answer_for_their_bare_name() -> None:
    graph = KnowledgeGraph()
    graph.add(
        "a", [said("李娜（歌手）", "职业", "歌手"), said("李娜（网球运动员）", "职业", "运动员")]
    )
    assert [fact.object for fact in graph.facts("李娜")] == ["歌手", "运动员"] or {
        fact.object for fact in graph.facts("李娜")
    } == {"歌手", "运动员"}
    assert len(graph.link("李娜的职业")) == 2


def test_a_type_stated_as_a_fact_is_the_entity_s_type() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("苏轼", "实体类型", "人物"), said("苏轼", "朝代", "北宋")])
    entity = graph.entity("苏轼")
    assert entity is not None and entity.type == "人物"


def test_a_long_or_dated_object_is_no_name_to_link_but_can_be_asked_for() -> None:
    graph = KnowledgeGraph()
    graph.add("a", [said("苏轼", "出生日期", "1037年1月8日")])
    assert graph.link("1037年1月8日发生了什么") == []
    assert len(graph.facts("1037年1月8日")) == 1


def test_a_hub_with_thousands_of_facts_is_added_and_removed_in_time() -> None:
    graph = KnowledgeGraph()
    for number in range(5_000):
        graph.add(str(number), [said(f"人物{number}号", "国籍", "中国", str(number))])
    assert graph.relevant("人物77号的国籍是什么？")[0][0].object == "中国"
    for number in range(5_000):
        graph.remove(str(number))
    assert len(graph) == 0 and graph.entities() == []


NAMES = st.sampled_from(["苏轼", "蘇軾", "Su", "su", "东坡", "a", "b (x)", "b", "c", "1037年"])
FACTS = st.builds(
    lambda s, p, o, n: (s, p, o, n),
    NAMES,
    st.sampled_from(["朝代", "又名", "实体类型", "is a"]),
    NAMES,
    st.integers(0, 2),
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.lists(FACTS, max_size=5), max_size=4
)


def facts_of(document: str, rows: list[tuple[str, str, str, int]]) -> list[Fact]:
    return [said(s, p, o, document, n) for s, p, o, n in rows]


@settings(max_examples=80, deadline=None)
@given(DOCUMENTS, st.sets(st.sampled_from(["a", "b", "c", "d"])), st.randoms())
def test_a_graph_after_removals_equals_one_built_afresh(
    documents: dict[str, Any], gone: set[str], random: Any
) -> None:
    graph = KnowledgeGraph()
    order = list(documents)
    random.shuffle(order)
    for document in order:
        graph.add(document, facts_of(document, documents[document]))
    for document in gone:
        graph.remove(document)
    fresh = KnowledgeGraph()
    for document in sorted(documents.keys() - gone):
        fresh.add(document, facts_of(document, documents[document]))
    assert snapshot(graph) == snapshot(fresh)


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, st.lists(FACTS, max_size=5))
def test_adding_and_removing_a_document_is_as_if_it_never_came(
    documents: dict[str, Any], rows: list[tuple[str, str, str, int]]
) -> None:
    graph = KnowledgeGraph()
    for document, said_there in documents.items():
        graph.add(document, facts_of(document, said_there))
    before = snapshot(graph)
    graph.add("z", facts_of("z", rows))
    graph.remove("z")
    assert snapshot(graph) == before


def test_a_misspelt_name_has_near_ones() -> None:
    graph = KnowledgeGraph()
    facts = [
        ("Kilimanjaro", "height", "5,895 m"),
        ("红楼梦", "作者", "曹雪芹"),
        ("Mali", "is", "x"),
    ]
    graph.add("d", [Fact(*parts) for parts in facts])
    assert graph.names_near("How high is Kilimanjarro?")[0] == "Kilimanjaro"
    assert graph.names_near("红楼孟的作者是谁？")[0] == "红楼梦"
    assert graph.names_near("Where is Male?") == []  # too short to tell
    assert graph.names_near("") == []


def test_a_former_name_is_linked_and_the_fact_that_says_so_is_given() -> None:
    graph = KnowledgeGraph()
    graph.add(
        "d",
        [Fact("Mumbai", "former name", "Bombay"), Fact("Mumbai", "population", "12.4 million")],
    )
    found = graph.relevant("What is the population of Bombay?")
    assert [fact.predicate for fact, _, _ in found] == ["population", "former name"]
    plain = graph.relevant("What is the population of Mumbai?")
    assert [fact.predicate for fact, _, _ in plain] == ["population"]
