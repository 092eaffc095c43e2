"""Reading a tool's arguments off a question: numbers, choices, quotations, names, dates, sums."""

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from ..text.dates import ASKED_DAY
from ..text.folding import fold
from ..text.numbers import chinese_number
from ..text.scripts import has_cjk
from ..text.words import stem_word
from .argument_names import (
    CODE,
    NUMBER,
    QUOTED,
    Reader,
    cued,
    directed_place,
    name_for,
    only,
)
from .word_lists import CURRENCIES, LANGUAGES


def read_arguments_off(
    question: str,
    schema: Mapping[str, Any],
    *,
    subject: frozenset[str] = frozenset(),
    leaves_nothing: bool = False,
    left: list[str] | None = None,
) -> dict[str, Any] | None:
    """The arguments of a tool that a question states; None where a required one is missing.

    An argument is taken only from the words that fill its place: beside the parameter's own words,
    behind the preposition that goes with it, or where nothing else could be meant.

    Args:
        question: What the user said, without the words before the verb of a request.
        schema: The JSON schema of the tool's parameters.
        subject: Words for what the tool is about, which are no names.
        leaves_nothing: Whether a name, number or quotation that no argument took means that more
            is asked than the tool does, so that there is no call.
        left: Gains what no argument took.
    """
    properties = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties") or {})
    required = set(cast("list[str]", schema.get("required") or []))
    reader = Reader(question[:1].lower() + question[1:], subject)
    reader.names = sum(_is_name(name, properties[name]) for name in properties)
    reader.subject |= {word for name in properties for word in re.split(r"[\W_]+", name.lower())}
    args: dict[str, Any] = {}
    # The narrower a type, the earlier it takes its part: what is left over is free text.
    has_content = _CONTENT.search(question) is not None
    for name in sorted(properties, key=lambda key: _order(key, properties[key], has_content)):
        value = _read(reader, name, properties[name])
        if value is not None:
            args[name] = value
        elif name in required:
            return None
    if left is not None:
        left.append(reader.rest)
    if leaves_nothing and reader.leaves_something():
        return None
    return {name: args[name] for name in properties if name in args}


