"""CPU seconds of `groundglm search` and `ask` from a cold start, beside the bare imports they need.

Each runs in a process of its own over a base of HotpotQA and MuSiQue passages and one Chinese
document per hundred of CMRC 2018; the least of several runs counts.
Run: python benchmarks/cold.py [--passages 10000] [--runs 5] [--json]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import datasets
import numpy as np
import store
from langchain_core.documents import Document

from groundglm import KnowledgeBase
from groundglm.retrieval import load_embeddings
from groundglm.retrieval.embeddings import _PROBE as PROBE

IMPORTS = {
    "search": "import typer, numpy, faiss, langchain_core.retrievers, langchain_core.vectorstores",
    "ask": "import typer, numpy, faiss, langchain.agents, langchain_core.vectorstores",
}
QUESTIONS = {
    "en": "What nationality is the director of the film Big Stone Gap?",
    "zh": "范廷颂是什么时候被任为主教的？",
}


def cpu(arguments: Sequence[str]) -> float:
    """CPU seconds, user and system, of a Python process with these arguments."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(count: int, runs: int) -> dict[str, float]:
    """All figures of one base."""
    vectors = store.Given()
    documents = list(store.corpus(count, vectors))
    chinese = datasets.load("cmrc2018").documents[: max(1, count // 100)]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kb"
        # The vectors are MiniLM's own, made before, so the base is then opened with that model.
        vectors.vectors[PROBE] = np.asarray(load_embeddings("minilm").embed_query(PROBE))
        vectors.model = "minilm"
        KnowledgeBase.open(folder).close()
        with KnowledgeBase.open(folder, vectors) as base:
            base.add_documents(documents)
            base.add_documents(
                Document(text, id=f"zh{id_}", metadata={"title": title})
                for id_, title, text in chinese
            )
        for command, imports in IMPORTS.items():
            figures[f"{command}_bare_imports"] = min(cpu(["-c", imports]) for _ in range(runs))
            for language, question in QUESTIONS.items():
                arguments = ["-m", "groundglm", command, question, "--kb", str(folder)]
                figures[f"{command}_{language}"] = min(cpu(arguments) for _ in range(runs))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = measure(given.passages, given.runs)
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value:6.2f} s of CPU")


if __name__ == "__main__":
    main()
