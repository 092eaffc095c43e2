"""What something is: the sentence of the evidence that says it of the subject asked for.

The subject must be what a sentence or its document is about: the title, the beginning of the
sentence, or another name that the opening gives. A mere mention defines nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..evidence import MAX_TITLE_CHARACTERS
from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.names import normalize_name
from ..text.scripts import has_cjk
from ..text.sentences import sentences
from ..text.spans import Span
from .topics import bare_title

_LONGEST_SUBJECT = 80
_BEGINS = 3.0  # the force of a sentence that begins with the subject and says what it is
_MOST_SENTENCES = 60  # of a passage that are looked at

_ASKED = re.compile(
    r"(?:(?:what|who)(?:'s| is| are| was| were) (?:meant by )?|"
    r"what (?:does|do) (?=.+ (?:mean|stand for|do|refer to)\W*$)|"
    r"(?:please |can you |could you |i want to |i'd like to )*"
    r"(?:(?:tell|teach) me (?:something |more |a bit )?about |know (?:more )?about |"
    r"(?:define|describe|explain|introduce|summari[sz]e|outline) |"
    r"(?:give (?:me )?|write )?(?:an? |the )?(?:short |brief )?"
    r"(?:summary|overview|definition|description|introduction|outline) (?:of|to) ))"
    r"(?:the (?:article|page|document|text|entry) (?:about |on |of )?)?"
    r"(?:an? |the )?(?P<subject>.+?)"
    r"(?: (?:mean|stand for|do|refer to|article|page|document|entry|(?:used |good )?for))?[\s?.!]*"
)
_ASKED_ZH = (
    re.compile(
        r"(?:请问|你知道|知道)?(?P<subject>[^，。？?]+?)(?:到底|究竟)?(?:是|指)(?:的是)?"
        r"(?:什么|啥|谁|何物|何人|哪位|怎样的|干什么|做什么|干嘛)"
        r"(?:呢|啊|呀|来的?|东西|玩意儿?|意思|人|样的人|用的?|的)?[？?。]*"
    ),
    re.compile(
        r"(?:请问|你知道)?(?:什么(?:是|叫做?)|谁是|何谓)(?P<subject>[^，。？?]+?)[？?。呢]*"
    ),
    re.compile(
        r"(?:请|麻烦|帮我|给我)*(?:介绍|简介|简述|概述|概括|总结|归纳|说说|讲讲|谈谈|解释|描述)"
        r"(?:一下|下)?(?:关于)?"
        r"(?P<subject>[^，。？?]+?)(?:这[篇个](?:文章|文档|词条|页面)|"
        r"的?(?:主要)?(?:内容|情况|资料|简介|介绍|文章))?[。！!]*"
    ),
    re.compile(r"(?P<subject>[^，。？?]+?)(?:有|起)?(?:什么|何|啥)(?:用途|用处|用|作用)[？?。]*"),
    re.compile(
        r"(?P<subject>[^，。？?]+?)的?(?:用途|作用|定义|简介|介绍|意思|概况)(?:是什么)?[？?。]*"
    ),
)
# A message that begins so is a question of another kind, or a sentence.
_NO_TITLE = re.compile(
    r"(?:how|what|when|where|who|whom|whose|why|which|is|are|was|were|do|does|did|can|could|"
    r"will|would|should|has|have|had|may|must|please|if|and|but|i|we|you|my|it|there)\b|"
    r".*(?:吗|呢|什么|怎|哪|谁|几|多少|为何|如何)"
)
_COPULA = re.compile(
    r"(?:[^.。；;]{0,90}?[,，)）\"”])?\s*(?:is|are|was|were|means|stands for|refers to)\b"
    r"|[》」”\"]?(?:[（(][^）)]{0,80}[）)])?\s?[，,]?\s?"
    r"(?:是|为|指|乃|系|又名|又称|也称|亦称|[^。，]{0,12}，[^。]{0,30}?是)"
    r"|[》」”\"]?(?:[（(][^）)]{0,80}[）)])?[，,]"
    r"| (?:--?|–|—) \w|\s?[:：]\s?\S"
)
_OTHER_NAME = (
    r"(?:\b(?:also|formerly|known as|called|transliterated|abbreviated|nicknamed|short for)\b|"
    r"又名|又称|也称|亦称|原名|别名|俗称|简称|学名|全称|本名|旧称|被称为|即)"
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A sentence that says what something is; `span` is its place in the piece `number`."""

    number: int
    text: str
    span: Span


