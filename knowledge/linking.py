"""Entity linking by dictionary: which known names stand in a text, longest first.

A name is cut into tokens (each Chinese character is one, each Latin word or number is one) and
kept in a dictionary under them; a text is cut the same way and read from left to right. So
looking up costs the length of the text, however many names are known, Latin names only match
whole words, and case, width, accents, punctuation and traditional characters do not matter.
"""

import re
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from ..database.naming import NameKind
from ..relations import PREDICATE_NAMES, plain_predicate
from ..text.folding import fold
from ..text.name_keys import SEPARATOR, Token, name_key, tokens
from ..text.scripts import has_cjk
from ..text.spans import Span
from ..text.words import segmenter, stop_words

#: How sure a match on each kind of name is.
KIND_SCORES: dict[NameKind, float] = {
    "name": 1.0,
    "bare": 0.95,
    "alias": 0.85,
    "object": 0.8,
    "value": 0.1,
    "type": 0.0,
}


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A stretch of text that is a known name, and the entities (ids) that bear it, surest first."""

    span: Span
    owners: tuple[tuple[str, NameKind], ...]
    score: float


class Names(ABC):
    """Names of entities, looked up in texts, wherever they are kept."""

    @abstractmethod
    def _owners_of(self, key: str) -> Collection[tuple[str, NameKind]]:
        """The entities that bear the name of a key, and as what."""

    @abstractmethod
    def _lengths_of(self, first: str) -> Sequence[int]:
        """How many tokens names have that begin with one; the longest first, perhaps too many."""

    @abstractmethod
    def _keys_like(self, lengths: Mapping[str, Collection[int]]) -> Iterable[str]:
        """The keys that begin with one of the letters and have one of its lengths."""

    def owners(self, name: str) -> list[tuple[str, NameKind]]:
        """The entities that bear exactly this name, surest kind first, then by id."""
        return _ranked(self._owners_of(name_key(name)))

    def find(self, text: str) -> list[NameMatch]:
        """The known names in a text, leftmost and longest first, without overlaps."""
        pieces = tokens(text)
        cuts = _word_cuts(text) if has_cjk(text) else None
        titles = _title_spans(text)
        found: list[NameMatch] = []
        position = 0
        while position < len(pieces):
            match = self._longest(text, pieces, position, cuts, titles)
            if match is None:
                position += 1
                continue
            found.append(match[0])
            position += match[1]
        return found

    def near(self, text: str) -> list[str]:
        """The owners of names that a part of the text nearly spells, nearest first.

        Every name with the first letter of a part is looked at, so this is for a text in which no
        name was found.
        """
        parts = _parts(text)
        if not parts:
            return []
        # By first letter and length, so that most names are passed over at once.
        alike: dict[tuple[str, int], list[_Part]] = {}
        for part in parts:
            for length in range(len(part) - 2, len(part) + 3):
                alike.setdefault((part[0], length), []).append(_Part(part))
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for letter, length in alike:
            lengths[letter].add(length)
        found: dict[str, float] = {}
        for key in self._keys_like(lengths):
            ratio = max(part.nearness(key) for part in alike[key[0], len(key)])
            owners = self._owners_of(key) if ratio else ()
            if owners:
                owner = _ranked(owners)[0][0]
                found[owner] = max(found.get(owner, 0.0), ratio)
        return sorted(found, key=lambda owner: (-found[owner], owner))[:_MOST_NEAR]

    def _longest(
        self,
        text: str,
        pieces: list[Token],
        position: int,
        cuts: frozenset[int] | None,
        titles: list[Span],
    ) -> tuple[NameMatch, int] | None:
        for length in self._lengths_of(pieces[position].form):
            if position + length > len(pieces):
                continue
            run = pieces[position : position + length]
            owners = self._owners_of(SEPARATOR.join(piece.form for piece in run))
            if not owners:
                continue
            span = Span(run[0].start, run[-1].end)
            certainty = _certainty(text, span, run, cuts, titles)
            if certainty:
                ranked = _ranked(owners)
                return NameMatch(span, tuple(ranked), certainty * KIND_SCORES[ranked[0][1]]), length
        return None


class NameIndex(Names):
    """Names in memory; they come and go one at a time."""

    def __init__(self) -> None:
        # Who bears a name as what, and how often that was said.
        self._owners: dict[str, dict[tuple[str, NameKind], int]] = {}
        # For each first token, how many names of each length (in tokens) begin with it.
        self._lengths: dict[str, Counter[int]] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def _owners_of(self, key: str) -> Collection[tuple[str, NameKind]]:
        return self._owners.get(key, ())

    def _lengths_of(self, first: str) -> Sequence[int]:
        return sorted(self._lengths.get(first, ()), reverse=True)

    def _keys_like(self, lengths: Mapping[str, Collection[int]]) -> Iterable[str]:
        return [key for key in self._owners if len(key) in lengths.get(key[0], ())]

    def add(self, name: str, owner: str, kind: NameKind = "name") -> None:
        """Let `name` stand for the entity with the id `owner`; counts how often it was said."""
        key = name_key(name)
        if not key:
            return
        owners = self._owners.get(key)
        if owners is None:
            owners = self._owners[key] = {}
            parts = key.split(SEPARATOR)
            self._lengths.setdefault(parts[0], Counter())[len(parts)] += 1
        owners[owner, kind] = owners.get((owner, kind), 0) + 1

    def remove(self, name: str, owner: str, kind: NameKind = "name") -> None:
        """Take back one `add` with the same arguments."""
        key = name_key(name)
        owners = self._owners.get(key, {})
        count = owners.get((owner, kind), 0)
        if count > 1:
            owners[owner, kind] = count - 1
        elif count == 1:
            del owners[owner, kind]
        if owners or not count:
            return
        del self._owners[key]
        parts = key.split(SEPARATOR)
        lengths = self._lengths[parts[0]]
        lengths[len(parts)] -= 1
        if not lengths[len(parts)]:
            del lengths[len(parts)]
        if not lengths:
            del self._lengths[parts[0]]


def _ranked(owners: Collection[tuple[str, NameKind]]) -> list[tuple[str, NameKind]]:
    best: dict[str, NameKind] = {}
    for owner, kind in owners:
        if owner not in best or KIND_SCORES[kind] > KIND_SCORES[best[owner]]:
            best[owner] = kind
    return sorted(best.items(), key=lambda pair: (-KIND_SCORES[pair[1]], pair[0]))


def _certainty(
    text: str, span: Span, run: list[Token], cuts: frozenset[int] | None, titles: list[Span]
) -> float:
    """How likely a stretch that reads like a name is one; 0 to leave it alone."""
    mention = span.cut(text)
    for title in titles:
        if title.start <= span.start and span.end <= title.end:
            # A name inside 《...》 is a name if it fills the marks, else most likely a part of one.
            whole = name_key(title.cut(text)) == name_key(mention)
            return 1.0 if whole else 0.4
    if " ".join(piece.form for piece in run) in stop_words("name") or mention in stop_words("name"):
        return 0.0
    if plain_predicate(mention) in PREDICATE_NAMES and span != Span(0, len(text)):
        return 0.0  # what is asked, not whom it is asked of
    if cuts is None or not has_cjk(mention):
        return 1.0
    aligned = span.start in cuts and span.end in cuts
    if len(run) == 1:  # one Chinese character is a name only where it is a word of its own
        return 0.5 if aligned else 0.0
    return 1.0 if aligned or len(run) > 3 else 0.7


def _word_cuts(text: str) -> frozenset[int]:
    """The offsets between the words that jieba sees in the text."""
    ends = accumulate(len(word) for word in segmenter().cut(fold(text)))
    return frozenset([0, *ends])


_MOST_NEAR = 10
_LEAST_NEAR = 0.84
_MOST_PARTS = 400


def _parts(text: str) -> list[str]:
    """The runs of one to four tokens of a text that may be a misspelt name, as keys."""
    forms = [token.form for token in tokens(text)]
    found: list[str] = []
    for start in range(len(forms)):
        for length in range(1, 7 if has_cjk(forms[start]) else 5):
            run = forms[start : start + length]
            if len(run) == length and run[0] not in stop_words() and len("".join(run)) > 2:
                found.append(SEPARATOR.join(run))
    return list(dict.fromkeys(found))[:_MOST_PARTS]


class _Part:
    """A part of a text that names are compared with."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._matcher = SequenceMatcher(None, "", key, autojunk=False)

    def nearness(self, key: str) -> float:
        """How nearly it spells a name, 0 where not; a Chinese name differs in one place."""
        if key == self._key:
            return 0.0
        if has_cjk(key):
            same = sum(a == b for a, b in zip(self._key, key, strict=False))
            is_near = len(self._key) == len(key) > 4 and same == len(key) - 1
            return same / len(key) if is_near else 0.0
        if len(key) < 5:
            return 0.0
        self._matcher.set_seq1(key)
        if self._matcher.quick_ratio() < _LEAST_NEAR:
            return 0.0
        ratio = self._matcher.ratio()
        return ratio if ratio >= _LEAST_NEAR else 0.0


_TITLE = re.compile(r"[《〈「『]([^《》〈〉「」『』]+)[》〉」』]")


def _title_spans(text: str) -> list[Span]:
    return [Span(*match.span(1)) for match in _TITLE.finditer(text)]


def extract_mentions(text: str, names: Iterable[str] | Names) -> Iterator[tuple[str, Span]]:
    """Where names stand in a text, in order; the first of each pair is the text's own spelling.

    >>> [mention for mention, span in extract_mentions("蘇軾和苏辙是兄弟", ["苏轼", "苏辙"])]
    ['蘇軾', '苏辙']
    """
    if not isinstance(names, Names):
        index = NameIndex()
        for name in names:
            index.add(name, name)
        names = index
    for match in names.find(text):
        yield match.span.cut(text), match.span
