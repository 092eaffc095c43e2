"""Fits the weights of evaluation/support.py on pairs of `make_citation_pairs.py --half 0`.

A logistic regression in which nothing that speaks against a sentence may speak for it; the
threshold lets nine in ten of the heavily reworded true sentences through. benchmarks/citations.py
reports pairs of the other half.

Run: python benchmarks/train_citations.py PAIRS_FOLDER [--output FILE]
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
from citations import read_pairs
from scipy.optimize import minimize

from groundglm.evaluation.support import support_features

TABLE = Path(__file__).parents[1] / "evaluation/support.json"
# How much each kind weighs in all, however many pairs of it there are.
SHARES = {
    "short": 1.5, "light": 2, "heavy": 3, "statement": 2, "number": 1, "name": 1, "negation": 1,
    "name inside": 0.8, "number inside": 0.5, "added clause": 0.6, "swapped": 0.6, "antonym": 0.5,
    "statement with another answer": 0.6, "other passage": 0.3,
}  # fmt: skip
REWORDED = ("heavy", "statement", "short")
# The share of those that may be rejected in training.
LOST = {"en": 0.06, "zh": 0.1}
PENALTY = 20.0


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--output", type=Path, default=TABLE)
    parser.add_argument("--limit", type=int, default=4000)
    options = parser.parse_args()
    table = {}
    for language in ("en", "zh"):
        pairs = [one for one in read_pairs(options.pairs) if one.language == language]
        pairs = [one for one in pairs if one.kind in SHARES]
        pairs = random.Random(0).sample(pairs, min(options.limit, len(pairs)))
        rows = [support_features(one.sentence, one.evidence, language) for one in pairs]
        names = sorted({name for row in rows for name in row})
        data = np.array([[row.get(name, 0.0) for name in names] for row in rows])
        counts = Counter(one.kind for one in pairs)
        shares = np.array([1000 * SHARES[one.kind] / counts[one.kind] for one in pairs])
        held = np.array([one.supported for one in pairs])
        weights = fit(data, held, shares, [name == "clauses" for name in names])
        scores = data @ weights
        reworded = np.array([one.kind in REWORDED for one in pairs])
        bias = -np.quantile(scores[reworded], LOST[language])
        named = dict(zip(names, weights, strict=True))
        table[language] = {"bias": round(float(bias), 3)} | {
            name: round(float(weight), 3) for name, weight in named.items() if abs(weight) > 0.001
        }
    text = json.dumps(table, indent=1) + "\n"
    options.output.write_text(text, "utf-8")
    print(text, end="")


def fit(data, held, shares, free) -> np.ndarray:
    """Weights of a logistic regression; only those marked free may be above 0."""
    spread = data.std(0) + 1e-9
    scaled, sign = data / spread, np.where(held, 1.0, -1.0)

    def loss(values):
        margin = sign * (scaled @ values[1:] + values[0])
        slope = -(shares * sign / (1 + np.exp(margin)))
        gradient = np.concatenate([[slope.sum()], scaled.T @ slope + 2 * PENALTY * values[1:]])
        return (shares * np.logaddexp(0, -margin)).sum() + PENALTY * (
            values[1:] ** 2
        ).sum(), gradient

    bounds = [(None, None)] + [(None, None if one else 0) for one in free]
    found = minimize(loss, np.zeros(data.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x[1:] / spread


if __name__ == "__main__":
    main()
