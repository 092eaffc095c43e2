"""How a base grows: build, memory, disk, open, query, add one, delete one; passages and facts.

Passages are those of `store.py` (beyond the data's own, with other words and perturbed vectors);
their vectors are given, so embedding is apart. Each size is measured in a process of its own.
Facts are made up: a quarter as many entities, of which few have most facts.
Run: python benchmarks/growth.py [--passages 10000,100000] [--facts 10000,100000] [--json]
"""

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import datasets
import numpy as np
import store
from langchain_core.documents import Document

from groundglm import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

_BATCH = 20_000


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def memory() -> float:
    """The memory that this process has now, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def on_disk(folder: Path) -> float:
    """The bytes of all files of a base, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def of_reading(folder: Path, questions: list[str], given: store.Given) -> dict[str, float]:
    """What a process pays that only reads: opening, the first answer, the others, memory."""
    before = memory()
    figures = {}
    opened: list[KnowledgeBase] = []
    figures["open_ms"] = timed(lambda: opened.append(KnowledgeBase.open(folder, given)))
    (base,) = opened
    figures["first_answer_ms"] = timed(lambda: base.search(questions[0], mode="hybrid"))
    for mode in ("vector", "bm25", "hybrid"):
        figures[f"{mode}_ms"] = store.middle(
            lambda q, m=mode: base.search(q, k=10, mode=m), questions
        )
    figures["reader_mb"] = memory() - before
    base.close()
    return figures


def passages(count: int) -> dict[str, float]:
    """The figures of a base of so many passages."""
    given = store.Given()
    known = np.load(datasets.DATA / "musique" / "minilm_fp16.npz")["queries"].astype(np.float32)
    lines = (datasets.DATA / "musique" / "queries.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines][:100]
    given.vectors |= dict(zip(questions, known[:100], strict=True))
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kb"
        seconds, batch = 0.0, list[Document]()
        with KnowledgeBase.open(folder, given) as base:
            for document in store.corpus(count, given):
                batch.append(document)
                if len(batch) == _BATCH:
                    seconds += timed(lambda: base.add_documents(batch, extract_facts=False)) / 1000
                    batch.clear()
                    for key in [key for key in given.vectors if "\n" in key]:
                        del given.vectors[key]
            if batch:
                seconds += timed(lambda: base.add_documents(batch, extract_facts=False)) / 1000
        figures["passages_per_second"] = count / seconds
        figures["disk_mb"] = on_disk(folder)
        given.vectors = {q: given.vectors[q] for q in questions}
        figures |= _apart(of_reading, folder, questions, given)
        with KnowledgeBase.open(folder, given) as base:
            base.search(questions[0])
            new = Document("One more of it.", id="new")
            figures["add_one_ms"] = timed(lambda: base.add_documents([new]))
            figures["answer_after_add_ms"] = timed(lambda: base.search(questions[1]))
            figures["delete_one_ms"] = timed(lambda: base.delete(["d7"]))
            figures["answer_after_delete_ms"] = timed(lambda: base.search(questions[2]))
    return figures


def facts(count: int) -> dict[str, float]:
    """The figures of a base of so many facts."""
    chance = random.Random(0)
    entities = [f"Entity {chr(97 + n % 26)}{n}" for n in range(max(4, count // 4))]
    relations = ["builder", "located in", "director", "born in", "part of"]

    def one() -> dict[str, str]:
        place = min(int(chance.paretovariate(0.6)) - 1, len(entities) - 1)
        subject, object_ = entities[place], chance.choice(entities)
        return {"subject": subject, "predicate": chance.choice(relations), "object": object_}

    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kb"
        with KnowledgeBase.open(folder, HashEmbeddings(8)) as base:
            started = time.perf_counter()
            for start in range(0, count, 1000):
                base.add_facts([one() for _ in range(1000)], document_id=f"facts{start}")
            figures["facts_per_second"] = count / (time.perf_counter() - started)
        figures["disk_mb"] = on_disk(folder)
        figures |= _apart(of_facts, folder, entities)
        with KnowledgeBase.open(folder, HashEmbeddings(8)) as base:
            figures["add_one_ms"] = timed(lambda: base.add_facts([one()], document_id="new"))
            figures["delete_thousand_ms"] = timed(lambda: base.delete(["facts0"]))
    return figures


def of_facts(folder: Path, entities: list[str]) -> dict[str, float]:
    """What a process pays that only asks for facts."""
    before = memory()
    figures = {}
    opened: list[KnowledgeBase] = []
    figures["open_ms"] = timed(lambda: opened.append(KnowledgeBase.open(folder, read_only=True)))
    (base,) = opened
    asked = entities[100:200]
    questions = [f"Who is the director of the builder of {e}?" for e in asked]
    figures["first_question_ms"] = timed(lambda: base.link(questions[0]))
    figures["first_search_ms"] = timed(lambda: relevant(base, questions[1]))
    figures["facts_ms"] = store.middle(base.facts, asked)
    figures["hub_facts"] = base.fact_count(entities[0])
    figures["hub_ms"] = timed(lambda: base.facts(entities[0]))
    figures["hub_question_ms"] = timed(
        lambda: relevant(base, f"Who is the director of {entities[0]}?")
    )
    figures["link_ms"] = store.middle(base.link, questions)
    figures["question_ms"] = store.middle(lambda q: relevant(base, q), questions)
    figures["paths_ms"] = store.middle(lambda e: base.paths(entities[3], e), asked[:20])
    figures["near_ms"] = store.middle(base.names_near, ["Who built Entitty b27?", "Entityy c28"])
    figures["reader_mb"] = memory() - before
    base.close()
    return figures


def relevant(base: KnowledgeBase, question: str) -> list[object]:
    """The facts for a question, without the passages, of which there are none here."""
    return [*base.search(question, mode="graph", k=1)]


def _apart(call: Callable[..., dict[str, float]], *arguments: object) -> dict[str, float]:
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned) as pool:
        return pool.submit(call, *arguments).result()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", default="10000,100000")
    parser.add_argument("--facts", default="10000,100000")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for measure, sizes in ((passages, given.passages), (facts, given.facts)):
        for size in filter(None, sizes.split(",")):
            found[f"{size} {measure.__name__}"] = _apart(measure_of, measure.__name__, int(size))
            if not given.json:
                print(f"{size} {measure.__name__}")
                for name, value in found[f"{size} {measure.__name__}"].items():
                    print(f"  {name:24} {value:12.1f}", flush=True)
    if given.json:
        print(json.dumps(found))


def measure_of(name: str, size: int) -> dict[str, float]:
    """`passages` or `facts` by its name."""
    return passages(size) if name == "passages" else facts(size)


if __name__ == "__main__":
    main()
