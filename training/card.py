"""The card of the small model's adapter: from what a run says of itself, and a benchmark's rows.

Run: python training/card.py ROWS.json --run RUN-1.json --run RUN-2.json --lost LOST.json
"""

import argparse
import json
from pathlib import Path

_HEAD = """# The adapter of groundglm-small

**This is not ChatGLM3.** It is a LoRA adapter (with rows for ChatGLM3's control ids) that teaches
SmolLM2-135M-Instruct (Apache-2.0, English, 135 million weights), in ChatGLM3's layout, ChatGLM3's
roles, tool calls, citations and declining. `ChatGLM3(model="small")` opens it. The model knows
little and reasons less; it is for trials, tests and figures without ChatGLM3's twelve gigabytes.

- Made with: `make small-model-adapter` (training/recipe.toml), in stages. Data: made-up
  conversations, English (training/data.py); ordinary answers and plain texts are SmolLM2's own.
{stages}
- The numbers are stored in float16; license Apache-2.0.

## Held-out

`python benchmarks/small_adapter.py`: names, values, wordings, functions and relations that training
never saw, and public sets. Percent right; with evidence, right number in brackets.

"""


_STAGE = """  - {examples:,} conversations, {steps} steps, {dtype} on {device}; SHA-256 of
    train.jsonl: `{data}`,
    of evaluate.jsonl: `{evaluation}`; {versions}.{note}"""

_LOST = """
## What it lost

Perplexity of ordinary English, without ChatGLM3's format around it
(`python benchmarks/small_adapter.py --forgetting`): {without:.1f} without the adapter, {small:.1f}
with it, {lost:+.1%}.
"""


def table(rows: list[dict]) -> str:
    """The rows as one table: a line for each set, a column for each engine and way."""
    columns = list(dict.fromkeys((row["engine"].split(" ")[0], row["way"]) for row in rows))
    sets = list(dict.fromkeys(row["set"] for row in rows))
    lines = ["| set | tasks | " + " | ".join(f"{e}, {w}" for e, w in columns) + " |"]
    lines.append("|---|---|" + "---|" * len(columns))
    for name in sets:
        cells: list[str] = []
        tasks = 0
        for engine, way in columns:
            found = [
                row for row in rows
                if (row["engine"].split(" ")[0], row["way"], row["set"]) == (engine, way, name)
            ]  # fmt: skip
            if not found:
                cells.append("")
                continue
            row, tasks = found[-1], found[-1]["tasks"]
            cell = f"{100 * row['right'] / tasks:.0f}"
            if "numbers" in row:
                cell += f" ({100 * row['numbers'] / tasks:.0f})"
            cells.append(cell)
        lines.append(f"| {name} | {tasks} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument(
        "--run", type=Path, action="append", help="run.json of each stage, in order"
    )
    parser.add_argument("--note", action="append", default=[], help="behind the stage of its place")
    parser.add_argument("--lost", type=Path, help="what small_adapter.py --forgetting --json says")
    options = parser.parse_args()
    rows = [row for path in options.rows for row in json.loads(path.read_text("utf-8"))]
    notes = [*options.note, *[""] * len(options.run)]
    head = _HEAD.format(
        stages="\n".join(stage(path, note) for path, note in zip(options.run, notes, strict=False))
    )
    lost = ""
    if options.lost:
        lost = _LOST.format(**json.loads(options.lost.read_text("utf-8")))
    print(head + table(rows) + lost, end="")


def stage(path: Path, note: str) -> str:
    """One stage, by what its run says of itself."""
    run = json.loads(path.read_text("utf-8"))
    return _STAGE.format(
        examples=run["examples"],
        steps=run["config"]["training"]["max_steps"],
        dtype=run["config"]["model"]["dtype"],
        device={"cuda": "a GPU", "cpu": "two cores"}[run["config"]["model"]["device"]],
        data=run["data_sha256"],
        evaluation=run["evaluation_sha256"],
        versions=", ".join(f"{name} {one}" for name, one in run["versions"].items()),
        note=f" {note}" if note else "",
    )


if __name__ == "__main__":
    main()
