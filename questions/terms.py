"""The terms of a question: what of it a text would have to hold."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.words import segmenter, stem_word, words

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


def holds_term(term: str, present: Counter[str], folded: str) -> bool:
    """Whether a text holds a term, by its words (those of Latin script by their stems)."""
    if has_cjk(term):
        return term in folded
    if term in present:
        return True
    stem = stem_word(term)
    return any(stem == stem_word(word) for word in present if word[:3] == term[:3])


def coverage(weights: Mapping[str, float], text: str) -> float:
    """The weighted share of terms that a text holds, 0 where there are none."""
    total = sum(weights.values())
    if not total:
        return 0.0
    folded = fold(text)
    needs_words = any(not has_cjk(term) for term in weights)
    present = Counter(words(text) if needs_words else list[str]())
    return sum(w for term, w in weights.items() if holds_term(term, present, folded)) / total
