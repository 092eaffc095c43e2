"""A fact that a rule read never outranks a passage that says otherwise."""

import pytest
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.notation import NumberedEvidence
from groundglm.questions.fact_answers import answer_from_facts
from groundglm.questions.question import Question
from groundglm.retrieval import HashEmbeddings


def ask(tmp_path, question, **texts):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        base.add_documents(
            Document(text, id=title, metadata={"title": title.replace("_", " ")})
            for title, text in texts.items()
        )
        return build_agent(base, model=ChatGLM3(engine="extractive"), threshold=0).ask(question)


def test_nobody_directed_what_a_text_says_he_never_directed(tmp_path):
    answer = ask(
        tmp_path,
        "Who directed Dune?",
        Dune="Dune is a novel by Frank Herbert. It was never directed by Alejandro Jodorowsky. "
        "The 1984 film version was made by David Lynch.",
    )
    assert not answer.text.startswith("Alejandro Jodorowsky")


def test_a_capital_that_nobody_claims_is_no_answer(tmp_path):
    answer = ask(
        tmp_path,
        "What is the capital of France?",
        Joke="The capital of France is Berlin, claims nobody.",
        Paris="Paris has been the seat of the French government since 1944.",
    )
    assert not answer.text.startswith("Berlin")


def piece(number, kind, text, title=""):
    return NumberedEvidence(number, kind, title, text)


@pytest.mark.parametrize(
    ("question", "fact", "title", "passage"),
    [
        ("What is the capital of France?", "France | capital | Berlin", "Paris",
         "Paris is the capital of France."),
        ("What is the capital of France?", "France | capital | Berlin", "France",
         "Its capital is Paris."),
        ("Who directed Dune?", "Dune | directed by | Ann Lee", "Dune",
         "It was directed by Denis Villeneuve."),
        ("Who directed Dune?", "Dune | directed by | Ann Lee", "Dune",
         "It was never directed by Ann Lee."),
        ("流浪地球的导演是谁？", "流浪地球 | 导演 | 张三", "流浪地球", "流浪地球的导演是郭帆。"),
        ("流浪地球的导演是谁？", "流浪地球 | 导演 | 张三", "流浪地球", "流浪地球的导演不是张三。"),
        ("日本的首都是哪里？", "日本 | 首都 | 大阪", "东京", "东京是日本的首都。"),
    ],
)  # fmt: skip
def test_a_passage_that_says_otherwise_silences_a_fact(question, fact, title, passage):
    alone = [piece(1, "fact", fact)]
    assert answer_from_facts(Question(question), alone) is not None
    assert (
        answer_from_facts(Question(question), [piece(2, "passage", passage, title), *alone]) is None
    )


@pytest.mark.parametrize(
    ("question", "fact", "title", "passage"),
    [
        ("Who directed Dune?", "Dune | directed by | Ann Lee", "Dune",
         "It was directed by Ann Lee, who never saw it. It was not a success."),
        ("Who directed Dune?", "Dune | directed by | Ann Lee", "Alien",
         "Alien was directed by Ridley Scott. It was never directed by Ann Lee."),
        ("Who wrote Dune?", "Dune | written by | Ann Lee", "Dune", "It was written in 1965."),
        ("流浪地球的导演是谁？", "流浪地球 | 导演 | 郭帆", "流浪地球",
         "流浪地球由郭帆执导，不是动画片。"),
    ],
)  # fmt: skip
def test_a_passage_that_says_nothing_against_it_leaves_a_fact_alone(question, fact, title, passage):
    pieces = [piece(2, "passage", passage, title), piece(1, "fact", fact)]
    assert answer_from_facts(Question(question), pieces) is not None
