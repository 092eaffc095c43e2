"""What a question takes for granted, and whether the evidence bears it out as far as words tell.

"Why did Berg write Carmen?" supposes that he did. Where a name of the question stands nowhere in
what was found, or nothing of what it supposes does, the answer could only be about something else.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.scripts import has_cjk
from ..text.words import stem_word, stop_words, tags
from .question import Question
from .terms import holds_term, latin_words
from .topics import named_titles, on_topic

_NAME = re.compile(r"(?<=[a-z,;’'] )[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)*")
_NEAR = 0.8  # how alike a name is to a word of the evidence that it misspells
_REASON = re.compile(r"\bwhy\b|为什么|为何|何以|怎么会")
_TIME = re.compile(r"\bwhen\b|\b(?:in )?(?:what|which) year\b|什么时候|何时|哪一?年")
_WHO = re.compile(r"^who\b(?! (?:is|was|are|were)\b)|^谁")
_IDLE = stop_words("predicate") | stop_words("asking")
_NAME_FLAGS = ("nr", "ns", "nt", "nz")


def unmet_premise(question: Question, pieces: Sequence[NumberedEvidence]) -> list[str]:
    """The words of what a question supposes that the evidence does not hold; empty where it may.

    Args:
        question: The question.
        pieces: Numbered evidence.
    """
    text = "\n".join(f"{piece.title}\n{piece.text}" for piece in pieces)
    folded = fold(text)
    present = latin_words(folded)
    names = [name for name in _names(question) if not _stands(name, folded, present)]
    if names:
        return names
    listed = [piece for piece in pieces if piece.kind == "passage"]
    # What is asked about: a document, or somebody whom one speaks of.
    about = named_titles(question.folded, listed) or frozenset(_names(question))
    if not about:
        return []
    rest = question.folded
    for name in about:
        rest = rest.replace(name, " ")
    terms = [term for term in Question(rest).key_terms if len(term) > 1]
    others = question.terms.others
    missing = [
        term
        for term in terms
        if not any(holds_term(word, present, folded) for word in (term, *others.get(term, ())))
    ]
    if _REASON.search(question.folded) and missing:
        return missing
    if _TIME.search(question.folded) and terms and len(missing) == len(terms):
        return missing
    return _unsaid(question, terms, listed) if _WHO.search(question.folded) else []


def _unsaid(
    question: Question, terms: Sequence[str], passages: Sequence[NumberedEvidence]
) -> list[str]:
    """What a question says somebody did, where nothing that speaks of the topic says any of it.

    "Who killed Glenn Frey?" supposes that somebody did.
    """
    deeds = [term for term in terms if term not in _IDLE]
    speak = on_topic(question.folded, passages)
    spoken = [piece for piece, speaks in zip(passages, speak, strict=True) if speaks]
    told = fold("\n".join(f"{piece.title}\n{piece.text}" for piece in spoken))
    heard = latin_words(told)
    others = question.terms.others
    unsaid = [
        term
        for term in deeds
        if not any(holds_term(word, heard, told) for word in (term, *others.get(term, ())))
    ]
    return unsaid if len(unsaid) == len(deeds) else []


def _names(question: Question) -> list[str]:
    """The names of a question, folded; a first word in capitals may be none."""
    found = [fold(match.group()) for match in _NAME.finditer(question.text)]
    if has_cjk(question.text):
        found += [
            word
            for word, flag in tags(question.folded)
            if len(word) > 1 and flag.startswith(_NAME_FLAGS)
        ]
    return [name for name in found if name not in stop_words()]


def _stands(name: str, folded: str, present: Counter[str]) -> bool:
    """Whether a name stands in a text, or the greater part of its words do."""
    if name in folded:
        return True
    if has_cjk(name):
        # A name cut wrongly still has its parts there.
        return all(name[i : i + 2] in folded for i in range(len(name) - 1))
    parts = re.findall(r"\w+", _plain(name).removesuffix("'s").removesuffix("’s"))
    known = {_plain(word) for word in present}
    stems = {stem_word(word) for word in known}
    held = sum(stem_word(part) in stems or bool(_near(part, known)) for part in parts)
    return 2 * held >= len(parts)


def _plain(word: str) -> str:
    """A word without its accents."""
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def _near(part: str, known: set[str]) -> list[str]:
    alike = [word for word in known if word[:1] == part[:1] and abs(len(word) - len(part)) <= 2]
    return get_close_matches(part, alike, n=1, cutoff=_NEAR) if len(part) > 4 else []
