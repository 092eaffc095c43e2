"""A calculator: arithmetic read by Python's parser and computed here, never evaluated."""

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from ..text.folding import fold
from .units import convert, unit, written_number

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
    abs, round, floor, ceil, sin, cos, tan, log, log10, exp, pi, e. A number may have a unit, and
    behind "in", "to" or "换算成" stands the one that the result is wanted in.

    >>> calculate("（3＋4）×12"), calculate("200 * 3.5%"), calculate("2**10")
    ('84', '7', '1024')
    >>> calculate("3 km + 200 m in m"), calculate("150 公里 / 2 小时"), calculate("5斤换算成公斤")
    ('3200 m', '75 kilometer / hour', '2.5 公斤')

    Raises:
        ValueError: it is no arithmetic, or too large to compute.
    """
    if len(expression) > _MAX_CHARACTERS:
        raise ValueError(f"the expression is longer than {_MAX_CHARACTERS} characters")
    # Letters keep their case for units: a milliwatt is no megawatt.
    asked, *wanted = _WANTED.split(unicodedata.normalize("NFKC", expression), maxsplit=1)
    cased = _with_plain_signs(asked)
    if any(found[2].lower() not in _NO_UNITS for found in _WITH_UNIT.finditer(cased)):
        return _with_units(cased, wanted[0].strip(" ?？") if wanted else "", expression)
    text = _with_plain_signs(fold(expression))
    try:
        tree = ast.parse(text, mode="eval").body
        value = _value(tree)
    except ZeroDivisionError:
        raise ValueError("division by zero") from None
    except (SyntaxError, RecursionError, MemoryError, OverflowError, TypeError) as error:
        raise ValueError(f"{expression!r} cannot be computed: {error}") from None
    return _written(value)


def _with_plain_signs(text: str) -> str:
    for plain, signs in _SIGNS.items():
        for sign in signs.split():
            text = text.replace(sign, plain)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text).strip()
    return re.sub(r"(\d+(?:\.\d+)?)\s*%(?!\s*[\d(])", r"(\1/100)", text)


# --- with units -------------------------------------------------------------------------------

# A number and its unit, which may be a quotient: "3 km", "90 km/h", "36.6 °c", "5斤".
_WITH_UNIT = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*"
    r"((?!e\d)[^\W\d_]{1,20}|[°℃℉][^\W\d_]?)((?:\s?/\s?[^\W\d_]{1,20})?)"
)
_NO_UNITS = frozenset({*_FUNCTIONS, *_CONSTANTS})
_WANTED = re.compile(r"\s+(?:in|to|as)\s+|\s*(?:换算成|换成|折合成|折合|等于多少|是多少|合多少)\s*")


def _with_units(asked: str, target: str, expression: str) -> str:
    alone = _WITH_UNIT.fullmatch(asked.strip())
    if alone is not None and target:
        return convert(float(alone[1]), f"{alone[2]}{alone[3]}".strip(), target)
    units: dict[str, Any] = {}

    def named(found: re.Match[str]) -> str:
        if found[2].lower() in _NO_UNITS:
            return found[0]
        name = f"unit_{len(units)}"
        units[name] = unit(f"{found[2]}{found[3]}".strip())
        return f"({found[1]}*{name})"

    try:
        tree = ast.parse(_WITH_UNIT.sub(named, asked).strip(), mode="eval").body
        value: Any = _value(tree, units)
        if not hasattr(value, "units"):
            return _written(value)
        if value.dimensionless and not target:
            return written_number(float(value.to("").magnitude))
        if target:
            return f"{written_number(float((value / unit(target)).to('').magnitude))} {target}"
        return f"{written_number(float(value.magnitude))} {value.units}".strip()
    except ZeroDivisionError:
        raise ValueError("division by zero") from None
    except ValueError:
        raise
    except Exception as error:  # pint raises errors of its own
        raise ValueError(f"{expression!r} cannot be computed: {error}") from None


# --- values ------------------------------------------------------------------------------------


def _value(node: ast.expr, units: Mapping[str, Any] = {}) -> float:  # noqa: B006 - never changed
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("only numbers can be computed with")
        case ast.Constant(value=int() | float()):
            return node.value  # pyright: ignore[reportReturnType]
        case ast.Name(id=name) if name in units:
            return units[name]
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, units)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, units)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, units), _value(right, units))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _checked(_OPERATORS[type(op)](_value(left, units), _value(right, units)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _checked(_FUNCTIONS[name](_value(argument, units)))
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
            "Compute an arithmetic expression, for example (3 + 4) * 12 or 3 km + 200 m in m. "
            "计算一个算术表达式，可以带单位。"
        ),
        handle_tool_error=True,
        metadata={"read_only": True},
    )
