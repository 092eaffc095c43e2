"""What kind of thing a question asks for: a time, a number, a place, a reason, a person."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AskedKind:
    """A kind of thing: how questions ask for it, and how sentences give it (asked_kinds.toml).

    What holds nothing `possible` cannot give it; None where no pattern tells.
    """

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str]
    possible: re.Pattern[str] | None


_TABLE = tomllib.loads(Path(__file__).with_name("asked_kinds.toml").read_text("utf-8"))
KINDS: Sequence[AskedKind] = tuple(
    AskedKind(
        row["name"],
        re.compile(row["asked"]),
        re.compile(row["given"]),
        re.compile(row["possible"]) if "possible" in row else None,
    )
    for row in _TABLE["kind"]
)


_YES_NO = re.compile(
    r"^(?:(?:and|but|so|please tell me|tell me|do you know)[ ,]+(?:if|whether)?\s*)?"
    r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|may|must|should|will|would|isn't|"
    r"aren't|wasn't|weren't|don't|doesn't|didn't|can't)\b(?!.*\bor\b)"
    r"|(?:吗|么|没有|不)[？?。！!\s]*$|是不是|是否|能不能|可不可以|有没有|会不会|对不对|能否|可否"
)


_OPEN = re.compile(
    r"谁|什么|哪|几[个月年号天位]|多少|多[长高大远久重宽深]|为何|怎|如何|"
    r"\b(?:who|what|which|when|where|why|how|whose|whom)\b"
)


def asks_yes_no(question: str) -> bool:
    """Whether a folded question asks for a yes or a no.

    >>> [asks_yes_no(one) for one in ("is it open?", "周末开门吗？", "what is it?")]
    [True, True, False]
    """
    return _YES_NO.search(question) is not None and _OPEN.search(question) is None


def asked_kind(question: str) -> AskedKind | None:
    """The first kind that a question asks for.

    >>> asked_kind("故宫是哪一年建成的？").name
    'time'
    """
    return next((kind for kind in KINDS if kind.asked.search(question)), None)
