"""What searching the nearest clusters of many vectors misses and saves, beside looking at all.

The vectors are MiniLM's of HotpotQA and MuSiQue, beyond their number the same again with noise, as
in `store.py`; so each has near twins, and the share that is found is rather too low. Asked with the
vectors of MuSiQue's questions, also where one in a hundred may be seen.
Run: python benchmarks/clusters.py [--vectors 300000] [--questions 100] [--json]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import datasets
import numpy as np
import store

from groundglm.retrieval import VectorIndex
from groundglm.retrieval.vector_file import VectorFile, train_centres, write_vectors


def vectors_of(count: int) -> np.ndarray:
    """So many normalised vectors, float16 [count, 384]."""
    known = np.concatenate(
        [np.load(datasets.DATA / name / "minilm_fp16.npz")["passages"] for name in store.SETS]
    ).astype(np.float32)
    noise = np.random.default_rng(0)
    made = np.empty((count, known.shape[1]), dtype="<f2")
    for start in range(0, count, len(known)):
        part = known[: count - start]
        if start:
            part = part + noise.normal(size=part.shape).astype(np.float32) * 0.02
        made[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return made


def measure(count: int, asked: int) -> dict[str, float]:
    """The figures of one size."""
    codes = vectors_of(count)
    questions = np.load(datasets.DATA / "musique" / "minilm_fp16.npz")["queries"]
    questions = questions[:asked].astype(np.float32)
    numbers = np.arange(1, count + 1)
    seldom = np.zeros(count + 1, dtype=bool)
    seldom[::100] = True
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        exact = VectorIndex(codes.shape[1])
        exact.add(numbers, codes)
        started = time.perf_counter()
        centres = train_centres(codes, 1 << round(np.log2(4 * np.sqrt(count))))
        figures["training_s"] = time.perf_counter() - started
        file = VectorFile(write_vectors(Path(name), numbers, codes, centres))
        figures["training_and_writing_s"] = time.perf_counter() - started
        clusters = VectorIndex(codes.shape[1], file)
        for kind, visible in (("all", None), ("one in a hundred", seldom)):
            found: dict[str, list[list[int]]] = {}
            for way, index in (("flat", exact), ("clusters", clusters)):
                index.search(questions[0], k=10, visible=visible)
                times: list[float] = []
                found[way] = []
                for question in questions:
                    started = time.perf_counter()
                    hits = index.search(question, k=10, visible=visible)
                    times.append(time.perf_counter() - started)
                    found[way].append([number for number, _ in hits[:10]])
                figures[f"{way}_ms, {kind}"] = 1000 * float(np.median(times))
            shares = [
                len(set(a) & set(b)) / 10
                for a, b in zip(found["flat"], found["clusters"], strict=True)
            ]
            figures[f"recall_at_10, {kind}"] = float(np.mean(shares))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=300_000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = measure(given.vectors, given.questions)
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:32} {value:10.3f}")


if __name__ == "__main__":
    main()
