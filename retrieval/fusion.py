"""Score fusion: the BM25 ranking and the vector ranking become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from .ranking_options import Fusion

_RANKS = 60  # the constant of the paper

Id = TypeVar("Id", str, int)


@dataclass(frozen=True, slots=True)
class Fused(Generic[Id]):
    """A fused hit; `score` is at most 1, `why` names the ranks that it comes from."""

    id: Id
    score: float
    why: str


def _by_rank(place: int) -> float:
    return (_RANKS + 1) / (_RANKS + 1 + place)


def fuse(
    bm25: Sequence[tuple[Id, float]],
    vector: Sequence[tuple[Id, float]],
    *,
    vector_weight: float = 0.5,
    fusion: Fusion = "score",
) -> list[Fused[Id]]:
    """Merge two rankings of (id, score), each best first.

    By "score", BM25 scores count relative to the best one, and cosines relative to the window
    between the best and the last one given. By "rank", each counts 61/(60 + rank) (reciprocal rank
    fusion: Cormack et al., 2009). Where one ranking is empty, the other decides alone.

    >>> [hit.id for hit in fuse([("a", 9.0), ("b", 6.0)], [("b", 0.8), ("c", 0.4)])]
    ['b', 'a', 'c']
    """
    lexical: dict[Id, float] = {}
    dense: dict[Id, float] = {}
    if fusion == "rank":
        lexical = {id_: _by_rank(rank) for rank, (id_, _) in enumerate(bm25)}
        dense = {id_: _by_rank(rank) for rank, (id_, _) in enumerate(vector)}
    elif bm25:
        lexical = {id_: score / max(bm25[0][1], 1e-9) for id_, score in bm25}
    if fusion == "score" and vector:
        best, last = vector[0][1], vector[-1][1]
        width = best - last
        dense = {id_: (score - last) / width if width > 0 else 1.0 for id_, score in vector}
    if not lexical or not dense:
        vector_weight = 1.0 if dense else 0.0
    ranks = {id_: f"BM25 rank {rank}" for rank, (id_, _) in enumerate(bm25, start=1)}
    for rank, (id_, _) in enumerate(vector, start=1):
        why = f"vector rank {rank}"
        ranks[id_] = f"{ranks[id_]}, {why}" if id_ in ranks else why
    fused = [
        Fused(
            id_,
            vector_weight * dense.get(id_, 0.0) + (1 - vector_weight) * lexical.get(id_, 0.0),
            why,
        )
        for id_, why in ranks.items()
    ]
    return sorted(fused, key=lambda hit: (-hit.score, hit.id))
