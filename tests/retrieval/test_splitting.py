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
        ("Tea > Water", "## Water\nCold water."),
    ]


def test_numbered_chinese_headings_are_carried() -> None:
    text = "第一章 总则\n本法共十条。\n二、适用范围\n适用于全国。"

    assert [passage.heading for passage in split_text(text)] == [
        "第一章 总则",
        "第一章 总则 > 二、适用范围",
    ]


def test_a_numbered_sentence_is_no_heading() -> None:
    text = "说明。第三章介绍了方法。\n一、先洗手，再吃饭。\n5 # 3"

    assert [passage.heading for passage in split_text(text)] == [""]


def test_headings_in_a_row_stay_with_the_text_below() -> None:
    text = "# Book\n\n## Part\n\nText."

    (passage,) = split_text(text)

    assert passage.span.cut(text) == text
    assert passage.heading == "Book > Part"


def test_a_heading_reaches_all_passages_below_it() -> None:
    text = "# Tea\n" + "Green tea is good. " * 20

    assert {passage.heading for passage in split_text(text, max_width=60)} == {"Tea"}


@pytest.mark.parametrize("text", ["", "  \n\t \u3000"])
def test_a_blank_text_has_no_passages(text: str) -> None:
    assert split_text(text) == []


def test_a_limit_below_one_chinese_character_is_refused() -> None:
    with pytest.raises(ValueError, match="max_width must be at least 2"):
        split_text("x", max_width=1)


def passages_of(text: str, limit: int = 1200, **options) -> list[tuple[str, str]]:
    found = split_text(text, max_width=limit, **options)
    return [(one.heading, one.span.cut(text)) for one in found]


def test_a_row_of_a_long_table_carries_the_header() -> None:
    rows = "\n".join(f"| fare {n} | {n} EUR |" for n in range(30))
    text = f"# Fares\n\nAll prices.\n\n| Kind | Price |\n| --- | --- |\n{rows}\n\nThe end."

    found = passages_of(text, 120)

    assert len(found) > 5
    within = [heading for heading, cut in found if cut.startswith("| fare")]
    assert within and set(within) == {"Fares > Kind | Price"}
    assert all(cut.count("|") % 3 == 0 for _, cut in found)  # no row is torn
    assert found[-1][0] in ("Fares", "Fares > Kind | Price") and "The end." in found[-1][1]


def test_a_row_with_a_full_stop_is_one_piece() -> None:
    text = "| a | b |\n| --- | --- |\n| One. Two. | 三。四。 |\n| x | y |"

    assert [cut for _, cut in passages_of(text, 24)][1] == "| One. Two. | 三。四。 |"


def test_a_number_sign_in_code_is_no_heading() -> None:
    text = "# Guide\n\n```python\n# install it\nrun()\n```\n\nThen go on."

    assert passages_of(text) == [("Guide", text)]


def test_code_is_cut_at_definitions_and_says_which_it_stands_in() -> None:
    body = "\n".join(f"        total += {n}" for n in range(12))
    methods = f"    def leave(self):\n{body}\n\n    def arrive(self):\n{body}"
    text = f"import os\n\n\nclass Ferry:\n{methods}\n\n\ndef main():\n    return Ferry()\n"

    found = passages_of(text, 300, kind="code")

    assert [(heading, cut.split("\n")[0]) for heading, cut in found] == [
        ("", "import os"),
        ("Ferry > arrive", "def arrive(self):"),
        ("main", "def main():"),
    ]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("export default async function load(x) {", "load"),
        ("pub fn parse(input: &str) -> Result<()> {", "parse"),
        ("func (s *Server) Serve() error {", ""),
        ("static int count_words(const char *text, int n) {", "count_words"),
        ("public static void main(String[] args) throws IOException {", "main"),
        ("const add = (a, b) => a + b;", "add"),
        ("CREATE TABLE IF NOT EXISTS fares (", "fares"),
        ("interface Fare {", "Fare"),
        ("if (x > 3) {", ""),
        ("return compute(x);", ""),
        ("a type of thing", ""),
        ("# def not_this():", ""),
        ("class 渡船:", "渡船"),
    ],
)
def test_what_a_line_of_code_defines(line: str, name: str) -> None:
    (passage,) = split_text(line, kind="code")

    assert passage.heading == name


def test_passages_may_be_measured_by_anything() -> None:
    text = "one two three. four five six. seven eight nine. ten."

    found = passages_of(text, 6, measure=lambda piece: len(piece.split()))

    assert [cut for _, cut in found] == [
        "one two three. four five six.",
        "seven eight nine. ten.",
    ]


@given(TEXTS, st.integers(2, 60), st.sampled_from(["text", "code"]))
def test_code_and_tokens_lose_nothing_either(text, limit, kind) -> None:
    end = 0
    for passage in split_text(text, max_width=limit, measure=len, kind=kind):
        assert passage.span.start >= end
        assert text[end : passage.span.start].strip() == ""
        assert len(passage.span.cut(text)) <= limit
        end = passage.span.end
    assert text[end:].strip() == ""
