"""Whether answers stand on their evidence: noise, two answers, false passages, changed words.

RGB's Chinese questions (Chen et al., "Benchmarking Large Language Models in Retrieval-Augmented
Generation", AAAI 2024), five passages each: some of them noise, all of them noise, two answers in
two groups, and passages whose answer was changed. Then a multi-hop sample of HotpotQA and RGB's
questions, answered by the engine without weights and by a scripted model that writes what that
engine wrote with one change: clauses in another order or left out (true still), another number,
another name, a negation (false now). An answer counts as grounded where each sentence is carried by
what it cites.

Run: python benchmarks/grounding.py [--limit 100] [--json]
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from datasets import DATA, _lines
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from groundglm import Answer, ChatGLM3, build_agent
from groundglm.evaluation.citations import marks_in
from groundglm.evidence import Evidence, Source


class Shown:
    """A source that finds the passages that it is given, in their order."""

    def __init__(self, passages: Sequence[tuple[str, str, str]]) -> None:
        self._found = [
            Evidence(id_, "passage", text, 1.0, "", (Source(id_, title),))
            for id_, title, text in passages
        ]

    def search(self, query: str, *, k: int = 5, **options: Any) -> list[Evidence]:
        return self._found[:k]


class Changed(BaseChatModel):
    """The engine without weights, of whose reply one thing is changed; `done` tells whether."""

    change: Callable[[str], str]
    done: list[bool]

    @property
    def _llm_type(self) -> str:
        return "changed"

    @property
    def model_name(self) -> str:
        return "scripted"

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> ChatResult:
        reply = ChatGLM3(engine="extractive").invoke(messages, tools=options.get("tools", []))
        text = str(reply.content)
        told = self.change(text) if not reply.tool_calls else text
        self.done.append(told != text)
        message = AIMessage(told, tool_calls=reply.tool_calls)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def bind_tools(self, tools: Any, **options: Any) -> Runnable[Any, Any]:
        from langchain_core.utils.function_calling import convert_to_openai_tool

        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools])


# --- changes --------------------------------------------------------------------------------------


def _first_sentence(text: str) -> tuple[str, str]:
    """The first sentence without its end and mark, and the rest."""
    marks = marks_in(text)
    end = marks[0][1] if marks else len(text)
    said = text[:end].rstrip(" 。.！!")
    return said, text[len(said) :]


def reordered(text: str) -> str:
    said, rest = _first_sentence(text)
    clauses = re.split(r"[，,；;]\s*", said)
    if len(clauses) < 2:
        return text
    comma = "，" if re.search(r"[\u4e00-\u9fff]", said) else ", "
    return comma.join([*clauses[1:], clauses[0]]) + rest


def shortened(text: str) -> str:
    said, rest = _first_sentence(text)
    clauses = re.split(r"(?<=[，,；;])", said)
    return "".join(clauses[:-1]).rstrip("，,；; ") + rest if len(clauses) > 1 else text


def other_number(text: str) -> str:
    said, rest = _first_sentence(text)
    found = re.search(r"\d+", said)
    if found is None:
        return text
    return said[: found.start()] + str(int(found[0]) + 3) + said[found.end() :] + rest


def other_name(text: str) -> str:
    said, rest = _first_sentence(text)
    found = re.search(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]{3,}\b", said)
    if found is not None:
        return said[: found.start()] + "Wellington" + said[found.end() :] + rest
    found = re.search(r"[\u4e00-\u9fff]{2,4}(?=(?:省|市|县|国|公司|大学|集团|先生|女士))", said)
    return said[: found.start()] + "青川" + said[found.end() :] + rest if found else text


def negated(text: str) -> str:
    said, rest = _first_sentence(text)
    changed = re.sub(r"\b(is|was|are|were|has|had|will|can)\b", r"\1 not", said, count=1)
    if changed == said:
        changed = re.sub(r"(?<!不)(是|为|位于|获得|举行|成立|发布|宣布)", r"不\1", said, count=1)
    return changed + rest


TRUE = {"as it is": str, "clauses in another order": reordered, "a clause left out": shortened}
FALSE = {"another number": other_number, "another name": other_name, "negated": negated}


# --- RGB ------------------------------------------------------------------------------------------


def rgb() -> tuple[list[dict[str, Any]], dict[int, str]]:
    folder = DATA / "rgb_zh"
    rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    return rows, {row["id"]: row["text"] for row in _lines(folder / "corpus.jsonl.xz")}


def answer(passages: Sequence[tuple[str, str, str]], question: str) -> Answer:
    model = ChatGLM3(engine="extractive")
    return build_agent(Shown(passages), model=model, calculator=False).ask(question)


def holds(text: str, wanted: Any) -> bool:
    """Whether a text holds an answer: of a list of lists one of each, else any."""
    if isinstance(wanted, str):
        return wanted.lower() in text.lower()
    if wanted and all(isinstance(one, list) for one in wanted):
        return all(any(holds(text, one) for one in group) for group in wanted)
    return all(holds(text, one) for one in wanted)


def judged(found: Answer, right: Any, false: Any = None) -> str:
    if found.declined:
        return "declined"
    if false and holds(found.text, false):
        return "follows the false passage"
    return "right" if holds(found.text, right) else "other"


def by_rgb(limit: int) -> dict[str, Any]:
    rows, texts = rgb()
    chosen = random.Random(5)

    def passages(numbers: Sequence[int]) -> list[tuple[str, str, str]]:
        mixed = list(numbers)
        chosen.shuffle(mixed)
        return [(str(number), "", texts[number]) for number in mixed]

    told: dict[str, Counter[str]] = {}
    parts = {
        part: [row for row in rows if row["src"] == part] for part in ("refine", "int", "fact")
    }
    for noise in (0, 2, 4, 5):
        counts = told.setdefault(f"{noise} of 5 passages are noise", Counter())
        for row in parts["refine"][:limit]:
            shown = [*row["gold"][: 5 - noise], *row["negative"][:noise]]
            counts[judged(answer(passages(shown), row["question"]), row["answer"])] += 1
    counts = told.setdefault("two answers in two groups", Counter())
    for row in parts["int"][:limit]:
        shown = [number for group in row["gold_groups"] for number in group[:2]]
        counts[judged(answer(passages(shown), row["question"]), row["answer"])] += 1
    for name, right in (("changed passages alone", 0), ("changed and true passages", 2)):
        counts = told.setdefault(name, Counter())
        for row in parts["fact"][:limit]:
            shown = [*row["positive_wrong"][:3], *row["gold"][:right]]
            found = answer(passages(shown), row["question"])
            counts[judged(found, row["answer"], row["fakeanswer"])] += 1
    return {
        name: {kind: round(100 * n / sum(counts.values()), 1) for kind, n in counts.most_common()}
        for name, counts in told.items()
    }


# --- changed words --------------------------------------------------------------------------------


def samples(limit: int) -> dict[str, list[tuple[str, list[tuple[str, str, str]]]]]:
    rows, texts = rgb()
    chinese = [
        (
            row["question"],
            [(str(n), "", texts[n]) for n in (*row["gold"][:2], *row["negative"][:3])],
        )
        for row in rows
        if row["src"] == "refine"
    ]
    folder = DATA / "hotpotqa"
    listed = {row["id"]: row for row in _lines(folder / "corpus.jsonl.xz")}
    hops: list[tuple[str, list[tuple[str, str, str]]]] = []
    for line in (folder / "queries.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        shown = [listed[number] for number in row["gold"] if number in listed]
        passages = [(str(one["id"]), one["title"], one["text"]) for one in shown]
        if row["type"] == "bridge" and len(passages) == 2:
            hops.append((row["question"], passages))
    return {"RGB (zh)": chinese[:limit], "HotpotQA, two hops (en)": hops[:limit]}


def changes(limit: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, listed in samples(limit).items():
        found: dict[str, Any] = {}
        for kind, change in {**TRUE, **FALSE}.items():
            grounded = answered = 0
            for question, passages in listed:
                model = Changed(change=change, done=[])
                agent = build_agent(Shown(passages), model=model, threshold=0, calculator=False)
                told = agent.ask(question)
                changed = bool(model.done) and model.done[-1]
                if told.declined or not told.citations or (kind != "as it is" and not changed):
                    continue
                answered += 1
                grounded += not told.unsupported and all(one.supported for one in told.citations)
            share = round(100 * grounded / answered, 1) if answered else None
            found[f"{kind}: {'grounded' if kind in TRUE else 'passed as grounded'} %"] = share
            found[f"{kind}: answers"] = answered
        yield name, found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {"RGB (zh)": by_rgb(asked.limit), "changed words": dict(changes(asked.limit))}
    print(json.dumps(found, indent=None if asked.json else 2, ensure_ascii=False))


if __name__ == "__main__":
    main()
