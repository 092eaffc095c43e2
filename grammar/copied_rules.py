"""Arguments that are copied from a conversation, for a model that misspells what it copies."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:,\d{3})*(?:\.\d{1,9})?")
# A word, or any other character; Chinese has no blanks, so that each of its characters is one.
_CHUNK = re.compile(r"[^\W\u2e80-\u9fff\uf900-\ufaff]+|.|\n", re.DOTALL)
_SMALL = range(13)  # people write them in words
_MOST_NUMBERS = 400
# As Python writes them between quotes; an apostrophe stands between letters, else it is a quote.
_PLAIN = r"([^'\\\x00-\x1f\x7f]|[a-zA-Z]\\'[a-zA-Z])"
_INNER = r"([^ '\\\x00-\x1f\x7f]|[a-zA-Z]\\'[a-zA-Z])"
_SIGNS = r"0-9+*\/()^.,:;=%$€£#_-"


@dataclass(frozen=True, slots=True)
class Copies:
    """The rules of copied values, the terminal of texts, and what numbers there are.

    A text is whole words that stand together in a source, or holds no letters, as a sum does. A
    number stands in a source, perhaps as so many percent, or is a small one, which may have been
    written in words.
    """

    rules: tuple[str, ...]
    text: str
    integers: str
    numbers: str


def copied_from(sources: Sequence[str]) -> Copies:
    """The rules for some sources; `substring_chunks` is llguidance's."""
    # Half a surrogate pair is no text that anyone could write down again.
    whole = "\n".join(sources).encode("utf-8", "replace").decode("utf-8")
    chunks = ["\\'" if one == "'" else one for one in _CHUNK.findall(whole)]
    words = json.dumps({"substring_chunks": chunks}, ensure_ascii=False)
    found = {str(number): None for number in _SMALL}
    for match in _NUMBER.finditer(whole):
        value = Decimal(match.group().replace(",", ""))
        for one in (value, value / 100):
            found[_plain(one)] = None
    numbers = list(found)[:_MOST_NUMBERS]
    return Copies(
        rules=(
            f"COPIED_WORDS: %regex {words}",
            f"COPIED: COPIED_WORDS & /{_INNER}({_PLAIN}*{_INNER})?/",
            f"LETTERLESS: /([{_SIGNS}]([ {_SIGNS}]*[0-9)%$€£])?)?/",
            "COPIED_TEXT: COPIED | LETTERLESS",
        ),
        text="COPIED_TEXT",
        integers=_either([one for one in numbers if "." not in one]),
        numbers=_either(numbers),
    )


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _either(literals: Sequence[str]) -> str:
    return "(" + " | ".join(f'"{one}"' for one in literals) + ")"
