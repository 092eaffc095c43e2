"""Fits the weights of questions/answerability.py and writes them where it reads them.

Only the half of the questions that chooses settings is seen; benchmarks/declining.py reports the
other. Chinese: CMRC 2018 with the passage gone and with only the answer's sentences gone, and RGB
with its own negatives. English: HotpotQA and MuSiQue with the gold passages gone, HotpotQA with
only the answer's sentences gone. Each question is seen as it is and in other words
(paraphrases.py). It needs scikit-learn, which comes with sentence-transformers.

Run: python benchmarks/train_answerability.py [--output FILE]
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import datasets
import declining
import numpy as np
from paraphrases import paraphrase
from sklearn.linear_model import LogisticRegression

from groundglm.questions.answerability import features

TABLE = Path(__file__).parents[1] / "questions/answerability.json"
SETS = {
    "zh": (
        ("cmrc2018", "passage gone", 500),
        ("cmrc2018", "answer sentences gone", 350),
        ("rgb_zh", "own negatives only", None),
    ),
    "en": (
        ("hotpotqa", "both hops gone", None),
        ("hotpotqa", "answer sentences gone", 350),
        ("musique", "both hops gone", None),
    ),
}
# The share of questions with their passage gone (the first set) that 0.5 declines.
DECLINED = {"zh": 0.88, "en": 0.80}


@dataclass
class Features:
    """In place of a score: what the benchmark would have scored."""

    score: list[float]


def collect(
    name: str, case: str, limit: int | None, reword: Callable[[str], str]
) -> tuple[list, list, list[str]]:
    """Features of the questions, put in other words, with and without their answer."""
    names: list[str] = []

    def judge(question, evidence):
        values = features(question, evidence) or {}
        names[:] = list(values) or names
        return Features(list(values.values()) or [0.0] * len(names))

    original, declining.score_answerability = declining.score_answerability, judge
    try:
        return (*declining.scores(datasets.load(name), 0, limit, case, reword), names)
    finally:
        declining.score_answerability = original


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=TABLE)
    options = parser.parse_args()
    table: dict[str, dict[str, float]] = {}
    for language, sets in SETS.items():
        rows, labels, shares = [], [], []
        names: list[str] = []
        wordings: tuple[Callable[[str], str], ...] = (str, partial(paraphrase, part="training"))
        for (name, case, limit), reword in product(sets, wordings):
            held, gone, names = collect(name, case, limit, reword)
            rows += [np.array(held), np.array(gone)]
            labels += [np.ones(len(held)), np.zeros(len(gone))]
            shares.append(np.full(len(held) + len(gone), 150 / len(held)))
        data = np.vstack(rows)
        mean, spread = data.mean(0), data.std(0) + 1e-9
        model = LogisticRegression(max_iter=2000).fit(
            (data - mean) / spread, np.concatenate(labels), sample_weight=np.concatenate(shares)
        )
        weights = model.coef_[0] / spread
        bias = -np.quantile(rows[1] @ weights, DECLINED[language])
        named = dict(zip(names, weights, strict=True))
        table[language] = {name: round(float(w), 2) for name, w in {"bias": bias, **named}.items()}
    text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
    options.output.write_text(text, "utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
