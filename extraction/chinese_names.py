"""How names look in Chinese sentences: proper nouns, places, noun phrases."""

import re

from ..text.words import tags

_PROPER_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt", "nz"})


def is_proper(name: str) -> bool:
    """Whether jieba takes a stretch for one proper noun (or one with a plain noun behind it)."""
    kinds = [tag for _, tag in tags(name)]
    if not kinds or kinds[0] not in _PROPER_TAGS:
        return False
    if len(kinds) == 1:
        return len(name) >= 2
    plain = all(kind in _PROPER_TAGS or kind in ("n", "j", "x") for kind in kinds)
    return plain and len(kinds) <= 3 and len(name) <= 8


def is_nominal(text: str) -> bool:
    """Whether a stretch ends like a noun phrase and is not cut off."""
    if re.search(r"[“《「（(]", text) and not re.search(r"[”》」）)]", text):
        return False
    found = tags(text)
    if not found:
        return False
    word, tag = found[-1]
    if text.endswith(("之一", "者", "人", "家", "片", "剧", "书", "曲")):
        return True
    return word not in "的了着过等" and (
        tag[0] == "n" or tag in ("eng", "j", "vn", "l", "i", "s", "q", "g")
    )


def is_place(text: str) -> bool:
    """Whether a stretch is the name of a place, as far as jieba knows."""
    found = tags(text)
    fits = all(tag in ("ns", "nz", "n", "nr", "f") or word in "省市县" for word, tag in found)
    return fits and any(tag == "ns" for _, tag in found)
