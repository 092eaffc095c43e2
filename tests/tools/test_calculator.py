from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.tools import as_tools, calculate, calculator_tool


@pytest.mark.parametrize(
    ("expression", "value"),
    [("1+1", "2"), ("（3＋4）×12", "84"), ("10 ÷ 4", "2.5"), ("0.1+0.2", "0.3"), ("7 // 2", "3"),
     ("2^10", "1024"), ("200 * 3.5%", "7"), ("1,234 + 1", "1235"), ("sqrt(16)", "4"),
     ("3 乘以 4 加 5", "17"), ("2**200", str(2**200)), ("-5 % 3", "1")],
)  # fmt: skip
def test_arithmetic_is_computed(expression, value):
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression",
    ["", "1/0", "9**9**9", "__import__('os')", "'x'*10", "(lambda: 1)()", "a", "1 if 1 else 2",
     "sqrt(-1)", "[1]", "(" * 5000, "1" * 2000, "10**100000", "True"],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(expression):
    with pytest.raises(ValueError):
        calculate(expression)


@given(st.text(alphabet="0123456789.+-*/%() ^e,", max_size=30) | st.text(max_size=30))
def test_no_expression_does_anything_but_compute_or_refuse(expression):
    with suppress(ValueError):
        float(calculate(expression))


def test_the_tool_tells_the_model_what_went_wrong():
    assert "division by zero" in calculator_tool().invoke({"expression": "1/0"})


def test_functions_become_tools_and_bad_ones_are_named():
    def documented(x: int) -> int:
        """Add one."""
        return x + 1

    def bare(x: int) -> int:
        return x

    assert as_tools([documented])[0].invoke({"x": 1}) == 2
    with pytest.raises(ValueError, match="bare needs a docstring"):
        as_tools([bare])
    with pytest.raises(ValueError, match="two tools"):
        as_tools([documented, documented])
    with pytest.raises(TypeError):
        as_tools([3])
