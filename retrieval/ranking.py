"""The best k of an index, with ties settled by id and not by the order of insertion."""

from collections.abc import Callable

Hit = tuple[str, float]

_SPARE = 16


def best(search: Callable[[int], list[Hit]], *, k: int) -> list[Hit]:
    """The `k` best hits, best first, ties by id; equal hits at the border are settled by id too.

    Args:
        search: Gives as many hits (id, score) as it is asked for, best first, ties in any order;
            fewer only if there are no more.
        k: How many at most.

    Raises:
        ValueError: `k` is below 1.

    >>> best(lambda n: [("c", 2.0), ("b", 1.0), ("a", 1.0)][:n], k=2)
    [('c', 2.0), ('a', 1.0)]
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    asked = k + _SPARE
    hits = search(asked)
    # What was cut off may be equal to the k-th, so look on until the score falls.
    while len(hits) == asked and hits[-1][1] == hits[k - 1][1]:
        asked *= 4
        hits = search(asked)
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:k]
