"""Points in time, as texts write them."""

import re

_DATE = re.compile(
    r"\d{1,4} ?年|\d+世纪|\d+月\d*日?|世纪|公元|\b\d{3,4}s?\b|\d{4}[-/.]\d|\b(?:january|february|"
    r"march|"
    r"april|may|june|july|"
    r"august|september|october|november|december)\b|\bcentury\b|\bb\.?c\b|前\d+",
    re.IGNORECASE,
)


def is_date(value: str) -> bool:
    """Whether a fact's object reads like a point in time.

    >>> is_date("1037年"), is_date("May 5, 1813"), is_date("眉山")
    (True, True, False)
    """
    return _DATE.search(value) is not None
