"""What the small model can do: held-out calls, answers and declines, beside the other engines.

The engine without weights, SmolLM2 without and with the adapter; each alone (the chat model is
given messages and tools) and with the agent around it. Names, values, wordings and half of the
relations of the cases were never in the training data; BFCL, HotpotQA, MuSiQue and CMRC are
public.
Counted by a program: a call is right when name and arguments are, an answer when it holds what was
asked for, its numbers when they are those of the right pieces and no other.

Run: python benchmarks/small_adapter.py [--limit 60] [--engines small] [--sets seen,unseen] [--json]
"""

import argparse
import json
import lzma
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from datasets import DATA, load
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import StructuredTool

from groundglm import ChatGLM3, build_agent
from groundglm.checkpoints.small_model import cached_small_model
from groundglm.evidence import Evidence, Source
from groundglm.notation import format_evidence, is_decline
from groundglm.text import fold

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "training"), str(ROOT / "tests")]

from calls import Caller  # noqa: E402
from cases import INSUFFICIENT, SYSTEM_PROMPT, Case, agent_tools  # noqa: E402
from chatglm3_prompts import english, perplexity  # noqa: E402

from questions import Asker  # noqa: E402

SEED = 20_261
_FEW = ("seen", "unseen", "bfcl simple", "bfcl multiple")


@dataclass
class Task:
    """One thing to do, and how it is judged."""

    question: str
    functions: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    call: Callable[[str, dict[str, Any]], bool] | None = None
    contents: list[list[str]] = field(default_factory=list)
    right: list[str] = field(default_factory=list)  # ids of pieces
    kind: str = ""


@dataclass
class Reply:
    """What came of a task."""

    text: str
    calls: list[tuple[str, dict[str, Any]]]
    cited: set[str]
    declined: bool
    seconds: float


# --- tasks ----------------------------------------------------------------------------------------


def _same(given: Any, wanted: Any) -> bool:
    if isinstance(given, str) and isinstance(wanted, str):
        return _named(given) == _named(wanted)
    if isinstance(given, list) and isinstance(wanted, list):
        return len(given) == len(wanted) and all(map(_same, given, wanted))
    if isinstance(given, dict) and isinstance(wanted, dict):
        return given.keys() == wanted.keys() and all(_same(given[k], wanted[k]) for k in wanted)
    return given == wanted and isinstance(given, bool) == isinstance(wanted, bool)


def _named(text: str) -> str:
    """A name without the article before it: "the attic" is the attic."""
    return fold(text).removeprefix("the ").removeprefix("a ").strip(" .")


def own_calls(count: int, *, held_functions: bool) -> Iterator[Task]:
    caller = Caller(random.Random(SEED), held=True, held_functions=held_functions)
    for _ in range(count):
        case = caller.call()
        turn = case.turns[0]
        (call,) = turn.calls
        yield Task(
            turn.question,
            case.functions,
            call=lambda name, args, call=call: name == call.name and _same(args, call.args),
        )


def quiet(count: int) -> Iterator[Task]:
    caller = Caller(random.Random(SEED + 1), held=True)
    for _ in range(count):
        case = caller.quiet()
        yield Task(case.turns[0].question, case.functions, kind=case.kind)


_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}


def _standard(schema: Any) -> Any:
    if isinstance(schema, dict):
        found = {key: _standard(value) for key, value in schema.items()}
        kind = found.get("type")
        if isinstance(kind, str):
            found["type"] = _TYPES.get(kind, kind)
        return found
    return [_standard(one) for one in schema] if isinstance(schema, list) else schema


def _lines(name: str) -> list[dict[str, Any]]:
    path = DATA / "bfcl" / name
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def bfcl(name: str, count: int) -> Iterator[Task]:
    suffix = ".xz" if name == "multiple" else ""
    rows = _lines(f"BFCL_v4_{name}.json{suffix}")
    folder = DATA / "bfcl" / "possible_answer"
    answers: dict[str, Any] = {}
    found = next(iter(folder.glob(f"BFCL_v4_{name}.json*")), None) if folder.is_dir() else None
    if found is not None:
        answers = {
            one["id"]: one["ground_truth"] for one in _lines(f"possible_answer/{found.name}")
        }
    rows = sorted(rows, key=lambda row: zlib.crc32(row["id"].encode()))[:count]
    for row in rows:
        functions = [
            {
                "name": one["name"],
                "description": one["description"],
                "parameters": _standard(one["parameters"]),
            }
            for one in row["function"]
        ]
        call = None
        if answers:
            (wanted,) = answers[row["id"]]
            call = lambda name, args, wanted=wanted: _accepted(name, args, wanted)  # noqa: E731
        yield Task(row["question"][0][0]["content"], functions, call=call, kind="irrelevance")


