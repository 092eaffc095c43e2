"""Small files that once took minutes: reading and asking stay quick, and tell what was cut."""

import time

import pytest
from langchain_core.documents import Document

from groundglm.evidence import Source
from groundglm.extraction import extract_facts
from groundglm.facts import Contribution, Fact
from groundglm.knowledge import KnowledgeBase, KnowledgeGraph
from groundglm.loading import load_files
from groundglm.loading.files import READING_KEY
from groundglm.loading.html import html_to_text
from groundglm.notation import NumberedEvidence
from groundglm.questions.question import Question
from groundglm.questions.sentence_selection import rank_sentences
from groundglm.retrieval import HashEmbeddings, split_text

INITIALS = " ".join("BCDFGHKLMNPQRSTVWXZ"[i % 19] + "." for i in range(400))

TEXTS = {
    "initials behind a role": "The capital of " + "B. " * 60 + "x.",
    "initials": INITIALS,
    "initials with a possessive": f"{INITIALS}'s capital is X",
    "initials as a name": f"{INITIALS} (born 1900) was a poet.",
    "a heading with blanks": "# a" + " " * 20_000 + "b",
    "a wiki heading with blanks": "==" + " " * 20_000 + "x",
    "a table of contents": "# Chapter 1" + " " * 4_000 + "12\nText.",
    "dots of a table of contents": "Introduction " + "." * 4_000 + " 12\n1.1 Scope " + ". " * 2_000,
    "a ruler of a table": "| a | b |\n|" + " " * 50_000 + "|x\n| c | d |",
    "a cell of brackets": "| a | b |\n|--|--|\n| " + "[" * 100_000 + " | x |",
    "brackets behind a name": "Li Bai " + "(" * 20_000 + " is a poet.",
    "Chinese brackets": "李白" + "（" * 20_000 + "是诗人。",
    "quantities": "黄河，全长" + "约为" * 10_000 + "5464公里。",
    "one Chinese line": "李白曾" * 20_000,
    "one English line": "and the A. of the B. " * 5_000,
    "one word": "a" * 100_000,
    "one number": "1" * 100_000,
    "quotation marks": "“" * 50_000,
    "key and value": "Status: ok\n\n" * 8_000,
    "a fact over and over": "\n\n".join(["状态：正常\n作者：张三"] * 4_000),
    "many facts": "\n\n".join(f"# Item{i}\n作者：某某{i}\n朝代：清代" for i in range(3_000)),
    "a key with blanks": "Key" + " " * 50_000 + ": value",
    "blank lines": "\n" * 100_000 + "x",
    "closing marks": "End." + ")" * 50_000 + "x",
}


@pytest.fixture(autouse=True)
def _warm():
    list(extract_facts("李白是唐代诗人。\nLi Bai was a poet.", document_id="warm"))


def seconds_of(call, *args, **options):
    start = time.process_time()
    call(*args, **options)
    return time.process_time() - start


@pytest.mark.parametrize("title", ["", "李白", "Li Bai"])
@pytest.mark.parametrize("name", TEXTS)
def test_facts_are_read_in_time(name, title):
    assert seconds_of(extract_facts, TEXTS[name], document_id="d", title=title) < 8


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_split_in_time(name):
    assert seconds_of(split_text, TEXTS[name]) < 4


@pytest.mark.parametrize("name", ["a heading with blanks", "many facts", "a table of contents"])
def test_a_file_is_added_and_asked_in_time(name, tmp_path):
    (tmp_path / "a.md").write_text(TEXTS[name], "utf-8")
    base = KnowledgeBase.open(tmp_path / "base", HashEmbeddings(16))

    def run():
        report = base.add_documents(load_files([tmp_path / "a.md"], root=tmp_path))
        assert report.added == ["a.md"]
        base.search("作者是谁？", mode="graph")

    assert seconds_of(run) < 20


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 60_000 + "deep",
        "<p><b><i>" * 20_000 + "deep",
        "<table><tr><td>" * 20_000 + "deep",
        "<nav>" * 60_000 + "</nav>" * 60_000 + "deep",
        "<a" * 100_000 + ">deep",
        "<ul><li>" * 30_000 + "deep",
        "</div>" * 60_000 + "deep",
        "<font><p>" * 20_000 + "deep",
    ],
    ids=lambda page: page[:16],
)
def test_a_page_is_read_in_time_and_its_words_are_kept(page):
    start = time.process_time()
    _, text = html_to_text(page)

    assert time.process_time() - start < 5
    assert "deep" in text or page.startswith(("<a", "<nav>"))


def test_a_page_that_closes_what_it_opens_loses_nothing_behind_the_depth():
    page = "<div>" * 500 + "<p>deep</p>" + "</div>" * 500 + "<h2>After</h2><p>more</p>"

    assert html_to_text(page)[1].split("\n") == ["deep", "## After", "more"]


def test_what_was_bounded_is_reported_and_not_stored(tmp_path):
    (tmp_path / "deep.html").write_text("<div>" * 400 + "words", "utf-8")
    base = KnowledgeBase.open(tmp_path / "base", HashEmbeddings(16))
    loaded = list(load_files([tmp_path / "deep.html"], root=tmp_path))
    long_title = Document("Some text.", id="t", metadata={"title": "(" * 80_000})
    long_sentence = Document("word " * 400, id="s")

    report = base.add_documents([*loaded, long_title, long_sentence])

    assert loaded[0].metadata[READING_KEY]["notes"]
    notes = dict(report.notes)
    assert "nested deeper than 200" in notes["deep.html"]
    assert "80,000 characters was cut to 300" in notes["t"]
    assert "1 sentences of more than 1,000 characters" in notes["s"]
    by_id = {one.id: one for one in base.documents()}
    assert READING_KEY not in by_id["deep.html"].metadata
    assert len(by_id["t"].title) == 300


def test_a_title_without_end_costs_a_question_nothing():
    piece = NumberedEvidence(1, "passage", "(" * 80_000, "Some text here.")

    assert seconds_of(rank_sentences, Question("who is it?"), [piece]) < 1


def test_a_fact_said_thousands_of_times_is_added_in_time():
    said = [
        Fact("张三", "状态", "正常", (Contribution(Source("d", "", None), f"p{i}"),))
        for i in range(8_000)
    ]
    graph = KnowledgeGraph()

    assert seconds_of(graph.add, "d", said) < 4
    assert len(graph.facts("张三")[0].contributions) == 8_000
