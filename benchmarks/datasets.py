"""Readers of the public data sets beside the repository, and the halves that figures stand on."""

import hashlib
import json
import lzma
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@dataclass(frozen=True)
class Question:
    """A question, its answers, and the documents that hold them."""

    id: str
    text: str
    answers: tuple[str, ...]
    gold: frozenset[str]
    negative: frozenset[str] = field(default=frozenset())

    @property
    def half(self) -> int:
        """0: settings are chosen on it; 1: it is reported."""
        return int(hashlib.md5(self.id.encode(), usedforsecurity=False).hexdigest(), 16) % 2


@dataclass(frozen=True)
class Corpus:
    """Documents as (id, title, text), and the questions asked of them."""

    name: str
    documents: list[tuple[str, str, str]]
    questions: list[Question]


def load(name: str) -> Corpus:
    """One of cmrc2018, hotpotqa, musique, rgb_zh; leaves with a message where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        sys.exit(f"this benchmark needs the data set {name} in {DATA}, which is not here")
    documents = [(str(d["id"]), d["title"], d["text"]) for d in _lines(folder / "corpus.jsonl.xz")]
    path = folder / "queries.jsonl.xz"
    questions = [
        Question(
            str(q["id"]),
            q["question"],
            _answers(q),
            frozenset(map(str, q["gold"])),
            frozenset(map(str, q.get("negative", ()))),
        )
        for q in _lines(path if path.exists() else folder / "queries.jsonl")
        if q["question"].strip()  # CMRC holds one without a word
    ]
    return Corpus(name, documents, questions)


def _answers(question: dict) -> tuple[str, ...]:
    found = question.get("answers", question.get("answer", ()))
    if isinstance(found, str):
        return (found,)
    flat = [one for part in found for one in (part if isinstance(part, list) else [part])]
    return tuple(map(str, flat))


def _lines(path: Path) -> Iterator[dict]:
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
