"""Facts read out of text by rules."""

import json
import lzma
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundglm.extraction import extract_facts

DATA = Path(__file__).parents[3] / "shared" / "data"


FILM = "Long River is a 1994 drama film directed by Ann Lee."
CAST = "It rains. The film stars Tom Ray, Ann Lee and Joe Fox."
POET = "Ann Mary Lee (1950 – May 3, 1999) was a poet."
PAINTER = "Ann Lee (born May 5, 1950) is an English painter."
NATIVE = "Ann Lee is a painter. She was born in Leeds, England."
SCHOOL = "大光学校位于广东省广州市。成立于1950年。"
WRITER = "王小明（1912年3月4日－1999年5月6日），中国作家。"


def read(text: str, title: str = "") -> list[tuple[str, str, str]]:
    facts = extract_facts(text, document_id="d", title=title)
    return [(fact.subject, fact.predicate, fact.object) for fact in facts]


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("桂江", "桂江是珠江水系的一条支流。", ("桂江", "是", "珠江水系的一条支流")),
        ("北京", "北京是中国的首都。", ("中国", "首都", "北京")),
        ("王小明", WRITER, ("王小明", "出生日期", "1912年3月4日")),
        ("王小明", WRITER, ("王小明", "逝世日期", "1999年5月6日")),
        ("蓝鲸", "蓝鲸（英语：Blue whale），又名剃刀鲸。", ("蓝鲸", "英文名", "Blue whale")),
        ("蓝鲸", "蓝鲸（英语：Blue whale），又名剃刀鲸。", ("蓝鲸", "又名", "剃刀鲸")),
        ("长河", "《长河》是由陈明执导的电影。", ("长河", "执导", "陈明")),
        ("长河", "《长河》的作者是陈明。", ("长河", "作者", "陈明")),
        ("陈明", "陈明，中国导演。他毕业于北京电影学院。", ("陈明", "毕业于", "北京电影学院")),
        ("大光学校", SCHOOL, ("大光学校", "位于", "广东省广州市")),
        ("大光学校", SCHOOL, ("大光学校", "成立时间", "1950年")),
        ("Long River (film)", FILM, ("Long River", "directed by", "Ann Lee")),
        ("Long River (film)", FILM, ("Long River", "is a", "1994 drama film")),
        ("Ann Lee", PAINTER, ("Ann Lee", "born", "May 5, 1950")),
        ("Ann Lee", NATIVE, ("Ann Lee", "birthplace", "Leeds, England")),
        ("Long River", CAST, ("Long River", "starring", "Joe Fox")),
        ("Notes", "The capital of France is Paris.", ("France", "capital", "Paris")),
        ("Notes", "Paris is the capital of France.", ("France", "capital", "Paris")),
        ("Ann Lee", POET, ("Ann Lee", "died", "May 3, 1999")),
    ],
)  # fmt: skip
def test_a_sentence_is_read(title: str, text: str, expected: tuple[str, str, str]) -> None:
    assert expected in read(text, title)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("陈明", "陈明是否来过？没有人知道。"),
        ("陈明", "陈明的父亲去世了，他非常难过。"),
        ("陈明", "陈明有三个孩子，包括一个女儿。"),
        ("", "天气很好，我们是昨天来的。"),
        ("", "张三：你好\n李四：你好\n张三：再见"),
        ("Ann Lee", "Ann Lee is not a painter and never was."),
        ("Ann Lee", "First published in 1950, the book sold well."),
        ("", "Note: this is important.\nSee https://example.org: it is there."),
        ("", "Topic Records was sold."),
    ],
)
def test_what_states_no_fact_gives_none(title: str, text: str) -> None:
    assert read(text, title) == []


def test_key_value_lines_stand_under_their_heading() -> None:
    text = (
        "# 人物\n\n## 苏轼\n出生地：眉山\n朝代：北宋\n\n"
        "## 李白\n- **朝代**：唐\n\n## 基本信息\n职业: 史官\n"
    )
    assert read(text, "人物") == [
        ("苏轼", "出生地", "眉山"),
        ("苏轼", "朝代", "北宋"),
        ("李白", "朝代", "唐"),
        ("人物", "职业", "史官"),
    ]


