"""Facts: ids from what is said, and a written form that loses nothing but blanks."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groundglm.evidence import Source
from groundglm.facts import Contribution, Fact, Path, entity_id
from groundglm.notation import format_fact, parse_fact

PARTS = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from("ab|\\ \n\r\u2028\t北"), max_size=12),
)
FULL_PARTS = PARTS.filter(lambda part: part.strip() != "")


def plain(part: str) -> str:
    return " ".join(part.split())


@given(FULL_PARTS, FULL_PARTS, FULL_PARTS)
@example("a\\", "|", "\\|\\")
def test_a_fact_that_was_written_is_read_back(subject: str, predicate: str, object_: str) -> None:
    read = parse_fact(format_fact(subject, predicate, object_))
    assert read == (plain(subject), plain(predicate), plain(object_))


@given(PARTS)
@example("a | b")
@example("a | b | c | d")
@example("a | b | ")
def test_reading_any_text_never_raises(text: str) -> None:
    read = parse_fact(text)
    assert read is None or all(read)


@pytest.mark.parametrize(
    "text", ["", "李白是诗人。", "a | b", "a | b | c | d | e", "a |  | c", r"a\| | b"]
)
def test_what_is_no_fact_gives_none(text: str) -> None:
    assert parse_fact(text) is None


def test_the_id_is_of_what_is_said_not_of_who_says_it() -> None:
    said = Fact("苏轼", "朝代", "北宋", (Contribution(Source("a.txt")),))
    assert said.id == Fact("蘇軾", "朝代", "北宋").id
    assert said.id != Fact("北宋", "朝代", "苏轼").id


def test_two_of_one_name_differ_by_their_ids() -> None:
    one = Fact("李娜", "职业", "歌手", subject_id="e-1")
    other = Fact("李娜", "职业", "歌手", subject_id="e-2")
    assert one.id != other.id


@given(FULL_PARTS)
def test_an_entity_id_is_stable_under_blanks_around_the_name(name: str) -> None:
    assert entity_id(f" {name} ") == entity_id(name)


@pytest.mark.parametrize("parts", [("", "b", "c"), ("a", " ", "c"), ("a", "b", "\n")])
def test_a_fact_with_an_empty_part_is_refused(parts: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="a fact needs"):
        Fact(*parts)


def test_each_source_is_given_once_and_the_surest_counts() -> None:
    a, b = Source("a.txt"), Source("b.txt")
    contributions = (
        Contribution(a, confidence=0.4),
        Contribution(b, confidence=0.9),
        Contribution(a, extractor="rule:x", confidence=0.2),
    )
    fact = Fact("甲", "是", "乙", contributions)
    assert fact.sources == (a, b)
    assert fact.confidence == 0.9
    assert Fact("甲", "是", "乙").confidence == 1.0


def test_a_path_shows_the_direction_of_each_step() -> None:
    facts = (Fact("红楼梦", "作者", "曹雪芹"), Fact("脂砚斋", "评", "曹雪芹"))
    assert str(Path(("红楼梦", "曹雪芹", "脂砚斋"), facts)) == "红楼梦 —作者→ 曹雪芹 ←评— 脂砚斋"
