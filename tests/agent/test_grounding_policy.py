"""What becomes of replies: marked or removed where nothing carries them, never taken back."""

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import Answered, Text
from groundglm.agent.citations import unsupported_sentences, without_unsupported
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.evidence import Evidence, Source
from groundglm.retrieval import HashEmbeddings

HANDBOOK = {
    "Leave": "Employees get 25 days of leave a year. Unused days are carried over until March.",
    "Library": "The library opens at nine in the morning. It is closed on Mondays.",
    "年假": "员工每年有二十天年假。未休的年假可以保留到次年三月。",
}

HALF_TRUE = (
    "Employees get 25 days of leave a year.[1] The office is painted blue. It has ten floors.[1]"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents(
            Document(text, id=title, metadata={"title": title}) for title, text in HANDBOOK.items()
        )
        yield opened


def agent_saying(base, *replies, **options):
    engine = ScriptedEngine(list(replies))
    return build_agent(base, model=ChatGLM3(engine=engine), **options)


# --- the gate ---------------------------------------------------------------------------------


def test_a_real_model_answers_over_thin_evidence_and_the_answer_is_marked(base):
    said = "Employees get 25 days of leave a year.[1]"
    agent = agent_saying(base, said, threshold=0.99)

    answer = agent.ask("How long may staff stay away?")

    assert answer.text == said
    assert not answer.declined
    assert answer.thin
    assert any("may not hold the answer" in note for note in answer.notes)


def test_thin_evidence_is_shown_with_a_hint(base):
    engine = ScriptedEngine(["I cannot tell."])
    agent = build_agent(base, model=ChatGLM3(engine=engine), threshold=0.99)

    answer = agent.ask("How long may staff stay away?")

    from groundglm.chatglm3 import decode_segments

    shown = decode_segments(engine.requests[-1].prompt_ids, engine.tokenizer)[-1].content
    assert shown.startswith("[1] passage:")
    assert "may not hold the answer" in shown
    assert answer.text == "I cannot tell."  # its own words for a refusal are kept


def test_a_real_model_is_not_marked_over_good_evidence(base):
    agent = agent_saying(base, "The library opens at nine in the morning.[1]", threshold=0)

    answer = agent.ask("When does the library open?")

    assert not answer.thin
    assert not answer.unsupported
    assert not answer.notes


CALCULATION = {"name": "calculator", "args": {"expression": "1+1"}, "id": "1"}
EMPTY_SEARCH = {"name": "search_knowledge", "args": {"query": " "}, "id": "1"}


@pytest.mark.parametrize("call", [CALCULATION, EMPTY_SEARCH])
def test_a_call_beside_the_question_does_not_open_the_gate(base, call):
    claim = "The mayor of Atlantis is Ann Lee."
    replies = AIMessage("", tool_calls=[call]), claim

    answer = agent_saying(base, *replies, threshold=0.99).ask("Who is the mayor of Atlantis?")
    assert answer.thin
    assert [span.cut(answer.text) for span in answer.unsupported] == [claim]

    removing = agent_saying(base, *replies, threshold=0.99, citations="remove")
    assert removing.ask("Who is the mayor of Atlantis?").declined


def test_what_a_tool_gave_is_neither_marked_nor_removed(base):
    replies = AIMessage("", tool_calls=[CALCULATION]), "That makes 2."
    agent = agent_saying(base, *replies, threshold=0.99, citations="remove")

    answer = agent.ask("What is one and one?")

    assert answer.text == "That makes 2."
    assert not answer.thin and not answer.unsupported


class TwoShelves:
    """Finds another passage for each of two queries."""

    def search(self, query, **_):
        text = (
            "When the reading room opens: it opens at nine in the morning."
            if query == "hours"
            else "Cheese is made of milk."
        )
        source = Source(query, "reading room" if query == "hours" else "cheese")
        return [Evidence(f"p-{query == 'hours'}", "passage", text, 1.0, sources=(source,))]


def test_a_further_search_that_finds_the_answer_takes_the_mark_away():
    call = {"name": "search_knowledge", "args": {"query": "hours"}, "id": "1"}
    question = "When does the reading room open in the morning?"

    alone = agent_saying(TwoShelves(), "Cheese is made of milk.[1]").ask(question)
    found = agent_saying(
        TwoShelves(), AIMessage("", tool_calls=[call]), "It opens at nine in the morning.[2]"
    ).ask(question)

    assert alone.thin
    assert not found.thin and not found.declined


@pytest.mark.parametrize("title", ["Rules [1]", "Rules 【1】", "Rules\n[1,1]"])
def test_a_title_in_a_decline_cites_nothing(tmp_path, title):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        base.add_documents([Document("Boats moor at night.", id="a", metadata={"title": title})])
        agent = build_agent(base, model=ChatGLM3(engine="extractive"), threshold=0.99)
        answer = agent.ask("Do boats moor at night at rules?")
    assert answer.declined
    assert not answer.citations


@pytest.mark.parametrize(
    "claim",
    [
        "Yes, refunds take three days.",
        "I found that refunds take three days.",
        "我国的首都是东京。",
        "Sure, the office is painted blue.",
        "Based on the evidence, refunds are free.",
    ],
)
def test_an_opening_word_hides_no_claim(claim):
    assert [span.cut(claim) for span in unsupported_sentences(claim, {})] == [claim]


# --- what no evidence carries -----------------------------------------------------------------


def test_sentences_without_support_are_marked(base):
    agent = agent_saying(base, HALF_TRUE, threshold=0)

    answer = agent.ask("How many days of leave do employees get?")

    assert answer.text == HALF_TRUE
    assert [span.cut(answer.text) for span in answer.unsupported] == [
        "The office is painted blue.",
        "It has ten floors.",
    ]


def test_sentences_without_support_are_removed(base):
    agent = agent_saying(base, HALF_TRUE, threshold=0, citations="remove")

    answer = agent.ask("How many days of leave do employees get?")

    assert answer.text == "Employees get 25 days of leave a year.[1]"
    assert not answer.unsupported


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many days of leave do employees get?", "Employees get 40 days of leave a year.[1]"),
        ("员工每年有多少天年假？", "员工每年没有年假。[1]"),
    ],
)
def test_where_nothing_is_left_the_answer_is_declined(base, question, said):
    answer = agent_saying(base, said, threshold=0, citations="remove").ask(question)

    assert answer.declined
    assert answer.reason.code == "unsupported"
    assert "40" not in answer.text


