"""A follow-up read with what was spoken of before: "When was it built?", "And in winter?"."""

import re
from collections.abc import Sequence

from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.spans import Span
from ..text.words import segmenter

_POSSESSIVE = re.compile(r"\b(?:its|his|her(?= \w)|their)\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|he|him|she|her|they|them|this one|that one|the latter|the former)\b", re.IGNORECASE
)
_PLACE = re.compile(r"\b(?:there)\b(?! (?:is|are|was|were|a|any)\b)", re.IGNORECASE)
_IS_THERE = re.compile(r"\b(?:is|are|was|were|isn't|aren't) there\b", re.IGNORECASE)
_PRONOUNS_ZH = frozenset("它 它们 他 他们 她 她们 其 该书 该片 该校 该剧 该馆 该站".split())
_OWN_ZH = 5  # a Chinese pronoun further in may stand for what the message itself names
_OPENING = re.compile(
    r"^(?:and|but|so|also|then|what about|how about|and what about|and how about)\b[ ,]*",
    re.IGNORECASE,
)
_OPENING_ZH = re.compile(r"^(?:那么?|还有|然后|另外)[，,]?\s*(?!么|里|些|个|边|天|时|年)")
_NUMBER = r"-?\d+(?:\.\d+)?"
_OPERATION = re.compile(
    r"^(?:and |then |now |再|然后|那)*\s*(?P<rest>(?:times|multiplied by|divided by|plus|minus|"
    r"over|to the power of|squared|cubed|乘以?|除以|加上?|减去?|的平方|的\d+%|[-+*/×÷^]).*)$",
    re.IGNORECASE,
)


def is_follow_up(message: str) -> bool:
    """Whether a message by itself leaves open what it asks about.

    >>> [is_follow_up(one) for one in ("When was it built?", "那病假呢？", "Who built Karst?")]
    [True, True, False]
    """
    return bool(_refers(message) or _OPENING.match(message) or _OPENING_ZH.match(message))


def standalone(message: str, topic: str) -> str:
    """The message with the topic in the place of its pronoun, or before it where it has none.

    >>> standalone("When was it built?", "Karst well"), standalone("它的海拔呢？", "北山")
    ('When was Karst well built?', '北山的海拔呢？')
    """
    rest = _OPENING_ZH.sub("", _OPENING.sub("", message))
    if has_cjk(message):
        place = _pronoun_zh(rest)
        return (
            f"{topic}{rest}"
            if place is None
            else f"{rest[: place.start]}{topic}{rest[place.end :]}"
        )
    for pattern, written in (
        (_POSSESSIVE, f"{topic}'s"),
        (_PRONOUN, topic),
        (_PLACE, f"in {topic}"),
    ):
        put = pattern.sub(lambda _, written=written: written, rest, count=1)
        if put != rest and not (pattern is _PLACE and _IS_THERE.search(rest)):
            return put
    return f"{topic}: {rest}"


def goes_on_with(message: str, result: str) -> str:
    """A sum that goes on from the last result, "divided by 4?"; empty where it is none.

    >>> goes_on_with("divided by 4?", "252"), goes_on_with("How deep is it?", "252")
    ('252 divided by 4?', '')
    """
    match = _OPERATION.match(fold(message).strip())
    if match is None or re.fullmatch(_NUMBER, result.strip()) is None:
        return ""
    joiner = "" if match["rest"][:1] in "的" else " "
    return f"{result.strip()}{joiner}{match['rest']}"


def is_sum_gone_on(message: str, whole: str) -> bool:
    """Whether a question is no more than a number before the operation that a message says."""
    number = re.match(_NUMBER, whole)
    return number is not None and goes_on_with(message, number.group()) == whole


def readings(message: str, topics: Sequence[str]) -> list[str]:
    """The ways in which a follow-up may be meant, one for each topic; else the message alone."""
    if not is_follow_up(message):
        return [message]
    read = [standalone(message, topic) for topic in dict.fromkeys(topics) if topic.strip()]
    return read if read and _refers(message) and not _names_its_own(message) else [*read, message]


def _refers(message: str) -> bool:
    if has_cjk(message):
        return _pronoun_zh(message) is not None
    if _POSSESSIVE.search(message) or _PRONOUN.search(message):
        return True
    return _PLACE.search(message) is not None and _IS_THERE.search(message) is None


def _names_its_own(message: str) -> bool:
    """Whether something stands before the pronoun that it may as well stand for."""
    if has_cjk(message):
        place = _pronoun_zh(message)
        return place is not None and place.start > _OWN_ZH
    first = min(
        (
            match.start()
            for one in (_POSSESSIVE, _PRONOUN, _PLACE)
            if (match := one.search(message))
        ),
        default=0,
    )
    return re.search(r"\S\s+[\"'“]?[A-Z]\w", message[:first]) is not None


def _pronoun_zh(message: str) -> Span | None:
    """Where the first pronoun stands that is a word by itself: 他, but not in 吉他."""
    start = 0
    for word in segmenter().cut(message):
        if word in _PRONOUNS_ZH:
            return Span(start, start + len(word))
        start += len(word)
    return None
