"""The best of a ranking, with all that are equal at its border."""

import numpy as np

Hit = tuple[int, float]


def best(numbers: np.ndarray, scores: np.ndarray, *, k: int) -> list[Hit]:
    """The `k` best (number, score), best first, and those after them that equal the last.

    Which of equals come first is settled by who knows their ids: numbers depend on the order in
    which texts were added, ids do not.

    >>> best(np.array([7, 8, 9]), np.array([1.0, 2.0, 1.0]), k=2)
    [(8, 2.0), (7, 1.0), (9, 1.0)]
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if len(scores) > k:
        chosen = scores >= np.partition(scores, -k)[-k]
        numbers, scores = numbers[chosen], scores[chosen]
    order = np.lexsort((numbers, -scores))
    return list(zip(numbers[order].tolist(), scores[order].tolist(), strict=True))
