"""Questions how two things are connected, and the sentences that name both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from .question import Question

_BETWEEN = (
    re.compile(
        r"\b(?:relation(?:ship)?s?|connections?|links?) (?:is there )?between (?P<one>[^?]{2,80}?) "
        r"and (?P<other>[^?]{2,80})"
    ),
    re.compile(
        r"^how (?:is|are|was|were) (?P<one>[^?]{2,80}?) (?:related|connected|linked) "
        r"(?:to|with) (?P<other>[^?]{2,80})"
    ),
    re.compile(
        r"^how (?:is|are|was|were) (?P<one>[^?]{2,80}?) and (?P<other>[^?]{2,80}?) "
        r"(?:related|connected|linked)"
    ),
    re.compile(
        r"(?:请问)?(?P<one>[^，。？?]{1,40}?)[和与跟同](?P<other>[^，。？?]{1,40}?)(?:之间)?的?"
        r"(?:有|是|存在)?(?:什么|何|啥|怎样的?|哪些)?(?:样的)?(?:关系|联系|关联)"
    ),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A sentence that names both things, and the number of its passage."""

    text: str
    number: int


def asked_ends(question: Question) -> tuple[str, str] | None:
    """The two things whose connection a question asks for, as it writes them.

    >>> asked_ends(Question("How is Hamlet connected to Warwickshire?"))
    ('Hamlet', 'Warwickshire')
    >>> asked_ends(Question("鲁迅和周作人是什么关系？"))
    ('鲁迅', '周作人')
    """
    for pattern in _BETWEEN:
        match = pattern.search(question.folded)
        if match is not None:
            one, other = (
                question.text[match.start(name) : match.end(name)].strip(" ?？。.的")
                for name in ("one", "other")
            )
            told = all(Question(end).key_terms or has_cjk(end) for end in (one, other))
            return (one, other) if one and other and told else None  # "you" and "me" are no names
    return None


def find_connection(
    ends: tuple[str, str], passages: Sequence[NumberedEvidence]
) -> Connection | None:
    """The first sentence of the passages that names both; None where none does.

    That two things stand in one passage connects them no more than in one library.
    """
    one, other = (_alone(fold(end)) for end in ends)
    for passage in passages:
        if passage.kind != "passage":
            continue
        for span in sentences(passage.text):
            said = span.cut(passage.text)
            folded = fold(said)
            if one.search(folded) and other.search(folded):
                return Connection(said, passage.number)
    return None


def _alone(name: str) -> re.Pattern[str]:
    """A name by itself: "art" does not stand in "party"."""
    return re.compile(re.escape(name) if has_cjk(name) else rf"(?<!\w){re.escape(name)}(?!\w)")
