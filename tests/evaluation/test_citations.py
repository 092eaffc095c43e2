"""Whether evidence carries a sentence, and where the marks stand."""

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
    ],
)
def test_another_number_name_or_a_denial_is_not(sentence, evidence) -> None:
    assert not is_supported(sentence, evidence)


@given(st.text(max_size=60), st.lists(st.integers(0, 999), max_size=4))
def test_marks_are_found_where_they_stand(text, numbers) -> None:
    text = text.replace("[", "(")
    marked = text + "".join(f"x[{number}]" for number in numbers)
    found = marks_in(marked)
    assert [number for number, _, _ in found] == numbers
    assert all(marked[start:end] == f"[{number}]" for number, start, end in found)
