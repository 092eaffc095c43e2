"""Facts read out of text by rules: sentences, key-value lines, tables, each under its topic.

Precision comes first: a rule reads only what stands where it expects it, and every fact keeps
the sentence or line that it was read in.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..assertions import asserted_part, quoted_sentences
from ..evidence import Source
from ..facts import Contribution, Fact
from ..text.folding import fold
from ..text.headings import MAX_HEADING_CHARACTERS, markdown_heading
from ..text.markup import without_markup
from ..text.names import bare_name, normalize_name
from ..text.scripts import HAN, has_cjk, language
from ..text.sentences import sentences
from ..text.spans import Span
from . import chinese_rules, english_rules
from .chinese_names import has_verb, is_nominal
from .noise import in_code, is_noise
from .readings import Reading
from .structured_text import (
    Line,
    are_facts,
    pairs_at,
    read_pairs,
    read_table,
    record_keys,
    split_lines,
    table_at,
)

#: No rule reads a longer sentence; `unread_sentences` counts them.
LONGEST_SENTENCE = 1_000
_LONGEST_OPENING = 400


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
    said_by: defaultdict[str, dict[Source, Contribution]] = defaultdict(dict)
    readings = list(_readings(text, title))
    unclear = _unclear_cells(reading for reading, _ in readings)
    for reading, span in readings:
        if reading.rule == "table" and (reading.subject, reading.predicate) in unclear:
            continue
        said = Contribution(
            Source(document_id, title, None, span),
            extractor=f"rule:{reading.rule}",
            confidence=reading.confidence,
            time=reading.time,
        )
        fact = _fact(reading, said)
        if fact is None:
            continue
        fact_id = fact.id
        found.setdefault(fact_id, fact)
        said_by[fact_id].setdefault(said.source, said)
    return [
        replace(fact, contributions=tuple(said_by[fact_id].values()))
        for fact_id, fact in found.items()
    ]


def _unclear_cells(readings: Iterable[Reading]) -> set[tuple[str, str]]:
    """What the tables of a text give several numbers for, each under what its table measures."""
    values: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for reading in readings:
        if reading.rule == "table" and re.search(r"\d", reading.object):
            values[reading.subject, reading.predicate].add(reading.object)
    return {cell for cell, found in values.items() if len(found) > 1}


def unread_sentences(text: str) -> int:
    """How many sentences of a text are too long for the rules."""
    lines = (line for line in text.split("\n") if len(line) > LONGEST_SENTENCE)
    return sum(
        place.end - place.start > LONGEST_SENTENCE for line in lines for place in sentences(line)
    )


_MARKS = " \t\r\n,，;；:：、。|*_`~"


def _fact(reading: Reading, said: Contribution) -> Fact | None:
    """The reading as a fact, unless it says nothing."""
    if is_noise(reading):
        return None
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


_OTHER_HEADING = re.compile(r"={2,4}(?P<wiki>[^=]+)={2,4}|【(?P<lens>[^】]+)】")
_GENERIC_HEADING = re.compile(
    r"(?:基本|个人|主要|相关|详细|其他)?(?:信息|资料|简介|概述|概况|介绍|生平|经历|作品|历史|背景|"
    r"内容|目录|参考|优点|缺点|优势|特色|特性|特点|亮点|功能|主要功能|说明|参数说明|数据说明|字段说明|注释|参见|外部链接|参数|规格|数据|"
    r"联系方式)(?:表|资料)?|"
    r"(?:basic |general |key |early |personal |further )*(?:info(?:rmation)?|overview|summary|"
    r"introduction|details|data|facts|profile|history|"
    r"background|life|career|works|references|see also|notes|external links|contents?|"
    r"specifications?|contact|features|highlights|advantages|benefits|pros|cons|why .*)"
    r"(?: ?[|/] ?\w+)?",
    re.IGNORECASE,
)


def _readings(text: str, title: str) -> Iterator[tuple[Reading, Span]]:
    topic = _topic(text, title)
    lines = split_lines(text)
    heading = ""
    opening = True  # whether the topic is still to be introduced
    told: dict[str, _Told] = {}  # by what a line is about
    position = 0
    keys = record_keys(lines)
    code = in_code([line.text for line in lines])
    prose_until = 0  # lines with colons before this one are known to be no key-value lines
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.text.strip() or code[position - 1]:
            continue
        marked = _heading_words(line.text)
        if marked:
            heading = _own_heading(marked)
            opening = True
            continue
        table = table_at(lines, position - 1)
        if table:
            yield from read_table(table, heading or topic)
            position += len(table) - 1
            continue
        if position > prose_until:
            pairs = pairs_at(lines, position - 1)
            if are_facts(pairs):
                record = not heading and pairs[0].key in keys
                yield from read_pairs(pairs, heading or topic, record=record)
                position += len(pairs) - 1
                continue
            prose_until = position - 1 + len(pairs)
        about = heading if heading and fold(heading) in fold(line.text) else topic
        state = told.setdefault(about, _Told(introduced=bool(told)))
        yield from _read_prose(line, about, state, opening=opening)
        opening = False


def _heading_words(line: str) -> str:
    """The words of a line that is a heading, in Markdown, a wiki's marks or 【】; else nothing."""
    line = line.rstrip()
    bare = line.lstrip()
    if len(line) > MAX_HEADING_CHARACTERS or len(line) - len(bare) > 3:
        return ""
    match = _OTHER_HEADING.fullmatch(bare)
    if match is None:
        return markdown_heading(bare)
    return (match["wiki"] or match["lens"]).strip()


