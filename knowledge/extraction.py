"""Facts read out of text by rules: sentences, key-value lines, tables, each under its topic.

Precision comes first: a rule reads only what stands where it expects it, and every fact keeps
the sentence or line that it was read in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..evidence import Source
from ..facts import Contribution, Fact
from ..text import Span, fold, has_cjk, language, normalize_name, sentences
from . import chinese_rules, english_rules
from .linking import bare_name
from .predicates import plain_predicate
from .readings import Reading
from .relations import PREDICATE_NAMES, RELATIONS

_LONGEST_SENTENCE = 1_000


def extract_facts(text: str, *, document_id: str, title: str = "") -> list[Fact]:
    r"""Read facts out of a text, in the order in which they stand.

    Args:
        text: The document's text.
        document_id: The document, for the sources.
        title: What the document is about. Where it does not occur in the text (a file's name,
            say), the topic is guessed from the first sentence.

    Returns:
        Facts, each once, with one contribution for each place that says it: its span is that of
        the sentence or line, its extractor "rule:" and the rule's name.

    >>> text = "苏轼，字子瞻。\n出生地：眉山\n朝代：北宋"
    >>> facts = extract_facts(text, document_id="a", title="苏轼")
    >>> [(fact.subject, fact.predicate, fact.object) for fact in facts]
    [('苏轼', '出生地', '眉山'), ('苏轼', '朝代', '北宋')]
    """
    found: dict[str, Fact] = {}
    for reading, span in _readings(text, title):
        said = Contribution(
            Source(document_id, title, None, span),
            extractor=f"rule:{reading.rule}",
            confidence=reading.confidence,
            time=reading.time,
        )
        fact = _fact(reading, said)
        if fact is None:
            continue
        before = found.get(fact.id)
        if before is None:
            found[fact.id] = fact
        elif said.source not in before.sources:
            found[fact.id] = replace(before, contributions=(*before.contributions, said))
    return list(found.values())


_MARKS = " \t\r\n,，;；:：、。|*_`~"


def _fact(reading: Reading, said: Contribution) -> Fact | None:
    """The reading as a fact, unless it says nothing."""
    parts = [
        " ".join(part.split()).strip(_MARKS)
        for part in (reading.subject, reading.predicate, reading.object)
    ]
    subject, predicate, object_ = (_without_stop(part) for part in parts)
    if not all(parts) or len(subject) > 80 or len(object_) > 200 or len(predicate) > 40:
        return None
    if normalize_name(subject) == normalize_name(object_) or not re.search(r"\w", object_):
        return None
    return Fact(subject, predicate, object_, (said,))


def _without_stop(text: str) -> str:
    """A name without the full stop of its sentence; that of "Jr." or "U.S." stays."""
    last = text.split()[-1] if text else ""
    if not last.endswith(".") or re.fullmatch(
        r"\w\.|(?:\w+\.){2,}|(?:Jr|Sr|Inc|Ltd|Co|Corp|St|No)\.", last
    ):
        return text
    return text.rstrip(".")


# --- blocks: what kind of text stands where ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int

    @property
    def span(self) -> Span:
        lead = len(self.text) - len(self.text.lstrip())
        return Span(self.start + lead, self.start + len(self.text.rstrip()))


_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}\s+(?P<hash>.+?)\s*#*|={2,4}\s*(?P<wiki>[^=]+?)\s*={2,4}|"
    r"【(?P<lens>[^】]+)】)\s*$"
)
_GENERIC_HEADING = re.compile(
    r"(?:基本|个人|主要|相关|详细|其他)?(?:信息|资料|简介|概述|概况|介绍|生平|经历|作品|历史|背景|"
    r"内容|目录|参考|注释|参见|外部链接|参数|规格|数据|"
    r"联系方式)(?:表|资料)?|"
    r"(?:basic |general |key |early |personal |further )*(?:info(?:rmation)?|overview|summary|"
    r"introduction|details|data|facts|profile|history|"
    r"background|life|career|works|references|see also|notes|external links|contents?|"
    r"specifications?|contact)",
    re.IGNORECASE,
)


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    start = 0
    for piece in text.split("\n"):
        found.append(_Line(piece, start))
        start += len(piece) + 1
    return found


def _readings(text: str, title: str) -> Iterator[tuple[Reading, Span]]:
    topic = _topic(text, title)
    lines = _lines(text)
    heading = ""
    opening = True  # whether the topic is still to be introduced
    position = 0
    prose_until = 0  # lines with colons before this one are known to be no key-value lines
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.text.strip():
            continue
        marked = _HEADING.match(line.text)
        if marked is not None:
            heading = _own_heading(marked)
            opening = True
            continue
        table = _table_at(lines, position - 1)
        if table:
            yield from _read_table(table, heading or topic)
            position += len(table) - 1
            continue
        if position > prose_until:
            pairs = _pairs_at(lines, position - 1)
            if _are_facts(pairs):
                yield from _read_pairs(pairs, heading or topic)
                position += len(pairs) - 1
                continue
            prose_until = position - 1 + len(pairs)
        about = heading if heading and fold(heading) in fold(line.text) else topic
        yield from _read_prose(line, about, opening=opening)
        opening = False


def _own_heading(marked: re.Match[str]) -> str:
    """A heading as the subject of what stands beneath it; empty for "Overview" and the like."""
    words = next(group for group in marked.groups() if group)
    words = re.sub(r"^(?:[\d.]+|[一二三四五六七八九十]+[、.])\s*", "", words.strip(" *#《》"))
    if _GENERIC_HEADING.fullmatch(words) or len(words) > 40 or re.search(r"[。？！?!：:]", words):
        return ""
    return bare_name(words)


def _topic(text: str, title: str) -> str:
    """What a text is about: its title where the text names it, else what its opening defines."""
    bare = bare_name(title.strip()).strip('《》「」“”" ')
    if bare and fold(bare) in fold(text[:3000]):
        return bare
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", bare)]
    if len(words) > 1 and not has_cjk(bare):
        # "Eric Clifford Ambler was": the title's words stand in the opening, others between them.
        opening = re.findall(r"[^\W\d_]+", text[:120].lower())
        if all(word in opening for word in words):
            return bare
    guessed = _guess(text)
    # A title that the text never names may still head its lines; a file's name does not.
    if guessed or re.search(r"[/\\]|\.\w{1,5}$|^[\w-]*\d[\w-]*$", bare):
        return guessed
    return bare


_GUESS_ZH = re.compile(
    r"[《「]?([\u4e00-\u9fffA-Za-z0-9·]{2,14}?)[》」]?(?:[（(][^（）()]*[）)])?，?(?:是|"
    r"为)(?:中国|一[个位种部座所名家]|"
    r"[\u4e00-\u9fff]{1,8}的)"
)
_GUESS_EN = re.compile(
    r"[\"“]?(?:The )?((?:[A-Z][\w'’.-]*)(?: (?:of |the |de |and )*[A-Z0-9][\w'’.-]*){0,"
    r"5})[\"”]?(?: \([^()]*\))?,? (?:is|was|are|were) (?:an?|the|one) "
)
_NO_TOPIC = re.compile(
    r"(?:This|That|It|He|She|They|There|These|Those|Here|Today|We|You|I|What|In|On)\b|"
    r"[这那此该本我你他她它]|以下|其中|目前|今天|当时|因此|同时|但|如果|虽然|由于"
)


def _guess(text: str) -> str:
    lines = (
        line for line in text[:2000].split("\n") if line.strip() and _HEADING.match(line) is None
    )
    opening = next(lines, "").strip()
    match = _GUESS_ZH.match(opening) or _GUESS_EN.match(opening)
    if match is None or _NO_TOPIC.match(match.group(1)):
        return ""
    return match.group(1)


# --- prose ----------------------------------------------------------------------------------------


def _read_prose(line: _Line, topic: str, *, opening: bool) -> Iterator[tuple[Reading, Span]]:
    for number, place in enumerate(sentences(line.text)):
        sentence = place.cut(line.text)
        if len(sentence) > _LONGEST_SENTENCE:
            continue
        lead = re.match(r"(?:[-*•>·]|\d+[.)、])\s+", sentence)
        plain = sentence[lead.end() :] if lead is not None else sentence
        rules = chinese_rules if language(plain) == "zh" else english_rules
        span = Span(line.start + place.start, line.start + place.end)
        for reading in rules.read(plain, topic, first=opening and number == 0):
            yield reading, span


# --- key-value lines ------------------------------------------------------------------------------

_PAIR = re.compile(
    r"\s*(?:[-*•·]\s+)?(?:\*\*|__)?(?P<key>[^\s：:|，。,.!?！？；;/\"“”<>{}\[\]=][^：:|，。,"
    r"!?！？；;\"“”<>{}\[\]=\n]{0,30}?)(?:\*\*|__)?\s*(?:：|:(?=\s|[^\x00-\x7f]|\*))\s*(?:\*\*|"
    r"__)?\s*(?P<value>\S.{0,160}?)\s*$"
)
_NO_KEY = frozenset(
    "注 注意 注释 例 例如 备注 提示 问 答 图 表 来源 参考 参见 如 即 说明 警告 摘要 关键词 note "
    "notes warning example e.g. i.e. "
    "http https figure table source see tip q a todo hint ps p.s. caution error update "
    "edit reply re fw from to subject cc date".split()
)
_SUBJECT_KEYS = frozenset(
    "名称 姓名 名字 标题 中文名 中文名称 主体 实体 书名 片名 公司名称 产品名称 name title "
    "full name".split()
) | {"full name", "product name", "company name"}
_LISTED_KEYS = frozenset(
    {
        "starring",
        "child",
        "sibling",
        "producer",
        "screenwriter",
        "director",
        "author",
        "founder",
        "alias",
    }
)
_KNOWN_KEYS = PREDICATE_NAMES | _SUBJECT_KEYS


@dataclass(frozen=True, slots=True)
class _Pair:
    key: str
    value: str
    span: Span


def _pair(line: _Line) -> _Pair | None:
    match = _PAIR.match(line.text)
    if match is None:
        return None
    key, value = match.group("key").strip(" *"), match.group("value").strip(" *")
    long = len(key) > 12 if has_cjk(key) else len(key.split()) > 4
    if long or fold(key) in _NO_KEY or not re.search(r"[^\W\d_]", key) or re.match(r"//", value):
        return None
    if re.search(r"[。！？；!?]|\.\s", value) or value.endswith(("：", ":")):
        return None
    return _Pair(key, value, line.span)


def _pairs_at(lines: list[_Line], position: int) -> list[_Pair]:
    """The run of lines with a key and a value that begins here."""
    pairs: list[_Pair] = []
    for line in lines[position:]:
        pair = _pair(line)
        if pair is None:
            break
        pairs.append(pair)
    return pairs


def _are_facts(pairs: list[_Pair]) -> bool:
    """Whether such a run states facts: a known key, or at least three keys that all differ."""
    known = any(plain_predicate(pair.key) in _KNOWN_KEYS for pair in pairs)
    distinct = len({pair.key for pair in pairs}) == len(pairs)
    # Without a known key, lines with a colon may as well be a conversation.
    return known or (len(pairs) >= 3 and distinct)


def _read_pairs(pairs: list[_Pair], topic: str) -> Iterator[tuple[Reading, Span]]:
    named = [pair for pair in pairs if fold(pair.key) in _SUBJECT_KEYS]
    subject = named[0].value if named and (named[0] is pairs[0] or not topic) else topic
    for pair in pairs:
        if len(named) > 1 and pair in named:
            subject = pair.value  # several records, one after the other
        if not subject or pair.value == subject:
            continue
        for value in _values(pair.key, pair.value):
            yield Reading(subject, pair.key, value, "key-value", 0.95), pair.span


def _values(key: str, value: str) -> list[str]:
    """The value, cut up where the key is one that takes several."""
    plain = plain_predicate(key)
    listed = any(
        plain in relation.predicates for relation in RELATIONS if relation.name in _LISTED_KEYS
    )
    if not listed:
        return [value]
    mark = r"[、；;/]|，" if has_cjk(value) else r",\s|;\s?| and "
    return [part.strip() for part in re.split(mark, value) if part.strip()]


# --- tables ---------------------------------------------------------------------------------------


def _table_at(lines: list[_Line], position: int) -> list[_Line]:
    """The lines of a Markdown table that begins here."""
    if position + 2 >= len(lines) or "|" not in lines[position].text:
        return []
    if not re.fullmatch(
        r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*", lines[position + 1].text
    ):
        return []
    rows = lines[position : position + 2]
    for line in lines[position + 2 :]:
        if "|" not in line.text:
            break
        rows.append(line)
    return rows


def _cells(line: _Line) -> list[str]:
    body = line.text.strip().removeprefix("|").removesuffix("|")
    return [
        re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("\\|", "|").strip(" *`")
        for cell in re.split(r"(?<!\\)\|", body)
    ]


_KEY_COLUMNS = frozenset(
    "属性 项目 字段 参数 名称 项 key field property attribute item parameter".split()
)
_VALUE_COLUMNS = frozenset("值 内容 说明 数据 参数值 value description content data".split())
_NUMBER_COLUMNS = frozenset("序号 编号 # no no. number id 备注 notes note".split())


def _read_table(rows: list[_Line], topic: str) -> Iterator[tuple[Reading, Span]]:
    header = [fold(cell) for cell in _cells(rows[0])]
    plain = _cells(rows[0])
    body = [(line, _cells(line)) for line in rows[2:]]
    if (
        len(header) == 2
        and (header[0] in _KEY_COLUMNS or not header[0])
        and (header[1] in _VALUE_COLUMNS or not header[1])
    ):
        for line, cells in body:
            if topic and len(cells) == 2 and cells[0]:
                yield Reading(topic, cells[0], cells[1], "table", 0.95), line.span
        return
    first = 1 if header[0] in _NUMBER_COLUMNS and len(header) > 2 else 0
    for line, cells in body:
        if len(cells) != len(header) or not re.search(r"[^\W\d_]", cells[first]):
            continue
        for column in range(first + 1, len(header)):
            if header[column] in _NUMBER_COLUMNS or cells[column] in (
                "",
                "-",
                "—",
                "–",
                "/",
                "N/A",
            ):
                continue
            yield Reading(cells[first], plain[column], cells[column], "table", 0.95), line.span
