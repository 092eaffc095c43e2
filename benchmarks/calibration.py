"""Whether `calibrate` keeps its promise: what it forecasts, and what happens to other questions.

Three kinds of bases are built of half of the documents of a public set each: an encyclopedia in
Chinese (CMRC 2018) and in English (HotpotQA), and news in Chinese (RGB). A question is answerable
where its documents are in the base, unanswerable where none of them is. The base is calibrated on
one half of the questions, or on its own sentences, as `groundglm calibrate` does it; the forecast
is set beside what the threshold does to the other half.

Run: python benchmarks/calibration.py [--limit N] [--seeds N] [--json]
"""

import argparse
import json
import random
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import datasets
from langchain_core.documents import Document

from groundglm.agent.calibration import (
    Calibration,
    calibrate_from_questions,
    calibrate_from_sentences,
)
from groundglm.evaluation import rates_at
from groundglm.knowledge import KnowledgeBase
from groundglm.questions import score_answerability
from groundglm.questions.question import Question
from groundglm.retrieval.embeddings import load_embeddings

BASES = {"encyclopedia zh": "cmrc2018", "encyclopedia en": "hotpotqa", "news zh": "rgb_zh"}
MOST_DOCUMENTS = 3_000


@dataclass(frozen=True)
class Row:
    """What was promised at a threshold, and what it did; in percent."""

    base: str
    by: str
    questions: int
    declined: float
    declined_forecast: float
    answered: float
    answered_forecast: float


def measure(kind: str, name: str, limit: int | None, seeds: int) -> list[Row]:
    """The rows of one base: calibrated on its own sentences, then on halves of its questions."""
    corpus = datasets.load(name)
    language = kind.rsplit(" ", 1)[1]
    chosen = random.Random(1).sample(corpus.questions, k=min(len(corpus.questions), limit or 800))
    needed = {id_ for question in chosen for id_ in question.gold | question.negative}
    documents = [document for document in corpus.documents if document[0] in needed]
    if name == "hotpotqa":
        documents += random.Random(1).sample(corpus.documents, MOST_DOCUMENTS)
    gone = {id_ for question in chosen[::2] for id_ in question.gold}
    held = {document[0]: document for document in documents if document[0] not in gone}
    asked = [
        (question.text, question.gold <= held.keys())
        for question in chosen
        if question.gold <= held.keys() or not question.gold & held.keys()
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        KnowledgeBase.open(Path(folder) / "kb", load_embeddings("minilm")) as base,
    ):
        base.add_documents(
            [
                Document(text, id=id_, metadata={"title": title})
                for id_, title, text in held.values()
            ],
            extract_facts=False,
        )

        @cache
        def search(query: str, k: int):
            return base.search(query, k=k)

        scores = {
            text: score_answerability(Question(text), search(text, 10)).score for text, _ in asked
        }
        rows = []
        found = calibrate_from_sentences(base.database.texts(), search)
        rows.append(_row(kind, "its own sentences", found[language], asked, scores))
        for seed in range(seeds):
            mixed = random.Random(seed).sample(asked, len(asked))
            middle = len(mixed) // 2
            found = calibrate_from_questions(mixed[:middle], search)
            rows.append(_row(kind, "questions", found[language], mixed[middle:], scores))
    return rows


def _row(
    kind: str, by: str, found: Calibration, asked: list[tuple[str, bool]], scores: dict[str, float]
) -> Row:
    answerable = [scores[text] for text, can in asked if can]
    unanswerable = [scores[text] for text, can in asked if not can]
    rates = rates_at(answerable, unanswerable, found.threshold)
    return Row(
        kind,
        by,
        len(asked),
        100 * rates.declined,
        100 * found.declined,
        100 * rates.answered,
        100 * found.answered,
    )


def main() -> None:
    """Print a row a calibration; of several seeds their mean distance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="questions of each base (800)")
    parser.add_argument("--seeds", type=int, default=5, help="halves drawn of the questions")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    every = []
    for kind, name in BASES.items():
        rows = measure(kind, name, arguments.limit, arguments.seeds)
        every += rows
        if arguments.json:
            continue
        for row in rows:
            print(
                f"{row.base:18}{row.by:20}{row.questions:5}  declined {row.declined:5.1f} "
                f"(said {row.declined_forecast:5.1f})  answered {row.answered:5.1f} "
                f"(said {row.answered_forecast:5.1f})",
                flush=True,
            )
    if arguments.json:
        print(json.dumps([asdict(row) for row in every], indent=2))


if __name__ == "__main__":
    main()
