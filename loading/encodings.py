"""Bytes of a text file to text: UTF-8, UTF-16, GB18030 and Big5 told apart, others refused."""

import codecs
import re
from functools import cache

from ..errors import DocumentError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 100_000
_LEAST_PLAUSIBILITY = 0.25
_ACCENTS = 0.8
_LEAST_LEAD = 0.12  # what reads nearly as well in another encoding is not guessed
_LEAST_DIFFERENT = 8  # characters in a text of some length
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ALPHABETIC = re.compile(r"[\s!-~\u00a0-\u052f\u3040-\u30ff]")
# The most frequent characters and marks of Chinese text, simplified and traditional.
_FREQUENT = frozenset(
    "的一是不了在人有我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着著下自之年"
    "过過发發后後作里裡用道行所然家种種事成方多经經么去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開"
    "但因只从從想实實日军軍者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問很最重并並物手"
    "应應战戰向头頭文体體政美相见見被利什二等产產或新己制身果加西斯月话話合回特代内內信表化老给給世位次度门門任常先海通教儿兒原东東声聲"
    "提立及比员員解水名真论論处處走义義各入几幾口认認条條平系气氣题題活尔爾更别別打女变變四神总總何电電数數安少报報才结結反受目太量再感"
    "建务務做接必场場件计計管期市直德资資命山金指克许許统統区區保至队隊形社便空决決治展马馬科司五基眼书書非则則听聽白却卻界达達光放强強"
    "即像难難且权權思王象完设設式色路记記南品住告类類求据據程北边邊死张張该該交规規万萬取拉格望觉覺术術领領共确確传傳师師观觀清今切院让"
    "讓识識候带帶导導争爭运運，。、；：？！「」『』（）《》“”"
)


# What text of other encodings is made of; no more of them is known than what tells them apart.
_HANGUL = frozenset(
    "이다는의에을가를은로하고지도한기리사자어아시서대그나인라해스일수정부제상원주보전장여공유들으과있했어요니까면"
)
_CYRILLIC = frozenset("оеаинтсрвлкмдпу")
# Chinese in UTF-8; by chance text of another encoding holds one or two such characters.
_UTF8_RUN = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf]{2}){5}")
_ESCAPES = re.compile(rb"\x1b\$[@AB]|\x1b\([BJ]")
_LATIN = re.compile(rb"[A-Za-z ]")
_HIGH = re.compile(rb"[\x80-\xff]")
_LONE_HIGH = re.compile(rb"(?<![\x80-\xff])[\xc0-\xff](?![\x80-\xff])")
# What is called by the first name is written in the second, as browsers take it (WHATWG).
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "big5": "big5hkscs",
}
_OTHERS = ("euc_kr", "euc_jp", "shift_jis", "cp1251", "koi8_r")


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of a file's bytes, line ends as they are, a byte order mark taken off.

    Args:
        data: The bytes.
        encoding: Theirs, where it is known; else it is found, or the file refused.

    Raises:
        DocumentError: the bytes are no text in any of the encodings that are known.
    """
    for mark, marked in _BOMS:
        if data.startswith(mark):
            return _decoded(data, marked)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if not _CONTROL.search(text) and encoding is None and not _ESCAPES.search(data):
            return text
    if encoding is None:
        if _UTF8_RUN.search(data):
            raise DocumentError("it is damaged UTF-8, or mixes UTF-8 with another encoding")
        return _chinese(data)
    try:
        text = data.decode(_WIDER.get(codecs.lookup(encoding).name, encoding))
    except (UnicodeDecodeError, LookupError) as error:
        raise DocumentError(f"it is no text in {encoding}: {error}") from error
    if _CONTROL.search(text):
        raise DocumentError(f"it is a binary file, or no text in {encoding}")
    return text


def decode_declared(data: bytes, declared: str) -> str:
    """The text of bytes that name their own encoding, as pages do; what is UTF-8 is that.

    Raises:
        DocumentError: they are no text in that encoding, nor in one that can be told.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return decode(data, declared)
        except DocumentError:
            pass  # pages say much
    return decode(data)


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"it begins like {encoding} but is damaged: {error}") from error
    if _CONTROL.search(text):
        raise DocumentError("it is a binary file, not text")
    return text


