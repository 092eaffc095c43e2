"""The calculator gets the whole of what is to be computed, or nothing."""

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from groundglm.questions.question import Question
from groundglm.questions.tool_selection import choose_tool
from groundglm.tools import calculator_tool

CALCULATOR = [convert_to_openai_tool(calculator_tool())["function"]]


@pytest.mark.parametrize(
    "question", ["sqrt(144) + 2^10", "1e3 + 5", "What is model 11-87?", "The model number is 11-87"]
)
def test_a_part_of_an_expression_is_no_call(question):
    assert choose_tool(Question(question), CALCULATOR) is None


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("(3 + 4) * 12", "(3 + 4) * 12"),
        ("What is 2 * 12 + 0.5 * 8?", "2 * 12 + 0.5 * 8"),
        ("8-3等于多少", "8 - 3"),
        ("12 乘以 7 等于多少？", "12 * 7"),
    ],
)
def test_a_whole_expression_is_computed(question, expression):
    assert choose_tool(Question(question), CALCULATOR) == ("calculator", {"expression": expression})
