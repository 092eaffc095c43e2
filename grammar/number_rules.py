"""Numbers within bounds, as expressions of llguidance's Lark."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .copied_rules import Copies

# Where no bound is given: what a double holds exactly, and no more digits than anyone reads.
_LARGEST = 10**15
_LARGEST_HELD = 9 * 10**18  # llguidance counts in 64 bits
_DECIMALS = 6
_MOST_DECIMALS = 12
_INTEGER = "/-?(0|[1-9][0-9]{0,14})/"
_NUMBER = "/-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,6})?/"
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def number_rule(
    kind: str, schema: Mapping[str, Any], copies: Copies | None = None
) -> tuple[str, str] | None:
    """The expression of a number, and what of the schema it does not hold; None where none fits."""
    step = schema.get("multipleOf")
    unheld = ""
    if step is not None and (isinstance(step, bool) or step != int(step) or step <= 0):
        # Whether 0.07 is a multiple of 0.01 depends on who divides.
        unheld, step = f"multipleOf {step}", None
    if step is None and not any(key in schema for key in _BOUNDS):
        if copies is not None:
            return (copies.integers if kind == "integer" else copies.numbers), unheld
        return (_INTEGER if kind == "integer" else _NUMBER), unheld
    low, high = _bounds(schema)
    if low > high:
        return None
    largest = max(abs(low), abs(high))
    if largest > _LARGEST_HELD:
        bounds = ", ".join(f"{key} {schema[key]}" for key in _BOUNDS if _has(schema, key))
        return (_INTEGER if kind == "integer" else _NUMBER), unheld or bounds
    if largest > 2 * _LARGEST:
        kind = "integer"  # no double has decimals there
    if kind == "integer" or step is not None:
        return _integers(low, high, int(step or 1), schema, unheld)
    return _decimals(low, high, schema, unheld)


def _bounds(schema: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    lows = [_decimal(schema[key]) for key in ("minimum", "exclusiveMinimum") if _has(schema, key)]
    highs = [_decimal(schema[key]) for key in ("maximum", "exclusiveMaximum") if _has(schema, key)]
    low = max(lows, default=min(Decimal(-_LARGEST), *(high - _LARGEST for high in highs), 0))
    high = min(highs, default=max(Decimal(_LARGEST), *(one + _LARGEST for one in lows), 0))
    return Decimal(low), Decimal(high)


def _has(schema: Mapping[str, Any], key: str) -> bool:
    value: object = schema.get(key)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _integers(
    low: Decimal, high: Decimal, step: int, schema: Mapping[str, Any], unheld: str
) -> tuple[str, str] | None:
    first = -(-low // 1) if low != low // 1 else low
    last = high // 1
    first, last = int(first), int(last)
    if _has(schema, "exclusiveMinimum") and first <= _decimal(schema["exclusiveMinimum"]):
        first = int(_decimal(schema["exclusiveMinimum"]) // 1) + 1
    if _has(schema, "exclusiveMaximum") and last >= _decimal(schema["exclusiveMaximum"]):
        last = -int(-_decimal(schema["exclusiveMaximum"]) // 1) - 1
    first, last = -(-first // step) * step, last // step * step
    if first > last:
        return None
    if last - first <= 20 * step:
        listed = " | ".join(f'"{number}"' for number in range(first, last + 1, step))
        return f"({listed})", unheld
    bounds: dict[str, Any] = {"type": "integer", "minimum": first, "maximum": last}
    if step > 1:
        bounds["multipleOf"] = step
    return _json(bounds), unheld


def _decimals(
    low: Decimal, high: Decimal, schema: Mapping[str, Any], unheld: str
) -> tuple[str, str] | None:
    width = high - low
    places = _DECIMALS
    while places < _MOST_DECIMALS and width and Decimal(10) ** -places * 100 > width:
        places += 1
    bounds = {key: schema[key] for key in _BOUNDS if _has(schema, key)}
    if not {"minimum", "exclusiveMinimum"} & bounds.keys():
        bounds["minimum"] = int(low)
    if not {"maximum", "exclusiveMaximum"} & bounds.keys():
        bounds["maximum"] = int(high)
    if not width:
        if {"exclusiveMinimum", "exclusiveMaximum"} & bounds.keys():
            return None
        return f'"{json.dumps(bounds["minimum"])}"', unheld
    rule = {"type": "number", **bounds, "multipleOf": float(Decimal(10) ** -places)}
    return _json(rule), unheld


def _json(schema: Mapping[str, Any]) -> str:
    # By itself llguidance allows blanks and line breaks around JSON.
    told = {**schema, "x-guidance": {"whitespace_flexible": False}}
    return f"%json {json.dumps(told)}"
