"""What is no prose and states no fact: code, commands, paths, addresses, and empty words."""

import re

from ..relations import DEFINING, plain_predicate
from .readings import Reading

_LONGEST = 400
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
# At the beginning of a line without its indentation.
_CODE_LINE = re.compile(
    r"[$%>]\s|>>>|\.\.\.\s|#!|//|/\*|@\w|(?:from\s[\w.]{1,80}\s)?import\s\w|def\s\w{1,80}\(|"
    r"class\s\w{1,80}[(:]|return\b|(?:const|let|var|public|private|static|void)\s\w|"
    r"[\w.\[\]\"']{1,80}\s?(?:=|\+=)\s?\S|</?\w{1,40}[^<>]{0,200}>$|\w{1,80}\([^()]{0,200}\)$"
)
_CODE = re.compile(
    r"`|://|www\.|[{}<>\\]|\(\)|::|->|=>|\w=\S|\$\{?\w|(?:^|\s)--?[A-Za-z][\w-]*(?=[\s,=]|$)|"
    r"(?:^|[\s~])/\.?\w[\w.-]*/|~/|\w\(\w*\)|\w_\w|\w\[\w*\]|"
    r"\w\.(?:py|js|ts|toml|json|jsonl|txt|md|rst|sh|exe|dll|so|cpp|csv|html|xml|yml|yaml|ini|cfg|conf|log)\b"
)
_ADDRESS = re.compile(r"\s*(?:https?://|www\.)\S+\s*")
_EMPTY = re.compile(
    r"(?:different|similar|same|following|opposite|lot|number|couple|bit)\b.*|"
    r"(?:default|latter|former|first|last|only|one|best|worst|case|way|thing|example|result|problem|"
    r"question|answer|reason|good|bad|great|new|few|part|kind|type|sort|rest|most|least|main|key)|"
    r"(?:[\w-]+ ){0,3}(?:way|case|choice|setting|example|thing|reason|step|work in progress|time|"
    r"day)(?: to\b.*)?|(?:name|beneficiary|result|platform of choice)\b.*",
    re.IGNORECASE,
)


def in_code(lines: list[str]) -> list[bool]:
    """Which lines are code: those of a fenced block, and those that read like commands or calls."""
    found: list[bool] = []
    fenced = False
    depth = -1  # of a line of code that opens a block; what is indented further belongs to it
    for line in lines:
        fence = _FENCE.match(line) is not None
        indent = len(line) - len(line.lstrip())
        if depth >= 0 and line.strip() and indent <= depth:
            depth = -1
        is_code = depth >= 0 or _is_code(line.strip())
        if is_code and depth < 0 and line.rstrip().endswith((":", "{")):
            depth = indent
        found.append(fenced or fence or is_code)
        fenced ^= fence
    return found


def _is_code(line: str) -> bool:
    if not line or len(line) >= _LONGEST:
        return False
    return line[-1] in ";{}" or _CODE_LINE.match(line) is not None


def is_noise(reading: Reading) -> bool:
    """Whether a reading comes of code, a path or an address, or says nothing of its subject."""
    parts = (reading.subject, reading.predicate, reading.object)
    if reading.rule == "table":  # options and their defaults stand in tables rightly
        return any(re.search(r"[{}]|://", part) for part in parts)
    if _CODE.search(reading.subject) or _CODE.search(reading.predicate):
        return True
    if _CODE.search(reading.object) and not _ADDRESS.fullmatch(reading.object):
        return True
    defines = plain_predicate(reading.predicate) in DEFINING
    return defines and _EMPTY.fullmatch(reading.object.strip()) is not None