def test_english_key_value_lines_take_the_title_as_subject() -> None:
    found = read("Born: 1912\nOccupation: painter\nCast: Tom Ray, Joe Fox", "Ann Lee")
    assert found == [
        ("Ann Lee", "Born", "1912"),
        ("Ann Lee", "Occupation", "painter"),
        ("Ann Lee", "Cast", "Tom Ray"),
        ("Ann Lee", "Cast", "Joe Fox"),
    ]


def test_records_one_after_the_other_keep_their_own_subjects() -> None:
    found = read("名称: 甲车\n价格: 10 元\n名称: 乙车\n价格: 20 元", "list.csv")
    assert found == [("甲车", "价格", "10 元"), ("乙车", "价格", "20 元")]


def test_rows_of_a_file_are_about_their_first_cell() -> None:
    text = "城市: 北京\n面积: 16410\n人口: 2189 万\n\n城市: 上海\n面积: 6340\n人口: 2487 万"
    assert ("上海", "面积", "6340") in read(text, "cities")
    assert not [fact for fact in read(text, "cities") if fact[0] == "cities"]


def test_rows_of_subject_predicate_and_object_are_facts() -> None:
    text = (
        "subject: 苏轼\npredicate: 朝代\nobject: 北宋\n\nsubject: 李白\npredicate: 朝代\nobject: 唐"
    )
    assert read(text, "f") == [("苏轼", "朝代", "北宋"), ("李白", "朝代", "唐")]


def test_a_table_gives_one_fact_a_cell() -> None:
    text = "| 城市 | 面积 | 备注 |\n|---|---|---|\n| 北京 | 16410 | x |\n| 上海 | 6340 | |\n"
    assert read(text) == [("北京", "面积", "16410"), ("上海", "面积", "6340")]


def test_a_table_of_properties_is_about_the_title() -> None:
    text = "苏轼是北宋文学家。\n\n| 属性 | 值 |\n| --- | --- |\n| 朝代 | 北宋 |\n"
    assert ("苏轼", "朝代", "北宋") in read(text, "苏轼")


def test_the_span_is_the_sentence_and_the_rule_is_named() -> None:
    text = "前言。\n陈明是中国导演。他毕业于北京电影学院。"
    facts = extract_facts(text, document_id="d", title="陈明")
    said = facts[-1].contributions[0]
    assert said.source.span is not None
    assert said.source.span.cut(text) == "他毕业于北京电影学院。"
    assert (said.extractor, said.source.document_id) == ("rule:at", "d")


def test_without_a_title_the_topic_is_guessed_from_the_opening() -> None:
    assert ("长江", "是", "亚洲第一长河") in read("长江是亚洲第一长河。它位于中国。", "notes-1.txt")


def test_hostile_text_is_read_in_time() -> None:
    hostile = ["A " * 20_000, "（" * 20_000, "张三：你好\n" * 5_000, "|a" * 20_000, "由" * 20_000,
               "The A of " * 5_000, "1990年" * 9_000, "又名" * 9_000, "a: b\n" * 5_000]  # fmt: skip
    start = time.perf_counter()
    for text in hostile:
        extract_facts(text, document_id="d", title="A")
    assert time.perf_counter() - start < 10


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="苏轼是中国的首都（）：，。\n|- #ABab: is(a)19年又名", max_size=120))
def test_every_span_lies_in_the_text_and_no_fact_is_empty(text: str) -> None:
    for fact in extract_facts(text, document_id="d", title="苏轼"):
        for source in fact.sources:
            assert source.span is not None and source.span.cut(text).strip()
        assert fact.subject and fact.predicate and fact.object


@pytest.mark.parametrize("name", ["cmrc2018", "hotpotqa"])
def test_titled_text_gives_three_facts_in_a_thousand_characters(name: str) -> None:
    path = DATA / name / "corpus.jsonl.xz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(range(600), lines, strict=False)]
    facts = sum(
        len(extract_facts(row["text"], document_id=str(row["id"]), title=row["title"]))
        for row in rows
    )
    assert 1000 * facts / sum(len(row["text"]) for row in rows) >= 3


def test_what_somebody_does_is_no_place_to_come_from():
    def origins(text):
        return [told for _, predicate, told in read(text, "周敏") if predicate == "籍贯"]

    assert origins("周敏，中国商人。") == []
    assert origins("周敏，广东潮汕商人，作家。") == []
    assert origins("周敏，浙江绍兴人，商人。") == ["浙江绍兴"]
