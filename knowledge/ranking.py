"""The passages of a search from a fused ranking to the evidence that is given."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ..database.database import Database
from ..evidence import Evidence
from ..retrieval.filters import Filter
from ..retrieval.fusion import Fused
from ..retrieval.passage_indexes import PassageIndexes
from ..retrieval.ranking_options import Boost, Ranking
from ..retrieval.reranking import Sayings, boosted, by_recency, diverse
from ..retrieval.visibility import View, Visibility
from .results import passage_evidence

_DIVERSE_FROM = 4  # times as many as are asked for
_MORE = 8  # passages that are looked at with those asked for, lest some say the same


class PassageRanker:
    """Applies a `Ranking` to the fused hits of one database; in the snapshot of the search."""

    def __init__(self, database: Database, indexes: PassageIndexes, visibility: Visibility) -> None:
        self._database = database
        self._indexes = indexes
        self._visibility = visibility

    def passages(self, hits: Sequence[Fused[int]], ranking: Ranking, *, k: int) -> list[Evidence]:
        """The `k` passages that are given, best first."""
        hits = self._weighed(hits, ranking)
        if ranking.diversity and len(hits) > 1:
            pool = hits[: _DIVERSE_FROM * k]
            vectors = self._indexes.vectors_of([hit.id for hit in pool])
            order = diverse(pool, vectors, k=len(pool), diversity=ranking.diversity)
            hits = [
                replace(pool[place], why=f"{pool[place].why}, unlike those above")
                if place != rank
                else pool[place]
                for rank, place in enumerate(order)
            ]
        return self._collapsed(hits, k=k) if ranking.collapse else self._found(hits[:k])

    def _weighed(self, hits: Sequence[Fused[int]], ranking: Ranking) -> Sequence[Fused[int]]:
        if ranking.boosts:
            hits = boosted(hits, [self._boost(boost) for boost in ranking.boosts])
        if ranking.recency is not None and hits:
            found = self._database.passages_by_number([hit.id for hit in hits])
            ids = {number: one.passage.document_id for number, one in found.items()}
            metadata = self._database.metadata_of(set(ids.values()))
            of_hits = {number: metadata[id_] for number, id_ in ids.items()}
            hits = by_recency(hits, ranking.recency, of_hits)
        return hits

    def _boost(self, boost: Boost) -> tuple[str, float, "_Sees"]:
        view = self._visibility.view(boost.filter, None)
        return f"boost {_said(boost.filter)}", boost.factor, _Sees(view)

    def _found(self, hits: Sequence[Fused[int]]) -> list[Evidence]:
        found = self._database.passages_by_number([hit.id for hit in hits])
        return [
            passage_evidence(found[hit.id], hit.score, hit.why) for hit in hits if hit.id in found
        ]

    def _collapsed(self, hits: Sequence[Fused[int]], *, k: int) -> list[Evidence]:
        """The first `k` that say different things, each with where else it is said."""
        sayings = Sayings()
        given: list[Evidence] = []
        for start in range(0, len(hits), k + _MORE):
            for piece in self._found(hits[start : start + k + _MORE]):
                place = sayings.place_of(piece.title, piece.text)
                if place is None:
                    given.append(piece)
                elif place < k:
                    old = given[place]
                    given[place] = replace(old, sources=(*old.sources, *piece.sources))
            if len(given) >= k:
                break
        return given[:k]


class _Sees:
    """Which passages a view sees; all of them where there is none."""

    def __init__(self, view: View | None) -> None:
        self._view = view

    def __call__(self, number: int) -> bool:
        return self._view is None or self._view.sees(number)


def _said(filter: Filter) -> str:
    if callable(filter):
        return getattr(filter, "__name__", "function")
    return json.dumps(filter, ensure_ascii=False, default=_listed)


def _listed(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(map(str, cast("set[object]", value)))
    return str(value)
