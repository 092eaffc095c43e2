"""Points in time, as texts write them."""

import re

#: Parts of patterns: a month, a date as sentences of each language write it.
MONTH_EN = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
DATE_EN = (
    rf"(?:(?:{MONTH_EN} \d{{1,2}}, |\d{{1,2}} {MONTH_EN} |{MONTH_EN},? )?\d{{3,4}}(?: (?:BC|AD))?)"
)
DATE_ZH = r"(?:公元)?(?:前)?(?:\d{1,4}|[〇零一二三四五六七八九]{4})年(?:\d{1,2}月(?:\d{1,2}日)?)?"

_DATE = re.compile(
    rf"\d{{1,4}} ?年|\d+世纪|\d+月\d*日?|世纪|公元|\b\d{{3,4}}s?\b|\d{{4}}[-/.]\d|\b{MONTH_EN}\b|"
    r"\bcentury\b|\bb\.?c\b|前\d+",
    re.IGNORECASE,
)


def is_date(value: str) -> bool:
    """Whether a fact's object reads like a point in time.

    >>> is_date("1037年"), is_date("May 5, 1813"), is_date("眉山")
    (True, True, False)
    """
    return _DATE.search(value) is not None


#: A day as requests name it, in figures or from today on.
ASKED_DAY = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}|\d{4}年\d{1,2}月\d{1,2}[日号]|\d{1,2}月\d{1,2}[日号]|今天|明天|后天|昨天|"
    r"\b(?:today|tomorrow|yesterday|next \w+|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)

#: What is written with the signs of a sum but is a date or a telephone number.
FIGURES_WITH_SIGNS = re.compile(r"\d{2,4}[-/]\d{1,2}[-/]\d{1,4}|\d{3,}(?:-\d{3,})+")
