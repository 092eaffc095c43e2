"""How many facts the rules read out of text, and how many of them are right.

Every fact that the rules read in the documents of benchmarks/facts/ (see its README) is looked up
among the labels there, each judged by reading its sentence. A fact that has no label is counted as
unjudged, so that a change of the rules cannot hide: --unjudged prints those, ready to be judged.

Run: python benchmarks/facts.py [--folder FOLDER] [--wrong] [--unjudged] [--json]
"""

import argparse
import json
import lzma
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundglm.extraction import extract_facts
from groundglm.loading import Refusal, load_files

FOLDER = Path(__file__).with_name("facts")
SHARED = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Text:
    """A document: its draw, its genre, its language and what it says."""

    id: str
    draw: str
    genre: str
    language: str
    title: str
    text: str


@dataclass(frozen=True)
class Read:
    """A fact as it was read in a document; `right` is None where nobody judged it yet."""

    text: Text
    subject: str
    predicate: str
    object: str
    sentence: str
    right: bool | None


def read_texts(folder: Path) -> Iterator[Text]:
    """The documents of a folder; news in Chinese where ../shared is there, for its licence."""
    for row in _rows(folder / "documents.jsonl"):
        if "ids" not in row:
            yield Text(**row)
            continue
        corpus = _corpus(row["corpus"])
        for id_ in row["ids"]:
            if id_ in corpus:
                yield Text(id_, row["draw"], row["genre"], row["language"], "", corpus[id_])
    for path in sorted((folder / "technical").glob("*/*")):
        genre = "readme" if "README" in path.name else "manual"
        language = "zh" if ".zh." in path.name else "en"
        for document in load_files([path]):
            if isinstance(document, Refusal):
                raise SystemExit(f"{path}: {document.reason}")
            title = document.metadata.get("title", "")
            yield Text(path.name, path.parent.name, genre, language, title, document.page_content)


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _corpus(name: str) -> dict[str, str]:
    path = SHARED / name / "corpus.jsonl.xz"
    if not path.exists():
        print(
            f"skipped: {name}, whose licence keeps it out of the project ({path.name} is not there)"
        )
        return {}
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return {str(row["id"]): row["text"] for row in map(json.loads, lines)}


def read_facts(texts: list[Text], folder: Path) -> list[Read]:
    """Every fact of the documents with its label."""
    labels = {
        (row["document"], row["subject"], row["predicate"], row["object"]): row["right"]
        for row in _rows(folder / "labels.jsonl")
    }
    found = []
    for text in texts:
        for fact in extract_facts(text.text, document_id=text.id, title=text.title):
            parts = (fact.subject, fact.predicate, fact.object)
            span = fact.contributions[0].source.span
            said = span.cut(text.text) if span is not None else ""
            found.append(Read(text, *parts, said, labels.get((text.id, *parts))))
    return found


def figures(texts: list[Text], facts: list[Read]) -> dict[str, dict[str, float]]:
    """By draw, genre and language: facts, facts in 1,000 characters, judged, precision."""
    groups: dict[str, tuple[list[Text], list[Read]]] = {}
    for draw in ("first", "second", "third"):
        for genre in ("encyclopedia", "news", "readme", "manual"):
            for language in ("zh", "en"):
                key = f"{draw} {genre} {language}"
                some = [text for text in texts if _key(text) == key]
                groups[key] = some, [fact for fact in facts if _key(fact.text) == key]
        for name, genres in (("titled", {"encyclopedia"}), ("technical", {"readme", "manual"})):
            some = [text for text in texts if text.draw == draw and text.genre in genres]
            groups[f"{draw} {name}"] = some, [fact for fact in facts if fact.text in some]
    groups["all"] = texts, facts
    return {key: _figures(*group) for key, group in groups.items() if group[0]}


def _key(text: Text) -> str:
    return f"{text.draw} {text.genre} {text.language}"


def _figures(texts: list[Text], facts: list[Read]) -> dict[str, float]:
    judged = Counter(fact.right for fact in facts)
    known = judged[True] + judged[False]
    return {
        "documents": len(texts),
        "facts": len(facts),
        "per 1,000 characters": round(1000 * len(facts) / sum(len(text.text) for text in texts), 2),
        "judged": known,
        "precision": round(judged[True] / known, 3) if known else float("nan"),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--wrong", action="store_true", help="print what was judged wrong")
    parser.add_argument("--unjudged", action="store_true", help="print what nobody judged yet")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    texts = list(read_texts(arguments.folder))
    facts = read_facts(texts, arguments.folder)
    table = figures(texts, facts)
    if arguments.json:
        print(json.dumps(table, indent=2))
        return
    for number, fact in enumerate(facts):
        if (arguments.wrong and fact.right is False) or (arguments.unjudged and fact.right is None):
            said = fact.sentence.replace("\n", " ")[:200]
            parts = f"{fact.subject} | {fact.predicate} | {fact.object}"
            print(f"{number} {fact.text.id}: {parts} || {said}")
    print(f"{'':32}{'documents':>10}{'facts':>7}{'/1,000':>8}{'judged':>8}{'precision':>11}")
    for name, row in table.items():
        print(
            f"{name:32}{row['documents']:>10}{row['facts']:>7}{row['per 1,000 characters']:>8}"
            f"{row['judged']:>8}{row['precision']:>11}"
        )


if __name__ == "__main__":
    main()