def _accepted(name: str, args: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """BFCL's rule: each value is one of those that are accepted; "" among them may be left out."""
    if name not in wanted:
        return False
    accepted = wanted[name]
    if any(key not in accepted for key in args):
        return False
    for key, values in accepted.items():
        if key not in args:
            if "" not in values:
                return False
        elif not any(_fits(args[key], value) for value in values):
            return False
    return True


def _fits(given: Any, wanted: Any) -> bool:
    if isinstance(given, dict) and isinstance(wanted, dict):
        return all(
            any(
                _fits(given[key], one) for one in (values if isinstance(values, list) else [values])
            )
            if key in given
            else "" in values
            for key, values in wanted.items()
        ) and all(key in wanted for key in given)
    if isinstance(given, str) and isinstance(wanted, str):
        return _bare(given) == _bare(wanted)
    return _same(given, wanted)


def _bare(text: str) -> str:
    return "".join(one for one in text.lower() if one not in " ,./-_*^'\"")


def _own(case: Case) -> Task:
    turn = case.turns[0]
    by_number = dict(turn.evidence)
    return Task(
        turn.question,
        case.functions,
        [piece for _, piece in turn.evidence],
        contents=[[one] for one in turn.contents],
        right=[by_number[number].id for number in turn.numbers],
        kind=case.kind,
    )


def own_answers(count: int, pieces: int) -> Iterator[Task]:
    asker = Asker(random.Random(SEED + pieces), held=True, prose=_PROSE)
    for number in range(count):
        if pieces == 1:
            yield _own(asker.answer(pieces=1))
        else:
            kinds = (asker.answer, asker.both, asker.bridge) if pieces > 2 else (
                asker.both, asker.bridge
            )  # fmt: skip
            yield _own(kinds[number % len(kinds)](pieces=pieces))


def own_declines(count: int) -> Iterator[Task]:
    asker = Asker(random.Random(SEED + 9), held=True, prose=_PROSE)
    for number in range(count):
        yield _own(asker.decline(pieces=1 + number % 5))


# Paragraphs to put between; the training data has others.
_PROSE = [
    "The committee met twice last month and put off its decision until the autumn.",
    "A light breeze came from the sea, and the boats lay still in the harbour.",
    "There are many ways to describe a colour, and none of them is complete.",
    "The old road was closed after the storm, so the villagers took the path by the river.",
]


def public(name: str, count: int, *, pieces: int = 5, gone: bool = False) -> Iterator[Task]:
    """Questions of a data set's test half, the gold passages among others of its corpus."""
    corpus = load(name)
    texts = {id_: (title, text) for id_, title, text in corpus.documents}
    ids = sorted(texts)
    questions = [one for one in corpus.questions if one.half == 1 and one.gold and one.answers]
    rng = random.Random(SEED)
    rng.shuffle(questions)
    for question in questions[:count]:
        gold = sorted(question.gold)
        others = [one for one in rng.sample(ids, pieces + 10) if one not in question.gold]
        shown = others[:pieces] if gone else [*gold, *others][: max(pieces, len(gold))]
        rng.shuffle(shown)
        yield Task(
            question.text,
            evidence=[
                Evidence(
                    one, "passage", texts[one][1][:900], 1.0, "", (Source(one, texts[one][0]),)
                )
                for one in shown
            ],
            contents=[] if gone else [list(question.answers)],
            right=[] if gone else gold,
            kind="decline" if gone else "answer",
        )


SETS: dict[str, Callable[[int], Iterator[Task]]] = {
    "seen": lambda n: own_calls(n, held_functions=False),
    "unseen": lambda n: own_calls(n, held_functions=True),
    "bfcl simple": lambda n: bfcl("simple_python", n),
    "bfcl multiple": lambda n: bfcl("multiple", n),
    "quiet": quiet,
    "bfcl irrelevance": lambda n: bfcl("irrelevance", n),
    "answers 1": lambda n: own_answers(n, 1),
    "answers 2": lambda n: own_answers(n, 2),
    "answers 5": lambda n: own_answers(n, 5),
    "hotpotqa": lambda n: public("hotpotqa", n),
    "musique": lambda n: public("musique", n),
    "cmrc2018": lambda n: public("cmrc2018", n, pieces=2),
    "declines": own_declines,
    "hotpotqa gone": lambda n: public("hotpotqa", n, gone=True),
}


# --- doing them -----------------------------------------------------------------------------------


class _Given:
    """A source that finds what the task brings along."""

    def __init__(self, pieces: list[Evidence]) -> None:
        self.pieces = pieces

    def search(self, query: str, *, k: int = 5, **kwargs: Any) -> list[Evidence]:
        return self.pieces


def with_agent(chat: ChatGLM3, task: Task, threshold: float | None = None) -> Reply:
    made: list[tuple[str, dict[str, Any]]] = []

    def tool(spec: dict[str, Any]) -> StructuredTool:
        def run(**args: Any) -> str:
            return "ok"

        return StructuredTool(
            name=spec["name"],
            description=spec["description"],
            args_schema=spec["parameters"],
            func=run,
        )

    agent = build_agent(
        _Given(task.evidence),
        model=chat,
        threshold=threshold,
        tools=[tool(one) for one in task.functions],
        # Of a call only the call counts, not how its result is told.
        max_steps=1 if not task.evidence else 4,
    )
    start = time.perf_counter()
    answer = agent.ask(task.question)
    made = [(use.name, dict(use.args)) for use in answer.tool_calls]
    return Reply(
        answer.text,
        made,
        {one.evidence_id for one in answer.citations},
        answer.declined,
        time.perf_counter() - start,
    )


def alone(chat: ChatGLM3, task: Task) -> Reply:
    start = time.perf_counter()
    numbered = list(enumerate(task.evidence, start=1))
    if task.evidence or task.kind == "decline":
        call = {"name": "search_knowledge", "args": {"query": task.question}, "id": "s"}
        shown = format_evidence(numbered) or INSUFFICIENT["en"]
        messages = [
            SystemMessage(SYSTEM_PROMPT),
            HumanMessage(task.question),
            AIMessage("", tool_calls=[call]),
            ToolMessage(shown, tool_call_id="s", name="search_knowledge"),
        ]
        tools = agent_tools(task.functions)
    else:
        messages = [HumanMessage(task.question)]
        tools = [{"type": "function", "function": one} for one in task.functions]
    said = chat.bind_tools(tools).invoke(messages)
    text = said.text
    cited = {piece.id for number, piece in numbered if f"[{number}]" in text}
    calls = [(one["name"], one["args"]) for one in said.tool_calls]
    return Reply(text, calls, cited, is_decline(text), time.perf_counter() - start)


def judge(task: Task, reply: Reply) -> dict[str, bool]:
    if task.call is not None:
        made = [one for one in reply.calls if one[0] != "search_knowledge"]
        return {"right": bool(made) and task.call(*made[0]), "name": bool(made)}
    if task.contents:
        text = fold(reply.text)
        held = all(any(fold(one) in text for one in each) for each in task.contents)
        return {
            "right": held,
            "numbers": held and reply.cited == set(task.right),
            "declined": reply.declined,
        }
    if task.evidence or task.kind == "decline":
        return {"right": reply.declined}
    return {"right": not [one for one in reply.calls if one[0] != "search_knowledge"]}


ENGINES: dict[str, Callable[[], ChatGLM3]] = {
    "extractive": lambda: ChatGLM3(engine="extractive"),
    "without": lambda: ChatGLM3(model=str(cached_small_model()), device="cpu", max_tokens=160),
    "small": lambda: ChatGLM3(model="small", max_tokens=160),
}


def forgetting() -> dict[str, float]:
    """Perplexity of ordinary text without and with the adapter, and how much more it is."""
    text, found = english(ROOT), {}
    for name in ("without", "small"):
        engine: Any = ENGINES[name]().writer
        ids = engine.tokenizer.encode(text)
        found[name] = perplexity(
            lambda part, one=engine: one.model(input_ids=part).logits.float(), ids
        )
    return {**found, "lost": found["small"] / found["without"] - 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--engines", default="extractive,without,small")
    parser.add_argument("--ways", default="agent,alone")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--threshold", type=float, help="of the agent; its default if left out")
    parser.add_argument("--wrong", action="store_true", help="print what went wrong")
    parser.add_argument("--output", type=Path, help="also write the rows here, as JSON")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--forgetting", action="store_true", help="perplexities alone")
    options = parser.parse_args()
    if options.forgetting:
        lost = forgetting()
        print(json.dumps(lost) if options.json else f"perplexity {lost}")
        return
    rows: list[dict[str, Any]] = []
    for engine in options.engines.split(","):
        chat = ENGINES[engine]()
        for name in options.sets.split(","):
            tasks = list(SETS[name](options.limit))
            for way in options.ways.split(","):
                do = partial(with_agent, threshold=options.threshold) if way == "agent" else alone
                counts: dict[str, int] = {}
                seconds = 0.0
                for task in tasks:
                    reply = do(chat, task)
                    seconds += reply.seconds
                    for key, value in judge(task, reply).items():
                        counts[key] = counts.get(key, 0) + value
                    if options.wrong and not judge(task, reply)["right"]:
                        print(f"  ? {task.kind} {task.question!r} -> {reply.calls} {reply.text!r}")
                row = {
                    "engine": chat.model_name, "way": way, "set": name, "tasks": len(tasks),
                    **counts, "seconds": round(seconds / max(len(tasks), 1), 2),
                }  # fmt: skip
                rows.append(row)
                if options.output:
                    options.output.write_text(json.dumps(rows, indent=1), "utf-8")
                if not options.json:
                    said = ", ".join(
                        f"{key} {value / len(tasks):.1%}" for key, value in counts.items()
                    )
                    print(f"{engine:10} {way:6} {name:17} {len(tasks):4}: {said}; "
                          f"{row['seconds']} s each", flush=True)  # fmt: skip
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
