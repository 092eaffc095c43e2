"""Whole numbers in Chinese numerals."""

_DIGITS = {"零": 0, "〇": 0, "两": 2} | {c: n for n, c in enumerate("一二三四五六七八九", start=1)}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def chinese_number(text: str) -> int | None:
    """The value of a whole number in (folded) Chinese numerals; None for anything else.

    >>> [chinese_number(text) for text in ("三百二十五", "一九九八", "两万零五十", "十二", "万一")]
    [325, 1998, 20050, 12, None]
    """
    if len(text) > 1 and all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total = section = 0
    digit: int | None = None
    for position, character in enumerate(text):
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS and (digit is not None or position == 0):
            section += (1 if digit is None else digit) * _UNITS[character]
            digit = None
        elif character in "万亿" and position > 0:
            group = section + (digit or 0)
            # 亿 multiplies all before it (三万亿); 万 only its own group (一亿三千万).
            total = (total + group) * 10**8 if character == "亿" else total + group * 10**4
            section, digit = 0, None
        else:
            return None
    return total + section + (digit or 0) if text else None