def test_a_refusal_in_own_words_and_small_talk_are_not_removed(base):
    agent = agent_saying(base, "Hello! How can I help?", threshold=0, citations="remove")
    assert agent.ask("Hello!").text == "Hello! How can I help?"


def test_a_sentence_may_lean_on_the_citation_behind_the_next_one():
    numbered = {1: Evidence("a", "passage", HANDBOOK["Leave"], 1.0)}
    text = "Employees get 25 days of leave a year. Unused days are carried over until March.[1]"
    assert unsupported_sentences(text, numbered) == []
    assert without_unsupported(text, numbered) == text


@pytest.mark.parametrize("text", ["", "[1]", "。", "Is it so?", "# Leave", "。[1]\n\n[2]"])
def test_what_claims_nothing_is_not_unsupported(text):
    assert unsupported_sentences(text, {}) == []


# --- streams ----------------------------------------------------------------------------------


def streamed(agent, question):
    *events, last = agent.stream(question)
    assert isinstance(last, Answered)
    return "".join(event.text for event in events if isinstance(event, Text)), last.answer


@pytest.mark.parametrize(
    "question",
    ["Who is the mayor of Atlantis?", "亚特兰蒂斯的市长是谁？", "When does the library open?"],
)
def test_a_stream_shows_what_the_answer_says(base, question):
    agent = build_agent(base, model=ChatGLM3(engine="extractive"))

    said, answer = streamed(agent, question)

    assert said == answer.text


def test_a_stream_shows_nothing_that_is_then_removed(base):
    text = "Employees get 25 days of leave a year.[1] The office is painted blue."
    agent = agent_saying(base, text, threshold=0, citations="remove")

    said, answer = streamed(agent, "How many days of leave do employees get?")

    assert said == answer.text == "Employees get 25 days of leave a year.[1]"


# --- models without tools ---------------------------------------------------------------------


def test_a_model_without_tools_answers_in_the_template(base):
    model = FakeListChatModel(responses=["The library opens at nine in the morning.[1]"])
    agent = build_agent(base, model=model, grounding="template")

    answer = agent.ask("When does the library open?")

    assert answer.text.endswith("[1]")
    assert answer.citations[0].supported


def test_a_model_without_tools_says_what_it_needs(base):
    model = FakeListChatModel(responses=["x"])
    with pytest.raises(ValueError, match='grounding="template"'):
        build_agent(base, model=model)


def test_tools_for_a_model_without_them_are_refused(base):
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return city

    with pytest.raises(ValueError, match="cannot call get_weather"):
        build_agent(
            base,
            model=FakeListChatModel(responses=["x"]),
            tools=[get_weather],
            grounding="template",
        )
