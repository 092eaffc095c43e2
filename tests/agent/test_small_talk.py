"""Small talk through the whole agent: answered, no evidence, no decline; the rest is as it was."""

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.retrieval import HashEmbeddings


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents(
            [
                Document("The ferry to Norholm leaves at nine. Tess Hall owns it.", id="ferry"),
                Document(
                    "你好广场建于1990年，位于城南。", id="square", metadata={"title": "你好广场"}
                ),
            ]
        )
        yield opened


@pytest.fixture(scope="module")
def agent(base):
    return build_agent(base, model=ChatGLM3(engine="extractive"))


@pytest.mark.parametrize(
    ("said", "language"),
    [("Hi there!", "en"), ("thanks a lot 🙏", "en"), ("你好！", "zh"), ("你是谁？", "zh")],
)
def test_small_talk_is_answered_in_its_language_without_evidence(agent, said, language) -> None:
    answer = agent.ask(said)
    assert not answer.declined and answer.text and answer.notes == ()
    assert answer.citations == () and answer.numbered == {}
    assert answer.text.isascii() is (language == "en")
    assert list(agent.stream(said))[-1].answer.text == answer.text


def test_it_never_passes_itself_off_as_chatglm3(agent) -> None:
    for said in ("Are you ChatGLM3?", "你是ChatGLM3吗？"):
        assert "not ChatGLM3" in agent.ask(said).text or "不是 ChatGLM3" in agent.ask(said).text


def test_a_question_behind_a_greeting_is_a_question(agent) -> None:
    answer = agent.ask("Hello! Who owns the ferry?")
    assert "Tess Hall" in answer.text and answer.citations
    assert "1990" in agent.ask("你好广场是哪一年建的？").text


def test_small_talk_in_a_conversation_changes_nothing_of_it(agent) -> None:
    agent.ask("Who owns the ferry?", thread_id="t")
    assert not agent.ask("Thank you!", thread_id="t").declined
    again = agent.ask("When does the ferry to Norholm leave?", thread_id="t")
    assert "nine" in again.text and again.citations


def test_a_model_greets_in_its_own_words(base) -> None:
    class Model(FakeListChatModel):
        def bind_tools(self, tools, **kwargs):
            return self

    agent = build_agent(base, model=Model(responses=["Ahoy, sailor."]))
    assert agent.ask("hello").text == "Ahoy, sailor."