def asked_subject(message: str) -> str:
    """What a message asks to be told about, or only names; empty where it asks for something else.

    >>> [asked_subject(one) for one in ("What is the Jemez River?", "迟子建是谁？", "Lulu")]
    ['jemez river', '迟子建', 'lulu']
    >>> asked_subject("How long is it?")
    ''
    """
    plain = fold(" ".join(message.split())).strip()
    if not plain or len(plain) > _LONGEST_SUBJECT + 60:
        return ""
    for pattern in _ASKED_ZH if has_cjk(plain) else (_ASKED,):
        match = pattern.fullmatch(plain)
        if match is not None:
            return _bare(match["subject"])
    if _NO_TITLE.match(plain) or re.search(r"[。！!，,;；]", plain) or len(plain.split()) > 8:
        return ""
    return _bare(plain)


# 什么动物, 什么机构: what something is, asked with a noun; only a sentence that defines answers it.
_NARROW_ZH = re.compile(
    r"(?P<subject>[^，。？?]+?)(?:到底|究竟)?是(?:什么|哪种|怎样的)[^，。？?的]{1,5}[？?。]*"
)


def _narrow_subject(message: str) -> str:
    match = _NARROW_ZH.fullmatch(fold(message.strip()))
    return _bare(match["subject"]) if match is not None else ""


def _bare(subject: str) -> str:
    found = subject.strip(" \"'“”‘’《》「」『』?？.。!！")
    return found if 1 < len(found) <= _LONGEST_SUBJECT or has_cjk(found) else ""


def find_definition(message: str, pieces: Sequence[NumberedEvidence]) -> Definition | None:
    """The sentence that says best what the subject of a message is, or None.

    Args:
        message: The question.
        pieces: Numbered evidence, best first; facts are left out.
    """
    subject = asked_subject(message)
    narrow = _narrow_subject(message) if not subject else ""
    subject = subject or narrow
    if not subject:
        return None
    least = _BEGINS if narrow else 0.0
    best: tuple[float, Definition] | None = None
    for piece in pieces:
        if piece.kind == "passage":
            for force, found in _defining(subject, piece):
                if force >= least and (best is None or force > best[0]):
                    best = force, found
    return best[1] if best is not None else None


def _defining(subject: str, piece: NumberedEvidence) -> list[tuple[float, Definition]]:
    """Sentences that may define the subject, each with how strongly it does."""
    found: list[tuple[float, Definition]] = []
    spelt = subject.isalnum() and len(subject) <= 8  # an abbreviation is best spelt out
    forms = _subject_forms(subject) | _title_forms(piece.title)
    is_title = not _title_forms(piece.title).isdisjoint(_subject_forms(subject))
    opening = True  # whether no prose has come yet
    for span in sentences(piece.text)[:_MOST_SENTENCES]:
        sentence = span.cut(piece.text)
        if not _is_prose(sentence):
            continue
        if len(sentence) <= _LONGEST_SUBJECT and _as_name(sentence) in forms:
            continue
        begins = _begins_with(fold(sentence), subject)
        force = 0.0
        if begins:
            force = _BEGINS + is_title + 0.5 * opening
            force -= 2.0 * _says_else(fold(sentence), subject)
        elif is_title and opening:
            force = 2.5
        elif opening and _gives_other_name(fold(sentence), subject):
            force = 2.0
        elif _spells_out(fold(sentence), subject):
            force = _BEGINS if spelt else 2.5
        if force:
            found.append((force, Definition(piece.number, sentence, span)))
        opening = False
    return found


@lru_cache(maxsize=4096)
def _as_name(sentence: str) -> str:
    """A short sentence as a name; a passage is looked at several times for one question."""
    return normalize_name(sentence)


