"""Questions asked in other words: synonyms, and the ways in which people put the same thing.

The words that training may use and those of the test are apart (`part`), so that a judge trained on
the first is tried on words that it has not seen.
"""

import random
import re
from typing import Literal

from citation_words import SYNONYMS

from groundglm.text.scripts import language

Part = Literal["training", "test"]

_FRAMES: dict[str, dict[Part, list[tuple[str, str]]]] = {
    "en": {
        "training": [
            (r"^(\w)(.*)\?$", r"Can you tell me: \1\2?"),
            (r"^What is the name of (.*)\?$", r"How is \1 called?"),
            (r"^When (was|were|did|is) (.*)\?$", r"At what time \1 \2?"),
            (r"^Where (was|were|did|is) (.*)\?$", r"In which place \1 \2?"),
            (r"^Which (\w+) (.*)\?$", r"\2: which \1?"),
            (r"^How many (.*)\?$", r"What is the number of \1?"),
        ],
        "test": [
            (r"^(\w)(.*)\?$", r"I would like to know \1\2."),
            (r"^When (was|were|did|is) (.*)\?$", r"On what date \1 \2?"),
            (r"^Where (was|were|did|is) (.*)\?$", r"At what location \1 \2?"),
            (r"^Who (.*)\?$", r"What person \1?"),
            (r"^Which (\w+) (.*)\?$", r"Name the \1 that \2."),
        ],
    },
    "zh": {
        "training": [
            (r"^(.*)是什么[？?]$", r"\1指的是啥？"),
            (r"什么时候", "几时"),
            (r"哪里", "啥地方"),
            (r"多少", "几"),
            (r"哪一年", "哪年"),
            (r"^(.*)[？?]$", r"请问\1呢？"),
        ],
        "test": [
            (r"^(.*)是什么[？?]$", r"什么是\1？"),
            (r"什么时候", "何时"),
            (r"哪里", "何处"),
            (r"为什么", "为啥"),
            (r"^(.*)[？?]$", r"我想知道\1。"),
            (r"谁", "什么人"),
        ],
    },
}


def paraphrase(question: str, part: Part, seed: str = "") -> str:
    """The question in other words; as it is where none of the ways fits.

    >>> paraphrase("When was the company founded?", "training")
    'When was the firm established?'
    """
    chance = random.Random(f"{seed}{question}")
    lang = language(question)
    synonyms = SYNONYMS[lang]["listed" if part == "training" else "unlisted"]
    said = question
    for one, other in synonyms:
        for old, new in ((one, other), (other, one)):
            edge = r"\b" if lang == "en" else ""
            pattern = rf"{edge}{re.escape(old)}{edge}"
            if re.search(pattern, question):
                said = re.sub(pattern, new, said, count=1)
                break
    fitting = [frame for frame in _FRAMES[lang][part] if re.search(frame[0], said)]
    if fitting and (said == question or chance.random() < 0.5):
        pattern, new = chance.choice(fitting)
        said = re.sub(pattern, new, said, count=1)
    return said