def _is_name(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a parameter takes a name or a code, which no words of its own tell from others."""
    kind = _hint(name, schema)
    return "enum" not in schema and _type(schema) == "string" and kind in ("name", "place", "code")


# What a message is to say holds no other argument.
_CONTENT = re.compile(r"[:：]|\b(?:saying|that says)\b|[\"“「]", re.IGNORECASE)


def _order(name: str, schema: Mapping[str, Any], has_content: bool) -> int:
    if "enum" in schema:
        return 0
    hint = _hint(name, schema)
    kinds = ("sum", "currency", "language", "symbol", "date")
    if hint in kinds:
        return 1 + kinds.index(hint)
    if hint == "text" and has_content:
        return 6
    if _type(schema) in ("number", "integer"):
        return 10
    return 20 if hint == "place" else 30


def _type(schema: Mapping[str, Any]) -> str:
    kind: object = schema.get("type")
    if kind is None:
        options = cast("list[Mapping[str, Any]]", schema.get("anyOf") or [])
        kinds = [option.get("type") for option in options if option.get("type") != "null"]
        kind = kinds[0] if kinds else "string"
    if isinstance(kind, list):
        kind = next((one for one in cast("list[str]", kind) if one != "null"), "string")
    return str(kind)


def _hint(name: str, schema: Mapping[str, Any]) -> str:
    """What kind of words a string parameter wants, by its name and description."""
    text = fold(f"{name} {schema.get('description', '')} {schema.get('title', '')}")
    for kind, pattern in (
        ("sum", r"expression|formula|\bsum\b|表达式|算式"),
        ("currency", r"currency|货币|币种"),
        ("language", r"language|语言|语种|\blang\b"),
        ("symbol", r"symbol|ticker|股票代码|\bcode\b|代码"),
        ("code", r"(?:^|_| )(?:id|ids|no|number|sku|ref)\b|编号|单号|订单号|账号|卡号"),
        ("date", r"date|day|日期|哪天"),
        (
            "place",
            r"city|location|place|town|country|region|address|城市|地点|地区|地方|国家|origin|destination|出发|目的地",
        ),
        (
            "text",
            r"text|message|content|body|sentence|phrase|内容|文本|消息|正文|事项|task|title|note|什么事",
        ),
    ):
        if re.search(pattern, text):
            return kind
    return "name"


def _read(reader: Reader, name: str, schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return _enum(reader, cast("list[Any]", schema["enum"]))
    kind = _type(schema)
    if kind in ("number", "integer"):
        return _number(reader, name, schema, whole=kind == "integer")
    if kind == "boolean":
        return None  # said in too many ways to be read off plainly
    if kind == "array":
        items = cast("Mapping[str, Any]", schema.get("items") or {})
        return _array(reader, name, items)
    if kind != "string":
        return None
    return _string(reader, name, schema)


def _enum(reader: Reader, values: list[Any]) -> Any:
    folded = fold(reader.rest)
    for value in sorted(values, key=lambda value: -len(str(value))):
        word = fold(str(value))
        pattern = re.escape(word) if has_cjk(word) else rf"(?<!\w){re.escape(word)}s?(?!\w)"
        if reader.take(re.search(pattern, folded)) is not None:
            return value
    return None


# What a parameter counts, what people call the unit that they say, and how many it makes.
_UNITS = tuple(
    (re.compile(asked), re.compile(rf"(\d+(?:\.\d+)?)\s*(?:个)?(?:{said})", re.IGNORECASE), factor)
    for asked, said, factor in (
        (r"minute|分钟", r"minutes?|mins?|分钟", 1.0),
        (r"minute|分钟", r"hours?|小时|钟头", 60.0),
        (r"second|秒", r"seconds?|secs?|秒", 1.0),
        (r"second|秒", r"minutes?|mins?|分钟", 60.0),
        (r"hour|小时", r"hours?|小时", 1.0),
        (r"days|天数|几天", r"days?|天", 1.0),
        (r"year|年", r"years?|年", 1.0),
        (r"rate|percent|率", r"%|percent", 1.0),
    )
)
_CHINESE_NUMBER = re.compile(r"[一二两三四五六七八九十百千万]+(?=[个块元天分小公年只张人份里斤])")


def _number(reader: Reader, name: str, schema: Mapping[str, Any], *, whole: bool) -> Any:
    about = fold(f"{name} {schema.get('description', '')}")
    for asked, given, factor in _UNITS:
        if asked.search(about):
            text = reader.take(given.search(reader.rest), 1)
            if text is not None:
                return _as_number(float(text) * factor, whole)
    text = reader.take(_number_in_place(reader, name, about))
    if text is not None:
        scaled = re.match(r"\s*([万亿])", reader.question[reader.question.find(text) + len(text) :])
        factor = {"万": 1e4, "亿": 1e8}[scaled.group(1)] if scaled else 1
        return _as_number(float(text.replace(",", "")) * factor, whole)
    text = reader.take(_CHINESE_NUMBER.search(reader.rest))
    value = None if text is None else chinese_number(text)
    return None if value is None else _as_number(float(value), whole)


_AFTER_NUMBER = re.compile(
    r"\s*(?:$|[,.;!?，。！？、)”\"]|['’]s\b|%|°|(?:to|for|from|at|in|on|as|into|by|with|of|and|please|now|"
    r"percent|degrees?|dollars?|euros?|pounds?|yuan|rmb|bucks|usd|eur|gbp|cny|jpy|minutes?|hours?|days?|"
    r"seconds?|pm|am|o['’]clock)\b|[元块美欧日英分小秒天度号的给到从为年月，个位人名间张份次岁公斤，])",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\s*(?:[a-z]+|[个位名人次天件条])", re.IGNORECASE)


def _number_in_place(reader: Reader, name: str, about: str) -> re.Match[str] | None:
    """The number that stands where one for this parameter would: none that counts other things."""
    own = {stem_word(word) for word in re.findall(r"[a-z]{3,}", about)}
    is_code = re.search(r"(?:^|_)(?:id|no|number)$", name.lower()) is not None
    for match in NUMBER.finditer(reader.rest):
        after = reader.rest[match.end() :]
        word = re.match(r"\s*([a-z]+)", after, re.IGNORECASE)
        if is_code and _COUNTED.match(after) and not re.match(r"\s*(?:号|please|now)", after):
            preposition = re.match(r"\s*(?:to|for|from|at|in|on|as|into|by|with|and)\b", after)
            if preposition is None:
                continue  # "the 3 users": how many, not which
        before = reader.rest[: match.start()].rstrip(" #").lower()
        named = any(before.endswith(one) for one in reader.subject | {name.lower()} if one)
        in_own_words = word is not None and stem_word(word.group(1).lower()) in own
        if named or in_own_words or _AFTER_NUMBER.match(after):
            return match
    return None


def _as_number(value: float, whole: bool) -> int | float | None:
    if not math.isfinite(value):
        return None
    if value == int(value):
        return int(value)
    return None if whole else value


def _array(reader: Reader, name: str, items: Mapping[str, Any]) -> list[Any] | None:
    found: list[Any] = []
    while len(found) < 20:
        value = _read(reader, name, items)
        if value is None:
            break
        found.append(value)
    return found or None


def _string(reader: Reader, name: str, schema: Mapping[str, Any]) -> str | None:
    hint = _hint(name, schema)
    if hint == "sum":
        found = _sum(reader)
        reader.rest = "" if found is not None else reader.rest
        return found
    if hint == "currency":
        return _currency(reader, name)
    if hint == "language":
        folded = fold(reader.rest)
        found = [(folded.find(word), word) for word in LANGUAGES if word in folded]
        if not found:
            return None
        position, word = max(found)
        return reader.take(re.compile(re.escape(word), re.IGNORECASE).search(reader.rest, position))
    if hint == "symbol":
        pattern = (
            r"(?<![A-Za-z])[A-Z]{1,5}(?:\.[A-Z]{1,2})?(?![A-Za-z])|"
            r"\b[A-Z0-9][A-Z0-9-]{3,}\b|\b\d{6}\b"
        )
        return reader.take(re.search(pattern, reader.rest)) or reader.take(
            QUOTED.search(reader.rest), 1
        )
    if hint == "date":
        return reader.take(ASKED_DAY.search(reader.rest))
    quoted = reader.take(QUOTED.search(reader.rest), 1)
    if quoted is not None:
        return quoted
    if hint == "text":
        return _free_text(reader)
    if hint == "code":
        return cued(reader, name, schema, CODE) or reader.take(only(CODE, reader.rest))
    return directed_place(reader, name) or name_for(reader, name, schema)


# Sums in words, one sign after another.
_SIGNS = (
    (r"乘以|\btimes\b|\bmultiplied by\b|乘", "*"),
    (r"除以|\bdivided by\b", "/"),
    (r"加上?|\bplus\b", "+"),
    (r"减去?|\bminus\b", "-"),
    (r"的平方(?!根)|\bsquared\b", "**2"),
    (r"的立方|\bcubed\b", "**3"),
    (r"\bto the power of\b|\^", "**"),
    (r"的(?=\d+次方)", "**"),
    (r"次方", ""),
    (r"百分之(\d+(?:\.\d+)?)", r"\1%"),
)


def _sum(reader: Reader) -> str | None:
    text = fold(reader.rest).replace("×", "*").replace("÷", "/")
    for pattern, symbol in _SIGNS:
        text = re.sub(pattern, symbol, text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%\s*(?:of|的)\s*(\d+(?:\.\d+)?)", r"\1/100*\2", text)
    text = re.sub(r"(\d+(?:\.\d+)?)的(\d+(?:\.\d+)?)%", r"\1*\2/100", text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%(?!\s*\d)", r"\1/100", text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    runs = re.findall(r"[\d.()\s+*/%-]{3,}", text)
    sums = [run.strip() for run in runs if re.search(r"\d\s*\)*\s*[-+*/%]+\s*\(*\s*\d", run)]
    if not sums or not _is_whole(max(sums, key=len), text):
        return None
    return re.sub(r"\s*([-+*/%]+)\s*", r" \1 ", max(sums, key=len)).replace(" ** ", "**").strip()


def _is_whole(expression: str, text: str) -> bool:
    """Whether an expression is all that a text would have computed; a part of a sum is none.

    No number may be left over, no function or exponent may touch it, and "11-87" alone may be a
    model, a score or a page range: a minus without blanks counts only where a result is asked for.
    """
    before, _, after = text.partition(expression)
    if re.search(r"\d", before + after) or re.search(r"[a-z_]\(?$|\)$", before):
        return False
    if re.fullmatch(r"\d+(?:-\d+)+", expression):
        asked = r"等于|多少|计算|算|=|\b(?:calculate|compute|what(?:'s| is)|equals?|minus)\b"
        return (
            re.search(asked, text) is not None
            and re.search(r"model|型号|编号|\bno\b", text) is None
        )
    return True


def _currency(reader: Reader, name: str) -> str | None:
    """The source currency is named first, the target last."""
    found: list[tuple[int, int, str]] = []
    folded = fold(reader.rest)
    for match in re.finditer(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", reader.rest):
        found.append((match.start(), match.end(), match.group()))
    for word, code in CURRENCIES.items():
        position = folded.find(word)
        if position >= 0:
            found.append((position, position + len(word), code))
    if not found:
        return None
    wants_target = re.search(r"to|target|dest|目标", name.lower()) is not None
    start, end, code = max(found) if wants_target else min(found)
    reader.rest = reader.rest[:start] + " " * (end - start) + reader.rest[end:]
    return code


def _free_text(reader: Reader) -> str | None:
    for pattern in (
        r"提醒我(?:要|去)?(?:在)?\s*(?P<a>[^，。？！,.?!]{2,80})",
        r"\bremind me\b.*?\b(?:to|about)\s+(?P<a>[^.?!]{2,80})",
        r"[：:]\s*(?P<a>.{2,200})$",
        r"\b(?:saying|that says)\s+(?P<a>.{2,200}?)[.?!]?$",
        r"(?:把|将)\s*+(?P<a>[^，。\s][^，。]{0,79}?)\s*(?:翻译|译)",
        r"\btranslate\s++(?P<a>\S.{0,79}?)\s+(?:in)?to\b",
    ):
        match = re.search(pattern, reader.rest, re.IGNORECASE)
        if match and match.group("a").strip():
            text = " ".join(match.group("a").split())
            text = re.sub(r"\s+\b(?:in|after|at)$|^(?:后|之后|以后)\s*", "", text)
            return reader.take(match) and text
    return None
