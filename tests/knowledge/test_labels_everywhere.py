"""Whatever is hidden from a caller, every read is as if it had never been added."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

WORDS = ["Elm", "Oak", "Ash", "river", "bridge", "tower", "built", "old"]
QUESTIONS = ["Elm river", "Who built the Oak tower?", "Ash", "elmm bridge old"]
names = st.sampled_from(["Elm", "Oak", "Ash", "Elm Oak"])
labels = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)


@st.composite
def additions(draw):
    """A document, or a set of facts, with labels; later ones may replace earlier ones."""
    id_ = f"d{draw(st.integers(0, 5))}"
    if draw(st.booleans()):
        text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)))
        metadata = {"title": draw(names), "labels": draw(labels), "year": draw(st.integers(1, 2))}
        return Document(text, id=id_, metadata=metadata)
    facts = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "subject": names,
                    "predicate": st.sampled_from(["builder", "alias", "located in"]),
                    "object": names,
                }
            ),
            min_size=1,
            max_size=3,
        )
    )
    return id_, facts, draw(labels)


def put(base: KnowledgeBase, added) -> None:
    if isinstance(added, Document):
        base.add_documents([added])
    else:
        id_, facts, own = added
        base.add_facts(facts, document_id=id_, labels=own)


def labels_of(added) -> list[str]:
    return added.metadata["labels"] if isinstance(added, Document) else added[2]


def id_of(added) -> str:
    return added.id if isinstance(added, Document) else added[0]


def told(base: KnowledgeBase, caller: list[str]) -> dict[str, object]:
    """All that a caller can learn of a base."""

    def pieces(found):
        return [(one.id, one.kind, one.text, round(one.score, 6), one.why) for one in found]

    answers: dict[str, object] = {}
    for question in QUESTIONS:
        for mode in ("vector", "bm25", "hybrid", "graph"):
            found = base.search(question, k=4, mode=mode, labels=caller)
            answers[f"search {mode} {question}"] = pieces(found)
        answers[f"filter {question}"] = pieces(
            base.search(question, filter={"year": {"$ne": 2}}, labels=caller)
        )
        answers[f"link {question}"] = base.link(question, labels=caller)
        answers[f"near {question}"] = base.names_near(question, labels=caller)
        store = base.as_vector_store(labels=caller)
        near = store.similarity_search_with_score(question, k=3)
        answers[f"store {question}"] = [(one.id, round(score, 6)) for one, score in near]
        retrieved = base.as_retriever(labels=caller).invoke(question)
        answers[f"retriever {question}"] = [one.page_content for one in retrieved]
    for name in ("Elm", "Oak", "Ash", "Elm Oak"):
        answers[f"facts {name}"] = base.facts(name, labels=caller)
        answers[f"paths {name}"] = [str(one) for one in base.paths("Elm", name, labels=caller)]
    listed = base.documents(labels=caller)
    answers["documents"] = [replace(one, added_at="") for one in listed]
    for number in range(6):
        try:
            answers[f"text {number}"] = base.text(f"d{number}", labels=caller)
        except KeyError:
            answers[f"text {number}"] = None
        answers[f"passages {number}"] = pieces(base.passages(f"d{number}", labels=caller))
    graph = base.graph(labels=caller)
    answers["nodes"] = sorted(graph.nodes(data="name"))
    answers["edges"] = sorted(map(str, graph.edges(keys=True, data=True)))
    answers["statistics"] = base.statistics(labels=caller)
    return answers


@settings(max_examples=60 if os.environ.get("GROUNDGLM_FULL") else 6, deadline=None)
@given(st.lists(additions(), min_size=1, max_size=8), labels, st.integers(0, 7))
def test_what_is_hidden_might_as_well_not_be_there(added, caller, asked_after):
    with (
        tempfile.TemporaryDirectory() as name,
        KnowledgeBase.open(Path(name) / "whole", HashEmbeddings(32)) as whole,
        KnowledgeBase.open(Path(name) / "seen", HashEmbeddings(32)) as seen,
    ):
        for number, one in enumerate(added):
            put(whole, one)
            if number == asked_after:  # what is kept of an earlier view must be caught up
                told(whole, caller)
        last = {id_of(one): one for one in added}
        for one in last.values():
            if not labels_of(one) or set(labels_of(one)) & set(caller):
                put(seen, one)
        of_whole, of_seen = told(whole, caller), told(seen, caller)
        differing = {key for key in of_whole if of_whole[key] != of_seen[key]}
        assert not differing, {key: (of_whole[key], of_seen[key]) for key in differing}
