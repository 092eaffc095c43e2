"""Choosing the sentences of the evidence that answer a question, without a model.

Terms of the question that name the topic (they stand in the title) say nothing about which
sentence answers; what counts is the weighted share of the other terms that a sentence holds, whether
it holds something of the asked type, and the share of the rarer characters.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..evidence import MAX_TITLE_CHARACTERS
from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.scripts import has_cjk, language
from ..text.sentences import sentences
from ..text.spans import Span
from ..text.words import segmenter, words

# A further sentence is given when it scores at least this share of the best one.
_LEAST_SHARE = 0.3

_ZH_STOPS = frozenset(
    "的 了 是 在 和 与 及 或 于 有 被 由 从 到 对 为 以 把 将 这 那 其 它 他 她 们 个 一 不 也 都 就 而 "
    "什么 哪 哪里 哪个 哪些 哪儿 谁 几 多少 怎么 怎样 怎么样 如何 为什么 为何 何 何时 何地 什么时候 吗 呢 "
    "啊 吧 请问 请 一下 介绍 告诉 我 你 您 指 叫 叫做 称为 属于 之 所 曾 曾经 时候 时 年 月 日 中 上 下 里 "
    "哪年 哪一年 哪位 哪种 那些 这些 分别 主要 是什么 是谁 有什么 有哪些 多久 多大 多长 多高 多远 为了 因为"
    .split()
)  # fmt: skip
_EN_STOPS = frozenset(
    "a an the of in on at to for from by with as is are was were be been being do does did has have had "
    "what which who whom whose where when why how many much long old and or not it its this that these "
    "those he she they his her their i you your my we our s t name named called year type kind same both "
    "there also into than then about between during after before can could would will shall"
    .split()
)  # fmt: skip

_CUES: Sequence[tuple[re.Pattern[str], re.Pattern[str]]] = tuple(
    (re.compile(question), re.compile(answer))
    for question, answer in (
        (r"什么时候|何时|哪一?年|哪[一个]*[月天日]|几[年月日号]|时间|\bwhen\b|what (?:year|date|day)",
         r"\d{1,4}\s*[年月日世]|[一二三四五六七八九十]+[年月日]|\b1\d{3}\b|\b20\d{2}\b|世纪|century"),
        (r"多少|几[个名位人次种家条座岁所部场层代届]|多[长高大远久重宽深]|how (?:many|much|long|old|far|tall)",
         r"\d|[一二三四五六七八九十百千万亿两]+[个名位人次种家条座岁所部米年元倍]|"
         r"\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million)\b"),
        (r"哪里|哪儿|何处|何地|什么地方|位于|地点|哪个?(?:国家?|城市|省|市|县|地区|州)|\bwhere\b|"
         r"what (?:city|country|state|county)",
         r"[省市县区州国镇村乡岛山河湖路街]|位于|\b(?:in|at|near|located)\b [A-Z]"),
        (r"为什么|为何|原因|\bwhy\b", r"因为|由于|因此|为了|因|导致|所以|\b(?:because|due to|since|so that)\b"),
        (r"谁|哪位|什么人|\bwhose?\b|\bwhom\b", r"[·．]|[先生女士教授博士王帝]|由.{1,12}[所担任]|[A-Z]\w+ [A-Z]\w+"),
        (r"作者|写的|著", r"著|作者|撰|写|编"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SelectedSentence:
    """A sentence of the evidence; `span` is its place in the text of the piece `number`."""

    number: int
    text: str
    score: float
    span: Span


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The terms of a question that can tell sentences apart, with their weights."""

    weights: Mapping[str, float]
    characters: Mapping[str, float]


def question_terms(question: str) -> QuestionTerms:
    """The content terms of a question, weighted by how rare they are in the language.

    Chinese terms are words and character pairs, weighted by jieba's own word counts; English
    terms are words without function words, weighted by length.
    """
    weights: dict[str, float] = {}
    for term in words(question):
        if term in _ZH_STOPS or term in _EN_STOPS:
            continue
        weights[term] = term_weight(term)
    folded = fold(question)
    for stop in sorted(_ZH_STOPS, key=len, reverse=True):
        if len(stop) > 1:
            folded = folded.replace(stop, " ")
    characters = {c: term_weight(c) for c in folded if has_cjk(c) and c not in _ZH_STOPS}
    return QuestionTerms({t: w for t, w in weights.items() if w > 0}, characters)


def key_terms(question: str) -> list[str]:
    """The whole content words of a question, in order: what an answer would have to be about.

    >>> key_terms("珠穆朗玛峰有多高？"), key_terms("Who designed the Opera House?")
    (['珠穆朗玛峰'], ['designed', 'opera', 'house'])
    """
    found: list[str] = []
    for run in re.findall(r"[^\W_]+", fold(question)):
        if has_cjk(run):
            cut = (word for word in segmenter().cut(run) if len(word) > 1)
            found += [word for word in cut if word not in _ZH_STOPS and not _is_asking(word)]
        elif run not in _EN_STOPS:
            found.append(run)
    return list(dict.fromkeys(found))


def _is_asking(word: str) -> bool:
    """Whether a Chinese word only asks, as 哪个 and 多高 do."""
    return word[0] in "哪谁几何啥" or (word[0] == "多" and len(word) == 2)