@lru_cache(maxsize=1024)
def _title_forms(title: str) -> frozenset[str]:
    """A title whole, and without what stands in brackets behind it."""
    whole = title[:MAX_TITLE_CHARACTERS]
    bare = re.sub(r"\s*[(（][^)）]*[)）]\s*$", "", whole)
    named = bare_title(title)  # "jieba-README": the file is named after what it is about
    forms = (re.sub(r"(?i)^(?:the|an?) ", "", form) for form in (whole, bare, named))
    return frozenset(normalize_name(form) for form in forms if form)


# "the watch command", "zoxide 工具": what it is called, and what sort of thing it is.
_SORT = re.compile(
    r"(?i) (?:command|tool|library|package|program|option|function|project|framework)$|"
    r"(?:命令|工具|函数|软件|项目|框架|程序|指令|库)$"
)


@lru_cache(maxsize=256)
def _subject_forms(subject: str) -> frozenset[str]:
    """A subject whole, without the sort of thing that it is, and in the singular."""
    forms = {subject, _SORT.sub("", subject)}
    forms |= {form[:-1] for form in forms if form.endswith("s") and len(form) > 4}
    return frozenset(normalize_name(form) for form in forms if form)


def _is_prose(sentence: str) -> bool:
    """Whether a stretch is a sentence, not a heading, a picture, a link or a row of marks."""
    if sentence.startswith(("#", "![", "```", "---", "|", "[![", ":::")) or len(sentence) <= 3:
        return False
    if re.search(r"\w", sentence) is None:
        return False
    return _LINK_ALONE.fullmatch(sentence.strip()) is None


_LINK_ALONE = re.compile(r"[-*> ]{0,4}\[[^\[\]]{1,200}\]\([^()]{1,500}\)")


def _begins_with(sentence: str, subject: str) -> bool:
    """Whether a sentence begins with the subject and goes on to say what it is."""
    unquoted = re.sub(r"[\"“”]", "", sentence)
    opened = re.sub(r"^(?:[-*•\d.]+ )?(?:(?:the|an?) )?['‘《「*\[]*", "", unquoted)
    if not opened.startswith(subject):
        return False
    rest = re.sub(r"^[*\]]*(?:\(https?://[^)]*\))?\**", "", opened[len(subject) :])
    return _COPULA.match(rest) is not None


# Behind the verb: where something is, or what it is not, says not what it is.
_VERB = re.compile(r"\b(?:is|are|was|were)(?:n't)? ")
_ELSE = re.compile(
    r"(?:in|at|on|not|never|also|available|listed|closed|open|(?:an? )?different|similar|used|"
    r"the same|better|worse|now|still|here|there|under|"
    r"(?:first |originally )?(?:[a-z]{3,}ed|born|built|held|led|made|found) (?!as an?))\b"
)


def _says_else(sentence: str, subject: str) -> bool:
    """Whether a sentence that begins with the subject says where it is, or what it is not."""
    verb = _VERB.search(sentence, sentence.find(subject) + len(subject))
    return verb is not None and _ELSE.match(sentence, verb.end()) is not None


def _gives_other_name(sentence: str, subject: str) -> bool:
    """Whether an opening gives the subject as another name of what it is about."""
    if len(subject) < (2 if has_cjk(subject) else 4):
        return False
    for match in re.finditer(re.escape(subject), sentence):
        before = sentence[max(0, match.start() - 80) : match.start()]
        after = sentence[match.end() : match.end() + 80]
        in_brackets = before.rfind("(") > before.rfind(")") and ")" in after
        in_quotes = before.endswith(('"', "“", "「", "'")) and after[:1] in "\"”」'"
        if in_brackets or in_quotes or re.search(rf"{_OTHER_NAME}[^.。;；]{{0,60}}$", before):
            return True
    return False


def _spells_out(sentence: str, subject: str) -> bool:
    """Whether a sentence gives the words that an abbreviation stands for: "… Program (VLTP)"."""
    place = sentence.find(f"({subject})")
    if place < 0 or not subject.isalnum() or len(subject) > 8:
        return False
    words = re.findall(r"\w+", sentence[:place])[-len(subject) :]
    return "".join(word[0] for word in words) == subject
