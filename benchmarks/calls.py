"""How often the engine without weights calls what nobody asked for, and finds what somebody did.

Questions of public data sets are no requests: with functions on offer none should be called. The
requests and other utterances are those of tests/utterances.py.

Run: python benchmarks/calls.py [--limit 300] [--json]
"""

import argparse
import json
import sys
from pathlib import Path

from datasets import load
from langchain_core.utils.function_calling import convert_to_openai_tool

from groundglm.questions.question import Question
from groundglm.questions.tool_selection import choose_tool
from groundglm.tools import as_tool

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from utterances import FUNCTIONS, NO_REQUESTS_EN, NO_REQUESTS_ZH, REQUESTS  # noqa: E402

TOOLS = [convert_to_openai_tool(as_tool(one))["function"] for one in FUNCTIONS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=300, help="questions of each set; 0 for all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report: dict[str, dict[str, object]] = {}
    for name in ("hotpotqa", "cmrc2018"):
        questions = [one.text for one in load(name).questions][: options.limit or None]
        called = [
            (text, call) for text in questions if (call := choose_tool(Question(text), TOOLS))
        ]
        report[name] = {"questions": len(questions), "called": len(called), "calls": called}
    said = [*NO_REQUESTS_EN, *NO_REQUESTS_ZH]
    called = [(text, call) for text in said if (call := choose_tool(Question(text), TOOLS))]
    report["no requests"] = {"questions": len(said), "called": len(called), "calls": called}
    right = sum(choose_tool(Question(text), TOOLS) == (name, args) for text, name, args in REQUESTS)
    report["requests"] = {"questions": len(REQUESTS), "right": right}
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for name, row in report.items():
        figure = f"{row['right']} right" if "right" in row else f"{row['called']} called"
        print(f"{name:12} {row['questions']:6} utterances, {figure}")
        for text, call in row.get("calls", ()):
            print(f"    {text}: {call}")


if __name__ == "__main__":
    main()
