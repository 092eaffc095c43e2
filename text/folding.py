"""Folding: the form in which two ways to write the same are the same; no offset moves."""

import unicodedata
from functools import cache, lru_cache


@cache
def _folding_table() -> dict[int, str]:
    """One character for one: width, case, traditional to simplified."""
    from opencc import OpenCC

    han = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    simplified = OpenCC("t2s").convert("\n".join(han)).split("\n")
    simple = {
        ord(character): other
        for character, other in zip(han, simplified, strict=True)
        if len(other) == 1 and other != character
    }
    table: dict[int, str] = {}
    blocks = [
        range(0x21, 0x2E80),
        range(0x2E80, 0xA000),
        range(0xF900, 0xFB00),
        range(0xFE30, 0xFFF0),
        range(0x2F800, 0x2FA20),  # what the normal form of Unicode makes common characters of
    ]
    for code in (code for block in blocks for code in block):
        character = chr(code)
        # A compatibility form may stand for a traditional character, and 薴 becomes 苧 becomes 苎:
        # simplify behind the form and twice, so that folding what is folded changes nothing.
        folded = unicodedata.normalize("NFKC", character).lower()
        folded = folded.translate(simple).translate(simple)
        if len(folded) == 1 and folded != character:
            table[code] = folded
    return table


def fold(text: str) -> str:
    """Lower case, half width, simplified Chinese; the length stays the same.

    >>> fold("ＡＢＣ　資料庫")
    'abc 资料库'
    """
    return _folded(text) if len(text) <= _SHORT else text.translate(_folding_table())


# One question folds the same passages and sentences again and again.
@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return text.translate(_folding_table())


_SHORT = 1_000
