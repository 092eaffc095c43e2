"""Which sentences of the evidence answer a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.notation import NumberedEvidence
from groundglm.questions import Question, select_sentences
from groundglm.questions.sentence_selection import rank_sentences

WELL = (
    "The well of Karst was dug in 1704. It is forty metres deep. Its water is drunk by sheep. "
    "Nobody knows who dug it."
)
RIVER = "卡河发源于北山。全长一百二十公里。河边住着渔民。"


def piece(number, text, title=""):
    return NumberedEvidence(number, "passage", title, text)


def first(question, *pieces):
    return rank_sentences(Question(question), list(pieces))[0]


def best(question, *pieces):
    return select_sentences(Question(question), list(pieces))


def test_the_sentence_that_holds_the_terms_and_the_kind_asked_for_is_first() -> None:
    pieces = piece(3, WELL, "Karst"), piece(4, RIVER, "卡河")
    assert first("When was the well of Karst dug?", *pieces).text.endswith("in 1704.")
    assert first("Which animals drink the water?", *pieces).text == "Its water is drunk by sheep."
    assert first("卡河全长多少公里？", *pieces[::-1]).text == "全长一百二十公里。"
    assert first("卡河发源于哪里？", *pieces[::-1]).number == 4


def test_sentences_are_given_in_the_order_of_reading_while_there_is_room() -> None:
    pieces = piece(3, WELL, "Karst"), piece(4, RIVER, "卡河")
    question = "Which animals drink the water?"
    assert [one.span for one in best(question, *pieces)] == sorted(
        one.span for one in best(question, *pieces)
    )
    (only,) = select_sentences(Question(question), list(pieces), max_characters=30)
    assert only == first(question, *pieces)
    assert best(question) == []


def test_facts_are_no_sentences() -> None:
    fact = NumberedEvidence(1, "fact", "", "Karst | well dug | 1704")
    assert best("When was the well of Karst dug?", fact) == []


texts = st.lists(
    st.sampled_from([WELL, RIVER, "", "。。。", "a b c. d!", "\n\nwell dug"]), max_size=4
)


@given(st.sampled_from(["When was the well dug?", "卡河全长多少？", "", "???"]), texts)
def test_every_sentence_stands_where_it_says_and_the_order_is_one(question, listed) -> None:
    pieces = [piece(number, text) for number, text in enumerate(listed, start=1)]
    ranked = rank_sentences(Question(question), pieces)
    assert ranked == rank_sentences(Question(question), pieces)
    for one in ranked:
        assert one.span.cut(listed[one.number - 1]) == one.text
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    chosen = select_sentences(Question(question), pieces)
    assert all(one.text in {r.text for r in ranked} for one in chosen)


MUSEUM = NumberedEvidence(
    1, "passage", "Harbour Museum",
    "The Harbour Museum is a museum of shipping in Oslo. It was founded by Ingrid Dahl. "
    "Entry costs 12 euros. The museum holds 4,200 objects.",
)  # fmt: skip
FOUNDER = NumberedEvidence(
    2, "passage", "Ingrid Dahl",
    "Ingrid Dahl (1889-1967) was a Norwegian shipowner. She received the Order of Saint Olav.",
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does a ticket to the Harbour Museum cost?", ["Entry costs 12 euros."]),
        ("How many objects does the museum have?", ["The museum holds 4,200 objects."]),
        ("Which order did Ingrid Dahl receive?", ["She received the Order of Saint Olav."]),
        ("What colour is the Harbour Museum's roof?", []),
        ("Where did Ingrid Dahl learn to swim?", []),
    ],
)
def test_a_sentence_that_says_nothing_of_what_is_asked_answers_nothing(question, answer):
    chosen = select_sentences(Question(question), [MUSEUM, FOUNDER])
    assert [one.text for one in chosen if one.score > 0] == answer
