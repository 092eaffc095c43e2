"""Words, as index, engine and metrics must all cut them."""

import logging
import re
import threading
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .folding import fold
from .scripts import CJK

if TYPE_CHECKING:
    import jieba
    from jieba.posseg import POSTokenizer

_LETTER = rf"(?:(?![{CJK}])[^\W\d_])"
_TOKEN = re.compile(
    rf"(?P<cjk>[{CJK}]+)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    rf"|(?P<word>{_LETTER}+(?:\+\+(?!{_LETTER}|[_+])|#(?!{_LETTER}|[\d_#]))|{_LETTER}+(?:'{_LETTER}+)*)"
)


# Threads that ask at once wait for one reading instead of each doing its own.
_READING = threading.RLock()


def segmenter() -> "jieba.Tokenizer":
    """Jieba with its own dictionary, read from the package.

    Jieba by itself would load a marshalled cache from the shared temporary folder, where anyone
    could have put one; so the dictionary is parsed here instead.
    """
    with _READING:
        return _segmenter()


@cache
def _segmenter() -> "jieba.Tokenizer":
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


@lru_cache(maxsize=4)
def segmenter_with(own: tuple[str, ...]) -> "jieba.Tokenizer":
    """Jieba with these words beside those of its dictionary; a segmenter of its own."""
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = dict(segmenter().FREQ), segmenter().total
    tokenizer.initialized = True
    for word in own:
        tokenizer.add_word(fold(word))
    return tokenizer


@cache
def _tagger() -> "POSTokenizer":
    from jieba.posseg import POSTokenizer

    return POSTokenizer(segmenter())


@lru_cache(maxsize=4096)
def tags(text: str) -> tuple[tuple[str, str], ...]:
    """Words and their parts of speech as jieba tags them."""
    with _READING:
        tagger = _tagger()
    return tuple((pair.word, pair.flag) for pair in tagger.cut(text))


def words(text: str, own: tuple[str, ...] = ()) -> list[str]:
    """The words of a text for search, folded: jieba's search mode and character pairs for Chinese.

    Args:
        text: The text.
        own: Chinese words that jieba does not know, which are to stay whole.

    >>> words("Li Bai's poems, 1,200 lines")
    ['li', 'bai', 'poems', '1200', 'lines']
    >>> "北京" in words("北京大學")
    True
    >>> "灵犀草" in words("野生靈犀草"), "灵犀草" in words("野生靈犀草", ("灵犀草",))
    (False, True)
    >>> words("C++20, C and C#"), words("C#语言")
    (['c++', '20', 'c', 'and', 'c#'], ['c#', '语言', '语言'])
    >>> words("Café") == words("cafe\u0301") == words("cafe")
    True
    """
    found: list[str] = []
    folded = fold(text)
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", folded)
    for match in _TOKEN.finditer(folded):
        token = match.group()
        if match.lastgroup == "cjk":
            cutter = segmenter_with(own) if own else segmenter()
            found.extend(word for word in cutter.cut_for_search(token) if word.strip())
            found.extend(token[i : i + 2] for i in range(len(token) - 1))
        elif match.lastgroup == "number":
            found.append(token.replace(",", ""))
        else:
            found.append(_without_accents(token.removesuffix("'s").replace("'", "")))
    return found


def _without_accents(word: str) -> str:
    return word if word.isascii() else _unaccented(word)


@lru_cache(maxsize=65_536)
def _unaccented(word: str) -> str:
    """Latin letters without their accents; those of other scripts are letters of their own."""
    kept: list[str] = []
    for character in unicodedata.normalize("NFD", word):
        is_accent = unicodedata.combining(character)
        if not (is_accent and kept and unicodedata.name(kept[-1], "").startswith("LATIN")):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).lower()


@lru_cache(maxsize=65_536)
def stem_word(word: str) -> str:
    """The stem of an English word, by Porter's second algorithm (Snowball); of "won" that of "win".

    >>> stem_word("located") == stem_word("location"), stem_word("directs") == stem_word("direct")
    (True, True)
    >>> stem_word("won") == stem_word("wins")
    True
    """
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer().stemWord(
        _bases().get(word, word)
    )  # a new one each time: it keeps the word while it works


@cache
def _bases() -> Mapping[str, str]:
    """The base of each irregular form of a verb (irregular_verbs.toml)."""
    table = tomllib.loads(Path(__file__).with_name("irregular_verbs.toml").read_text("utf-8"))
    return {form: base for base, forms in table["forms"].items() for form in forms}


@cache
def stop_words(place: str = "base") -> frozenset[str]:
    """Words that tell nothing, in both languages (stop_words.toml).

    Args:
        place: Where they tell nothing: "base" in a question; "predicate", "name", "description"
            or "asking" what more tells nothing there.

    >>> "the" in stop_words(), "date" in stop_words(), "date" in stop_words("predicate")
    (True, False, True)
    """
    table = tomllib.loads(Path(__file__).with_name("stop_words.toml").read_text("utf-8"))
    listed = [table["base"], table[place]]
    return frozenset(word for part in listed for word in (*part["en"], *part["zh"]))
