"""Recall and answers of the extractive engine on CMRC 2018, beside a plain baseline.

Every distinct context is a document of a real KnowledgeBase. Both use the same sentence splitter
and words; the baseline takes LangChain-style the best passage and its two best sentences by BM25.
Reported on the test half. Run: python benchmarks/answers.py [--limit N] [--agent] [--json]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import datasets
from langchain_core.documents import Document
from rank_bm25 import BM25Okapi

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.evaluation import answer_containment, mean_reciprocal_rank, recall_at_k
from groundglm.evidence import Evidence
from groundglm.notation import NumberedEvidence
from groundglm.questions.question import Question
from groundglm.questions.sentence_selection import select_sentences
from groundglm.retrieval import HashEmbeddings
from groundglm.retrieval.embeddings import load_embeddings
from groundglm.text import sentences, words


def ours(question: str, found: list[Evidence]) -> str:
    """What the extractive engine quotes."""
    pieces = [
        NumberedEvidence(number, piece.kind, piece.title, piece.text)
        for number, piece in enumerate(found, start=1)
    ]
    return " ".join(one.text for one in select_sentences(Question(question), pieces))


def baseline(question: str, found: list[Evidence]) -> str:
    """Two sentences of the best passage, by BM25 over its sentences."""
    if not found:
        return ""
    text = found[0].text
    pieces = [span.cut(text) for span in sentences(text)]
    if len(pieces) <= 2:
        return " ".join(pieces)
    scores = BM25Okapi([words(piece) or [""] for piece in pieces]).get_scores(words(question))
    best = sorted(range(len(pieces)), key=lambda index: (-scores[index], index))[:2]
    return " ".join(pieces[index] for index in sorted(best))


def by_agent(base: KnowledgeBase, questions: list[datasets.Question]) -> dict:
    """What an agent over the base answers, as a user's question goes, and how often it declines."""
    agent = build_agent(base, model=ChatGLM3(engine="extractive"))
    answers = [agent.ask(question.text) for question in questions]
    pairs = [
        ("" if answer.declined else answer.text, question.answers)
        for question, answer in zip(questions, answers, strict=True)
    ]
    return {
        "agent_contains": 100 * answer_containment(pairs),
        "agent_declines": _percent(answer.declined for answer in answers),
    }


def measure(corpus: datasets.Corpus, half: int, limit: int | None, *, agent: bool) -> dict:
    """Figures in percent; characters and milliseconds are means over the questions."""
    with tempfile.TemporaryDirectory() as folder:
        base = KnowledgeBase.open(
            Path(folder), load_embeddings("minilm") if agent else HashEmbeddings(64)
        )
        started = time.perf_counter()
        base.add_documents(
            (
                Document(text, id=id_, metadata={"title": title})
                for id_, title, text in corpus.documents
            ),
            extract_facts=False,
        )
        added = time.perf_counter() - started
        questions = [question for question in corpus.questions if question.half == half][:limit]
        base.search("warm up", mode="bm25")
        rows: list[tuple[datasets.Question, list[str], str, str]] = []
        started = time.perf_counter()
        for question in questions:
            found = base.search(question.text, k=5, mode="bm25")
            ranked = list(dict.fromkeys(piece.source.document_id for piece in found))
            rows.append(
                (question, ranked, ours(question.text, found), baseline(question.text, found))
            )
        taken = time.perf_counter() - started
        asked = by_agent(base, questions) if agent else {}
        base.close()
    result = {
        "set": corpus.name,
        "half": half,
        "questions": len(rows),
        "recall@1": _percent(recall_at_k(ranked, q.gold, 1) for q, ranked, _, _ in rows),
        "recall@5": _percent(recall_at_k(ranked, q.gold, 5) for q, ranked, _, _ in rows),
        "mrr": 100 * mean_reciprocal_rank([(ranked, q.gold) for q, ranked, _, _ in rows]),
        "ms_per_question": 1000 * taken / len(rows),
        "documents_per_second": len(corpus.documents) / added,
    }
    for name, column in (("ours", 2), ("baseline", 3)):
        texts = [row[column] for row in rows]
        pairs = [(text, row[0].answers) for text, row in zip(texts, rows, strict=True)]
        result[f"{name}_contains"] = 100 * answer_containment(pairs)
        result[f"{name}_characters"] = sum(map(len, texts)) / len(texts)
    return result | asked


def _percent(values) -> float:
    listed = list(values)
    return 100 * sum(listed) / len(listed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="cmrc2018", help="cmrc2018, hotpotqa or musique")
    parser.add_argument("--half", type=int, default=1, choices=(0, 1))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--agent", action="store_true", help="ask an agent too (with minilm)")
    arguments = parser.parse_args()
    corpus = datasets.load(arguments.set)
    result = measure(corpus, arguments.half, arguments.limit, agent=arguments.agent)
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    for name, value in result.items():
        print(f"{name:22}{value:.1f}" if isinstance(value, float) else f"{name:22}{value}")


if __name__ == "__main__":
    main()
