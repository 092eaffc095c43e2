"""How well `is_supported` tells sentences that evidence carries from those that it does not.

The labelled pairs (benchmarks/citations/, see its README) are shown by language and kind: of the
true ones how many are accepted, of the false ones how many are rejected.

Run: python benchmarks/citations.py [--pairs FOLDER] [--wrong KIND] [--json]
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from groundglm.evaluation import is_supported

FOLDER = Path(__file__).with_name("citations")
CORE = ("number", "name", "negation")


@dataclass(frozen=True)
class Pair:
    """A sentence, its evidence, whether it is supported, and how it was made."""

    language: str
    kind: str
    supported: bool
    sentence: str
    evidence: str
    said: str
    later: bool


def read_pairs(folder: Path) -> list[Pair]:
    """The pairs of a folder that `make_citation_pairs.py` wrote."""
    texts = {}
    for line in (folder / "documents.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        texts[row["id"]] = f"{row['title']}\n{row['text']}"
    rows = map(json.loads, (folder / "pairs.jsonl").read_text("utf-8").splitlines())
    return [
        Pair(
            row["language"],
            row["kind"],
            row["supported"],
            row["sentence"],
            texts[row["document"]],
            row["from"],
            row.get("later", False),
        )
        for row in rows
    ]


def rates(pairs: Sequence[Pair]) -> dict[str, dict[str, tuple[float, int]]]:
    """For each language and kind the share judged rightly, and how many there are.

    "core" are the flips of number, name and negation together, "true" all that is supported.
    """
    right: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        judged = is_supported(pair.sentence, pair.evidence) == pair.supported
        kinds = right[pair.language]
        kinds[pair.kind].append(judged)
        if pair.supported:
            kinds["true"].append(judged)
        elif pair.kind in CORE:
            kinds["core"].append(judged)
        else:
            kinds["other false"].append(judged)
        if pair.later:
            kinds["made after the checker"].append(judged)
    return {
        language: {kind: (sum(one) / len(one), len(one)) for kind, one in kinds.items()}
        for language, kinds in right.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, default=FOLDER)
    parser.add_argument("--wrong", metavar="KIND", help="show what of a kind is judged wrongly")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pairs = read_pairs(options.pairs)
    if options.wrong:
        for pair in pairs:
            judged = is_supported(pair.sentence, pair.evidence)
            if pair.kind == options.wrong and judged != pair.supported:
                print(f"{pair.sentence}\n    from: {pair.said}")
        return
    found = rates(pairs)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for language, kinds in found.items():
        for kind, (share, count) in sorted(kinds.items()):
            print(f"{language}  {kind:32}{100 * share:6.1f} %  of {count}")


if __name__ == "__main__":
    main()
