"""Names found in texts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.knowledge.linking import NameIndex, extract_mentions, name_key
from groundglm.text.names import bare_name


def index_of(*names: str) -> NameIndex:
    index = NameIndex()
    for name in names:
        index.add(name, name)
    return index


def mentions(text: str, *names: str) -> list[str]:
    return [mention for mention, _ in extract_mentions(text, names)]


def test_the_longest_name_wins() -> None:
    assert mentions("北京大学的校长", "北京", "北京大学", "大学") == ["北京大学"]


def test_latin_names_match_whole_words_only() -> None:
    assert mentions("Romeo went to Rome.", "Rome", "Rom") == ["Rome"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("《紅樓夢》的作者", "红楼梦"),
        ("songs of BEYONCE", "Beyoncé"),
        ("ＮＢＡ球队", "nba"),
        ("Schindler’s List won", "Schindler's List"),
        ("战国无双 3 的续作", "战国无双3"),
    ],
)
def test_script_width_case_accents_and_blanks_do_not_matter(text: str, name: str) -> None:
    (found,) = extract_mentions(text, [name])
    assert found[1].cut(text) == found[0]


def test_a_common_word_is_not_taken_for_a_name() -> None:
    assert mentions("Who is it and what is her name?", "It", "Her", "Who") == []


def test_a_single_chinese_character_is_a_name_only_as_a_word_of_its_own() -> None:
    assert mentions("水的沸点是多少", "水") == ["水"]
    assert mentions("水平如何", "水") == []


def test_a_part_of_a_book_title_is_a_weak_match() -> None:
    (match,) = index_of("红楼").find("《红楼别夜》好看吗")
    (whole,) = index_of("红楼").find("《红楼》好看吗")
    assert match.score < whole.score


def test_two_owners_of_one_name_both_answer() -> None:
    index = NameIndex()
    index.add("李娜", "tennis")
    index.add("李娜", "singer")
    assert {owner for owner, _ in index.owners("李娜")} == {"tennis", "singer"}


def test_a_removed_name_is_found_no_more_and_leaves_nothing() -> None:
    index = index_of("苏轼", "苏辙")
    index.remove("苏轼", "苏轼")
    assert [match.owners[0][0] for match in index.find("苏轼与苏辙")] == ["苏辙"]
    assert len(index) == 1


def test_the_bracket_that_tells_namesakes_apart_is_no_part_of_the_name() -> None:
    assert bare_name("Ed Wood (film)") == "Ed Wood"
    assert bare_name("苏轼（北宋文学家）") == "苏轼"


@given(
    st.text(max_size=60),
    st.lists(st.text(alphabet="苏轼北京大学ABab 1é·-", min_size=1, max_size=6), max_size=6),
)
def test_every_span_cuts_a_known_name_out_of_the_text(text: str, names: list[str]) -> None:
    text = text + "".join(names)
    known = {name_key(name) for name in names}
    for mention, span in extract_mentions(text, names):
        assert span.cut(text) == mention
        assert name_key(mention) in known


def test_linking_scales_to_a_hundred_thousand_names() -> None:
    index = NameIndex()
    for number in range(100_000):
        index.add(f"Person {number:06d} Smith", str(number))
    index.find("warm up 中文")
    start = time.perf_counter()
    for number in range(200):
        assert len(index.find(f"Where was Person {number:06d} Smith born?")) == 1
    assert time.perf_counter() - start < 2