def term_weight(term: str) -> float:
    """How much a term tells: about the negative logarithm of its share of running text."""
    if has_cjk(term):
        tokenizer = segmenter()
        count = tokenizer.FREQ.get(term, 0)
        if not count and len(term) > 1:  # no word: a pair that crosses two words
            return 4.0 if any(character in _ZH_STOPS for character in term) else 7.0
        return max(1.0, math.log(tokenizer.total / (count + 30)))
    if term[:1].isdigit():
        return 8.0
    return 4.0 + min(len(term), 10) * 0.5


def _matches(term: str, present: Counter[str], folded: str) -> bool:
    if has_cjk(term):
        return term in folded
    if term in present:
        return True
    stem = stem_word(term)
    return any(stem == stem_word(word) for word in present if word[:3] == term[:3])


def stem_word(word: str) -> str:
    """An English word without its commonest endings.

    >>> stem_word("directed") == stem_word("directs") == stem_word("direct")
    True
    """
    for ending in (
        "ations",
        "ation",
        "ingly",
        "ings",
        "ing",
        "edly",
        "ies",
        "ers",
        "ed",
        "es",
        "er",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def coverage(weights: Mapping[str, float], text: str) -> float:
    """The weighted share of terms that a text holds, 0 where there are none."""
    total = sum(weights.values())
    if not total:
        return 0.0
    folded = fold(text)
    needs_words = any(not has_cjk(term) for term in weights)
    present = Counter(words(text) if needs_words else list[str]())
    return sum(w for term, w in weights.items() if _matches(term, present, folded)) / total


def fits_asked_type(question: str, sentence: str) -> bool:
    """Whether a sentence holds what the question asks for: a time, a number, a place, a person."""
    for asked, given in _CUES:
        if asked.search(question.lower() if asked.flags & re.IGNORECASE else question):
            return given.search(sentence) is not None
    return False


def rank_sentences(question: str, passages: Sequence[NumberedEvidence]) -> list[SelectedSentence]:
    """All sentences of the passages (best passage first), best first."""
    terms = question_terms(question)
    listed = [passage for passage in passages if passage.kind == "passage"]
    ranked: list[SelectedSentence] = []
    for rank, passage in enumerate(listed):
        bonus = _passage_bonus(question, rank, listed)
        ranked += _scored(question, terms, passage, bonus)
    return sorted(ranked, key=lambda one: (-one.score, one.number, one.span))


def _passage_bonus(question: str, rank: int, passages: Sequence[NumberedEvidence]) -> float:
    """How much a passage's place and title speak for its sentences."""
    passage = passages[rank]
    if language(question) == "zh":
        # The first document is nearly always the right one.
        same = rank == 0 or (passage.title and passage.title == passages[0].title)
        return 0.0 if same else -0.6
    # English questions often name one thing to ask for another: the answer then stands where a
    # document is titled by what another passage names.
    bonus = -0.06 * rank
    title = _bare_title(passage.title)
    if not title:
        return bonus
    if title in fold(question):
        bonus -= 0.2
    elif any(title in fold(other.text) for other in passages if other is not passage):
        bonus += 0.4
    return bonus


def _bare_title(title: str) -> str:
    return fold(re.sub(r"\s*[(（].*[)）]\s*$", "", title[:MAX_TITLE_CHARACTERS])).strip()


def _scored(
    question: str, terms: QuestionTerms, passage: NumberedEvidence, bonus: float
) -> list[SelectedSentence]:
    spans = sentences(passage.text)
    if not spans:
        return []
    topic = fold(passage.title)
    topic_words = Counter(words(passage.title))
    lead = "" if topic else fold(spans[0].cut(passage.text))
    lead_words = Counter(words(lead))
    weights: dict[str, float] = {}
    for term, weight in terms.weights.items():
        if topic and _matches(term, topic_words, topic):
            continue
        weights[term] = weight * (0.3 if lead and _matches(term, lead_words, lead) else 1.0)
    characters = {c: w for c, w in terms.characters.items() if c not in topic}
    scored: list[SelectedSentence] = []
    spans = [span for span in spans if not span.cut(passage.text).startswith("#")] or spans
    for index, span in enumerate(spans):
        sentence = span.cut(passage.text)
        score = coverage(weights, sentence) + 0.3 * coverage(characters, sentence)
        score += 0.2 * fits_asked_type(question, sentence)
        if index == 0 and not has_cjk(question):
            score += 0.1
        scored.append(SelectedSentence(passage.number, sentence, score + bonus, span))
    return scored


def select_sentences(
    question: str,
    passages: Sequence[NumberedEvidence],
    *,
    limit: int = 2,
    max_characters: int = 200,
) -> list[SelectedSentence]:
    """The best sentences, in the order of reading; a further one only while there is room.

    Args:
        question: The question.
        passages: Numbered passages, best first; facts are left out.
        limit: How many sentences at most.
        max_characters: Room for all; the best sentence is given even where it alone takes more.
    """
    chosen: list[SelectedSentence] = []
    room = max_characters
    best = 0.0
    for candidate in rank_sentences(question, passages):
        if len(chosen) == limit:
            break
        if chosen and (len(candidate.text) > room or candidate.score < _LEAST_SHARE * best):
            continue
        best = max(best, candidate.score)
        chosen.append(candidate)
        room -= len(candidate.text)
    order = {piece.number: index for index, piece in enumerate(passages)}
    return sorted(chosen, key=lambda one: (order[one.number], one.span))
