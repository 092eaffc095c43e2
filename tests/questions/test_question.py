"""A question is read once, and everything that is asked of it agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.questions.question import Question
from groundglm.questions.terms import coverage, key_terms, question_terms
from groundglm.text import fold
from groundglm.text.words import words

said = st.text(max_size=60) | st.sampled_from(
    [
        "谁写了《红门》？",
        "How tall is the Ostrava tower?",
        "请删除订单 A12。",
        "蘇軾哪一年出生？",
        "１２＋３？",
    ]
)


@given(said)
def test_reading_a_question_never_fails_and_holds_together(text: str) -> None:
    question = Question(text)
    assert len(question.folded) == len(text)
    assert question.key_terms == tuple(key_terms(text))
    assert question.terms == question_terms(text) == question.terms
    assert question.language in ("zh", "en")
    for term in question.key_terms:
        assert term in fold(text)
    assert all(weight > 0 for weight in question.terms.weights.values())
    assert coverage(question.terms.weights, text) == pytest.approx(
        1.0 if question.terms.weights else 0.0
    )


@given(said, st.text(max_size=40))
def test_coverage_is_a_share_and_grows_with_the_text(text: str, more: str) -> None:
    weights = Question(text).terms.weights
    assert 0 <= coverage(weights, more) <= 1 + 1e-9
    if not set(words(f"{more}\n{text}")) - set(words(more)) - set(words(text)):
        assert coverage(weights, f"{more}\n{text}") >= coverage(weights, more) - 1e-9


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("How tall is the Ostrava tower?", ("tall", "ostrava", "tower")),
        ("北京的首都博物馆有多高？", ("北京", "首都博物馆")),
        ("What is it?", ()),
        ("是什么？", ()),
    ],
)
def test_key_terms_are_the_words_that_an_answer_must_be_about(text, keys) -> None:
    found = Question(text).key_terms
    assert set(keys) <= set(found) and (keys or not found)


def test_a_term_is_met_in_another_form_of_the_word() -> None:
    weights = Question("Who designed the tower?").terms.weights
    assert coverage(weights, "The towers' designer") > 0.4
    assert coverage(weights, "The town's destiny") == 0
