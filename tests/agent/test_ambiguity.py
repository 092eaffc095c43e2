"""Asked which of several things is meant, and answered: through the whole agent."""

import pytest
from langchain_core.documents import Document
from langgraph.checkpoint.memory import InMemorySaver

from groundglm import ChatGLM3, KnowledgeBase, build_agent

DOCUMENTS = {
    "Mercury (planet)": "Mercury is the first planet from the Sun. It was observed in 265 BC.",
    "Mercury (element)": "Mercury is a chemical element. Mercury was observed in 1500 BC.",
    "李娜（网球运动员）": "李娜，1982年出生于湖北武汉，中国女子网球运动员。",
    "李娜（歌手）": "李娜，1963年出生于河南郑州，中国女歌手，代表作是《青藏高原》。",
}


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("base") / "base") as kb:
        kb.add_documents(
            Document(id=title, page_content=text, metadata={"title": title})
            for title, text in DOCUMENTS.items()
        )
        yield build_agent(kb, model=ChatGLM3(engine="extractive"), checkpointer=InMemorySaver())


@pytest.mark.parametrize(
    ("turns", "asked", "holds", "lacks"),
    [
        (("What is Mercury?", "The planet."), "Mercury (element): ", "first planet", "element"),
        (("When was Mercury observed?", "the element"), "- Mercury (planet)", "1500 BC", "265"),
        (("李娜是谁？", "歌手"), "网球运动员", "青藏高原", "武汉"),
        (("李娜出生在哪里？", "网球运动员"), "- 李娜（歌手）", "武汉", "郑州"),
    ],
)
def test_a_name_is_asked_back_and_the_reply_read(agent, turns, asked, holds, lacks):
    thread = turns[0]
    first = agent.ask(turns[0], thread_id=thread)
    assert asked in first.text and not first.declined and not first.unsupported
    assert len(first.citations) == 2
    second = agent.ask(turns[1], thread_id=thread)
    assert holds in second.text and lacks not in second.text and second.citations


def test_another_question_in_place_of_a_choice_is_answered(agent):
    agent.ask("What is Mercury?", thread_id="other")
    answer = agent.ask("歌手李娜的代表作是什么？", thread_id="other")
    assert "青藏高原" in answer.text and "武汉" not in answer.text
