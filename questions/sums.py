"""A message that is a sum, in figures or in words, as an expression of the calculator."""

import re
from collections.abc import Callable
from functools import cache

from ..text.folding import fold
from ..text.numbers import chinese_number

_LONGEST = 200
_ASK = re.compile(
    r"^(?:please |can you |could you |tell me |hey |ok |so )*"
    r"(?:(?:what|how much)(?:'s| is| are| does)?|calculate|compute|work out|evaluate|solve|find)?"
    r"\s*"
    r"(?:the (?:result|value) of )?"
)
_ASK_ZH = re.compile(r"^(?:请问|请|帮我|麻烦|你能)*(?:计算|算出|算算|算|求)?(?:一下|下|出)?\s*")
# What may stand behind a sum, the last first.
_ASK_ENDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?: (?:what|please)|多少|几|什么|啥)$",
        r"(?: (?:equals?|makes?|gives?)|等于|得|是|为)$",
        r"的(?:结果|值|答案)$",
    )
)
_MARKS = " =?.!。呢吗啊呀"
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUES = {word: number for number, word in enumerate(_SMALL)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6}
_N = r"(?:\([^()]*\)|\d+(?:\.\d+)?)"  # a number, or what stands in brackets
_PHRASES: tuple[tuple[str, str], ...] = (
    (rf"({_N})\s*(?:%|percent)\s*(?:of|的)\s*({_N})", r"(\1/100*\2)"),
    (rf"({_N})的\s*({_N})\s*%", r"(\1*\2/100)"),
    (rf"({_N})的百分之\s*({_N})", r"(\1*\2/100)"),
    (rf"百分之\s*({_N})", r"(\1/100)"),
    (rf"({_N})\s*(?:%|percent\b)(?!\s*{_N})", r"(\1/100)"),
    (rf"half of ({_N})|({_N})的一半", r"((\1\2)/2)"),
    (rf"(?:the )?square root of ({_N})|({_N})的?(?:算术)?平方根|根号\s*({_N})", r"sqrt(\1\2\3)"),
    (rf"({_N})\s*squared|({_N})的平方", r"(\1\2)**2"),
    (rf"({_N})\s*cubed|({_N})的立方", r"(\1\2)**3"),
    (rf"({_N})\s*(?:raised )?to the (?:power of )?({_N})(?:th|st|nd|rd)?(?: power)?", r"\1**\2"),
    (rf"({_N})的\s*({_N})\s*次(?:方|幂)", r"\1**\2"),
    (rf"(?:add )({_N}) (?:and|to|with) ({_N})|the sum of ({_N}) and ({_N})", r"\1\3 + \2\4"),
    (rf"({_N})[和与]({_N})的和", r"\1 + \2"),
    (rf"subtract ({_N}) from ({_N})", r"\2 - \1"),
    (
        rf"(?:the )?difference (?:between|of) ({_N}) and ({_N})|({_N})[和与]({_N})的差",
        r"\1\3 - \2\4",
    ),
    (rf"multiply ({_N}) (?:by|and|with) ({_N})|the product of ({_N}) and ({_N})", r"\1\3 * \2\4"),
    (rf"({_N})[和与]({_N})的(?:乘积|积)", r"\1 * \2"),
    (rf"divide ({_N}) by ({_N})|({_N})[和与]({_N})的商", r"\1\3 / \2\4"),
    (r"multiplied by|times|乘以|乘上|乘|×|(?<=[\d)]) ?x ?(?=[\d(])", "*"),
    (r"divided by|除以|÷", "/"),
    (r"plus|加上|加", "+"),
    (r"minus|减去|减|−|–", "-"),
    (r"\^", "**"),
)
_EXPRESSION = re.compile(r"(?:sqrt|[\d\s.+*/()-])+")


def read_sum(message: str) -> str | None:
    """The expression that a message asks to have computed; None where it is anything else.

    >>> read_sum("What is seven times eight?"), read_sum("80的15%是多少？"), read_sum("三加五")
    ('7 * 8', '(80*15/100)', '3 + 5')
    >>> read_sum("Who is 007?"), read_sum("2024-05-06"), read_sum("Did 12 * 7 people come?")
    (None, None, None)
    """
    if len(message) > _LONGEST:
        return None
    text = re.sub(r"(?<=\d),(?=\d{3})", "", fold(" ".join(message.split())))
    asks = text
    text = _ASK_ZH.sub("", _ASK.sub("", text, count=1), count=1).rstrip(_MARKS)
    for end in _ASK_ENDS:
        text = end.sub("", text).rstrip(_MARKS)
    text = _in_figures(text)
    for pattern, written in _phrases():
        text = pattern.sub(written, text)
    text = text.strip()
    if not _EXPRESSION.fullmatch(text) or not re.search(r"\d\W*[-+*/]\W*\d|sqrt\(\d", text):
        return None
    if _is_a_label(text, asks):
        return None
    text = re.sub(r"\s*([-+*/]+)\s*", r" \1 ", text) if not text.startswith("(") else text
    return text.replace(" ** ", "**").strip()


def _is_a_label(text: str, asks: str) -> bool:
    """Whether figures joined by marks alone are a date, a score or a number of something."""
    bare = re.fullmatch(r"\d+(?:[-/]\d+)+", text) is not None
    asked = re.search(r"等于|多少|计算|算|=|\b(?:calculate|compute|what|how much|equals?)\b", asks)
    return bare and asked is None


def _in_figures(text: str) -> str:
    """Numbers in words as figures, in both languages."""
    word = "|".join(sorted((*_VALUES, *_SCALES), key=len, reverse=True))
    text = re.sub(
        rf"\b(?:{word})(?:(?:[ -]|and )+(?:{word}))*\b", lambda m: _english(m.group()), text
    )
    return re.sub(
        r"[零〇一二两三四五六七八九十百千万亿]+",
        lambda m: str(value) if (value := chinese_number(m.group())) is not None else m.group(),
        text,
    )


def _english(words: str) -> str:
    total = part = 0
    for word in re.findall(r"[a-z]+", words):
        if word in _VALUES:
            part += _VALUES[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
    return str(total + part)


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]:
    """The phrases, each with what writes its match: a group that took no part gives nothing."""

    def writer(template: str) -> Callable[[re.Match[str]], str]:
        return lambda match: re.sub(r"\\(\d)", lambda m: match[int(m[1])] or "", template)

    return tuple((re.compile(pattern), writer(written)) for pattern, written in _PHRASES)
