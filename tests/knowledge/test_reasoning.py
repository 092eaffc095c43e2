"""Facts for questions, and paths."""

import pytest

from groundglm.facts import Fact
from groundglm.knowledge import KnowledgeGraph

FACTS = [
    ("红楼梦", "作者", "曹雪芹"),
    ("红楼梦", "是", "长篇小说"),
    ("曹雪芹", "朝代", "清朝"),
    ("曹雪芹", "出生地", "南京"),
    ("曹雪芹", "国籍", "中国"),
    ("中国", "首都", "北京"),
    ("苏轼", "弟弟", "苏辙"),
    ("苏轼", "出生于", "眉山"),
    ("苏轼", "出生日期", "1037年"),
    ("Ed Wood (film)", "directed by", "Tim Burton"),
    ("Ed Wood (film)", "starring", "Johnny Depp"),
    ("Tim Burton", "born", "August 25, 1958"),
    ("Tim Burton", "birthplace", "Burbank"),
    ("Tim Burton", "is a", "American filmmaker"),
    ("France", "capital", "Paris"),
]


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add("a", [Fact(*fact) for fact in FACTS])
    return graph


def answers(graph: KnowledgeGraph, question: str) -> list[str]:
    return [fact.object for fact, _, _ in graph.relevant(question)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("谁写了《红楼梦》？", ["曹雪芹"]),
        ("红楼梦的作者是谁？", ["曹雪芹"]),
        ("苏轼在哪里出生？", ["眉山"]),
        ("苏轼是哪一年出生的？", ["1037年"]),
        ("中国的首都是哪里？", ["北京"]),
        ("Who directed Ed Wood?", ["Tim Burton"]),
        ("When was Tim Burton born?", ["August 25, 1958"]),
        ("Where was Tim Burton born?", ["Burbank"]),
        ("What is the capital of France?", ["Paris"]),
        ("苏轼的弟弟叫什么名字", ["苏辙"]),
    ],
)
def test_one_hop(graph: KnowledgeGraph, question: str, expected: list[str]) -> None:
    assert answers(graph, question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("《红楼梦》的作者是哪个朝代的人？", ["曹雪芹", "清朝"]),
        ("《红楼梦》的作者的出生地是哪里？", ["曹雪芹", "南京"]),
        ("Where was the director of Ed Wood born?", ["Tim Burton", "Burbank"]),
        ("When was the director of Ed Wood born?", ["Tim Burton", "August 25, 1958"]),
    ],
)
def test_the_facts_of_a_chain_stand_together(
    graph: KnowledgeGraph, question: str, expected: list[str]
) -> None:
    assert answers(graph, question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "红楼梦有多少回？",
        "苏轼的妻子是谁？",
        "Where was Johnny Depp born?",
        "How long is Ed Wood?",
        "今天天气怎么样？",
        "What is the population of France?",
        "",
    ],
)
def test_nothing_is_given_where_no_fact_fits(graph: KnowledgeGraph, question: str) -> None:
    assert graph.relevant(question) == []


def test_a_question_about_an_entity_in_general_gets_its_facts_weakly(graph: KnowledgeGraph) -> None:
    found = graph.relevant("介绍一下红楼梦")
    assert [fact.predicate for fact, _, _ in found] == ["是", "作者"]
    assert all(score <= 0.6 for _, score, _ in found)


def test_the_way_to_a_fact_is_told(graph: KnowledgeGraph) -> None:
    ((_, score, why),) = graph.relevant("红楼梦的作者是谁？")
    assert (0 < score <= 1, why) == (True, "link 红楼梦; predicate 作者")
    chain = graph.relevant("红楼梦的作者是哪个朝代的人")
    assert chain[1][2] == "path 红楼梦 → 曹雪芹 → 朝代"


def test_a_fact_between_two_named_entities_fits_a_question_on_their_relation(
    graph: KnowledgeGraph,
) -> None:
    assert answers(graph, "苏轼和苏辙是什么关系？") == ["苏辙"]


def test_the_limit_holds(graph: KnowledgeGraph) -> None:
    assert len(graph.relevant("介绍一下红楼梦", limit=1)) == 1
    assert graph.relevant("介绍一下红楼梦", limit=0) == []


def test_paths_are_found_shortest_first_also_against_the_direction(graph: KnowledgeGraph) -> None:
    (path,) = graph.paths("北京", "曹雪芹", 3)
    assert str(path) == "北京 ←首都— 中国 ←国籍— 曹雪芹"
    assert graph.paths("北京", "曹雪芹", 1) == []
    assert graph.paths("北京", "没有的", 3) == []


def test_paths_do_not_depend_on_the_order_of_adding() -> None:
    facts = [Fact("a1", "knows", f"m{n}") for n in range(30)]
    facts += [Fact(f"m{n}", "knows", "z1") for n in range(30)]
    one, other = KnowledgeGraph(), KnowledgeGraph()
    one.add("d", facts)
    other.add("d", list(reversed(facts)))
    assert one.paths("a1", "z1", 3) == other.paths("a1", "z1", 3)
    assert len(one.paths("a1", "z1", 3)) == 10


def test_a_path_through_a_crowd_stays_bounded() -> None:
    graph = KnowledgeGraph()
    graph.add("d", [Fact(f"p{n}", "in", f"hub{h}") for n in range(2000) for h in range(3)])
    assert graph.paths("p1", "p2", 3)
    assert graph.paths("p1", "hub2", 4)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("居里夫人出生在哪里？", ["华沙"]),
        ("居里夫人的出生地是什么地方？", ["华沙"]),
        ("Where was Curie born?", ["Warsaw"]),
        ("居里夫人出生在哪个国家？", ["华沙", "波兰"]),
        ("In which country was Curie born?", ["Warsaw", "Poland"]),
        ("Where was the founder of Radium Works born?", ["Curie", "Warsaw"]),
    ],
)
def test_where_beside_a_place_asks_for_that_place(question: str, expected: list[str]) -> None:
    graph = KnowledgeGraph()
    graph.add(
        "a",
        [
            Fact("居里夫人", "出生地", "华沙"),
            Fact("华沙", "所属国家", "波兰"),
            Fact("Radium Works", "founder", "Curie"),
            Fact("Curie", "birthplace", "Warsaw"),
            Fact("Warsaw", "country", "Poland"),
        ],
    )
    assert answers(graph, question) == expected
