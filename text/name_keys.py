"""Names as they are looked up: cut into tokens, so that two spellings of one have one key.

Each Chinese character is a token, and so is each Latin word or number; case, width, accents,
punctuation and traditional characters do not matter.
"""

import re
import unicodedata
from dataclasses import dataclass

from .folding import fold
from .scripts import CJK

#: Stands between the tokens of a key.
SEPARATOR = "\x1f"

_TOKEN = re.compile(
    rf"(?P<cjk>[{CJK}])|\d+(?:[.,]\d+)*|(?:(?![{CJK}])[^\W\d_][\u0300-\u036f]*)+(?:['’](?!s\b)\w+)*[+#]*"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a text in its matching form, and where it stands."""

    form: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Cut a text as names are compared: offsets are those of the original text.

    >>> [token.form for token in tokens("Beyoncé 《紅樓夢》 3.5")]
    ['beyonce', '红', '楼', '梦', '3.5']
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(fold(text)):
        form = match.group()
        if match.lastgroup != "cjk":
            form = _plain(form)
        found.append(Token(form, match.start(), match.end()))
    return found


def name_key(name: str) -> str:
    """The key under which a name is looked up; empty for a name without letters or digits."""
    return SEPARATOR.join(token.form for token in tokens(name))


def _plain(word: str) -> str:
    """A word without accents, apostrophes and the commas of a number."""
    if word.isascii():
        return word.replace(",", "").replace("'", "")
    decomposed = unicodedata.normalize("NFKD", word)
    kept = (c for c in decomposed if not unicodedata.combining(c) and c not in "'’,")
    return "".join(kept)
