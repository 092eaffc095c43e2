"""Text as index, engine and metrics must all cut it: sentences, words, folding, language.

Every function works on Chinese and English alike. `fold` keeps the length of its text, so an
offset into folded text is an offset into the original.
"""

import logging
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import jieba

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Where a piece of text stands in its document, in characters, end excluded."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"empty or reversed span: {self.start}..{self.end}")

    def cut(self, text: str) -> str:
        """The characters of `text` that this span covers."""
        return text[self.start : self.end]


# --- characters -------------------------------------------------------------------------------

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA_HANGUL = "\u3040-\u30ff\uac00-\ud7af"
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_CJK_RUN = re.compile(f"[{_HAN}{_KANA_HANGUL}]+")
_LETTER = rf"(?:(?![{_HAN}{_KANA_HANGUL}])[^\W\d_])"
_TOKEN = re.compile(
    rf"(?P<cjk>[{_HAN}{_KANA_HANGUL}]+)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    rf"|(?P<word>{_LETTER}+(?:'{_LETTER}+)*)"
)


def language(text: str) -> Language:
    """The language that a reader of `text` expects in reply: Chinese as soon as a fifth is Chinese.

    >>> language("李白是谁？"), language("Who was Li Bai (李白)?")
    ('zh', 'en')
    """
    letters = sum(character.isalpha() for character in text)
    return "zh" if len(_HAN_CHARACTER.findall(text)) > 0.2 * letters else "en"


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
    return text.translate(_folding_table())


def normalize_name(name: str) -> str:
    """The form under which two spellings of one name are the same: folded, blanks and marks off.

    >>> normalize_name("《戰國無雙 3》") == normalize_name("战国无双3")
    True
    >>> normalize_name("Café  Müller")
    'cafe muller'
    """
    decomposed = unicodedata.normalize("NFKD", fold(unicodedata.normalize("NFKC", name)))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain = re.sub(r"[^\w\s.+#&/'·-]+", " ", plain).strip()
    if _HAN_CHARACTER.search(plain):
        return re.sub(r"\s+", "", plain) or name.strip()
    return re.sub(r"\s+", " ", plain) or name.strip()


# --- sentences --------------------------------------------------------------------------------

_CLOSERS = "\"'”’」』）)】》〉]"
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs etc inc ltd co corp dept est fig no vol gen col lt sgt rev hon "
    "jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e cf al approx ft mt u.s u.k u.n a.m "
    "p.m ph.d b.c a.d d.c".split()
)
_END = re.compile(
    rf"(?:[。！？!?…]+[{re.escape(_CLOSERS)}]*)"  # Chinese stops, and ! ? of both
    rf"|(?:\.[{re.escape(_CLOSERS)}]*(?=\s|$))"  # an English full stop before a blank
    r"|(?:\n+)"
)


def _is_abbreviation(text: str, stop: int) -> bool:
    """Whether the full stop at `stop` belongs to an abbreviation or an initial."""
    word = re.search(r"[\w.]+$", text[max(0, stop - 12) : stop])
    if word is None:
        return False
    before = word.group().lower()
    if before in _ABBREVIATIONS:
        return True
    # "J. Smith": an initial, unless it is the pronoun.
    return len(before) == 1 and before.isalpha() and word.group() != "I"


def sentences(text: str) -> list[Span]:
    """The sentences of a text, in order, blanks around them left out.

    >>> [s.cut("李白（701年—762年）。字太白！ Mr. Li wrote 3.5 poems. Yes.") for s in
    ...  sentences("李白（701年—762年）。字太白！ Mr. Li wrote 3.5 poems. Yes.")]
    ['李白（701年—762年）。', '字太白！', 'Mr. Li wrote 3.5 poems.', 'Yes.']
    """
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if match.group().startswith(".") and _is_abbreviation(text, match.start()):
            continue
        _append_trimmed(spans, text, start, match.end())
        start = match.end()
    _append_trimmed(spans, text, start, len(text))
    return spans


def _append_trimmed(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    trimmed = piece.strip()
    if trimmed:
        start += len(piece) - len(piece.lstrip())
        spans.append(Span(start, start + len(trimmed)))


# --- words ------------------------------------------------------------------------------------


@cache
def segmenter() -> "jieba.Tokenizer":
    """Jieba with its own dictionary, read from the package.

    Jieba by itself would load a marshalled cache from the shared temporary folder, where anyone
    could have put one; so the dictionary is parsed here instead.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def words(text: str) -> list[str]:
    """The words of a text for search, folded: jieba's search mode and character pairs for Chinese.

    >>> words("Li Bai's poems, 1,200 lines")
    ['li', 'bai', 'poems', '1200', 'lines']
    >>> "北京" in words("北京大學")
    True
    """
    found: list[str] = []
    for match in _TOKEN.finditer(fold(text)):
        token = match.group()
        if match.lastgroup == "cjk":
            found.extend(word for word in segmenter().cut_for_search(token) if word.strip())
            found.extend(token[i : i + 2] for i in range(len(token) - 1))
        elif match.lastgroup == "number":
            found.append(token.replace(",", ""))
        else:
            found.append(token.removesuffix("'s").replace("'", ""))
    return found


def has_cjk(text: str) -> bool:
    """Whether any Chinese, Japanese or Korean character stands in the text."""
    return _CJK_RUN.search(text) is not None


# --- numbers ----------------------------------------------------------------------------------

CHINESE_NUMERALS = "零〇一二两三四五六七八九十百千万亿"
_DIGITS = {"零": 0, "〇": 0, "两": 2} | {c: n for n, c in enumerate("一二三四五六七八九", start=1)}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def chinese_number(text: str) -> int | None:
    """The value of a whole number in (folded) Chinese numerals; None for anything else.

    >>> [chinese_number(text) for text in ("三百二十五", "一九九八", "两万零五十", "十二", "万一")]
    [325, 1998, 20050, 12, None]
    """
    if len(text) > 1 and all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total = section = 0
    digit: int | None = None
    for position, character in enumerate(text):
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS and (digit is not None or position == 0):
            section += (1 if digit is None else digit) * _UNITS[character]
            digit = None
        elif character in "万亿" and position > 0:
            group = section + (digit or 0)
            # 亿 multiplies all before it (三万亿); 万 only its own group (一亿三千万).
            total = (total + group) * 10**8 if character == "亿" else total + group * 10**4
            section, digit = 0, None
        else:
            return None
    return total + section + (digit or 0) if text else None
