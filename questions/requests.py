"""Whether a message plainly asks for something to be done, and for what kind of action.

Modest on purpose: an engine without weights must rather miss a request than act on a question, a
story or a refusal. A request is an imperative, or begins with "please", "can you", 请, 帮我 and the
like; nothing in it may deny, suppose, ask why or tell of the past.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.words import stem_word
from .word_lists import ACTIONS

#: A longer message is no plain request.
MAX_REQUEST_CHARACTERS = 1_000

_VERBS: dict[str, frozenset[str]] = {}
for _action, _words in ACTIONS.items():
    for _verb in _words:
        _VERBS[_verb] = _VERBS.get(_verb, frozenset()) | {_action}
_ZH_VERBS = sorted((verb for verb in _VERBS if has_cjk(verb)), key=len, reverse=True)
# "The weather of a city": it names what it gives, not what it does.
_DEFAULT_ACTIONS = frozenset({"get"})


@dataclass(frozen=True, slots=True)
class Request:
    """A plain request: its sentence without the polite words before it, and its verb."""

    text: str
    verb: str

    @property
    def actions(self) -> frozenset[str]:
        """The kinds of action that the verb may stand for; itself where it is not known."""
        return _VERBS.get(self.verb, frozenset({self.verb}))


# --- what is no request --------------------------------------------------------------------------

_CONDITION = re.compile(
    r"\b(?:if|unless|whether|suppose|supposing|imagine|assuming|provided that|in case|"
    r"hypothetically|pretend)\b|如果|假如|要是|倘若|万一|假设|除非|是否|会不会|的话",
    re.IGNORECASE,
)
_NO_REQUEST = re.compile(
    r"\b(?:not|never|no|nobody|nothing|none|neither|nor|without|avoid|stop|refuse[ds]?|cancel that|"
    r"forget it|never ?mind|just kidding|joking)\b|n['’]t\b|"
    r"\b(?:why|who|whom|whose|when|which|how|what (?:if|happens|happened|does|did))\b|"
    r"\b(?:said|says|told|asked|did|was|were|would have|yesterday|ago|already|"
    r"last (?:night|week|month|year))\b|"
    r"昨[天日晚]|前天|上周|上个?月|去年|刚[才刚]|不|别(?!墅|名|人|的)|没有|没能|未|勿|禁止|避免|无需|无须|算了|"
    r"开玩笑|为什么|为何|怎么|怎样|如何|谁|何时|什么|哪年|多久|手续|流程|条件|规定|政策|原因|说过|曾经|已经|"
    r"他说|她说|过吗|了吗",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“「『]([^\"”」』]*)[\"”」』]")
# What a message or a reminder is to say is no part of what is asked.
_CONTENT = re.compile(
    r"(?:[:：]|\b(?:saying|that says|remind me (?:to|about|that))\b|提醒我)(?P<content>.*)",
    re.IGNORECASE | re.DOTALL,
)

_THANKS = re.compile(
    r"[\s,，。.!！]*(?:please|thanks|thank you|谢谢你?|多谢|拜托)[\s.!！。]*$", re.IGNORECASE
)

# --- what is one ---------------------------------------------------------------------------------

_LEAD_EN = re.compile(
    r"(?:(?:hi|hello|hey|ok|okay|alright|thanks|thank you|well|so|now|then|and|also|next|finally|"
    r"just|kindly|quickly|go ahead and)\b[,!.]?\s+|[A-Z]\w{2,15},\s+)*",
    re.IGNORECASE,
)
_ASKS_EN = re.compile(
    r"(?:please,?\s+|(?:can|could|would|will) you\s+|i(?:['’]d| would) like you to\s+|"
    r"i (?:want|need) you to\s+|kindly\s+|just\s+|also\s+|quickly\s+|now\s+)+",
    re.IGNORECASE,
)
_LEAD_ZH = re.compile(
    r"(?:(?:你好|您好|嗨|喂|好的?|那么?|现在|然后|接着|另外|谢谢|助手|小助手|机器人)[，,！!。 ]*)*"
)
_ASKS_ZH = re.compile(
    r"(?:请(?!问|示|教|假|求|客|愿|帖|柬|勿)你?|麻烦你?|劳烦|烦请|帮我|帮忙|替我|给我|为我|我要你|我想让你|"
    r"(?:你|您)?(?:能不能|可不可以|能够|能|可以)(?=请|麻烦|帮|替|给我|为我|把))+"
)
_PARTICLE = re.compile(r"\b(?:turn|switch|shut)\b[^.!?]{0,60}?\b(off|on|down)\b", re.IGNORECASE)
# In a sentence that begins like an imperative, one of these tells of something instead.
_STATES = re.compile(
    r"\b(?:is|are|has|have|had|does|will|may|might|must|should|seems?|becomes?|costs?|takes|works?|"
    r"requires?|needs?|means)\b|需要|必须|要求|应该?|会|是(?!的)|很|太|非常|可能|有(?!关)|导致|失败|成功|功能|按钮|"
    r"方法|步骤|权限|手续费|说明|了(?!解)|过(?!去)|着|吗|呢|的(?:人|时候|原因|方式|过程|操作|记录|用户)",
    re.IGNORECASE,
)


def read_request(message: str) -> Request | None:
    """The plain request that a message makes; None where it makes none, or more than one.

    >>> [read_request(text).verb for text in ("Please delete user 5.", "帮我取消订单 A1234")]
    ['delete', '取消']
    >>> [read_request(text) for text in ("Don't delete user 5", "取消订单需要什么手续？")]
    [None, None]
    """
    if len(message) > MAX_REQUEST_CHARACTERS:
        return None
    plain = _QUOTED.sub(lambda match: " " * len(match.group()), message)
    content = _CONTENT.search(plain)
    if content is not None:
        start = content.start("content")
        if _CONDITION.search(plain[start:]):
            return None
        plain = plain[:start] + " " * (len(plain) - start)
    found = [place for place in sentences(plain) if re.search(r"\w", place.cut(plain))]
    requests = [(place, one) for place in found if (one := _request(place.cut(plain))) is not None]
    if len(requests) != 1:
        return None
    place, (begin, end, verb) = requests[0]
    rest = f"{plain[: place.start]} {plain[place.start + end :]}"
    if _CONDITION.search(rest) or _NO_REQUEST.search(rest):
        return None
    later = [other.start for other in found if other.start > place.start]
    stop = min(later, default=len(message))  # quotations and content behind it belong to it
    text = _THANKS.sub("", message[place.start + begin : stop])
    return Request(text.strip(), verb)


def _request(sentence: str) -> tuple[int, int, str] | None:
    """Where a request begins behind its polite words, where its verb ends, and the verb."""
    return _chinese(sentence) if has_cjk(sentence) else _english(sentence)


def _english(sentence: str) -> tuple[int, int, str] | None:
    start = _matched(_LEAD_EN, sentence, 0)
    begin = _matched(_ASKS_EN, sentence, start)
    word = re.compile(r"[A-Za-z]+").match(sentence, begin)
    if word is None:
        return None
    verb, end = word.group().lower(), word.end()
    particle = _PARTICLE.match(sentence, begin)
    if particle is not None:
        verb = f"{verb} {particle.group(1).lower()}"
    elif (two := re.compile(r"\w+ (?:up|out)\b").match(sentence, begin)) is not None:
        verb = two.group().lower()
        verb = verb if verb in _VERBS else word.group().lower()
    if verb in ("is", "are", "was", "were", "do", "does", "what", "where", "there", "it", "this"):
        return None
    if begin == start:  # nothing but the verb says that it is a request
        if sentence.rstrip().endswith("?") or _STATES.search(sentence, end):
            return None
        if not re.match(r"\s+\S", sentence[end:]):
            return None
    return begin, end, verb


def _chinese(sentence: str) -> tuple[int, int, str] | None:
    start = _matched(_LEAD_ZH, sentence, 0)
    begin = _matched(_ASKS_ZH, sentence, start)
    moved = re.compile(r"把|将(?!于|在|会|要|来|近)").match(sentence, begin)
    asked = begin > start
    if moved is not None or asked:
        verb, at = _first_verb(sentence, begin)
    else:
        verb = next((one for one in _ZH_VERBS if sentence.startswith(one, begin)), "")
        at = begin
    if not verb:
        return None
    end = at + len(verb)
    if not asked and (
        re.search(r"[?？]\s*$", sentence) or _STATES.search(sentence, end) is not None
    ):
        return None
    return begin, end if moved is None else begin, verb


def _first_verb(sentence: str, begin: int) -> tuple[str, int]:
    """The verb of an action that stands first, the longest of those that begin there."""
    for at in range(begin, len(sentence)):
        for verb in _ZH_VERBS:
            if sentence.startswith(verb, at):
                return verb, at
    return "", begin


def _matched(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match is not None else start


# --- what a tool does ----------------------------------------------------------------------------


def tool_actions(tool: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of action that a tool stands for, by its name, else by its description."""
    name = re.sub(r"([a-z])([A-Z])", r"\1 \2", str(tool.get("name", "")))
    words = " ".join(re.split(r"[\W_]+", name.lower()))
    return _actions_of(words, fold(str(tool.get("description", ""))))


@cache
def _verb_stems() -> Mapping[str, str]:
    return {stem_word(verb): verb for verb in _VERBS if not has_cjk(verb)}


@lru_cache(maxsize=256)
def _actions_of(name: str, description: str) -> frozenset[str]:
    found = {verb for verb in _VERBS if _stands_in(verb, name)}
    found |= {verb for word in name.split() if (verb := _verb_stems().get(stem_word(word)))}
    if not found:
        first = re.match(r"\W*([a-z]+)(?: (?:off|on|up|out|down)\b)?", description)
        if first is not None:
            words = {first.group().strip(), first.group(1), first.group(1).removesuffix("s")}
            found |= {one for one in words if one in _VERBS}
        verb, _ = _first_verb(description, 0)
        found |= {verb} if verb else set()
    return frozenset(action for verb in found for action in _VERBS[verb]) or _DEFAULT_ACTIONS


def _stands_in(verb: str, name: str) -> bool:
    if has_cjk(verb):
        return verb in name if len(verb) > 1 else name.startswith(verb)
    return re.search(rf"\b{verb}\b", name) is not None
