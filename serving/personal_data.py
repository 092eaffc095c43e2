"""Personal data in a text, hidden: Chinese identity cards, phones, bank cards, e-mail addresses.

A number is taken for a card only where its check digit is right, so that other long numbers stay.
"""

import re
from collections.abc import Callable

_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
_CARD = re.compile(r"(?<![0-9A-Za-z])[1-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:\+|00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9A-Za-z])"
)
_LANDLINE = re.compile(r"(?<![0-9A-Za-z-])0[1-9][0-9]{1,2}-[0-9]{7,8}(?![0-9A-Za-z-])")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}"
    r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9_-])"
)
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def without_personal_data(text: str) -> str:
    """The text with personal data in it named, not told.

    Digits in full width, as Chinese input methods write them, are read too; the rest of the text
    stays as it is.

    >>> without_personal_data("我的身份证是11010519491231002X，电话 138-0013-8000。")
    '我的身份证是<identity card>，电话 <phone>。'
    """
    plain = text.translate(_NARROW)
    found: list[tuple[int, int, str]] = []
    for pattern, name, fits in _KINDS:
        for match in pattern.finditer(plain):
            is_free = all(match.end() <= start or match.start() >= end for start, end, _ in found)
            if is_free and fits(match.group()):
                found.append((match.start(), match.end(), name))
    for start, end, name in sorted(found, reverse=True):
        text = f"{text[:start]}<{name}>{text[end:]}"
    return text


def _is_identity(number: str) -> bool:
    """By the check digit of GB 11643-1999."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == number[-1].upper()


def _is_card(number: str) -> bool:
    """By Luhn's check digit."""
    digits = [int(one) for one in number if one.isdigit()]
    doubled = [one * 2 - 9 * (one > 4) for one in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def _any(number: str) -> bool:
    return bool(number)


# The surest first: what one has taken is not looked at again.
_KINDS: tuple[tuple[re.Pattern[str], str, Callable[[str], bool]], ...] = (
    (_EMAIL, "e-mail", _any),
    (_IDENTITY, "identity card", _is_identity),
    (_CARD, "bank card", _is_card),
    (_PHONE, "phone", _any),
    (_LANDLINE, "phone", _any),
)
