"""What a caller may not see must not tell on itself: not by names, chains, ranks or counts."""

import pytest
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.retrieval import HashEmbeddings

BOARD = ["board"]


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(16)) as opened:
        yield opened


def fact(subject, predicate, object_):
    return {"subject": subject, "predicate": predicate, "object": object_}


def seen(base, question, labels):
    return [one for one in base.search(question, mode="graph", labels=labels) if one.kind == "fact"]


def test_no_chain_runs_through_a_hidden_fact(base):
    base.add_facts(
        [fact("Project Zeus", "director", "Helen Hidden")], document_id="s", labels=BOARD
    )
    base.add_facts([fact("Helen Hidden", "birthplace", "Paris")], document_id="p")
    question = "What is the birthplace of the director of Project Zeus?"

    assert len(seen(base, question, BOARD)) == 2
    assert seen(base, question, ["staff"]) == []
    assert base.paths("Project Zeus", "Paris")
    assert base.paths("Project Zeus", "Paris", labels=["staff"]) == []


def test_a_hidden_alias_links_nothing(base):
    base.add_facts([fact("Helen Hidden", "birthplace", "Paris")], document_id="p")
    base.add_facts([fact("Helen Hidden", "alias", "Agent Nightjar")], document_id="s", labels=BOARD)

    assert seen(base, "birthplace of Agent Nightjar?", BOARD)
    assert seen(base, "birthplace of Agent Nightjar?", ["staff"]) == []
    assert base.link("Agent Nightjar", labels=["staff"]) == []
    assert base.facts("Agent Nightjar", labels=["staff"]) == []
    assert len(base.facts("Helen Hidden", labels=["staff"])) == 1


def test_hidden_facts_crowd_no_public_one_out(base):
    hidden = [fact("Acme", "director", f"Aaa{number}") for number in range(8)]
    base.add_facts(hidden, document_id="s", labels=BOARD)
    base.add_facts([fact("Acme", "director", "Zoe Public")], document_id="p")

    (found,) = seen(base, "Who is the director of Acme?", ["staff"])
    assert "Zoe Public" in found.text


def test_a_hidden_longer_name_does_not_cover_a_public_one(base):
    base.add_facts([fact("Acme Zeus", "director", "Helen Hidden")], document_id="s", labels=BOARD)
    base.add_facts([fact("Acme", "director", "Zoe Public")], document_id="p")

    (found,) = seen(base, "Who is the director of Acme Zeus?", ["staff"])
    assert "Zoe Public" in found.text


def test_a_fact_that_two_documents_say_shows_only_the_one_that_may_be_seen(base):
    base.add_facts([fact("Acme", "director", "Zoe")], document_id="s", labels=BOARD)
    base.add_facts([fact("Acme", "director", "Zoe")], document_id="p")

    (found,) = seen(base, "Who is the director of Acme?", ["staff"])
    assert [source.document_id for source in found.sources] == ["p"]


def test_the_view_follows_what_changes(base):
    base.add_facts([fact("Acme", "director", "Zoe")], document_id="d")
    question = "Who is the director of Acme?"
    assert seen(base, question, ["staff"])

    base.add_facts([fact("Acme", "director", "Zoe")], document_id="d", labels=BOARD)
    assert seen(base, question, ["staff"]) == []
    base.add_facts([fact("Acme", "director", "Ann")], document_id="d", labels=["staff"])
    assert "Ann" in seen(base, question, ["staff"])[0].text
    base.delete(["d"])
    assert seen(base, question, ["staff"]) == []


def test_a_filter_hides_as_labels_do(base):
    zeus = "Project Zeus was directed by Helen Hidden."
    base.add_documents([Document(zeus, id="a", metadata={"title": "Project Zeus", "year": 1999})])
    question = "Who directed Project Zeus?"
    assert [one for one in base.search(question, mode="graph") if one.kind == "fact"]
    found = base.search(question, mode="graph", filter={"year": 2000})
    assert found == []


# --- agents ---


class Wrapped:
    """Somebody's own source of facts."""

    def __init__(self, base):
        self.base = base

    def facts(self, entity):
        return self.base.facts(entity)

    def paths(self, a, b, *, max_hops=3):
        return self.base.paths(a, b, max_hops=max_hops)

    def link(self, text):
        return self.base.link(text)


class Labelled(Wrapped):
    def facts(self, entity, *, labels=None):
        return self.base.facts(entity, labels=labels)

    def link(self, text, **options):
        return self.base.link(text, **options)


def test_an_agent_with_labels_shows_nothing_hidden_of_a_separate_source_of_facts(base, tmp_path):
    base.add_facts([fact("Project Zeus", "director", "Helen")], document_id="s", labels=BOARD)
    base.add_facts([fact("Project Zeus", "budget", "low")], document_id="p")
    model = ChatGLM3(engine="extractive")
    with KnowledgeBase.open(tmp_path / "other", HashEmbeddings(16)) as other:
        other.add_documents([Document("Nothing to see.", id="n")])

        with pytest.raises(ValueError, match=r"Wrapped\.link takes no labels"):
            build_agent(other, facts=Wrapped(base), model=model, labels=["staff"])
        for facts in (Labelled(base), base):
            agent = build_agent(other, facts=facts, model=model, labels=["staff"], threshold=0)
            texts = [one.text for one in agent.ask("Who is the director of Project Zeus?").evidence]
            assert any("low" in text for text in texts)
            assert not any("Helen" in text for text in texts)
        whole = build_agent(other, facts=Wrapped(base), model=model, threshold=0)
        found = whole.ask("Who is the director of Project Zeus?").evidence
        assert any("Helen" in one.text for one in found)


@pytest.mark.parametrize("labels", ["board", "", 5, 0, [""], [5], {"a": 1}])
def test_an_agent_takes_no_labels_that_are_no_list_of_strings(base, labels):
    with pytest.raises(ValueError, match="labels must be a list of non-empty strings"):
        build_agent(base, model=ChatGLM3(engine="extractive"), labels=labels)
