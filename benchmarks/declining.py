"""Declining, case by case: thresholds chosen on one half of the questions, reported on the other.

Cases: CMRC 2018 with the passage gone, CMRC 2018 with only the answer's sentences gone, HotpotQA
with both hops gone, RGB (Chinese) with each question's own negatives only; CMRC and HotpotQA also
with the questions in other words (paraphrases.py). "Gone" means taken out
of the ranking (100 deep) before scores are counted from the top, as they would be without it.
With --agent an agent over a base with MiniLM is asked, as a user asks; what is gone is taken out of
what the base finds for it.
Run: python benchmarks/declining.py [--limit N] [--agent] [--plot FILE.png] [--json]
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import datasets
from langchain_core.documents import Document
from paraphrases import paraphrase

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.evaluation import (
    area_under_curve,
    contains_answer,
    declined_answered_curve,
    rates_at,
    threshold_for,
)
from groundglm.evidence import Evidence, Source
from groundglm.questions import score_answerability
from groundglm.questions.question import Question
from groundglm.retrieval import BM25Index, fuse, split_text
from groundglm.retrieval.embeddings import load_embeddings
from groundglm.text import sentences

Passages = dict[str, tuple[str, str, str]]  # id -> document id, title, text


def index_of(corpus: datasets.Corpus) -> tuple[BM25Index, Passages]:
    """The passages of a corpus, as a base would split and index them."""
    passages: Passages = {}
    for id_, title, text in corpus.documents:
        for number, piece in enumerate(split_text(text)):
            passages[f"{id_}#{number}"] = (id_, title, piece.span.cut(text))
    index = BM25Index()
    index.add((id_, title, text) for id_, (_, title, text) in passages.items())
    return index, passages


def evidence(hits: list[tuple[str, float]], passages: Passages) -> list[Evidence]:
    """The first ten as evidence, scores counted from the top."""
    found: list[Evidence] = []
    for hit in fuse(hits, [])[:10]:
        document, title, text = passages[hit.id]
        found.append(Evidence(hit.id, "passage", text, hit.score, "", (Source(document, title),)))
    return found


def without_answer(text: str, answers: tuple[str, ...]) -> str:
    """A text without the sentences that hold an answer."""
    kept = [s.cut(text) for s in sentences(text) if not contains_answer(s.cut(text), answers)]
    return " ".join(kept) or "。"


def scores(
    corpus: datasets.Corpus,
    half: int,
    limit: int | None,
    case: str,
    reword: Callable[[str], str] = str,
) -> tuple[list[float], list[float]]:
    """Answerability of the questions, put in other words, with and without their answer."""
    index, passages = index_of(corpus)
    with_answer: list[float] = []
    without: list[float] = []
    changed: Passages = {}
    for question in [q for q in corpus.questions if q.half == half][:limit]:
        question = replace(question, text=reword(question.text))
        hits = index.search(question.text, k=100)
        document = {id_: passages[id_][0] for id_, _ in hits}
        whole = hits
        if case == "own negatives only":
            whole = [hit for hit in hits if document[hit[0]] in question.gold | question.negative]
        with_answer.append(
            score_answerability(Question(question.text), evidence(whole, passages)).score
        )
        if case == "answer sentences gone":
            changed = dict(passages)
            local = BM25Index()
            for id_, (doc, title, text) in passages.items():
                if doc in question.gold:
                    changed[id_] = (doc, title, without_answer(text, question.answers))
            # Rescored: a passage that lost sentences keeps the share of its score that the
            # remaining text earns in a small index of the same candidates.
            local.add((id_, changed[id_][1], changed[id_][2]) for id_, _ in hits)
            gone = local.search(question.text, k=100)
            without.append(
                score_answerability(Question(question.text), evidence(gone, changed)).score
            )
        else:
            gone = [hit for hit in whole if document[hit[0]] not in question.gold]
            without.append(
                score_answerability(Question(question.text), evidence(gone, passages)).score
            )
    return with_answer, without


class Without:
    """A base from whose findings documents, or sentences that answer, are taken out."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.question: datasets.Question | None = None
        self.case = ""

    def search(self, query: str, *, k: int = 10, **named: object) -> list[Evidence]:
        """What the base finds, without what this question's case has taken out."""
        question, case = self.question, self.case
        found = self.base.search(query, k=k + 20, **named)
        if question is None or not case:
            return found[:k]
        gold = question.gold
        if case == "negatives":  # its own passages, with the right ones or without
            return [one for one in found if _document(one) in gold | question.negative][:k]
        if case == "answer sentences":
            return [
                replace(one, text=without_answer(one.text, question.answers))
                if _document(one) in gold
                else one
                for one in found
            ][:k]
        return [one for one in found if _document(one) not in gold][:k]


