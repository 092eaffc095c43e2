"""The terms of a question: what of it a text would have to hold."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from types import MappingProxyType

from ..relations import RELATIONS
from ..text.folding import fold
from ..text.scripts import CJK, has_cjk
from ..text.words import segmenter, stem_word, stop_words, words
from .relation_fit import asked_relations

_STOPS = stop_words()
_MOST_MISSING = 5


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The terms of a question that can tell sentences apart, with their weights.

    `others` are for some terms the words that mean the same, or by which texts name the relation
    that the term asks for.
    """

    weights: Mapping[str, float]
    characters: Mapping[str, float]
    others: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


# Chinese that only asks: no answer holds it, nor a pair of characters across its edge.
_ASKING = re.compile(
    r"哪一?几?[个些位种年月日天里儿家座条部本名支方类]?|什么(?:时候|时间|地方|样|人)?|"
    r"(?<!好)几[个天年月种次人位岁条本名家点]|"
    r"多(?:少|久|大|长|高|远|重|深|宽|快)[个名人位年天次种]?|谁|怎么?样?|如何|为什么|为何|何[时地人处种]|"
    r"是不是|有没有|吗|呢|吧|请问"
)
_PAIR_WEIGHT = 4.0  # of two characters that are no word


def question_terms(question: str) -> QuestionTerms:
    """The content terms of a question, weighted by how rare they are in the language.

    Chinese terms are words, and pairs of characters of what the dictionary does not know or of
    content words side by side, weighted by jieba's own word counts; English terms are words
    without function words, weighted by length.

    >>> sorted(question_terms("钩盲蛇吃什么？").weights)
    ['吃', '盲蛇', '蛇吃', '钩', '钩盲']
    """
    folded = fold(question)
    weights: dict[str, float] = {}
    characters: dict[str, float] = {}
    for term in words(_CJK_RUN.sub(" ", folded)):
        if term not in _STOPS:
            weights[term] = term_weight(term)
    for run in _CJK_RUN.findall(folded):
        for piece in filter(None, _ASKING.split(run)):
            for tokens in _content_runs(piece):
                for term in _chinese_terms(tokens):
                    weights.setdefault(term, term_weight(term))
                for character in "".join(tokens):
                    if character not in _STOPS:
                        characters[character] = term_weight(character)
    kept = {term: weight for term, weight in weights.items() if weight > 0}
    return QuestionTerms(kept, characters, _others(folded, kept))


# Who somebody's father is, a text may say by calling him a son.
_TURNED = {"father": ("child",), "mother": ("child",), "child": ("father", "mother")}


