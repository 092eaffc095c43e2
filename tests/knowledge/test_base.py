import threading
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.errors import (
    BaseBusyError,
    BaseCorruptError,
    EmbeddingMismatchError,
    GroundGLMError,
    NotABaseError,
    StorageError,
)
from groundglm.facts import Fact
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

SU_SHI = "苏轼是北宋文学家。苏轼的出生地是眉山。他在黄州写下《赤壁赋》。"
PARIS = "Paris is the capital of France. It lies on the Seine."


@pytest.fixture
def base(tmp_path: Path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as opened:
        yield opened


def document(text: str, id_: str, title: str = "", **metadata) -> Document:
    return Document(text, id=id_, metadata={"title": title, **metadata})


def test_a_document_is_found_with_a_span_that_cuts_its_passage_out_of_the_stored_text(base):
    base.add_documents([document(SU_SHI, "a", "苏轼"), document(PARIS, "b", "Paris")])
    for mode in ("vector", "bm25", "hybrid", "graph"):
        found = base.search("苏轼写下什么？", k=1, mode=mode)
        assert found[0].source.document_id == "a"
        assert found[0].source.span.cut(base.text("a")) == found[0].text


def test_the_same_id_replaces_and_an_unchanged_document_is_skipped(base):
    assert base.add_documents([document(PARIS, "a")]).added == ["a"]
    assert base.add_documents([document(PARIS, "a")]).unchanged == ["a"]
    assert base.add_documents([document("Rome is the capital of Italy.", "a")]).updated == ["a"]
    assert [piece.text for piece in base.search("capital", k=5)] == [
        "Rome is the capital of Italy."
    ]


def test_a_document_without_an_id_is_known_by_its_content(base):
    first = base.add_documents([Document(PARIS)])
    assert base.add_documents([Document(PARIS)]).unchanged == first.added


def test_deleting_leaves_nothing_of_a_document(base):
    base.add_documents([document(SU_SHI, "a", "苏轼"), document(PARIS, "b", "Paris")])
    assert base.delete(["a", "missing"]) == ["a"]
    assert base.facts("苏轼") == []
    assert all(piece.source.document_id == "b" for piece in base.search("苏轼 Paris", k=5))
    assert base.delete(["b"]) == ["b"]
    counts = base.statistics()
    assert {name: counts[name] for name in counts if name != "generation"} == dict.fromkeys(
        ("documents", "passages", "vectors", "facts", "entities"), 0
    )


def test_deleting_a_document_removes_only_its_own_facts(base):
    base.add_documents([document("北京是中国的首都。", "a"), document("北京是中国的首都。", "b")])
    before = [fact for fact in base.facts("北京") if len(fact.sources) == 2]
    assert before
    base.delete(["a"])
    assert {source.document_id for fact in base.facts("北京") for source in fact.sources} == {"b"}


def test_graph_mode_gives_all_passages_and_the_facts_beside_them(base):
    base.add_documents([document(f"苏轼的第{n}篇文章。", f"d{n}", "苏轼") for n in range(6)])
    base.add_facts([{"subject": "苏轼", "predicate": "弟弟", "object": "苏辙"}])
    found = base.search("苏轼的弟弟是谁？", k=5, mode="graph")
    assert [piece.kind for piece in found[:5]] == ["passage"] * 5
    assert found[5].kind == "fact"
    assert found[5].text == "苏轼 | 弟弟 | 苏辙"


def test_facts_point_into_the_text_of_their_document(base):
    (id_,) = base.add_facts([Fact("alpha", "is", "beta"), Fact("beta", "is", "gamma")]).added
    (fact,) = base.facts("alpha")
    assert fact.sources[0].span.cut(base.text(id_)) == "alpha | is | beta"
    assert [str(path) for path in base.paths("alpha", "gamma")] == ["alpha —is→ beta —is→ gamma"]
    assert [link.entity.name for link in base.link("tell me about alpha")] == ["alpha"]


def test_an_incomplete_fact_is_refused_and_nothing_is_added(base):
    with pytest.raises(ValueError, match="object"):
        base.add_facts([{"subject": "a", "predicate": "is", "object": "b"},
                        {"subject": "a", "predicate": "is", "object": " "}])  # fmt: skip
    assert base.documents() == []


@pytest.mark.parametrize("text", ["", "  \n", "half \ud800 character"])
def test_a_document_that_cannot_be_stored_is_refused_and_the_others_kept(base, text):
    report = base.add_documents([document(text, "bad"), document(PARIS, "good")])
    assert [id_ for id_, _ in report.refused] == ["bad"]
    assert report.added == ["good"]


def test_a_filter_and_labels_are_applied_before_ranking(base):
    base.add_documents([
        document("apple pie recipe", "open", kind="food"),
        document("apple pie secret recipe", "closed", kind="food", labels=["chef"]),
        document("apple pie chart", "chart", kind="figure"),
    ])  # fmt: skip
    ids = lambda **kw: {p.source.document_id for p in base.search("apple pie", k=5, **kw)}  # noqa: E731
    assert ids() == {"open", "closed", "chart"}
    assert ids(labels=[]) == {"open", "chart"}
    assert ids(labels=["chef"], filter={"kind": "food"}) == {"open", "closed"}
    assert ids(filter={"kind": ["figure"]}) == {"chart"}


def test_labels_reach_the_facts(base):
    base.add_documents([document("苏轼的出生地是眉山。", "a", "苏轼", labels=["secret"])])
    facts = [
        p for p in base.search("苏轼的出生地是哪里？", mode="graph", labels=[]) if p.kind == "fact"
    ]
    assert facts == []


@pytest.mark.parametrize(("query", "options"), [("  ", {}), ("a", {"k": 0}), ("a", {"mode": "x"})])
def test_wrong_arguments_of_a_search_are_refused(base, query, options):
    with pytest.raises(ValueError):
        base.search(query, **options)


def test_a_query_of_a_hundred_thousand_characters_is_answered(base):
    base.add_documents([document(PARIS, "a")])
    assert base.search("Paris " * 17_000)[0].source.document_id == "a"


def test_a_base_remembers_its_embedding_model_and_refuses_another(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings(64)) as base:
        base.add_documents([document(PARIS, "a")])
    with KnowledgeBase.open(tmp_path) as base:
        assert base.search("Paris", mode="vector")
    with pytest.raises(EmbeddingMismatchError, match="hash-64"):
        KnowledgeBase.open(tmp_path, HashEmbeddings(128))


def test_what_is_no_base_is_refused(tmp_path):
    with pytest.raises(NotABaseError, match="groundglm init"):
        KnowledgeBase.open(tmp_path / "nothing", create=False)
    assert not (tmp_path / "nothing").exists()
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(NotABaseError):
        KnowledgeBase.open(file)
    (tmp_path / "base.sqlite").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(NotABaseError):
        KnowledgeBase.open(tmp_path, HashEmbeddings())


def test_a_damaged_base_is_named_as_such(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([document(f"{PARIS} {n}", f"d{n}") for n in range(200)])
    file = tmp_path / "base.sqlite"
    data = bytearray(file.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    file.write_bytes(data)
    with pytest.raises(BaseCorruptError), KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.search("Paris")


def test_a_full_disk_loses_nothing(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as base:
        base.add_documents([document(PARIS, "a")])
        writer = base.database.connections.writer
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StorageError, match="full"):
            base.add_documents([document(f"{n} " * 9_000, f"big{n}") for n in range(9)])
        assert base.search("Paris")[0].source.document_id == "a"
        assert base.database.integrity_problems() == []
        writer.execute("PRAGMA max_page_count = 1000000")
        assert base.add_documents([document("Rome", "b")]).added == ["b"]


def test_a_reader_sees_what_a_writer_added_at_its_next_query(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as writer:
        writer.add_documents([document(PARIS, "a")])
        with KnowledgeBase.open(tmp_path, read_only=True) as reader:
            assert len(reader.search("capital", k=5)) == 1
            writer.add_documents([document("Rome is the capital of Italy.", "b", "Rome")])
            assert len(reader.search("capital", k=5)) == 2
            writer.delete(["a"])
            assert [p.source.document_id for p in reader.search("capital", k=5)] == ["b"]
            with pytest.raises(GroundGLMError, match="reading only"):
                reader.delete(["b"])


def test_a_second_writer_waits_and_then_names_the_holder(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings(), busy_seconds=0.3) as base:
        base.add_documents([document(PARIS, "a")])
        with (
            KnowledgeBase.open(tmp_path, busy_seconds=30) as other,
            other.database.connections.writing(),
            pytest.raises(BaseBusyError),
        ):
            base.add_documents([document("Rome", "b")])
        assert base.add_documents([document("Rome", "b")]).added == ["b"]


def test_threads_may_search_while_one_adds(base):
    base.add_documents([document(PARIS, "first")])
    failures: list[Exception] = []

    def search() -> None:
        try:
            for _ in range(30):
                assert base.search("capital of France", k=3)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(30):
        base.add_documents([document(f"{PARIS} {n}", f"d{n}")])
    for thread in threads:
        thread.join()
    assert failures == []
    assert base.statistics()["documents"] == 31


def test_a_base_equals_one_built_afresh_from_what_remains(tmp_path):
    texts = {f"d{n}": document(f"苏轼的第{n}个朋友是友人{n}。", f"d{n}", "苏轼") for n in range(8)}
    with KnowledgeBase.open(tmp_path / "old", HashEmbeddings()) as old:
        old.add_documents(texts.values())
        old.search("苏轼", mode="graph")
        old.delete(["d1", "d5"])
        with KnowledgeBase.open(tmp_path / "new", HashEmbeddings()) as new:
            new.add_documents(doc for id_, doc in texts.items() if id_ not in ("d1", "d5"))

            def found(kb):
                pieces = kb.search("苏轼的朋友", k=8, mode="graph")
                return [(piece.id, round(piece.score, 5)) for piece in pieces]

            assert found(old) == found(new)
            assert set(old.graph().nodes) == set(new.graph().nodes)
