"""Clauses and sentences cut into the words that tell something, each with whether it is denied.

Words that mean the same share a key (support.toml), numbers in digits and in words do, and what a
prefix denies counts as denied: "unsafe" beside "safe", 不安全 beside 安全.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ..text.folding import fold
from ..text.numbers import chinese_number
from ..text.scripts import CJK, HAN, has_cjk
from ..text.words import segmenter, stem_word, stop_words, tags

_PIECE = re.compile(
    rf"(?P<han>[{HAN}]+)|(?P<number>\d+(?:[.,]\d+)*)"
    rf"|(?P<word>[^\W\d_{CJK}]+(?:['’-][^\W\d_{CJK}]+)*)|(?P<stop>[,，;；:：、。])"
)
_PREFIX = re.compile(r"(?:non-?|un|in|im|ir|il|dis)(?=\w{3})")
_NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿两")
_NOUN_FLAGS = ("n", "l", "i", "j", "s", "f")
_NAME_FLAGS = ("nr", "ns", "nt", "nz")
_WEIGHTS = {"number": 2.0, "name": 1.6, "noun": 1.2, "word": 1.0}


@dataclass(frozen=True, slots=True)
class Word:
    """A word that tells something: its key, its folded text, what it is, and where it stands."""

    key: str
    text: str
    kind: str  # "number", "name", "noun" (Chinese alone) or "word"
    denied: bool
    place: int  # among the words
    start: int  # among the characters
    opens_capital: bool = False  # whether it begins a sentence, with a capital letter

    @property
    def weight(self) -> float:
        """How much it tells."""
        return _WEIGHTS[self.kind] * (0.5 if len(self.text) == 1 and self.kind != "number" else 1.0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A clause or sentence, cut once: its words, the places of each key, how often it denies."""

    folded: str
    words: tuple[Word, ...]
    places: Mapping[str, tuple[int, ...]]
    denials: int

    def holds(self, word: Word) -> bool:
        """Whether a word stands here, in its own cut or across another one."""
        return word.key in self.places or (
            has_cjk(word.text) and len(word.text) > 1 and word.text in self.folded
        )

    def denies(self, word: Word) -> bool:
        """Whether a word that stands here is denied wherever it does."""
        listed = [one.denied for one in self.words if one.key == word.key]
        return bool(listed) and all(listed)

    def asserts(self, word: Word) -> bool:
        """Whether a word stands here at least once without a denial."""
        listed = [one.denied for one in self.words if one.key == word.key]
        return not all(listed) if listed else self.holds(word)


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("support.toml").read_text("utf-8"))


def _key(word: str) -> str:
    return word if has_cjk(word) else stem_word(word)


@cache
def same() -> Mapping[str, str]:
    """For each word of a row of words that mean the same, the first one's key."""
    rows = [row.split() for part in _table()["same"].values() for row in part]
    return {_key(word): _key(row[0]) for row in reversed(rows) for word in row}


@cache
def opposites() -> Mapping[str, frozenset[str]]:
    """The keys that exclude a key."""
    found: dict[str, set[str]] = {}
    for row in (row for part in _table()["opposite"].values() for row in part):
        one, other = ([key_of(word) for word in side.split()] for side in row.split("|"))
        for a in one:
            found.setdefault(a, set()).update(other)
        for b in other:
            found.setdefault(b, set()).update(one)
    return {key: frozenset(keys - {key}) for key, keys in found.items()}


@lru_cache(maxsize=16_384)
def key_of(word: str) -> str:
    """What a folded word is compared by."""
    plain = _key(word)
    return same().get(plain, plain)


@cache
def _silent() -> frozenset[str]:
    """Words that tell nothing; what may turn a statement round is kept."""
    kept = {word for part in _table()["opposite"].values() for row in part for word in row.split()}
    frame = {word for part in _table()["frame"].values() for word in part}
    return (stop_words() | frame) - kept


@cache
def _listed(name: str) -> frozenset[str]:
    found = _table()[name]
    rows = found if isinstance(found, list) else [word for part in found.values() for word in part]
    return frozenset(rows)


@cache
def _numbers() -> Mapping[str, str]:
    listed = enumerate(_table()["numbers"]["en"])
    return {word: str(value) for value, word in listed if word}