def _others(folded: str, terms: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each term the words that mean the same, or by which texts name what it asks for."""
    found = {term: others for term in terms if (others := _same_meaning(term))}
    for relation, span in asked_relations(folded):
        said = span.cut(folded)
        for term in terms:
            if term in said:
                told = {relation.name, *_TURNED.get(relation.name, ())}
                words_for = frozenset[str]().union(*(_naming_words()[name] for name in told))
                written = frozenset(one for one in words_for if has_cjk(one) == has_cjk(term))
                found[term] = found.get(term, frozenset()) | written
    return found


def _same_meaning(term: str) -> frozenset[str]:
    return _meanings().get(term if has_cjk(term) else stem_word(term), frozenset())


@cache
def _meanings() -> Mapping[str, frozenset[str]]:
    """By each word of otherwise.toml (by the stem of an English one), those beside it."""
    table = tomllib.loads(Path(__file__).with_name("otherwise.toml").read_text("utf-8"))
    found: dict[str, frozenset[str]] = {}
    for row in (*table["en"], *table["zh"]):
        for word in row:
            key = word if has_cjk(word) else stem_word(word)
            found[key] = found.get(key, frozenset()) | (frozenset(row) - {word})
    return found


@cache
def _naming_words() -> Mapping[str, frozenset[str]]:
    """The words that name each relation of the table, without those that name many."""
    words_of = {
        relation.name: {
            word for predicate in relation.predicates for word in _words_of_predicate(predicate)
        }
        for relation in RELATIONS
    }
    counts = Counter(word for listed in words_of.values() for word in listed)
    return {
        name: frozenset(word for word in listed if counts[word] < _MANY)
        for name, listed in words_of.items()
    }


_MANY = 3


def _words_of_predicate(predicate: str) -> list[str]:
    if has_cjk(predicate):
        bare = re.sub(r"(?:于|地点|地|时间|日期|年月|年份)$", "", predicate)
        return [bare] if len(bare) > 1 else []
    return [word for word in predicate.split() if len(word) > 3 and word not in _STOPS]


_CJK_RUN = re.compile(rf"[{CJK}]+")


def _cut(run: str) -> Iterator[str]:
    """The words of a stretch of Chinese; "蓍有" and "潘淑是" are no new words."""
    known = segmenter().FREQ
    for token in segmenter().cut(run):
        while len(token) > 1 and token not in known and token[-1] in _STOPS:
            token = token[:-1]
        yield token


def _content_runs(piece: str) -> list[list[str]]:
    """The content words of a stretch of Chinese, those side by side together."""
    runs: list[list[str]] = [[]]
    for token in _cut(piece):
        if token in _STOPS:
            runs.append([])
        else:
            runs[-1].append(token)
    return runs


def _chinese_terms(tokens: Sequence[str]) -> Iterator[str]:
    known = segmenter().FREQ
    for token in tokens:
        yield token
        yield from (part for part in segmenter().cut_for_search(token) if part not in _STOPS)
        if len(token) > 2 or token not in known:
            yield from (token[start : start + 2] for start in range(len(token) - 1))
    for one, other in pairwise(tokens):
        yield one[-1] + other[0]


def key_terms(question: str) -> list[str]:
    """The whole content words of a question, in order: what an answer would have to be about.

    >>> key_terms("珠穆朗玛峰有多高？"), key_terms("Who designed the Opera House?")
    (['珠穆朗玛峰'], ['designed', 'opera', 'house'])
    """
    found: list[str] = []
    for run in re.findall(r"[^\W_]+", fold(question)):
        if has_cjk(run):
            cut = (word for word in _cut(run) if len(word) > 1)
            found += [word for word in cut if word not in _STOPS and not _is_asking(word)]
        elif run not in _STOPS:
            found.append(run)
    return list(dict.fromkeys(found))


def missing_terms(terms: Sequence[str], folded: str) -> list[str]:
    """The terms of a question that a folded text does not hold, as far as it is true to say so.

    Words that merely ask are none, nor is what the segmenter cut across two Chinese words.
    """
    silent = stop_words("asking")
    return [
        term
        for term in terms
        if term not in folded and term not in silent and not _is_cut_wrongly(term)
    ][:_MOST_MISSING]


def _is_cut_wrongly(term: str) -> bool:
    return has_cjk(term) and len(term) == 2 and term not in segmenter().FREQ


def _is_asking(word: str) -> bool:
    """Whether a Chinese word only asks, as 哪个 and 多高 do."""
    return word[0] in "哪谁几何啥" or (word[0] == "多" and len(word) == 2)


def term_weight(term: str) -> float:
    """How much a term tells: about the negative logarithm of its share of running text."""
    if has_cjk(term):
        tokenizer = segmenter()
        count = tokenizer.FREQ.get(term, 0)
        if not count and len(term) > 1:
            return _PAIR_WEIGHT
        return max(1.0, math.log(tokenizer.total / (count + 30)))
    if term[:1].isdigit():
        return 8.0
    return 4.0 + min(len(term), 10) * 0.5


_LATIN = re.compile(rf"\d+(?:[.,]\d+)*|(?:(?![{CJK}])[^\W\d_])+(?:'(?:(?![{CJK}])[^\W\d_])+)*")


def latin_words(folded: str) -> Counter[str]:
    """The words of a folded text that are not Chinese, as `words` cuts them, without its cost.

    That is all that `holds_term` needs of them.
    """
    return Counter(
        word.replace(",", "").removesuffix("'s").replace("'", "") for word in _LATIN.findall(folded)
    )


def holds_term(term: str, present: Counter[str], folded: str) -> bool:
    """Whether a text holds a term, by its words (those of Latin script by their stems)."""
    if has_cjk(term):
        return term in folded
    if term in present:
        return True
    stem = stem_word(term)
    return any(stem == stem_word(word) for word in present if word[:1] == term[:1])


_OTHERWISE = 0.45  # of a term's weight, where a text names what it asks for in other words


_PASSAGE = 4_000  # the words of longer texts are not kept


@lru_cache(maxsize=2048)
def _present(text: str) -> Counter[str]:
    """The words of a text; not to be changed."""
    return Counter(words(text))


def coverage(
    weights: Mapping[str, float],
    text: str,
    others: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> float:
    """The weighted share of terms that a text holds, 0 where there are none.

    A term is held as well where the text holds one of its `others` (`QuestionTerms.others`).
    """
    total = sum(weights.values())
    if not total:
        return 0.0
    folded = fold(text)
    needs_words = any(not has_cjk(term) for term in (*weights, *chain(*others.values())))
    present = Counter[str]()
    if needs_words:
        present = _present(text) if len(text) <= _PASSAGE else Counter(words(text))
    held = 0.0
    for term, weight in weights.items():
        if holds_term(term, present, folded):
            held += weight
        elif any(holds_term(other, present, folded) for other in others.get(term, ())):
            held += _OTHERWISE * weight
    return held / total
