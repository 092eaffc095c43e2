"""How the passages of a search are ranked beyond the two rankings they come from."""

from dataclasses import dataclass
from typing import Literal

from .filters import Filter

Fusion = Literal["score", "rank"]


@dataclass(frozen=True, slots=True)
class Boost:
    """Documents that fit a filter count more, or less: their scores are multiplied by `factor`."""

    filter: Filter
    factor: float

    def __post_init__(self) -> None:
        if not 0 < self.factor < float("inf"):
            raise ValueError(f"the factor of a boost is a number above 0, not {self.factor}")


@dataclass(frozen=True, slots=True)
class Recency:
    """New documents count more than old ones.

    `key` names the metadata that holds a date (ISO 8601 or a year); each `half_life_days` halve
    what `weight` (0 to 1) of a score is worth. A document without a date counts as one that is one
    half-life old.
    """

    key: str = "date"
    half_life_days: float = 365.0
    weight: float = 0.3

    def __post_init__(self) -> None:
        if self.half_life_days <= 0 or not 0 <= self.weight <= 1:
            raise ValueError("half_life_days must be above 0, and weight from 0 to 1")


@dataclass(frozen=True, slots=True)
class Ranking:
    """How passages are ranked; the defaults are those that did best on the data of the benchmarks.

    Attributes:
        fusion: "score" adds up BM25 scores and cosines, each scaled to 1; "rank" adds up 1/(60 +
            rank) (Cormack et al., 2009), which looks at no score.
        vector_weight: What the vectors weigh beside BM25, from 0 to 1.
        collapse: Whether a passage that says the same as a better one, up to punctuation, case,
            width and script, is given as a further source of it and not as a hit of its own.
        diversity: From 0, none, to 1: how much a passage loses by being like those before it
            (maximal marginal relevance: Carbonell and Goldstein, 1998). It costs recall.
        boosts: Documents that count more or less.
        recency: Whether new documents count more.
    """

    fusion: Fusion = "score"
    vector_weight: float = 0.5
    collapse: bool = True
    diversity: float = 0.0
    boosts: tuple[Boost, ...] = ()
    recency: Recency | None = None

    def __post_init__(self) -> None:
        if self.fusion not in ("score", "rank"):
            raise ValueError(f"fusion must be 'score' or 'rank', not {self.fusion!r}")
        for name in ("vector_weight", "diversity"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")