@lru_cache(maxsize=512)
def stretch(text: str, other: str = "") -> Stretch:
    """Cut a text; `other` is what it is compared with, for prefixes that deny a word of it."""
    folded = fold(text)
    beside = _vocabulary(other) | _capitals(text)
    found: list[Word] = []
    denials = 0
    pending = False
    for start, piece, kind in _pieces(text, folded, beside):
        if kind == "stop":
            pending = False
        elif kind == "denial":
            pending, denials = True, denials + 1
        elif piece in _listed("passed") and pending:
            continue
        elif kind == "number":
            found.append(Word(piece, piece, "number", pending, len(found), start))
            pending = False
        elif piece not in _silent():
            opens = not found and text[start].isupper()
            found.append(Word(key_of(piece), piece, kind, pending, len(found), start, opens))
            pending = False
    places: dict[str, list[int]] = {}
    for word in found:
        places.setdefault(word.key, []).append(word.place)
    fixed = {key: tuple(listed) for key, listed in places.items()}
    return Stretch(folded, tuple(found), fixed, denials)


@lru_cache(maxsize=64)
def _vocabulary(text: str) -> frozenset[str]:
    """The stems and Chinese words of a text."""
    folded = fold(text)
    found = {stem_word(word) for word in re.findall(rf"[^\W\d_{CJK}]+", folded)} | _capitals(text)
    for run in re.findall(f"[{HAN}]+", folded):
        found |= {word for word, _ in tags(run)}
    return frozenset(found)


@lru_cache(maxsize=512)
def _capitals(text: str) -> frozenset[str]:
    """The words in capitals behind another word, as they are written."""
    return frozenset(re.findall(r"(?<=[a-z,] )[A-Z]\w+", text))


def _pieces(text: str, folded: str, beside: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    """The pieces of a text: where, and what each is: denial, number, name, noun, word or stop."""
    is_chinese = has_cjk(folded)
    opened = True  # whether a sentence begins here, whose first word is in capitals anyway
    for match in _PIECE.finditer(folded):
        piece, start = match.group(), match.start()
        if match.lastgroup == "han":
            cut = _chinese(piece, beside)
        elif match.lastgroup == "number":
            cut = iter([(0, _plain_number(piece), "number")])
        elif match.lastgroup == "stop":
            cut = iter([(0, piece, "stop")])
        else:
            # Within Chinese text foreign words are names.
            is_name = is_chinese or (
                text[start].isupper() and (not opened or text[start : match.end()] in beside)
            )
            cut = ((0, *one) for one in _english(piece, is_name, beside))
        yield from ((start + place, part, kind) for place, part, kind in cut)
        opened = False


def _plain_number(piece: str) -> str:
    plain = piece.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("0") or "0"


def _english(piece: str, is_name: bool, beside: frozenset[str]) -> Iterator[tuple[str, str]]:
    plain = piece.replace("’", "'")
    if plain.endswith("n't"):
        yield plain, "denial"
        return
    for part in plain.removesuffix("'s").split("-"):
        if part in _listed("denial"):
            yield part, "denial"
        elif part in _numbers():
            yield _numbers()[part], "number"
        else:
            prefix = _PREFIX.match(part)
            rest = part[prefix.end() :] if prefix else ""
            if prefix and stem_word(rest) in beside:
                yield prefix.group(), "denial"
                yield rest, "word"
            elif part:
                yield part, "name" if is_name else "word"


def _chinese(run: str, beside: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    start = 0
    for word, flag in tags(run):
        if word in _listed("denial"):
            yield start, word, "denial"
        elif word in _listed("plain") or word[0] not in "不没未无非":
            yield start, *_chinese_word(word, flag)
        elif len(word) > 1 and word not in beside:
            yield start, word[0], "denial"
            yield start + 1, word[1:], "word"
        else:
            yield start, word, "word"
        start += len(word)


def _chinese_word(word: str, flag: str) -> tuple[str, str]:
    value = chinese_number(word) if set(word) <= _NUMERALS else None
    if value is not None and (value > 1 or len(word) > 1):
        return str(value), "number"
    # A word that no dictionary lists is a name more often than not.
    if len(word) > 1 and (flag.startswith(_NAME_FLAGS) or word not in segmenter().FREQ):
        return word, "name"
    return word, "noun" if flag.startswith(_NOUN_FLAGS) and len(word) > 1 else "word"
