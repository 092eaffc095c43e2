"""Quantities with units, in English and Chinese names: pint's tables, read without evaluating."""

import re
from functools import cache
from typing import Any

from langchain_core.tools import BaseTool, ToolException

from .registry import tool

_MAX_CHARACTERS = 60
# What pint's tables lack: Chinese names, and the units of Chinese markets.
_CHINESE = """
公里 千米 = kilometer|米 公尺 = meter|分米 = decimeter|厘米 公分 = centimeter|毫米 = millimeter
微米 = micrometer|纳米 = nanometer|里 华里 市里 = 500 * meter|丈 = 10 / 3 * meter
尺 市尺 = 1 / 3 * meter|寸 = 1 / 30 * meter|英里 = mile|英尺 = foot|英寸 = inch|码 = yard
海里 = nautical_mile|光年 = light_year|公斤 千克 = kilogram|克 = gram|毫克 = milligram
吨 = metric_ton|斤 市斤 = 500 * gram|两 = 50 * gram|钱 = 5 * gram|磅 = pound|盎司 = ounce
克拉 = carat|升 公升 = liter|毫升 = milliliter|加仑 = gallon|立方米 = meter ** 3
平方米 平米 = meter ** 2|平方公里 = kilometer ** 2|公顷 = hectare|亩 = 2000 / 3 * meter ** 2
秒 = second|毫秒 = millisecond|分钟 = minute|小时 = hour|天 日 = day|周 星期 = week
摄氏度 = degC|华氏度 = degF|开尔文 开 = kelvin|焦耳 焦 = joule|千焦 = kilojoule
卡路里 卡 = calorie|千卡 大卡 = kilocalorie|度 千瓦时 = kilowatt_hour|瓦 瓦特 = watt
千瓦 = kilowatt|马力 = metric_horsepower|帕 帕斯卡 = pascal|千帕 = kilopascal
兆帕 = megapascal|大气压 = atmosphere|牛 牛顿 = newton|伏 伏特 = volt|安 安培 = ampere
赫兹 = hertz|字节 = byte|节 = knot|千米每小时 公里每小时 = kilometer / hour|米每秒 = meter / second
"""
# Names as they are written, which pint reads otherwise.
_PLAIN = {"°c": "degC", "℃": "degC", "°f": "degF", "℉": "degF", "c": "degC", "f": "degF"}
_ALLOWED = re.compile(r"[\w°℃℉µμΩ'\"/*^ .()-]+")


@cache
def _registry() -> Any:  # noqa: ANN401 - pint is loaded when it is first used
    import pint

    library: Any = pint
    return library.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)


@cache
def _chinese() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _CHINESE.replace("\n", "|").split("|"):
        names, _, meaning = line.partition(" = ")
        found |= dict.fromkeys(names.split(), meaning)
    return found


def unit(name: str) -> Any:  # noqa: ANN401 - a quantity of pint's
    """One of a unit, as a quantity: "km", "公里", "m/s", "°C".

    Raises:
        ValueError: there is no such unit.
    """
    written = " ".join(name.split())
    if not written or len(written) > _MAX_CHARACTERS or not _ALLOWED.fullmatch(written):
        raise ValueError(f"{name[:_MAX_CHARACTERS]!r} is no unit")
    registry = _registry()
    meaning = _chinese().get(written)
    if meaning is not None:
        number, star, base = meaning.rpartition(" * ")
        if not star or "/" in base or "**" in number:
            number, base = "1", meaning
        top, _, below = number.partition(" / ")
        return registry.Quantity(float(top) / float(below or 1), base)
    plain = _PLAIN.get(written.lower(), written) if len(written) <= 2 else written
    if plain != written and written in ("c", "f"):
        plain = written  # small letters are no degrees
    try:
        return registry.Quantity(1, registry.Unit(plain))
    except Exception as error:  # pint raises much: of its own, syntax, tokens, recursion
        raise ValueError(f"{written!r} is no unit that is known: {type(error).__name__}") from None


def convert(value: float, from_unit: str, to_unit: str) -> str:
    """A value in another unit.

    >>> convert(3, "公里", "mile"), convert(36.6, "摄氏度", "华氏度"), convert(2, "斤", "kg")
    ('1.86411357671 mile', '97.88 华氏度', '1 kg')

    Raises:
        ValueError: a unit is unknown, or they measure different things.
    """
    source, target = unit(from_unit), unit(to_unit)
    try:
        if source.magnitude == 1 and target.magnitude == 1:  # temperatures have zeros of their own
            result = _registry().Quantity(value, source.units).to(target.units).magnitude
        else:
            ratio = (source / target).to("dimensionless").magnitude
            result = value * ratio
    except Exception as error:
        raise ValueError(f"{from_unit!r} cannot be converted to {to_unit!r}: {error}") from None
    return f"{written_number(float(result))} {to_unit}"


def written_number(value: float) -> str:
    """A number without what binary fractions add, as in 0.1 + 0.2."""
    rounded = float(f"{value:.12g}")
    return str(int(rounded)) if rounded.is_integer() and abs(rounded) < 1e15 else str(rounded)


def unit_converter_tool() -> BaseTool:
    """The conversion of units as a tool that a model can call."""

    @tool(read_only=True, idempotent=True, timeout=10)
    def convert_unit(value: float, from_unit: str, to_unit: str) -> str:
        """单位换算，例如把公里换算成英里。Convert a value to another unit of measure.

        Args:
            value: How many of the unit.
            from_unit: The unit that it is given in, such as km, 斤, °C or m/s.
            to_unit: The unit that it is wanted in.
        """
        try:
            return convert(value, from_unit, to_unit)
        except ValueError as error:
            raise ToolException(str(error)) from error

    return convert_unit
