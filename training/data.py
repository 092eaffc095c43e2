"""The data of the small model's adapter: made by a script, seeded, English only.

Names, wordings, functions and relations that `values.is_held` or the files mark as held out never
stand in it. The ordinary answers are SmolLM2's own (`ordinary.py`).

Run: python training/data.py FOLDER [--count 12000] [--seed 0]
"""

import argparse
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from calls import NO_FUNCTION, Caller
from cases import Case, Turn, as_record, weighted

from questions import DECLINE, Asker

SHARES = {
    "call": 0.25, "two_calls": 0.03, "calculation": 0.04, "quiet": 0.09,
    "answer": 0.18, "from_fact": 0.03, "from_prose": 0.05, "both": 0.03,
    "bridge": 0.04, "hop": 0.04,
    "decline": 0.08, "follow_up": 0.03, "price": 0.01, "ordinary": 0.1,
}  # fmt: skip


def cases(
    count: int,
    *,
    seed: int,
    held: bool,
    ordinary: list[tuple[str, str]],
    shares: dict[str, float] = SHARES,
) -> Iterator[Case]:
    """Cases of all kinds, in their shares."""
    rng = random.Random(seed)
    caller = Caller(rng, held=held)
    asker = Asker(rng, held=held, prose=[text for _, text in ordinary])
    for _ in range(count):
        kind = weighted(rng, shares)
        if kind == "ordinary":
            yield ordinary_case(rng, caller, ordinary)
        elif kind in ("call", "two_calls", "calculation", "quiet"):
            yield placed(rng, getattr(caller, kind)(), asker)
        else:
            case: Case = getattr(asker, kind)()
            is_simple = case.kind in ("answer", "decline", "both") and len(case.turns) == 1
            if is_simple and case.turns[0].evidence and rng.random() < 0.08:
                case.form = "template"
            elif rng.random() < 0.3:
                case.functions = caller.offered(others=rng.randint(1, 3))
            yield case


def placed(rng: random.Random, case: Case, asker: Asker) -> Case:
    """A case with functions as the chat model alone has it, or as the agent does."""
    if rng.random() < 0.45 and case.kind != "calculation":
        case.form = "alone"
        return case
    for turn in case.turns:
        if rng.random() < 0.3:
            turn.evidence = asker.numbered([], rng.randint(1, 3), None, first=1)[0]
        if turn.answer == NO_FUNCTION:
            turn.answer = DECLINE
    return case


def ordinary_case(rng: random.Random, caller: Caller, ordinary: list[tuple[str, str]]) -> Case:
    """One of SmolLM2's own answers, at times with functions on offer; or two of them."""
    pairs = rng.sample(ordinary, 2 if rng.random() < 0.15 else 1)
    turns = [Turn(question, answer) for question, answer in pairs]
    if rng.random() < 0.3:
        functions = caller.offered(others=rng.randint(1, 3))
        return Case("ordinary", turns, functions, form="alone")
    return Case("ordinary", turns, form="plain")


def read_ordinary(folder: Path) -> list[tuple[str, str]]:
    """The pairs that `ordinary.py` wrote there."""
    found: list[tuple[str, str]] = []
    for path in sorted(folder.glob("ordinary-*.jsonl")):
        found += [tuple(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shares", type=json.loads, default={}, help="other shares, as JSON")
    options = parser.parse_args()
    ordinary = read_ordinary(options.folder)
    if not ordinary:
        raise SystemExit(f"{options.folder} holds no ordinary-*.jsonl: run ordinary.py first")
    for name, count, held, seed in (
        ("train", options.count, False, options.seed),
        ("evaluate", 200, True, options.seed + 1),
    ):
        kinds: Counter[str] = Counter()
        # Whole or not at all: what is there is not made again.
        target = options.folder / f"{name}.jsonl"
        partial = target.with_suffix(".part")
        with partial.open("w", encoding="utf-8") as file:
            shares = {**SHARES, **options.shares}
            for case in cases(count, seed=seed, held=held, ordinary=ordinary, shares=shares):
                kinds[case.kind] += 1
                file.write(json.dumps(as_record(case), ensure_ascii=False) + "\n")
        os.replace(partial, target)
        print(name, dict(kinds.most_common()))


if __name__ == "__main__":
    main()
