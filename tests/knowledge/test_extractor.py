"""A base reads facts by the rules, or by whatever its owner gives it."""

from pathlib import Path

from langchain_core.documents import Document

from groundglm import Fact, KnowledgeBase, Source, Span
from groundglm.facts import Contribution
from groundglm.retrieval import HashEmbeddings

TEXT = "Rule: no fact.\n\nThe harbour was dug by monks in 1204."


def monks(text: str, *, document_id: str, title: str = "") -> list[Fact]:
    span = Span(text.index("The harbour"), len(text))
    place = Contribution(Source("another", title, None, span), extractor="mine", time="1204")
    return [Fact("harbour", "dug by", "monks", (place,)), Fact("harbour", "kind", "basin")]


def base_with(folder: Path, extractor) -> KnowledgeBase:
    return KnowledgeBase.open(folder / "kb", HashEmbeddings(), extractor=extractor)


def test_the_facts_of_a_given_extractor_stand_on_the_document_and_go_with_it(tmp_path):
    with base_with(tmp_path, monks) as base:
        report = base.add_documents([Document(TEXT, id="a", metadata={"title": "Harbour"})])
        assert (report.added, report.facts, report.refused) == (["a"], 2, [])
        dug, kind = sorted(base.facts("harbour"), key=lambda fact: fact.object, reverse=True)
        assert (dug.object, kind.object) == ("monks", "basin")
        (said,) = dug.contributions
        assert (said.source.document_id, said.extractor, said.time) == ("a", "mine", "1204")
        assert said.source.span.cut(base.text("a")) == "The harbour was dug by monks in 1204."
        assert [source.document_id for source in kind.sources] == ["a"]
        base.delete(["a"])
        assert base.facts("harbour") == []


def test_no_extractor_means_the_rules(tmp_path):
    with base_with(tmp_path, None) as base:
        base.add_documents([Document("苏轼，字子瞻。\n出生地：眉山", metadata={"title": "苏轼"})])
        assert [fact.object for fact in base.facts("苏轼")] == ["眉山"]


def test_a_failing_extractor_costs_its_document_and_no_other(tmp_path):
    def fails(text: str, *, document_id: str, title: str = "") -> list[Fact]:
        if document_id == "b":
            raise RuntimeError("the model is away")
        return []

    with base_with(tmp_path, fails) as base:
        report = base.add_documents([Document(TEXT, id=id_) for id_ in "abc"])
        assert report.added == ["a", "c"]
        assert report.refused == [("b", "no facts were read: RuntimeError: the model is away")]
        # It can be added without facts, and nothing of it was left behind before.
        assert base.add_documents([Document(TEXT, id="b")], extract_facts=False).added == ["b"]


def test_what_is_no_fact_of_the_text_is_refused(tmp_path):
    far = Contribution(Source("a", span=Span(5, 10_000)))
    for gives, says in (
        ([Fact("a", "b", "c", (far,))], "span beyond the text"),
        ([("a", "b", "c")], "no Fact"),
        (7, "TypeError"),
    ):
        with base_with(tmp_path, lambda text, *, document_id, title="", gives=gives: gives) as base:
            (((id_, reason),)) = base.add_documents([Document(TEXT, id="a")]).refused
            assert id_ == "a" and says in reason
            assert base.documents() == []
