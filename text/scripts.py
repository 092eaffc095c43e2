"""Which script a text is written in: Chinese characters, and those of Japanese and Korean."""

import re
from typing import Literal

Language = Literal["zh", "en"]

#: Ranges for the brackets of a pattern: Chinese characters; with kana and hangul, all of the three.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
CJK = HAN + "\u3040-\u30ff\uac00-\ud7af"
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_CJK_CHARACTER = re.compile(f"[{CJK}]")


def language(text: str) -> Language:
    """The language that a reader of `text` expects in reply: Chinese as soon as a fifth is Chinese.

    >>> language("李白是谁？"), language("Who was Li Bai (李白)?")
    ('zh', 'en')
    """
    letters = sum(map(str.isalpha, text))
    return "zh" if len(_HAN_CHARACTER.findall(text)) > 0.2 * letters else "en"


def has_han(text: str) -> bool:
    """Whether any Chinese character stands in the text."""
    return _HAN_CHARACTER.search(text) is not None


def has_cjk(text: str) -> bool:
    """Whether any Chinese, Japanese or Korean character stands in the text."""
    return _CJK_CHARACTER.search(text) is not None
