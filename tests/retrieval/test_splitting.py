"""Passages hold the whole text, in order, once, and none is too wide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.retrieval import split_text
from groundglm.retrieval.splitting import width

PIECES = st.sampled_from(
    [
        "李白是诗人",
        "。",
        "！",
        "He wrote",
        " ",
        "\n",
        "\n\n",
        ". ",
        ", ",
        "，",
        "# Title\n",
        "\u3000",
    ]
    + ["第一章 开端\n", "一、概述\n", "3.14", "x" * 30, "字" * 30, "「", "」", "\t", "```", "#"]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS, st.integers(2, 60))
def test_spans_are_in_order_do_not_overlap_and_hold_all_that_is_not_blank(text, limit) -> None:
    passages = split_text(text, max_width=limit)

    end = 0
    for passage in passages:
        assert passage.span.start >= end
        assert text[end : passage.span.start].strip() == ""
        end = passage.span.end
    assert text[end:].strip() == ""


@given(TEXTS, st.integers(2, 60))
def test_no_passage_is_wider_than_the_limit_or_begins_or_ends_blank(text, limit) -> None:
    for passage in split_text(text, max_width=limit):
        cut = passage.span.cut(text)
        assert width(cut) <= limit
        assert cut == cut.strip() != ""


@pytest.mark.parametrize("text", ["字" * 5000, "x" * 5000, "字x" * 2500, "，" * 5000])
def test_a_text_without_sentence_ends_is_cut_at_the_limit(text: str) -> None:
    passages = split_text(text, max_width=1200)

    assert "".join(passage.span.cut(text) for passage in passages) == text
    assert max(width(passage.span.cut(text)) for passage in passages) <= 1200
    assert len(passages) <= 17


def test_sentences_stay_whole_where_they_fit() -> None:
    text = "李白字太白。他是唐代诗人。He was born in 701. He died in 762."

    cuts = [passage.span.cut(text) for passage in split_text(text, max_width=30)]

    assert cuts == ["李白字太白。他是唐代诗人。", "He was born in 701.", "He died in 762."]


def test_an_over_wide_sentence_is_cut_behind_a_comma() -> None:
    text = "他先去了长安，后来又到了洛阳，最后回到家乡"

    cuts = [passage.span.cut(text) for passage in split_text(text, max_width=30)]

    assert cuts == ["他先去了长安，后来又到了洛阳，", "最后回到家乡"]


def test_a_passage_carries_the_markdown_heading_above_it() -> None:
    text = "Before.\n\n# Tea #\nGreen tea.\n\n## Water\nCold water."

    found = [(passage.heading, passage.span.cut(text)) for passage in split_text(text)]

    assert found == [
        ("", "Before."),
        ("Tea", "# Tea #\nGreen tea."),
        ("Water", "## Water\nCold water."),
    ]


def test_numbered_chinese_headings_are_carried() -> None:
    text = "第一章 总则\n本法共十条。\n二、适用范围\n适用于全国。"

    assert [passage.heading for passage in split_text(text)] == ["第一章 总则", "二、适用范围"]


def test_a_numbered_sentence_is_no_heading() -> None:
    text = "说明。第三章介绍了方法。\n一、先洗手，再吃饭。\n5 # 3"

    assert [passage.heading for passage in split_text(text)] == [""]


def test_headings_in_a_row_stay_with_the_text_below() -> None:
    text = "# Book\n\n## Part\n\nText."

    (passage,) = split_text(text)

    assert passage.span.cut(text) == text
    assert passage.heading == "Part"


def test_a_heading_reaches_all_passages_below_it() -> None:
    text = "# Tea\n" + "Green tea is good. " * 20

    assert {passage.heading for passage in split_text(text, max_width=60)} == {"Tea"}


@pytest.mark.parametrize("text", ["", "  \n\t \u3000"])
def test_a_blank_text_has_no_passages(text: str) -> None:
    assert split_text(text) == []


def test_a_limit_below_one_chinese_character_is_refused() -> None:
    with pytest.raises(ValueError, match="max_width must be at least 2"):
        split_text("x", max_width=1)
