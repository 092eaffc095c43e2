"""The facts of an answer as a picture."""

from collections.abc import Sequence

from ..drawing import Edge, Node, Picture, laid_out, to_svg
from ..notation import parse_fact
from ..text.names import normalize_name

_MOST_FACTS = 40


def draw_facts(facts: Sequence[tuple[int, str]], *, cited: frozenset[int] = frozenset()) -> str:
    """An SVG of facts with their numbers, those that are cited drawn strongly; "" of none.

    Args:
        facts: A number and the written form of each.
        cited: The numbers that the answer cites.
    """
    picture = picture_of(facts, cited=cited)
    return to_svg(picture) if picture.edges else ""


def picture_of(facts: Sequence[tuple[int, str]], *, cited: frozenset[int] = frozenset()) -> Picture:
    """The same laid out; the id of an edge is its number.

    Args:
        facts: A number and the written form of each.
        cited: The numbers that the answer cites.
    """
    read = [(number, parts) for number, text in facts if (parts := parse_fact(text)) is not None]
    read = sorted(read, key=lambda one: (one[0] not in cited, one[0]))[:_MOST_FACTS]
    names: dict[str, str] = {}
    strong: set[str] = set()
    edges: list[Edge] = []
    for number, (subject, predicate, object_) in read:
        ends = normalize_name(subject), normalize_name(object_)
        for key, name in zip(ends, (subject, object_), strict=True):
            names.setdefault(key, name)
        is_cited = number in cited
        strong |= set(ends) if is_cited else set()
        label, title = f"{predicate} [{number}]", f"{subject} | {predicate} | {object_}"
        edges.append(Edge(str(number), *ends, label, title, is_cited))
    return laid_out((Node(key, name, "", key in strong) for key, name in names.items()), edges)
