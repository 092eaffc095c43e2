"""No fact from what a text denies, supposes, asks, quotes or only passes on."""

import pytest

from groundglm.assertions import asserted_part
from groundglm.extraction import extract_facts

# The topic, what gives a fact, and what must not give one about the same things.
ENGLISH = [
    ("Dune", "Dune was directed by Ann Lee.", [
        "Dune was never directed by Ann Lee.",
        "It was never directed by Ann Lee.",
        "Dune was not directed by Ann Lee.",
        "Dune wasn’t directed by Ann Lee.",
        "If Dune was directed by Ann Lee, nobody noticed.",
        "Some say that Dune was directed by Ann Lee.",
        "Was Dune directed by Ann Lee?",
        "Dune was allegedly directed by Ann Lee.",
        "Dune was almost directed by Ann Lee.",
        "Dune was to be directed by Ann Lee.",
        "Dune might have been directed by Ann Lee.",
        "Dune was directed by Ann Lee, rumour had it, before she refused.",
        "Dune was supposedly directed by Ann Lee.",
        "According to her brother, Dune was directed by Ann Lee.",
        "“Dune was directed by Ann Lee,” the leaflet had read.",
        "\"We heard it. Dune was directed by Ann Lee. We left.\"",
        "Dune was directed by nobody from the Ann Lee School.",
        "Dune is not a film directed by Ann Lee.",
        "Unless Dune was directed by Ann Lee, the credits are wrong.",
        "Dune was falsely described as a film and was mistakenly said to be directed by Ann Lee.",
    ]),
    ("Paris", "The capital of France is Paris.", [
        "The capital of France is Berlin, claims nobody.",
        "The capital of France is not Berlin.",
        "Some say \"The capital of France is Lyon.\"",
        "He believed that the capital of France is Lyon.",
        "If Paris is the capital of Germany, then pigs fly.",
        "Suppose the capital of France is Lyon.",
        "Whether the capital of France is Lyon is another question.",
        "The capital of France could be Lyon.",
    ]),
    ("Ed Wood", "Ed Wood was born in Oslo.", [
        "Ed Wood was not born in Oslo.",
        "Ed Wood was reportedly born in Oslo.",
        "It is a myth that Ed Wood was born in Oslo.",
        "Ed Wood denied that he was born in Oslo.",
        "He was never a poet from Oslo.",
        "Ed Wood was probably born in Oslo.",
    ]),
]  # fmt: skip
CHINESE = [
    ("李白", "李白出生于成都。", [
        "李白从未出生于成都。",
        "李白不是四川人，也没有出生于成都。",
        "据说李白出生于成都。",
        "如果李白出生于成都，他就是四川人。",
        "李白并非出生于成都。",
        "有人说李白出生于成都。",
        "李白是否出生于成都？",
        "李白可能出生于成都。",
        "李白出生于成都吗？",
        "相传李白出生于成都。",
        "“李白出生于成都。”导游这样讲。",
        "他说：“我查过。李白出生于成都。你别争了。”",
        "假如李白出生于成都，这本书就要重写。",
        "李白被误认为出生于成都。",
        "李白未曾出生于成都。",
    ]),
    ("流浪地球", "流浪地球是由郭帆执导的电影。", [
        "流浪地球不是由张三执导的电影。",
        "流浪地球原定由张三执导。",
        "流浪地球并非由张三执导的电影。",
        "所谓流浪地球由张三执导的说法流传很广。",
        "网友声称流浪地球由张三执导。",
        "要是流浪地球由张三执导，结果会怎样？",
        "张三否认流浪地球由他执导。",
        "难道流浪地球是由张三执导的电影？",
        "据传流浪地球是由张三执导的电影。",
        "流浪地球是不是由张三执导的电影？",
    ]),
    ("苏轼", "苏轼是北宋文学家。", [
        "苏轼不是画家。",
        "苏轼，并非唐代诗人。",
        "他没有担任过宰相。",
        "民间认为苏轼是神仙。",
        "倘若苏轼是画家，人们会忘记他。",
        "老师问苏轼是不是画家。",
        "苏轼是画家的说法是错误的。",
        "苏轼是画家，但这并不属实。",
    ]),
]  # fmt: skip
CASES = [(topic, said, denied) for topic, said, cases in ENGLISH + CHINESE for denied in cases]


def facts(text, topic):
    found = extract_facts(text, document_id="d", title=topic)
    return [(one.subject, one.predicate, one.object) for one in found]


@pytest.mark.parametrize(("topic", "said"), [(t, s) for t, s, _ in ENGLISH + CHINESE])
def test_what_is_plainly_said_gives_a_fact(topic, said):
    assert facts(said, topic)


def test_there_are_enough_sentences_in_both_languages():
    assert sum(len(cases) for _, _, cases in ENGLISH) >= 30
    assert sum(len(cases) for _, _, cases in CHINESE) >= 30


@pytest.mark.parametrize(("topic", "said", "denied"), CASES, ids=[case[2] for case in CASES])
@pytest.mark.parametrize("opens", [True, False])
def test_what_is_not_asserted_gives_none(topic, said, denied, opens):
    opening = "" if opens else ("这里有一句话。\n" if topic not in ("Dune", "Paris", "Ed Wood") else
                                "Here is a line.\n")  # fmt: skip
    assert facts(f"{opening}{denied}", topic) == []


@pytest.mark.parametrize(
    ("topic", "sentence", "object_"),
    [
        ("Never Let Me Go", "Never Let Me Go is a novel by Kazuo Ishiguro.", "Kazuo Ishiguro"),
        ("No Country", "No Country was directed by Joel Coen.", "Joel Coen"),
        ("Dune", "Dune is not only a film but was written by Ann Lee.", None),
        ("Dune", "Dune was directed by Ann Lee and was never shown.", "Ann Lee"),
        ("Dune", "Dune was directed by Ann Lee, who never saw it.", "Ann Lee"),
        ("If", "If was directed by Lindsay Anderson.", "Lindsay Anderson"),
        ("没药", "没药是一种树脂。", "树脂"),
        ("李白", "李白出生于碎叶，并非成都人。", "碎叶"),
        ("不丹", "不丹位于喜马拉雅山东段。", "喜马拉雅山东段"),
        ("无锡", "无锡位于江苏省。", "江苏省"),
        ("非洲", "非洲是世界第二大洲。", "世界第二大洲"),
        ("无间道", "《无间道》是由刘伟强执导的电影。", "刘伟强"),
    ],
)
def test_words_that_only_look_like_a_denial_hide_nothing(topic, sentence, object_):
    assert asserted_part(sentence, topic)
    if object_ is not None:
        assert object_ in [found for _, _, found in facts(sentence, topic)]
