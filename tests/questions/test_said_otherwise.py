"""Questions in words that the text does not use, and evidence that only seems to answer."""

import tomllib
from pathlib import Path

import pytest

from groundglm.notation import NumberedEvidence
from groundglm.questions import terms as terms_module
from groundglm.questions.definitions import find_definition
from groundglm.questions.fact_answers import answer_from_facts
from groundglm.questions.instructions import find_instruction
from groundglm.questions.premises import unmet_premise
from groundglm.questions.question import Question
from groundglm.questions.sentence_selection import select_sentences
from groundglm.questions.spelling import correct_name
from groundglm.questions.terms import coverage, question_terms
from groundglm.text.scripts import has_cjk

OTHERWISE = tomllib.loads(
    (Path(terms_module.__file__).with_name("otherwise.toml")).read_text("utf-8")
)


def passages(*texts, title=""):
    return [NumberedEvidence(n, "passage", title, text) for n, text in enumerate(texts, start=1)]


def best(question, *texts, title=""):
    chosen = select_sentences(Question(question), passages(*texts, title=title), limit=1)
    return chosen[0].text if chosen else ""


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("钩盲蛇吃什么？", {"钩", "盲蛇", "吃", "钩盲", "蛇吃"}),
        ("蓍有哪些别名？", {"蓍", "别名"}),
        ("潘淑是哪里人？", {"潘淑"}),
        ("What is it?", set()),
    ],
)
def test_no_term_reaches_into_words_that_only_ask(question, terms):
    found = set(question_terms(question).weights)
    assert found == terms or (terms and terms <= found and not any("什" in one for one in found))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("廖立死在哪里？", "最终在汶山逝世。"),
        ("周敏是哪里人？", "1895年出生于绍兴。"),
        ("Who is Ann Lee married to?", "Her husband is Tom Ray."),
        ("Who is Ann Lee's father?", "She is the daughter of the painter Tom Ray."),
        ("大熊猫吃什么？", "以竹子为食。"),
    ],
)
def test_what_is_asked_is_found_in_other_words(question, sentence):
    terms = question_terms(question)
    assert coverage(terms.weights, sentence, terms.others) > coverage(terms.weights, sentence)


@pytest.mark.parametrize("row", [*OTHERWISE["en"], *OTHERWISE["zh"]], ids=lambda row: row[0])
def test_words_of_one_meaning_are_found_for_each_other(row):
    asked, told = row[0], row[-1]
    question = f"旅馆{asked}什么？" if has_cjk(asked) else f"What does the hotel {asked} then?"
    sentence = f"这里{told}。" if has_cjk(told) else f"Here is {told} for all."
    terms = question_terms(question)
    assert asked in terms.weights, terms
    told_so = coverage(terms.weights, sentence, terms.others)
    assert told_so > coverage(terms.weights, sentence) or (has_cjk(asked) and asked in told)


def test_irregular_verbs_are_one_word():
    terms = question_terms("Which prize did it win?")
    assert coverage(terms.weights, "It won a prize.") == 1


@pytest.mark.parametrize(
    ("question", "text", "is_answer"),
    [
        ("When was it founded?", "It was founded by Ann Lee.", False),
        ("When was it founded?", "It was founded in 1962.", True),
        ("When does the office open?", "The office opens at nine.", True),
        ("它是什么时候成立的？", "它是由李安成立的。", False),
        ("How many rooms does it have?", "It has rooms with a view.", True),  # "a" may be a number
        ("PKUSeg 的作者几岁了？", "作者介绍。", False),
    ],
)
def test_a_sentence_without_a_date_or_number_answers_no_such_question(question, text, is_answer):
    assert bool(best(question, text)) == is_answer


def test_a_heading_or_the_question_itself_is_no_answer():
    text = "Harbour rules\n\nThe harbour master opens the gate at six."
    assert best("When does the harbour master open the gate?", text).startswith(
        "The harbour master"
    )
    assert best("PKUSeg 的作者是谁？", "作者\n\n许晶晶和罗睿轩写了它。") != "作者"


