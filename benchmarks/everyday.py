"""Everyday questions on real documents, asked as a user asks them, with a table by kind.

Each base of benchmarks/everyday/documents is built once; each row is a conversation with
`build_agent(base, model=ChatGLM3(engine="extractive"))`. What a reply must be stands in the row
(benchmarks/everyday/README.md); a program judges it.

Run: python benchmarks/everyday.py [--half reported] [--kind fact] [--wrong] [--embeddings hash]
[--json]
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from groundglm import Answer, ChatGLM3, KnowledgeBase, build_agent
from groundglm.knowledge import read_facts
from groundglm.loading import load_files
from groundglm.retrieval import HashEmbeddings, load_embeddings
from groundglm.text import fold

HERE = Path(__file__).resolve().parent / "everyday"
HALVES = ("tuning", "reported")


def rows_of(half: str) -> list[dict[str, Any]]:
    """The conversations of a half."""
    lines = (HERE / f"{half}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def build_base(name: str, folder: Path, embeddings: Any) -> KnowledgeBase:
    """The base of a folder of documents."""
    base = KnowledgeBase.open(folder / name, embeddings)
    source = HERE / "documents" / name
    if name == "tables":
        base.add_facts(read_facts(source / "facts.csv"), document_id="facts.csv", title="facts")
        return base
    found = load_files([source], root=source)
    report = base.add_documents(one for one in found if isinstance(one, Document))
    assert not report.refused, report.refused
    return base


def holds(text: str, wanted: str) -> bool:
    """Whether a text holds what is wanted; letters and digits of English as whole words."""
    pattern = re.escape(fold(wanted))
    if wanted[0].isascii() and wanted[0].isalnum():
        pattern = rf"(?<![a-z0-9])(?<!\d[.,]){pattern}"
    if wanted[-1].isascii() and wanted[-1].isalnum():
        pattern = rf"{pattern}(?![a-z0-9]|[.,]\d)"
    return re.search(pattern, fold(text)) is not None


def is_right(row: dict[str, Any], answer: Answer) -> bool:
    """Whether a reply is what its row expects."""
    outcome = row.get("outcome", "answer")
    if outcome == "reply":
        return not answer.declined and bool(answer.text.strip()) and not answer.citations
    if answer.declined:
        suggested = "suggest" in row and holds(answer.text, row["suggest"])
        return suggested or outcome in ("decline", "answer or decline")
    if outcome == "decline":
        return False
    cited = [piece for one in answer.citations for piece in answer.numbered[one.number].sources]
    if "source" in row and not any(
        fold(row["source"]) in fold(f"{source.title}\n{source.document_id}") for source in cited
    ):
        return False
    return all(any(holds(answer.text, one) for one in group) for group in row.get("want", []))


def asked(rows: list[dict[str, Any]], embeddings: Any) -> Iterator[tuple[dict[str, Any], Answer]]:
    """Each row with the reply to its last turn."""
    with tempfile.TemporaryDirectory() as folder:
        agents: dict[str, Any] = {}
        for row in rows:
            name = row["base"]
            if name not in agents:
                base = build_base(name, Path(folder), embeddings)
                agents[name] = build_agent(base, model=ChatGLM3(engine="extractive"))
            for turn in row["ask"]:
                answer = agents[name].ask(turn, thread_id=row["id"])
            yield row, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", default="reported", choices=HALVES)
    parser.add_argument("--kind")
    parser.add_argument("--wrong", action="store_true", help="print the replies that are wrong")
    parser.add_argument("--embeddings", default="minilm", help='"hash" needs no model')
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [r for r in rows_of(options.half) if options.kind in (None, r["kind"])]
    is_hash = options.embeddings == "hash"
    embeddings = HashEmbeddings() if is_hash else load_embeddings(options.embeddings)
    right: defaultdict[str, list[bool]] = defaultdict(list)
    start = time.process_time()
    for row, answer in asked(rows, embeddings):
        is_good = is_right(row, answer)
        right[row["kind"]].append(is_good)
        if options.wrong and not is_good:
            told = f"{row['id']} {row['kind']}: {' / '.join(row['ask'])}"
            wanted = f"{row.get('want')} {row.get('outcome', 'answer')}"
            print(f"{told}\n    {answer.text[:300]!r}\n    wanted: {wanted}", file=sys.stderr)
    seconds = time.process_time() - start
    table = {
        kind: {
            "right": sum(found),
            "of": len(found),
            "percent": round(100 * sum(found) / len(found)),
        }
        for kind, found in sorted(right.items())
    }
    every = [one for found in right.values() for one in found]
    table["all"] = {
        "right": sum(every),
        "of": len(every),
        "percent": round(100 * sum(every) / len(every)),
    }
    if options.json:
        print(json.dumps({"half": options.half, "kinds": table, "cpu_seconds": round(seconds, 1)}))
        return
    print(f"half: {options.half}; {seconds:.0f} s of CPU, building the bases included")
    for kind, row in table.items():
        print(f"{kind:24} {row['right']:4} of {row['of']:3}   {row['percent']:3} %")


if __name__ == "__main__":
    main()
