"""Facts joined to paths: where one goes on from what another ends with."""

from collections.abc import Sequence

from ..evidence import Evidence
from ..notation import parse_fact
from ..text.names import normalize_name


def fact_paths(facts: Sequence[Evidence]) -> tuple[tuple[Evidence, ...], ...]:
    """Each fact once, behind the one that it goes on from; one that goes on from none alone.

    >>> born = Evidence("1", "fact", "苏轼 | 出生地 | 眉山", 1.0)
    >>> lies = Evidence("2", "fact", "眉山 | 所属省份 | 四川", 1.0)
    >>> [len(path) for path in fact_paths([lies, born])]
    [2]
    """
    read = [(piece, parts) for piece in facts if (parts := parse_fact(piece.text)) is not None]
    left = {index: tuple(map(normalize_name, (p[0], p[2]))) for index, (_, p) in enumerate(read)}
    paths: list[tuple[Evidence, ...]] = []
    while left:
        path = [next(iter(left))]
        start, end = left.pop(path[0])
        while True:
            after = next((index for index, ends in left.items() if ends[0] == end), None)
            before = next((index for index, ends in left.items() if ends[1] == start), None)
            if after is not None:
                end = left.pop(after)[1]
                path.append(after)
            elif before is not None:
                start = left.pop(before)[0]
                path.insert(0, before)
            else:
                break
        paths.append(tuple(read[index][0] for index in path))
    return tuple(paths)
