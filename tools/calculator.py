"""A calculator: arithmetic read by Python's parser and computed here, never evaluated."""

import ast
import math
import re
from collections.abc import Callable, Mapping

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from ..text.folding import fold

_MAX_CHARACTERS = 1_000
_MAX_DIGITS = 1_000
_MAX_EXPONENT = 10_000

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "abs": abs,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "log": math.log,
    "log10": math.log10,
    "exp": math.exp,
}
_CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
# The longer sign first: 乘以 before 乘.
_SIGNS = {
    "*": "× 乘以 乘",
    "/": "÷ 除以",
    "-": "− – 减去 减",
    "+": "加上 加",
    "**": "^",
    "": "等于 = ?",
}


def calculate(expression: str) -> str:
    """The value of an arithmetic expression, exact for whole numbers.

    Knows + - * / // % **, brackets, percentages ("15%"), full-width and Chinese signs, and sqrt,
    abs, round, floor, ceil, sin, cos, tan, log, log10, exp, pi, e.

    >>> calculate("（3＋4）×12"), calculate("200 * 3.5%"), calculate("2**10")
    ('84', '7', '1024')

    Raises:
        ValueError: it is no arithmetic, or too large to compute.
    """
    if len(expression) > _MAX_CHARACTERS:
        raise ValueError(f"the expression is longer than {_MAX_CHARACTERS} characters")
    text = fold(expression)
    for plain, signs in _SIGNS.items():
        for sign in signs.split():
            text = text.replace(sign, plain)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text).strip()
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%(?!\s*[\d(])", r"(\1/100)", text)
    try:
        tree = ast.parse(text, mode="eval").body
        value = _value(tree)
    except ZeroDivisionError:
        raise ValueError("division by zero") from None
    except (SyntaxError, RecursionError, MemoryError, OverflowError, TypeError) as error:
        raise ValueError(f"{expression!r} cannot be computed: {error}") from None
    return _written(value)


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("only numbers can be computed with")
        case ast.Constant(value=int() | float()):
            return node.value  # pyright: ignore[reportReturnType]
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _checked(_OPERATORS[type(op)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _checked(_FUNCTIONS[name](_value(argument)))
        case _:
            raise ValueError(f"{type(node).__name__} is no arithmetic")


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _MAX_EXPONENT:
        raise ValueError(f"the exponent is larger than {_MAX_EXPONENT}")
    if isinstance(base, int) and base and exponent * math.log10(abs(base) or 1) > _MAX_DIGITS:
        raise ValueError(f"the result has more than {_MAX_DIGITS} digits")
    value = base**exponent
    if isinstance(value, complex):
        raise ValueError("the result is no real number")
    return _checked(value)


def _checked(value: float) -> float:
    if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
        raise ValueError(f"the result has more than {_MAX_DIGITS} digits")
    return value


def _written(value: float) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the result is no finite number")
        # Twelve digits hide what binary fractions add, as in 0.1 + 0.2.
        value = float(f"{value:.12g}")
        if value.is_integer() and abs(value) < 1e15:
            value = int(value)
    return str(value)


def _run(expression: str) -> str:
    try:
        return calculate(expression)
    except ValueError as error:
        raise ToolException(str(error)) from error


def calculator_tool() -> BaseTool:
    """The calculator as a tool that a model can call."""
    return StructuredTool.from_function(
        _run,
        name="calculator",
        description=(
            "Compute an arithmetic expression, for example (3 + 4) * 12. 计算一个算术表达式。"
        ),
        handle_tool_error=True,
        metadata={"read_only": True},
    )
