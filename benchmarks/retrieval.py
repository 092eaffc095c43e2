"""Recall of a base beside plain FAISS, plain BM25 and LangChain's ensemble of both, in one run.

All with MiniLM's vectors (those of the data where it has them). Reported on the half of the
questions on which no setting was chosen; recall is the share of a question's passages that was
found, for RGB whether one of them was. The peers are LangChain's own, as its pages show
them; their BM25 cuts English at blanks and Chinese by jieba.
Run: pip install langchain-community langchain-classic, then
python benchmarks/retrieval.py [--sets musique,hotpotqa,cmrc2018,rgb_zh] [--choose] [--own] [--json]

--own leaves the peers out, and for Chinese MiniLM too, which reads none. --choose tries ways and
weights of fusion on the other half instead.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence

import datasets
import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from groundglm import KnowledgeBase
from groundglm.retrieval import HashEmbeddings, Ranking, load_embeddings

CHINESE = ("cmrc2018", "rgb_zh")
SETS = ("musique", "hotpotqa", "cmrc2018", "rgb_zh")
DEPTHS = (1, 2, 5, 10)
Ask = Callable[[str], list[str]]


class Known(Embeddings):
    """MiniLM, with the vectors that are known already."""

    def __init__(self, name: str, corpus: datasets.Corpus) -> None:
        self.model = load_embeddings("minilm")
        self.vectors: dict[str, list[float]] = {}
        file = datasets.DATA / name / "minilm_fp16.npz"
        if file.exists():
            known = np.load(file)
            texts = [f"{title}\n{text}" for _, title, text in corpus.documents]
            self.vectors |= dict(zip(texts, known["passages"].tolist(), strict=True))
            asked = [question.text for question in corpus.questions]
            self.vectors |= dict(zip(asked, known["queries"].tolist(), strict=True))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts; each is made once."""
        new = [text for text in dict.fromkeys(texts) if text not in self.vectors]
        if new:
            self.vectors |= dict(zip(new, self.model.embed_documents(new), strict=True))
        return [self.vectors[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self.embed_documents([text])[0]


def half_of(question: datasets.Question) -> int:
    """0: settings are chosen on it; 1: it is reported."""
    return int(hashlib.md5(question.text.encode(), usedforsecurity=False).hexdigest(), 16) % 2


def figures(
    ask: Ask, questions: Iterable[datasets.Question], *, is_one_enough: bool = False
) -> dict[str, float]:
    """Recall at each depth and the mean reciprocal rank, in percent.

    Where one document is enough, a question counts whole as soon as one of its own is found.
    """
    found: list[list[float]] = []
    for question in questions:
        ids = ask(question.text)
        ranks = [rank for rank, id_ in enumerate(ids, start=1) if id_ in question.gold]
        needed = 1 if is_one_enough else len(question.gold)
        row = [min(1.0, sum(rank <= k for rank in ranks) / needed) for k in DEPTHS]
        found.append([*row, 1 / ranks[0] if ranks else 0.0])
    means = 100 * np.asarray(found).mean(axis=0)
    names = [*(f"R@{k}" for k in DEPTHS), "MRR"]
    return dict(zip(names, means.round(1).tolist(), strict=True))


def base_asker(base: KnowledgeBase, mode: str, ranking: Ranking | None = None) -> Ask:
    """The documents that a base finds, by their best passage."""

    def ask(question: str) -> list[str]:
        pieces = base.search(question, k=20, mode=mode, ranking=ranking)
        ids = [source.document_id for piece in pieces for source in piece.sources]
        return list(dict.fromkeys(ids))[:10]

    return ask


def peers(corpus: datasets.Corpus, embeddings: Embeddings, *, is_chinese: bool) -> dict[str, Ask]:
    """LangChain's FAISS, BM25 and ensemble over the same documents."""
    try:
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS
    except ImportError:
        sys.exit(
            "the peers are missing: pip install langchain-community langchain-classic faiss-cpu"
        )
    documents = [
        Document(f"{title}\n{text}", metadata={"id": id_}) for id_, title, text in corpus.documents
    ]
    store = FAISS.from_documents(documents, embeddings)
    options = {}
    if is_chinese:
        import jieba

        options = {"preprocess_func": jieba.lcut}
    words = BM25Retriever.from_documents(documents, k=10, **options)
    vectors = store.as_retriever(search_kwargs={"k": 10})
    both = EnsembleRetriever(retrievers=[words, vectors], weights=[0.5, 0.5])

    def asker(retriever) -> Ask:
        return lambda question: [one.metadata["id"] for one in retriever.invoke(question)[:10]]

    return {
        "LangChain FAISS": asker(vectors),
        "LangChain BM25": asker(words),
        "LangChain ensemble": asker(both),
    }


def choose(base: KnowledgeBase, questions: Sequence[datasets.Question]) -> dict[str, object]:
    """Ways and weights of fusion."""
    return {
        f"{fusion} {weight}": figures(
            base_asker(base, "hybrid", Ranking(fusion=fusion, vector_weight=weight)), questions
        )
        for fusion in ("score", "rank")
        for weight in (0.3, 0.4, 0.5, 0.6, 0.7)
    }


def measure(name: str, *, is_choosing: bool, is_alone: bool) -> dict[str, object]:
    """The table of one set."""
    corpus = datasets.load(name)
    is_chinese = name in CHINESE
    is_one_enough = name == "rgb_zh"
    embeddings = HashEmbeddings(8) if is_chinese and is_alone else Known(name, corpus)
    questions = [one for one in corpus.questions if half_of(one) == (0 if is_choosing else 1)]
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(folder, embeddings) as base:
        base.add_documents(
            (
                Document(text, id=id_, metadata={"title": title})
                for id_, title, text in corpus.documents
            ),
            extract_facts=False,
        )
        if is_choosing:
            return choose(base, questions)
        table: dict[str, object] = {}
        if not is_alone:
            for peer, ask in peers(corpus, embeddings, is_chinese=is_chinese).items():
                table[peer] = figures(ask, questions, is_one_enough=is_one_enough)
        # What reads no Chinese is left out of Chinese questions, as a base does with MiniLM itself.
        modes = ["bm25"] if is_chinese else ["bm25", "hybrid"]
        if not (is_chinese and is_alone):
            modes.insert(0, "vector")
        for mode in modes:
            ask = base_asker(base, mode)
            table[mode] = figures(ask, questions, is_one_enough=is_one_enough)
        if is_chinese:
            table["hybrid"] = table["bm25"]
    return {"questions": len(questions), **table}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    tables = {
        name: measure(name, is_choosing=given.choose, is_alone=given.own)
        for name in given.sets.split(",")
    }
    if given.json:
        print(json.dumps(tables, ensure_ascii=False))
        return
    for name, table in tables.items():
        print(f"{name} ({table.pop('questions', '')} questions)")
        for way, row in table.items():
            print(f"  {way:20}" + "".join(f"{key} {value:5.1f}  " for key, value in row.items()))


if __name__ == "__main__":
    main()
