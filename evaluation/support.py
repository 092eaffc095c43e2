"""What speaks for and against a sentence being carried by evidence, clause by clause.

Each clause is compared with the sentence of the evidence that fits it best: its numbers, its names
and other words, what is denied, what is turned into its opposite, and who did what to whom. A
logistic regression weighs the counts (support.json, written by benchmarks/train_citations.py).
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path

from ..text.folding import fold
from ..text.scripts import Language
from ..text.sentences import sentences
from .stretches import Stretch, Word, opposites, stretch

_CLAUSE: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(r"[,;:()–—]|\s(?:and|but|while|whereas|which|who|although|because)\s"),
    "zh": re.compile(r"[，；：:;,（）()]"),
}
_PASSIVE: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(r"\bby\b"),
    "zh": re.compile(r"被|由|遭|受到"),
}
_PASSIVE_WORD = re.compile(r"\bby\b|被|由|遭|受到|把|将")
_QUOTED = re.compile(r"[《“\"「『]([^《》“”\"「」『』]{2,40})[》”\"」』]")
_LEAST_WORDS = 3  # of a clause that stands by itself
_MOST_WINDOWS = 80
_MOST_CLAUSES = 40
_COUNTED = (
    "denied",
    "denials",
    "opposite",
    "reversed",
    "voice",
    "names",
    "names nowhere",
    "numbers",
    "numbers nowhere",
    "nouns",
    "nouns nowhere",
    "words",
    "words nowhere",
    "nowhere weight",
    "replaced",
    "words replaced",
    "opening",
    "split",
    "round",
)


@dataclass(slots=True)
class _Match:
    """How a clause stands against one sentence of the evidence."""

    total: float = 0.0
    missing: float = 0.0
    counts: dict[str, float] = field(default_factory=lambda: defaultdict[str, float](float))

    @property
    def covered(self) -> float:
        return 1.0 - self.missing / self.total if self.total else 1.0

    @property
    def fit(self) -> float:
        grave = ("denied", "opposite", "names", "numbers", "reversed")
        return self.covered - 0.2 * sum(self.counts[name] for name in grave)


def support_features(sentence: str, evidence: str, lang: Language) -> dict[str, float]:
    """What speaks against the evidence carrying a sentence; where all is 0, nothing does.

    Args:
        sentence: The sentence, without citation marks.
        evidence: The evidence; a first line without a full stop counts as its title.
        lang: The language of the sentence.
    """
    title, listed = _windows(evidence)
    windows = [
        (
            stretch(window, sentence),
            # A line of marks has no clauses: it is its own.
            [stretch(part, sentence) for part in _clauses(window, lang) or [window]],
        )
        for window in listed
    ]
    whole = stretch(evidence, sentence)
    topic = frozenset(word.key for word in stretch(title).words)
    judged: list[_Match] = []
    for clause in _clauses(sentence, lang)[:_MOST_CLAUSES]:
        cut = stretch(clause, evidence)
        if cut.words:
            tried = (_compare(cut, *window, whole, topic, lang) for window in windows)
            judged.append(max(tried, key=lambda one: one.fit))
    if not judged:
        return {"uncovered": 1.0}
    total = sum(one.total for one in judged)
    counts = {name: sum(one.counts[name] for one in judged) for name in _COUNTED}
    nowhere = counts.pop("nowhere weight") / total
    return {
        "quoted": float(any(fold(name) not in whole.folded for name in _QUOTED.findall(sentence))),
        "uncovered": sum(one.missing for one in judged) / total,
        "worst clause": max(1.0 - one.covered for one in judged),
        **{name: min(count, 2.0) for name, count in counts.items()},
        "nowhere": nowhere,
        "worst nowhere": max(one.counts["nowhere weight"] / one.total for one in judged),
        "clauses": min(len(judged), 6) / 6,
    }


@cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    return json.loads(Path(__file__).with_name("support.json").read_text("utf-8"))


def support_score(sentence: str, evidence: str, lang: Language) -> float:
    """How far evidence carries a sentence; from 0 on it does."""
    weights = _weights()[lang]
    values = support_features(sentence, evidence, lang)
    return weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in values.items())


def _windows(evidence: str) -> tuple[str, list[str]]:
    """The title of evidence, where its first line is one, and its sentences."""
    lines = [line for line in evidence.splitlines() if line.strip()]
    title = ""
    if len(lines) > 1 and not re.search(r"[。.!?！？]\s*$", lines[0]):
        title, lines = lines[0], lines[1:]
    text = "\n".join(lines)
    found = [span.cut(text) for span in sentences(text)][:_MOST_WINDOWS]
    return title, found or [evidence]


def _clauses(sentence: str, lang: Language) -> list[str]:
    """The clauses of a sentence; what is too short to stand alone joins the one before it."""
    parts: list[str] = []
    start = 0
    for match in [*_CLAUSE[lang].finditer(sentence), None]:
        end = match.start() if match else len(sentence)
        part = sentence[start:end]
        if parts and (_is_short(part) or _is_short(parts[-1])):
            joiner = sentence[start - 1 : start] if start else ""
            parts[-1] = f"{parts[-1]}{joiner}{part}"
        elif part.strip():
            parts.append(part)
        start = match.end() if match else end
    return parts


def _is_short(part: str) -> bool:
    return len(stretch(part).words) < _LEAST_WORDS


def _compare(
    cut: Stretch,
    window: Stretch,
    parts: Sequence[Stretch],
    whole: Stretch,
    topic: frozenset[str],
    lang: Language,
) -> _Match:
    found = _Match()
    counts = found.counts
    matched: list[Word] = []
    undone = 0
    for word in cut.words:
        found.total += word.weight
        if window.holds(word):
            matched.append(word)
            counts["denied"] += _is_turned(word, window)
            continue
        against = _opposed(word, cut, window)
        if against:
            if word.denied != all(one.denied for one in against):
                undone += 1  # not open: closed
                continue
            counts["opposite"] += 1
        if word.key in topic:
            continue
        found.missing += word.weight
        counts[f"{word.kind}s"] += 1
        if not whole.holds(word):
            counts["nowhere weight"] += word.weight
            counts[f"{word.kind}s nowhere"] += 1
    if matched:
        counts["denials"] = max(0, abs(cut.denials - _denials_near(window, matched)) - undone)
    counts["opening"] = _opening_differs(cut, window, whole)
    counts["split"] = found.covered - max(_covered(cut, part, topic) for part in parts)
    counts["round"] = _goes_round(cut, window)
    counts["replaced"] = _replaced(cut, window, plain=False)
    counts["words replaced"] = _replaced(cut, window, plain=True)
    counts["reversed"], counts["voice"] = _turned_round(matched, cut, window, lang)
    return found


def _opposed(word: Word, cut: Stretch, window: Stretch) -> list[Word]:
    """The words of the evidence that exclude a word, where the sentence has none of them."""
    keys = opposites().get(word.key, frozenset()) & window.places.keys()
    if any(one.key in keys for one in cut.words):
        return []
    return [one for one in window.words if one.key in keys]


def _covered(cut: Stretch, part: Stretch, topic: frozenset[str]) -> float:
    held = (word.weight for word in cut.words if word.key in topic or part.holds(word))
    return sum(held) / sum(word.weight for word in cut.words)


def _opening_differs(cut: Stretch, window: Stretch, whole: Stretch) -> bool:
    """Whether the first word is nowhere, and a name of the evidence stands unmentioned."""
    first = cut.words[0]
    if whole.holds(first) or not first.opens_capital:
        return False
    keys = {word.key for word in cut.words}
    return any(word.kind == "name" and word.key not in keys for word in window.words)


def _goes_round(cut: Stretch, window: Stretch) -> bool:
    """Whether three words in a row stand the other way round: man bites dog."""
    for a, verb, b in zip(cut.words, cut.words[1:], cut.words[2:], strict=False):
        places = [window.places.get(word.key, ()) for word in (a, verb, b)]
        if not all(places) or _PASSIVE_WORD.search(cut.folded + window.folded):
            continue
        near = [
            (one, other)
            for one in places[0]
            for middle in places[1]
            for other in places[2]
            if max(abs(one - middle), abs(other - middle)) <= 2
            and (one - middle) * (other - middle) < 0
        ]
        if near and all(one > other for one, other in near):
            return True
    return False


def _is_turned(word: Word, window: Stretch) -> bool:
    """Whether a word is denied on one side only."""
    return window.asserts(word) if word.denied else window.denies(word)


def _denials_near(window: Stretch, matched: Sequence[Word]) -> int:
    """How often the part of a sentence that holds the matched words denies."""
    keys = {word.key for word in matched}
    return sum(word.denied and word.key in keys for word in window.words)


def _replaced(cut: Stretch, window: Stretch, *, plain: bool) -> int:
    """Words between two others that stand in the evidence with another one between."""
    count = 0
    for word in cut.words[1:-1]:
        if window.holds(word) or (word.kind == "word") != plain:
            continue
        before, after = cut.words[word.place - 1].key, cut.words[word.place + 1].key
        for start in window.places.get(before, ()):
            if any(1 < end - start <= 4 for end in window.places.get(after, ())):
                count += 1
                break
    return count


def _turned_round(
    matched: Sequence[Word], cut: Stretch, window: Stretch, lang: Language
) -> tuple[int, int]:
    """Whether two names have changed places, and whether who does and who suffers have.

    What is active on one side and passive on the other changes places rightly.
    """
    kinds = ("name",) if lang == "en" else ("name", "noun")
    placed = [
        (word, next(one for one in window.words if one.key == word.key))
        for word in matched
        if word.kind in kinds and len(window.places.get(word.key, ())) == 1
    ]
    turned = voice = 0
    for (one, one_there), (other, other_there) in combinations(placed, 2):
        first, last = sorted((one_there.start, other_there.start))
        said = cut.folded[one.start + len(one.text) : other.start]
        given = window.folded[first:last]
        if not (_says_something(said) and _says_something(given)):
            continue
        is_turned = one_there.start > other_there.start
        same_voice = bool(_PASSIVE[lang].search(said)) == bool(_PASSIVE[lang].search(given))
        turned |= is_turned and same_voice
        voice |= not is_turned and not same_voice
    return int(turned), int(voice)


def _says_something(between: str) -> bool:
    """Whether what stands between two words is more than the joints of a list."""
    return (
        re.fullmatch(r"[\w'’.-]*[\s、,，·和与及或暨\"“”《》「」'’]*(?:(?:and|or)\b)?\s*", between)
        is None
    )
