"""Text as index, engine and metrics must all cut it: sentences, words, folding, numbers, names.

Everything works on Chinese and English alike. `fold` keeps the length of its text, so an offset
into folded text is an offset into the original.
"""

from .folding import fold
from .names import normalize_name
from .numbers import chinese_number
from .scripts import Language, has_cjk, language
from .sentences import sentences
from .spans import Span
from .words import segmenter, words

__all__ = [
    "Language",
    "Span",
    "chinese_number",
    "fold",
    "has_cjk",
    "language",
    "normalize_name",
    "segmenter",
    "sentences",
    "words",
]
