"""Names and codes in a request, and which argument each is for."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..text.folding import fold
from ..text.scripts import HAN, has_cjk
from ..text.words import segmenter
from .word_lists import NO_NAMES

NUMBER = re.compile(r"(?<![A-Za-z0-9_.])-?\d+(?:,\d{3})*(?:\.\d+)?")
QUOTED = re.compile(r"[\"“”「『《'‘]([^\"“”」』》'’]{1,200})[\"“”」』》'’](?![a-z])")
CODE = re.compile(r"(?<![\w.-])(?=[\w-]*\d)[A-Za-z0-9][\w-]*")

_NAME_EN = re.compile(r"\b[A-Z][\w'.-]*(?:\s+(?:of|de|the|la|el|[A-Z][\w'.-]*))*(?<!of)(?<!the)")


class Reader:
    """A question whose parts are taken by one argument after another."""

    def __init__(self, question: str, subject: frozenset[str]) -> None:
        self.question = question
        self.rest = question
        self.subject = subject
        self.names = 0  # how many parameters take a name

    def leaves_something(self) -> bool:
        """Whether a name, a number or a quotation was not taken."""
        return bool(
            NUMBER.search(self.rest)
            or CODE.search(self.rest)
            or QUOTED.search(self.rest)
            or (_chinese_names(self) if has_cjk(self.rest) else _english_names(self))
        )

    def take(self, match: re.Match[str] | None, group: int = 0) -> str | None:
        """What a match, or a group of it, says; the match is taken away from the rest."""
        if match is None:
            return None
        start, end = match.span()
        self.rest = self.rest[:start] + " " * (end - start) + self.rest[end:]
        return match.group(group).strip()


def directed_place(reader: Reader, name: str) -> str | None:
    """Where from and where to are told by the words before and after."""
    word = name.lower()
    if re.search(r"from|origin|start|depart|source", word):
        patterns = (
            r"\bfrom\s+([A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*)",
            rf"从\s*([{HAN}]{{2,6}}?)(?=到|飞|去|出发|至)",
        )
    elif re.search(r"(?:^|_)to(?:_|$)|dest|target|arriv|recip|receiv|payee|addressee", word):
        patterns = (
            r"\bto\s+([A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*)",
            rf"(?:给|向|到|飞往|去往|飞|去|至)\s*([{HAN}]{{2,6}}?)"
            r"(?=的|有|要|多|怎|转|发|汇|付|打|寄|\s|\d|[，。：:？！,?]|$)",
        )
    else:
        return None
    for pattern in patterns:
        found = reader.take(re.search(pattern, reader.rest), 1)
        if found is not None:
            return found
    return None


def only(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The match of a pattern, where there is just one."""
    found = list(pattern.finditer(text))
    return found[0] if len(found) == 1 else None


# The prepositions that go with what a parameter is called.
_PREPOSITIONS = (
    (
        r"to|recipient|receiver|addressee|dest\w*|target|payee|接收人|收件人|收款人|对象",
        r"to|给|向|到|发给",
    ),
    (r"from|sender|source|origin|发件人|出发地", r"from|从"),
    (
        r"city|place|location|town|country|region|room|where|城市|地点|地区|房间",
        r"in|for|at|of|near|在",
    ),
    (r"with|guest|attendee|participant|参加者", r"with|和|与|跟"),
    (r"by|author|artist|singer|作者|歌手", r"by"),
)


def cued(
    reader: Reader, name: str, schema: Mapping[str, Any], pattern: re.Pattern[str]
) -> str | None:
    """What stands beside a parameter's own words, or behind the preposition that goes with it."""
    about = fold(f"{name} {schema.get('description', '')}")
    own = [word for word in re.split(r"[\W_]+", name.lower()) if len(word) > 2]
    own = [word for word in own if word not in ("name", "the", "number", "and")]
    own += re.findall(rf"[{HAN}]{{2,4}}", str(schema.get("description", "")))[:3]
    own += [name] if has_cjk(name) else []
    cues = [
        rf"\b{re.escape(word)}s?(?:\s+(?:named|called|number|no\.?|id|is|=|to))?\s*[:#=]?\s*$"
        if word.isascii()
        else rf"{re.escape(word)}[：:是为叫]?\s*$"
        for word in own
    ]
    for asked, words in _PREPOSITIONS:
        if re.search(rf"\b(?:{asked})\b" if about.isascii() else asked, about):
            cues.append(rf"(?:^|[\s,，]|[{HAN}])(?:{words})\s*(?:the\s+)?$")
    for match in pattern.finditer(reader.rest):
        before = reader.rest[max(0, match.start() - 40) : match.start()]
        after = reader.rest[match.end() : match.end() + 30]
        beside = any(
            re.match(
                rf"(?:['’]s)?\s+{re.escape(word)}s?\b" if word.isascii() else rf"的?{word}", after
            )
            for word in own
        )
        if beside or any(re.search(cue, before, re.IGNORECASE) for cue in cues):
            return reader.take(match)
    return None


def name_for(reader: Reader, name: str, schema: Mapping[str, Any]) -> str | None:
    """A proper name: capitalised in English, by jieba's tags in Chinese."""
    names = _chinese_names(reader) if has_cjk(reader.rest) else _english_names(reader)
    own = {*re.split(r"[\W_]+", name.lower())}
    names = [_without_lead(one, own) for one in names]  # "Machine M2" names the machine M2
    codes = (one for one in CODE.findall(reader.rest) if not one.isdigit())
    names += [one for one in codes if not any(one in other for other in names)]
    if not names:
        return None
    pattern = re.compile("|".join(re.escape(one) for one in sorted(names, key=len, reverse=True)))
    beside = cued(reader, name, schema, pattern)
    if beside is not None or reader.names > 1 or len(names) > 1:
        return beside
    return reader.take(pattern.search(reader.rest))


def _without_lead(name: str, own: set[str]) -> str:
    first, _, rest = name.partition(" ")
    return rest if rest and first.lower() in own else name


def _english_names(reader: Reader) -> list[str]:
    found: list[str] = []
    for match in _NAME_EN.finditer(reader.rest):
        words_ = match.group().split()
        while words_ and words_[0].lower().rstrip("'s") in NO_NAMES:
            words_ = words_[1:]
        name = re.sub(r"['’]s$", "", " ".join(words_)).rstrip(".,")
        if name and name.lower() not in reader.subject:
            found.append(name)
    return found


def _chinese_names(reader: Reader) -> list[str]:
    """The proper nouns of the rest; places first, then people, where there are some."""
    found: dict[int, list[str]] = {}
    for word, flag in tags(reader.rest):
        rank = {"ns": 0, "nr": 1, "nt": 1, "nz": 2, "nrt": 1, "nrfg": 1}.get(flag, 9)
        if flag == "eng" and word[:1].isupper():
            rank = 2
        if rank < 9 and word.strip() and word not in reader.subject:
            found.setdefault(rank, []).append(word)
    return found[min(found)] if found else []


@lru_cache(maxsize=256)
def tags(text: str) -> tuple[tuple[str, str], ...]:
    """Words and their parts of speech as jieba tags them."""
    from jieba.posseg import POSTokenizer

    return tuple((str(one.word), str(one.flag)) for one in POSTokenizer(segmenter()).cut(text))