def _chinese(data: bytes) -> str:
    """The text in the encoding under which it reads most like Chinese, or like ASCII in UTF-16."""
    narrow = () if b"\x00" in data else ("gb18030", "big5", "big5hkscs")
    wide = ("utf-16-le", "utf-16-be") if len(data) % 2 == 0 else ()
    best: tuple[float, str] | None = None
    for encoding in (*narrow, *wide):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            continue
        plausibility = _plausibility(text, is_wide=encoding in wide)
        if best is None or plausibility > best[0]:
            best = (plausibility, text)
    other, name = (0.0, "") if b"\x00" in data else _other(data)
    if name and other + _LEAST_LEAD > (best[0] if best is not None else 0.0):
        raise DocumentError(
            f"its encoding cannot be told; it may be {name.replace('_', '-')}: name it with "
            f"--encoding {name.replace('_', '-')}"
        )
    if best is None or best[0] < _LEAST_PLAUSIBILITY:
        raise DocumentError(
            "it is a binary file, or no text in UTF-8, UTF-16, GB18030 or Big5; a text in another "
            "encoding is read with --encoding NAME"
        )
    return best[1]


def _other(data: bytes) -> tuple[float, str]:
    """How much it reads like another language in its own encoding, from 0 to 1, and in which."""
    if _ESCAPES.search(data):
        return 1.0, "iso2022_jp"
    high = len(_HIGH.findall(data))
    is_latin = 4 * high < len(data) < 1.5 * len(_LATIN.findall(data))
    if high and is_latin and len(_LONE_HIGH.findall(data)) > 0.7 * high:
        return _ACCENTS, "cp1252"  # accents within words of ASCII; Chinese stands in pairs
    found = (0.0, "")
    for encoding in _OTHERS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        letters = [character for character in text[:_SAMPLE_BYTES] if character > "\x7f"]
        if not letters or _CONTROL.search(text):
            continue
        found = max(found, (sum(map(_foreign, letters)) / len(letters), encoding))
    return found if found[0] >= _LEAST_PLAUSIBILITY else (0.0, "")


def _foreign(character: str) -> float:
    if "\u3041" <= character <= "\u3096":  # hiragana; half of Japanese is
        return 1.8
    if character in _HANGUL or character in _CYRILLIC:
        return 1.0
    if "\uac00" <= character <= "\ud7a3" or "\u0430" <= character <= "\u044f":
        return 0.3
    return -0.1 if character.isprintable() else -1.0


def _plausibility(text: str, *, is_wide: bool) -> float:
    """How common the characters are on average, from -1 to 1."""
    sample = text[:_SAMPLE_BYTES]
    if is_wide:
        if len(sample) > 2 * _LEAST_DIFFERENT and len(set(sample)) < _LEAST_DIFFERENT:
            return 0.0  # a pattern of bytes
        # In UTF-16, ASCII and the letters of Europe and of Japan are evidence too. In the others,
        # ASCII reads the same, and the letters are what a wrong encoding makes of Chinese.
        scores = [0.9 if _ALPHABETIC.match(c) else _commonness(c) for c in sample]
    else:
        scores = [_commonness(c) for c in sample if c > "\x7f"]
    return sum(scores) / len(scores) if scores else 0.0


@cache
def _commonness(character: str) -> float:
    if character in _FREQUENT:
        return 1.0
    # Both standards put the common characters into a first level: 3,755 and 5,401 of them.
    if _code(character, "gb2312") in range(0xB0A1, 0xD7FA):
        return 0.4
    if _code(character, "big5") in range(0xA440, 0xC67F):
        return 0.3
    if "\u4e00" <= character <= "\u9fff":
        return 0.0
    return -0.1 if character.isprintable() and not "\ue000" <= character <= "\uf8ff" else -1.0


def _code(character: str, encoding: str) -> int:
    try:
        return int.from_bytes(character.encode(encoding))
    except UnicodeEncodeError:
        return 0