def _own_heading(words: str) -> str:
    """A heading as the subject of what stands beneath it; empty for "Overview" and the like."""
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
    rf"[《「]?([{HAN}A-Za-z0-9·]{{2,14}}?)[》」]?(?:[（(][^（）()]*[）)])?，?(?:是|"
    r"(?<![成视作称认以])为)(?:中国|一[个位种部座所名家]|"
    rf"[{HAN}]{{1,8}}的)"
)
_GUESS_EN = re.compile(
    r"[\"“]?(?:The )?((?:[A-Z][\w'’.-]*)(?: (?:of |the |de |and )*[A-Z0-9][\w'’.-]*){0,"
    r"5})[\"”]?(?: \([^()]*\))?,? (?:is|was|are|were) (?:an?|the|one) "
)
_NO_TOPIC = re.compile(
    r"(?:This|That|It|He|She|They|There|These|Those|Here|Today|We|You|I|What|In|On)\b|"
    r"[这那此该本我你他她它以从由在对为]|同样|另外|此外|其中|目前|今天|当时|因此|同时|但|如果|虽然|由于"
)


def _guess(text: str) -> str:
    lines = (line for line in text[:2000].split("\n") if line.strip() and not _heading_words(line))
    opening = next(lines, "").strip()[:_LONGEST_OPENING]
    match = _GUESS_ZH.match(opening) or _GUESS_EN.match(opening)
    if match is None or _NO_TOPIC.match(match.group(1)):
        return ""
    guessed = match.group(1)
    if has_cjk(guessed):
        # "高普兰出生于钦奈（Chennai），是", "即使是": no clause and no adverb is a topic.
        clause = re.search("[于在]", guessed) is not None and has_verb(guessed)
        return "" if clause or not is_nominal(guessed) else guessed
    return guessed


# --- prose ----------------------------------------------------------------------------------------


@dataclass
class _Told:
    """What the sentences so far have said of a topic."""

    introduced: bool  # whether anything was said at all, so that "this" is no longer the topic
    met: bool = False  # whether any sentence named it
    opening: bool = False  # whether the paragraph opens the text
    spoken: bool = False  # whether the sentence before, in the same paragraph, spoke of it

    def refers(self, sentence: str) -> bool:
        """Whether a pronoun at the beginning of a sentence can mean the topic."""
        if _THIS.match(sentence):
            return not self.introduced
        if _KIND.match(sentence):
            return True
        # Who was named once is "he" from there on; "it" is what was just spoken of.
        return self.met if _PERSON.match(sentence) else self.spoken

    def hear(self, sentence: str, topic: str) -> None:
        """Take in a sentence that was read."""
        named = bool(topic) and _names(sentence, topic)
        goes_on = self.refers(sentence) and _PRONOUN.match(sentence) is not None
        goes_on = goes_on or (self.spoken and _OWN.search(sentence) is not None)
        self.met = self.met or named
        # An opening is about its topic until a sentence begins with another name.
        stays = self.opening and _NAMED.match(sentence) is None
        self.spoken = named or goes_on or stays
        self.introduced = True


_THIS = re.compile(r"This (?:is|was)\b")
_KIND = re.compile(r"The\b|[该本他她](?!们)")
_PERSON = re.compile(r"(?:He|She)\b")
_PRONOUN = re.compile(r"(?:He|She|It|They|This|The)\b|[他她它其该本此这]")
_NAMED = re.compile(r"(?:The |An? )?[A-ZÀ-Þ][\w.'’-]* [A-ZÀ-Þ]")
_OWN = re.compile(r"\b(?:its?|his|he|she|her|their|they)\b|[他她它其该]", re.IGNORECASE)


def _names(sentence: str, topic: str) -> bool:
    """Whether a sentence names a topic, if only by its last word."""
    folded, name = fold(sentence), fold(topic)
    return name in folded or (" " in name and name.rsplit(" ", 1)[1] in folded)


def _read_prose(
    line: Line, topic: str, told: _Told, *, opening: bool
) -> Iterator[tuple[Reading, Span]]:
    places = sentences(line.text)
    quoted = quoted_sentences(line.text, places)
    told.opening, told.spoken = not told.introduced, False
    for number, place in enumerate(places):
        if number in quoted or place.end - place.start > LONGEST_SENTENCE:
            told.spoken = False
            continue
        sentence = without_markup(re.sub(r"^\d{1,4}[.)、]\s+|^·\s+", "", place.cut(line.text)))
        plain = asserted_part(sentence, topic)
        if plain:
            rules = chinese_rules if language(plain) == "zh" else english_rules
            span = Span(line.start + place.start, line.start + place.end)
            first = opening and number == 0
            for reading in rules.read(plain, topic, first=first, refers=told.refers(plain)):
                yield reading, span
        if re.search(r"\w", sentence):
            told.hear(sentence, topic)