def _document(piece: Evidence) -> str:
    return piece.sources[0].document_id


def asked_scores(
    corpus: datasets.Corpus, half: int, limit: int | None, case: str, reword: Callable[[str], str]
) -> tuple[list[float], list[float]]:
    """The same, as an agent over a base judges its evidence."""
    with (
        tempfile.TemporaryDirectory() as folder,
        KnowledgeBase.open(Path(folder) / "base", load_embeddings("minilm")) as base,
    ):
        base.add_documents(
            (
                Document(text, id=id_, metadata={"title": title})
                for id_, title, text in corpus.documents
            ),
            extract_facts=False,
        )
        source = Without(base)
        agent = build_agent(source, model=ChatGLM3(engine="extractive"))

        def score(question: datasets.Question, case: str) -> float:
            source.question, source.case = question, case
            steps = agent.ask(reword(question.text)).trace
            return next((step["score"] for step in steps if "score" in step), 0.0)

        own = case == "own negatives only"
        gone = "answer sentences" if case == "answer sentences gone" else "documents"
        asked = [q for q in corpus.questions if q.half == half][:limit]
        return (
            [score(one, "negatives" if own else "") for one in asked],
            [score(replace(one, negative=one.negative - one.gold, gold=frozenset()), "negatives")
             if own else score(one, gone) for one in asked],
        )  # fmt: skip


CASES: tuple[tuple[str, str], ...] = (
    ("cmrc2018", "passage gone"),
    ("cmrc2018", "answer sentences gone"),
    ("hotpotqa", "both hops gone"),
    ("rgb_zh", "own negatives only"),
    ("cmrc2018", "passage gone, reworded"),
    ("hotpotqa", "both hops gone, reworded"),
)


def measure(limit: int | None, report: Callable[[dict], None], *, agent: bool) -> list[dict]:
    """One row a case."""
    judge = asked_scores if agent else scores
    rows: list[dict] = []
    for name, case in CASES:
        corpus = datasets.load(name)
        size = limit or (500 if case == "answer sentences gone" else None)
        reword = partial(paraphrase, part="test") if "reworded" in case else str
        chosen = judge(corpus, 0, size, case, reword)
        held_out = judge(corpus, 1, size, case, reword)
        row: dict = {"set": name, "case": case, "auc": 100 * area_under_curve(*held_out)}
        for rate in (0.8, 0.9, 0.95):
            point = rates_at(*held_out, threshold_for(chosen[1], rate))
            row[f"at_{rate:.2f}"] = {
                "threshold": point.threshold,
                "declined": 100 * point.declined,
                "answered": 100 * point.answered,
            }
        curve = declined_answered_curve(*held_out)
        row["curve"] = [(point.declined, point.answered) for point in curve]
        report(row)
        rows.append(row)
    return rows


def draw(rows: list[dict], path: str) -> None:
    """The curves as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 5))
    for row in rows:
        declined, answered = zip(*row["curve"], strict=True)
        axes.plot(declined, answered, label=f"{row['set']}: {row['case']} (AUC {row['auc']:.1f})")
    axes.set_xlabel("unanswerable questions declined")
    axes.set_ylabel("answerable questions answered")
    axes.legend(loc="lower left")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Print the table, draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--agent", action="store_true", help="ask an agent over a base")
    parser.add_argument("--plot")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    def report(row: dict) -> None:
        if arguments.json:
            return
        rates = "  ".join(
            f"{key[3:]}: answered {row[key]['answered']:.1f} (declined {row[key]['declined']:.1f})"
            for key in row
            if key.startswith("at_")
        )
        print(f"{row['set']:10}{row['case']:24}AUC {row['auc']:.1f}  {rates}", flush=True)

    rows = measure(arguments.limit, report, agent=arguments.agent)
    if arguments.plot:
        draw(rows, arguments.plot)
    if arguments.json:
        print(
            json.dumps([{k: v for k, v in row.items() if k != "curve"} for row in rows], indent=2)
        )


if __name__ == "__main__":
    main()
