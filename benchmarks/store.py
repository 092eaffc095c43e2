"""Speed of a base's passages beside bare parts, in one run: opening, vector, BM25, hybrid, filters.

Passages are those of HotpotQA and MuSiQue with their MiniLM vectors (embedding is apart); beyond
their number they come again with other words and perturbed vectors. Times are milliseconds of
questions of the data, the middle one; read the ratios. rank_bm25 is asked up to 20,000 passages.
Run: python benchmarks/store.py [--passages 10000] [--questions 100] [--json]
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator

import datasets
import faiss
import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from rank_bm25 import BM25Okapi

from groundglm import KnowledgeBase
from groundglm.text import words

SETS = ("hotpotqa", "musique")


class Given(Embeddings):
    """Vectors that were made before, by the text that they belong to."""

    def __init__(self) -> None:
        self.vectors: dict[str, np.ndarray] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a text; of an unknown one always the same."""
        found = self.vectors.get(text)
        return np.ones(384).tolist() if found is None else found.tolist()


def corpus(count: int, given: Given) -> Iterator[Document]:
    """So many passages; their vectors are noted in `given`."""
    chance = random.Random(0)
    noise = np.random.default_rng(0)
    passages: list[tuple[str, str, np.ndarray]] = []
    for name in SETS:
        listed = datasets.load(name).documents
        vectors = np.load(datasets.DATA / name / "minilm_fp16.npz")["passages"].astype(np.float32)
        passages += [(t, x, v) for (_, t, x), v in zip(listed, vectors, strict=True)]
    vocabulary = " ".join(text for _, text, _ in passages[:2000]).split()
    for number in range(count):
        title, text, vector = passages[number % len(passages)]
        if number >= len(passages):
            text = " ".join(
                chance.choice(vocabulary) if chance.random() < 0.3 else word
                for word in text.split()
            )
            vector = vector + noise.normal(size=384).astype(np.float32) * 0.02
            vector /= np.linalg.norm(vector)
        given.vectors[f"{title}\n{text}"] = vector
        kept = {"title": title, "part": number % 2}
        labels = {"labels": ["staff"]} if number % 3 == 0 else {}
        yield Document(text, id=f"d{number}", metadata=kept | labels)


def middle(ask: Callable[[str], object], questions: list[str]) -> float:
    """The middle time of a question in milliseconds, after one that is not counted."""
    ask(questions[0])
    times: list[float] = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def measure(count: int, asked: int) -> dict[str, float]:
    """All figures of one base."""
    given = Given()
    documents = list(corpus(count, given))
    questions: list[str] = []
    for name in SETS:
        vectors = np.load(datasets.DATA / name / "minilm_fp16.npz")["queries"].astype(np.float32)
        texts = [
            json.loads(line)["question"]
            for line in (datasets.DATA / name / "queries.jsonl").read_text("utf-8").splitlines()
        ]
        given.vectors |= dict(zip(texts, vectors, strict=True))
        questions += texts[: asked // 2]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with KnowledgeBase.open(folder, given) as base:
            base.add_documents(documents, extract_facts=False)
        figures["add_per_second"] = count / (time.perf_counter() - started)
        started = time.perf_counter()
        base = KnowledgeBase.open(folder, given, create=False)
        base.search(questions[0], mode="hybrid")
        figures["open_and_first_answer_ms"] = 1000 * (time.perf_counter() - started)
        for mode in ("vector", "bm25", "hybrid"):
            for name, options in (
                ("", {}),
                ("_filter", {"filter": {"part": 1}}),
                ("_labels", {"labels": ["guest"]}),
            ):
                figures[f"{mode}{name}_ms"] = middle(
                    lambda q, m=mode, o=options: base.search(q, k=10, mode=m, **o), questions
                )
        base.close()
    flat = faiss.IndexFlatIP(384)
    flat.add(
        np.stack([given.vectors[f"{d.metadata['title']}\n{d.page_content}"] for d in documents])
    )
    figures["bare_faiss_flat_ms"] = middle(
        lambda q: flat.search(given.vectors[q][None, :], 100), questions
    )
    if count <= 20_000:
        peer = BM25Okapi([words(f"{d.metadata['title']} {d.page_content}") for d in documents])
        figures["rank_bm25_ms"] = middle(
            lambda q: np.argsort(peer.get_scores(words(q)))[-10:], questions
        )
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = measure(given.passages, given.questions)
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value:10.2f}")


if __name__ == "__main__":
    main()
