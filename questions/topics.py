"""What a question is about, as far as titles say it, and which passages speak of that."""

import re
from collections.abc import Sequence

from ..evidence import MAX_TITLE_CHARACTERS
from ..notation import NumberedEvidence
from ..text.folding import fold
from ..text.scripts import has_cjk

# What a file's name says of the file, not of what it is about.
_FILE_NAME = re.compile(r"(?<=\w)[-_ .](?:readme|manual|man|docs?|handbook|guide|md|txt)$")


def bare_title(title: str) -> str:
    """A title folded, without what stands in brackets behind it."""
    bare = fold(re.sub(r"\s*[(（].*[)）]\s*$", "", title[:MAX_TITLE_CHARACTERS])).strip()
    return _FILE_NAME.sub("", bare) or bare


def named_titles(folded: str, passages: Sequence[NumberedEvidence]) -> frozenset[str]:
    """The titles of passages that a folded question names."""
    titles = {bare_title(passage.title) for passage in passages}
    found = {title for title in titles if is_named(title, folded)}
    for title in titles - found:
        family = title.rsplit("·", 1)[-1]  # "马库斯·温克霍克", called by his last name
        if family != title and is_named(family, folded):
            found.add(family)
    return frozenset(found)


def is_named(name: str, text: str) -> bool:
    """Whether a folded text holds a name by itself, in the plural too.

    Short ones name nothing, unless they are no words: tools are called xz or npm.
    """
    if has_cjk(name):
        return len(name) > 1 and name in text
    if len(name) < 2 or (len(name) < 4 and re.search(r"[aeiouy]", name)):
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?:e?s|'s)?(?!\w)", text) is not None


def on_topic(folded: str, passages: Sequence[NumberedEvidence]) -> list[bool]:
    """Which passages speak of what a folded question is about; all where no title tells.

    A passage does that whose title the question names, that names such a title itself, or whose
    own title is named by a passage that does: then each link to it is shown.
    """
    topics = named_titles(folded, passages)
    if not topics:
        return [True] * len(passages)
    texts = [fold(passage.text) for passage in passages]
    titles = [bare_title(passage.title) for passage in passages]
    speak = [
        title in topics or any(is_named(topic, text) for topic in topics)
        for title, text in zip(titles, texts, strict=True)
    ]
    reached = [text for text, speaks in zip(texts, speak, strict=True) if speaks]
    while reached:
        told = "\n".join(reached)
        new = [i for i, title in enumerate(titles) if not speak[i] and is_named(title, told)]
        for index in new:
            speak[index] = True
        reached = [texts[index] for index in new]
    return speak
