"""Whether evidence carries a sentence, and where the marks stand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.evaluation import is_supported, marks_in

TOWER = "The Eiffel Tower in Paris was built by Gustave Eiffel in 1889 and is 330 metres high."
CAPITAL = "北京是中华人民共和国的首都，2020年人口为2189万。"


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("The Eiffel Tower was built in 1889.", TOWER),
        ("The tower is 330 metres high.", TOWER),
        ("北京是首都。", CAPITAL),
        ("2020年，北京人口为2189万。", CAPITAL),
        ("北京人口為2189萬。", CAPITAL),
        ("Gustave Eiffel built the Eiffel Tower.", TOWER),
        ("The drug is unsafe.", "The drug is not safe."),
        ("《蜀道难》由李白创作。", "李白创作了《蜀道难》。"),
        ("员工每年有二十天年假。", "员工每年享有20天带薪年假。"),
        ("No, the bridge is not open on Mondays.", "The bridge is closed on Mondays."),
        ("The library is open on Sunday.", "On Sundays, the library is open from 9 to 5."),
        ("它位于四川省。", "都江堰\n都江堰位于四川省成都市。"),
    ],
)
def test_what_the_evidence_says_is_supported(sentence, evidence) -> None:
    assert is_supported(sentence, evidence)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("The Eiffel Tower was built in 1890.", TOWER),
        ("The Eiffel Tower was not built by Gustave Eiffel.", TOWER),
        ("The tower was built by Napoleon.", TOWER),
        ("北京人口为2190万。", CAPITAL),
        ("北京不是中华人民共和国的首都。", CAPITAL),
        ("天津港的货物吞吐量很大。", CAPITAL),
        ("The tool is safe.", "The tool is not safe."),
        ("safe", "not safe"),
        ("It is safe to use.", "It is unsafe to use."),
        ("safe", "unsafe"),
        ("该药安全。", "该药不安全。"),
        ("安全", "不安全"),
        ("不安全", "安全"),
        ("Einstein discovered radium.", "Marie Curie discovered radium."),
        ("北京是日本的首都。", "北京是中国的首都。"),
        ("Alice killed Bob.", "Bob killed Alice."),
        ("The dog bit the man.", "The man bit the dog."),
        ("中国队打败了日本队。", "日本队打败了中国队。"),
        ("It opens at 9 pm.", "It opens at 9 am."),
        ("会员可以退货。", "会员不可以退货。"),
        ("Refunds are impossible after 30 days.", "Refunds are possible after 30 days."),
    ],
)
def test_another_number_name_or_a_denial_is_not(sentence, evidence) -> None:
    assert not is_supported(sentence, evidence)


@given(st.text(max_size=60), st.lists(st.integers(0, 999), max_size=4))
def test_marks_are_found_where_they_stand(text, numbers) -> None:
    text = re.sub(r"[\[【［`]", "(", text)
    marked = text + "".join(f" said.[{number}]" for number in numbers)
    found = marks_in(marked)
    assert [number for number, _, _ in found] == numbers
    assert all(marked[start:end] == f"[{number}]" for number, start, end in found)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It opened in 1889.[1,2]", [1, 2]),
        ("It opened (1889)[1][2].", [1, 2]),
        ('She wrote "Dune"[3].', [3]),
        ("It opened [1-3]. It closed [2, 5–6].", [1, 2, 3, 2, 5, 6]),
        ("北京是首都【1】，上海不是［2］。天津【3、4】", [1, 2, 3, 4]),
        ("Paris[1] is in France[2].", [1, 2]),
        ("`y[1]` and x[2], sys.argv[1], data[0], foo_bar[1], items[3] = 5", []),
        ("```python\nprint(value[1])\n```\nIt prints.[2]", [2]),
        ("```\nnever closed [1]", []),
        ("from outside［３］ [３] 【１】", []),
        ("[1-900]", [1, 900]),
        ("[a] [] [1.5] (1)", []),
    ],
)
def test_forms_of_marks(text, numbers) -> None:
    assert [number for number, _, _ in marks_in(text)] == numbers


def test_long_and_hostile_text_is_judged_within_bounds() -> None:
    clauses = "the tower was built in x1, " * 3000
    assert not is_supported(clauses, "The tower was built in 1889. " * 200)
    assert not is_supported("北京是首都，" * 3000, "北京是中国的首都。" * 500)
    long = "word " * 400 + "end."
    assert is_supported(long, f"Before. {long} After.")
    assert marks_in("[1," * 20000) == []
    assert len(marks_in(" [1]" * 2000)) == 2000


@given(st.text(max_size=60), st.text(alphabet="：:，,。 .\n|`-ab事件[]1", max_size=80))
def test_any_text_is_judged_without_an_error(sentence, evidence):
    is_supported(sentence, evidence)
    is_supported("事件在特定时间点发生，数据有效。", evidence)


def test_lines_of_marks_in_evidence_are_no_error():
    evidence = "jfr\n：：：\n事件在特定时间点发生。\n：，\n"
    assert is_supported("事件在特定时间点发生。", evidence)


@pytest.mark.parametrize("mark", ["", "- ", "* ", "2. "])
def test_the_title_of_the_evidence_before_a_colon_is_no_claim(mark):
    evidence = "李娜（网球运动员）\n李娜，1982年出生于湖北武汉，中国女子网球运动员。"
    said = "李娜（网球运动员）：李娜，1982年出生于湖北武汉，中国女子网球运动员。"
    assert is_supported(mark + said, evidence)
    assert not is_supported(mark + said.replace("1982", "1983"), evidence)
    assert is_supported(
        "**Mercury**: It is a planet.", "Mercury\nMercury is large. It is a planet."
    )
