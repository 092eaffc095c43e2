"""How often an agent without weights calls what nobody asked for, and finds what somebody did.

Questions of public data sets are no requests: with functions on offer none should be called. The
requests and other utterances are those of tests/utterances.py. All are asked of an agent over a
base that holds the questions' own documents, as a user's are.

Run: python benchmarks/calls.py [--limit 300] [--json]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from datasets import load
from langchain_core.documents import Document

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.agent import GroundedAgent
from groundglm.retrieval import HashEmbeddings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from utterances import FUNCTIONS, NO_REQUESTS_EN, NO_REQUESTS_ZH, REQUESTS  # noqa: E402


def calls(agent: GroundedAgent, text: str) -> list[tuple[str, dict[str, object]]]:
    """What an agent calls or proposes to call for a text."""
    return [(use.name, dict(use.args)) for use in agent.ask(text).tool_calls]


def measure(limit: int, base: KnowledgeBase) -> dict[str, dict[str, object]]:
    """Calls of questions and other utterances, and how many of the requests are called rightly."""
    sets = {name: load(name) for name in ("hotpotqa", "cmrc2018")}
    for name, corpus in sets.items():
        base.add_documents(
            (
                Document(text, id=f"{name} {id_}", metadata={"title": title})
                for id_, title, text in corpus.documents
            ),
            extract_facts=False,
        )
    agent = build_agent(base, model=ChatGLM3(engine="extractive"), tools=FUNCTIONS)
    texts = {
        name: [one.text for one in corpus.questions][: limit or None]
        for name, corpus in sets.items()
    }
    texts["no requests"] = [*NO_REQUESTS_EN, *NO_REQUESTS_ZH]
    report: dict[str, dict[str, object]] = {}
    for name, said in texts.items():
        called = [(text, call) for text in said for call in calls(agent, text)]
        report[name] = {"utterances": len(said), "called": len(called), "calls": called}
    right = sum(calls(agent, text) == [(name, args)] for text, name, args in REQUESTS)
    report["requests"] = {"utterances": len(REQUESTS), "right": right}
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=300, help="questions of each set; 0 for all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        KnowledgeBase.open(Path(folder) / "base", HashEmbeddings(64)) as base,
    ):
        report = measure(options.limit, base)
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for name, row in report.items():
        figure = f"{row['right']} right" if "right" in row else f"{row['called']} called"
        print(f"{name:12} {row['utterances']:6} utterances, {figure}")
        for text, call in row.get("calls", ()):
            print(f"    {text}: {call}")


if __name__ == "__main__":
    main()
