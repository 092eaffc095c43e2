"""Another name of what a document is about, read as its title."""

import pytest
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.notation import NumberedEvidence, format_fact
from groundglm.questions.aliases import by_title
from groundglm.questions.question import Question
from groundglm.retrieval import HashEmbeddings


def passage(title, text):
    return NumberedEvidence(1, "passage", title, text)


SNAKE = passage("钩盲蛇", "钩盲蛇是一种蛇。钩盲蛇在中国亦被称为地鳝及铁丝蛇。")
CANYON = passage(
    "Waimea Canyon", 'Waimea Canyon, also known as the "Grand Canyon of the Pacific", is large.'
)
FACT = NumberedEvidence(2, "fact", "cities.csv", format_fact("Mumbai", "former name", "Bombay"))


@pytest.mark.parametrize(
    ("asked", "pieces", "read"),
    [
        ("铁丝蛇吃什么？", [SNAKE], "钩盲蛇吃什么？"),
        ("地鳝有多长？", [SNAKE], "钩盲蛇有多长？"),
        (
            "How deep is the Grand Canyon of the Pacific?",
            [CANYON],
            "How deep is the waimea canyon?",
        ),
        ("Who governs Bombay?", [FACT], "Who governs mumbai?"),
        (
            "Who governs Bombay?",
            [passage("Mumbai", "Mumbai (formerly Bombay) is a city.")],
            "Who governs mumbai?",
        ),
        (
            "和平饭店在哪里？",
            [passage("费尔蒙酒店", "费尔蒙酒店原名和平饭店。")],
            "费尔蒙酒店在哪里？",
        ),
        (
            "Did Jerome see Rome?",
            [passage("Old City", "Old City, also known as Rome, is old.")],
            "Did Jerome see old city?",
        ),
    ],
)
def test_another_name_is_read_as_the_title(asked, pieces, read):
    assert by_title(Question(asked), pieces).text == read


@pytest.mark.parametrize(
    ("asked", "pieces"),
    [
        ("钩盲蛇又叫铁丝蛇吗？", [SNAKE]),  # the title is named as well
        ("蟒蛇吃什么？", [SNAKE]),
        ("How deep is the Grand Canyon?", [CANYON]),  # another one
        ("铁丝蛇吃什么？", [SNAKE, passage("蚯蚓", "蚯蚓又名铁丝蛇。")]),  # of two things
        ("", [SNAKE]),
        # Within another word or name, or no name at all.
        ("华北平原有多大？", [passage("北京", "北京旧称北平，是首都。")]),
        ("太平饭店在哪里？", [passage("费尔蒙酒店", "费尔蒙酒店原名和平饭店。")]),
        ("Who was the teacher?", [passage("Ann Lee", "Ann Lee, formerly a teacher, paints.")]),
        ("When do I get home?", [passage("Nest", "The nest is called home.")]),
        ("什么时候涨潮？", [passage("潮汐", "潮汐上升称为涨潮。")]),
    ],
)
def test_what_is_no_other_name_of_one_thing_stays(asked, pieces):
    question = Question(asked)
    assert by_title(question, pieces) is question


def test_what_stands_in_another_passage_is_found_under_the_title(tmp_path):
    filler = "这一段讲的是别的事情，与前后文没有关系。" * 30
    text = f"钩盲蛇在中国亦被称为地鳝及铁丝蛇。{filler}钩盲蛇以蚂蚁及白蚁为食。"
    with KnowledgeBase.open(tmp_path / "base", HashEmbeddings(64)) as base:
        base.add_documents(
            [
                Document(text, id="snake", metadata={"title": "钩盲蛇"}),
                Document("大熊猫以竹子为食。", id="panda", metadata={"title": "大熊猫"}),
            ],
            extract_facts=False,
        )
        agent = build_agent(base, model=ChatGLM3(engine="extractive"))
        assert "蚂蚁" in agent.ask("铁丝蛇吃什么？").text
