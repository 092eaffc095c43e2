"""Boosts, recency, diversity and what says the same: each changes a ranking as it says it does."""

from datetime import date

import numpy as np
import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import Boost, HashEmbeddings, Ranking, Recency
from groundglm.retrieval.fusion import Fused, fuse
from groundglm.retrieval.reranking import Sayings, boosted, by_recency, date_in, diverse


def hits(*scores):
    return [Fused(number, score, "found") for number, score in enumerate(scores)]


def test_ranks_are_fused_without_their_scores():
    fused = fuse([("a", 900.0), ("b", 1.0)], [("b", 0.2), ("c", 0.1)], fusion="rank")

    assert [hit.id for hit in fused] == ["b", "a", "c"]
    assert fused[0].score == pytest.approx(0.5 * (61 / 62 + 1))
    assert fuse([("a", 9.0)], [], fusion="rank")[0].score == 1.0


def test_a_boost_changes_the_order_and_says_so():
    first, second = boosted(hits(0.9, 0.8), [("boost x", 2.0, lambda number: number == 1)])

    assert (first.id, second.id) == (1, 0)
    assert first.score == pytest.approx(0.8) and second.score == pytest.approx(0.45)
    assert first.why == "found, boost x ×2" and second.why == "found"


def test_new_documents_come_first():
    metadata = {0: {"date": "2020-01-01"}, 1: {"date": "2026-01-01"}, 2: {}}
    recency = Recency(half_life_days=365, weight=1.0)

    found = by_recency(hits(1.0, 0.9, 0.8), recency, metadata, today=date(2026, 1, 1))

    assert [hit.id for hit in found] == [1, 2, 0]
    assert [hit.score for hit in found] == pytest.approx([0.9, 0.4, 0.5**6], abs=0.01)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2024-02-29", date(2024, 2, 29)),
        ("2024-2", date(2024, 2, 1)),
        (2024, date(2024, 1, 1)),
        (["no", "2023-01-01"], date(2023, 1, 1)),
        ("2024-13-01", None),
        ("20240229", None),
        (True, None),
        ("yesterday", None),
    ],
)
def test_what_is_a_date(value, read):
    assert date_in({"date": value}, "date") == read


def test_diversity_leaves_out_what_is_alike():
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)

    assert diverse(hits(1.0, 0.9, 0.5), vectors, k=2, diversity=0.0) == [0, 1]
    assert diverse(hits(1.0, 0.9, 0.5), vectors, k=2, diversity=0.5) == [0, 2]
    assert diverse(hits(1.0), vectors[:1], k=5, diversity=0.5) == [0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The tower was built in 1924.", "the tower was built in 1924"),
        ("茶叶产自山地，味道清香。", "茶葉產自山地,味道清香."),
        ("Ｔhe tower", "The  tower"),
        ('He said "yes".', "He said “yes”."),
    ],
)
def test_what_says_the_same(one, other):
    sayings = Sayings()
    assert sayings.place_of("T", one) is None
    assert sayings.place_of("T (copy)", other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The dose is 3.5 mg.", "The dose is 35 mg."),
        ("The dose is <5 mg.", "The dose is >5 mg."),
        ("It costs $5.", "It costs €5."),
        ("It is -5 degrees.", "It is 5 degrees."),
        ("It is safe.", "It is not safe."),
        ("It is safe.", "Is it safe?"),
        ("The tower was built in 1924.", "The tower was built in 1925."),
        ("水温是3.5度。", "水温是35度。"),
        ("在1 2号楼", "在12号楼"),
        ("It is 5%.", "It is 5."),
    ],
)
def test_what_does_not(one, other):
    sayings = Sayings()
    assert sayings.place_of("T", one) is None
    assert sayings.place_of("T", other) is None


def test_the_same_words_under_another_title_are_about_something_else():
    sayings = Sayings()
    assert sayings.place_of("Elm Tower", "It has 300 steps.") is None
    assert sayings.place_of("Oak Tower", "It has 300 steps.") is None


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(64)) as opened:
        opened.add_documents(
            [
                Document(
                    f"The tower is old. Fact {name}.",
                    id=name,
                    metadata={"title": f"Tower {name}", "year": year, "kind": kind},
                )
                for name, year, kind in [
                    ("a", 1990, "blog"),
                    ("b", 2025, "manual"),
                    ("c", 2020, "x"),
                ]
            ]
        )
        yield opened


def found(base, **options):
    return [one.source.document_id for one in base.search("old tower", k=3, **options)]


def test_copies_are_sources_of_one_piece(base):
    text = "The lighthouse keeper counts every ship that passes the old tower."
    base.add_documents(
        [
            Document(text, id="report.md", metadata={"title": "report"}),
            Document(text.upper(), id="copy.md", metadata={"title": "report (copy)"}),
        ]
    )
    pieces = base.search("lighthouse keeper ship", k=3, mode="bm25")
    assert {source.document_id for source in pieces[0].sources} == {"report.md", "copy.md"}
    assert len({one.text.lower() for one in pieces}) == len(pieces)
    document = base.as_retriever(mode="bm25").invoke("lighthouse keeper ship")[0]
    assert len(document.metadata["also_in"]) == 1
    apart = base.search("lighthouse keeper", k=3, ranking=Ranking(collapse=False))
    assert len([one for one in apart if "lighthouse" in one.text.lower()]) == 2


def test_a_base_boosts_what_fits_a_filter(base):
    boost = Ranking(boosts=(Boost({"kind": "manual"}, 3.0),))
    pieces = base.search("old tower", k=3, ranking=boost)
    assert pieces[0].source.document_id == "b"
    assert 'boost {"kind": "manual"} ×3' in pieces[0].why
    base.ranking = Ranking(boosts=(Boost({"kind": {"$in": {"x"}}}, 3.0),))
    assert found(base)[0] == "c"
    assert base.as_retriever(ranking=boost).invoke("old tower")[0].metadata["document_id"] == "b"


def test_a_base_prefers_what_is_new(base):
    ranking = Ranking(recency=Recency("year", half_life_days=365, weight=1.0))
    assert found(base, ranking=ranking) == ["b", "c", "a"]


@pytest.mark.parametrize("mode", ["bm25", "vector", "hybrid", "graph"])
def test_diversity_keeps_every_mode_whole(base, mode):
    ranking = Ranking(diversity=0.5, fusion="rank")
    assert sorted(found(base, mode=mode, ranking=ranking)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ranking(fusion="best"),
        lambda: Ranking(vector_weight=2),
        lambda: Ranking(diversity=-1),
        lambda: Boost({}, 0),
        lambda: Recency(half_life_days=0),
        lambda: Recency(weight=3),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(make):
    with pytest.raises(ValueError):
        make()
