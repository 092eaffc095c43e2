"""The calculator gets the whole of what is to be computed, or nothing."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.utils.function_calling import convert_to_openai_tool

from groundglm.questions.question import Question
from groundglm.questions.sums import read_sum
from groundglm.questions.tool_selection import choose_tool
from groundglm.tools import calculator_tool
from groundglm.tools.calculator import calculate

CALCULATOR = [convert_to_openai_tool(calculator_tool())["function"]]


@pytest.mark.parametrize(
    "question", ["1e3 + 5", "10 mod 3", "What is model 11-87?", "The model number is 11-87"]
)
def test_a_part_of_an_expression_is_no_call(question):
    assert choose_tool(Question(question), CALCULATOR) is None


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("(3 + 4) * 12", "(3 + 4) * 12"),
        ("What is 2 * 12 + 0.5 * 8?", "2 * 12 + 0.5 * 8"),
        ("8-3等于多少", "8 - 3"),
        ("sqrt(144) + 2^10", "sqrt(144) + 2**10"),
        ("How much is two hundred and five minus 5?", "205 - 5"),
        ("subtract 9 from 40", "40 - 9"),
        ("三百二十除以八得多少？", "320 / 8"),
        ("5的立方是多少", "(5)**3"),
        ("12 乘以 7 等于多少？", "12 * 7"),
    ],
)
def test_a_whole_expression_is_computed(question, expression):
    assert choose_tool(Question(question), CALCULATOR) == ("calculator", {"expression": expression})


@pytest.mark.parametrize(
    "said",
    [
        *("1/2", "2020-21", "12 bottles", "What is 5?", "三国", "第三加一", "3.5 kg * 2", "加油"),
        *(
            "How many times did 3 teams win?",
            "2024-05-06",
            "九寨沟",
            "is 7 greater than 5",
            "",
            "?",
        ),
    ],
)
def test_what_is_no_sum_is_none(said):
    assert read_sum(said) is None


@given(
    st.text(alphabet="0123456789+-*/()%^.=一三五加减乘除的 ofplus", max_size=40)
    | st.text(max_size=80)
)
def test_whatever_is_read_can_be_given_to_the_calculator(said):
    written = read_sum(said)
    if written is not None:
        assert re.fullmatch(r"(?:sqrt|[\d\s.+*/()-])+", written)
        with suppress(ValueError):  # as 1 / 0, or brackets that do not close: it is refused
            calculate(written)
