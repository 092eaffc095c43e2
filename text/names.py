"""Names: two spellings of one name, and a name without the note in brackets behind it."""

import re
import unicodedata

from .folding import fold
from .scripts import has_han

# Beside a number these marks change what is said: "<5 mg", "≥ 18", "−3", "$5", "5 €", "5 %".
_OF_NUMBERS = (
    r"(?P<before>[<>≤≥±≈~=−¬]+)\s*(?=[$€£¥₹₩]?\s?\d)|(?P<money>[$€£¥₹₩])\s?(?=\d)"
    r"|(?<=\d)\s?(?P<behind>[%‰°$€£¥₹₩])"
)
_MARKS = re.compile(rf"{_OF_NUMBERS}|[^\w\s.+#&/'·-]")
_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")


def normalize_name(name: str) -> str:
    """The form under which two spellings of one name are the same: folded, blanks and marks off.

    >>> normalize_name("《戰國無雙 3》") == normalize_name("战国无双3")
    True
    >>> normalize_name("Café  Müller"), normalize_name("< 5 mg"), normalize_name("5 %")
    ('cafe muller', '<5 mg', '5%')
    """
    decomposed = unicodedata.normalize("NFKD", fold(unicodedata.normalize("NFKC", name)))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    # Twice: a mark that becomes a blank may be one that stands before a sign of money.
    plain = re.sub(r"\s+", " ", _MARKS.sub(_kept, plain))
    plain = _MARKS.sub(_kept, plain).strip()
    if has_han(plain):
        return re.sub(r"\s+", "", plain) or name.strip()
    return re.sub(r"\s+", " ", plain) or name.strip()


def _kept(mark: re.Match[str]) -> str:
    return (mark["before"] or mark["money"] or mark["behind"] or " ").replace("−", "-")


def bare_name(name: str) -> str:
    """A name without the bracket that tells it from its namesakes.

    >>> bare_name("Ed Wood (film)"), bare_name("李白（唐代诗人）"), bare_name("(What's the Story)")
    ('Ed Wood', '李白', "(What's the Story)")
    """
    return _BRACKETS.sub("", name) or name
