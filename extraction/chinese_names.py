"""How noun phrases and places look in Chinese sentences, by a dictionary's tags."""

import re

from ..text.words import tags


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


def has_verb(text: str) -> bool:
    """Whether a verb of two characters or more stands in a stretch, as far as jieba knows."""
    return any(tag in ("v", "vd") and len(word) > 1 for word, tag in tags(text))


def is_place(text: str) -> bool:
    """Whether a stretch is the name of a place, as far as jieba knows."""
    found = tags(text)
    fits = all(tag in ("ns", "nz", "n", "nr", "f") or word in "省市县" for word, tag in found)
    return fits and any(tag == "ns" for _, tag in found)