def test_what_the_evidence_says_just_so_is_not_misspelt():
    pieces = passages("真君诞在农历三月十五。", title="真君庙")
    assert correct_name("真君诞是哪天？", pieces) is None
    assert correct_name("真君店是哪天？", pieces) is not None


def test_who_is_named_beside_others_is_spoken_of_by_his_own_page():
    pieces = [
        NumberedEvidence(1, "passage", "Laura Jean", "Snow Patrol, her fans, asked her to sing."),
        NumberedEvidence(2, "passage", "Snow Patrol", "The band has Jonny Quinn on drums."),
    ]
    chosen = select_sentences(Question("Who plays drums in Snow Patrol?"), pieces, limit=1)
    assert chosen[0].number == 2


@pytest.mark.parametrize(
    ("question", "title", "text", "said"),
    [
        ("watch命令是做什么的？", "watch",
         "[`watch`](https://a.org/b)\n\n::: tip\n函数数据观测\n:::\n", "函数数据观测"),
        ("What is the SAS?", "Special Air Service",
         "The Special Air Service (SAS) is a unit. The SAS was founded in 1941.",
         "The Special Air Service (SAS) is a unit."),
        ("What were the Humber-class monitors?", "Humber-class monitor",
         'The "Humber"-class monitors were three gunboats.',
         'The "Humber"-class monitors were three gunboats.'),
        ("jieba是什么？", "jieba-README",
         "jieba\n=====\n\n做最好的中文分词组件。", "做最好的中文分词组件。"),
    ],
)  # fmt: skip
def test_a_definition_is_no_heading_no_link_and_no_date(question, title, text, said):
    found = find_definition(question, passages(text, title=title))
    assert found is not None and found.text == said


def test_options_differ_by_case():
    text = "OPTIONS\n  -h  Print help.\n  -H  Include hidden files.\n"
    found = find_instruction(Question("What does the -H option do?"), passages(text))
    assert found is not None and "hidden" in found.text


@pytest.mark.parametrize(
    ("question", "is_met"),
    [
        ("Who killed Glenn Frey?", False),
        ("Who founded the Eagles with Glenn Frey?", True),
        ("谁刺杀了马库斯？", False),
    ],
)
def test_who_did_what_nobody_did(question, is_met):
    pieces = [
        NumberedEvidence(1, "passage", "Glenn Frey", "Glenn Frey founded the Eagles with others."),
        NumberedEvidence(2, "passage", "马库斯", "马库斯是一位德国赛车手。"),
        NumberedEvidence(3, "passage", "Cain", "Cain killed Abel. 刺杀是罪。"),
    ]
    assert (not unmet_premise(Question(question), pieces)) == is_met


@pytest.mark.parametrize(
    "question", ["When did Rosa Klein die?", "In which year did Rosa Klein marry?"]
)
def test_what_is_said_of_nobody_has_no_date(question):
    text = "The Lantern bakery was opened in 1998 by Rosa Klein."
    assert unmet_premise(Question(question), passages(text, title="Lantern bakery"))
    told = f"{text} Rosa Klein died and was married in 2001."
    assert not unmet_premise(Question(question), passages(told, title="Lantern bakery"))


def test_who_did_it_is_not_answered_by_when():
    fact = NumberedEvidence(1, "fact", "", "Lantern bakery | opened | 1998")
    assert answer_from_facts(Question("Who opened the Lantern bakery?"), [fact]) is None
    assert answer_from_facts(Question("When was the Lantern bakery opened?"), [fact]) is not None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "In which US state is Devil's Garden?",
            "Devil's Garden lies south of Newberry in Oregon.",
        ),
        ("Into which river does the Jemez flow?", "The Jemez is a tributary of the Rio Grande."),
        ("汉江流入哪条江？", "汉江在武汉汇入长江。"),
    ],
)
def test_a_place_asked_for_by_its_sort_is_found(question, answer):
    title = "汉江" if has_cjk(question) else answer.split(" is ")[0].split(" lies ")[0]
    other = "这里有很多鱼。" if has_cjk(question) else "Its walls are very old and red."
    assert best(question, f"{other}{answer}" if has_cjk(question) else f"{other} {answer}",
                title=title) == answer  # fmt: skip
