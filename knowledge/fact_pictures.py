"""Facts as a picture: entities laid out, and what joins them."""

from collections.abc import Collection, Iterable

from ..drawing import Edge, Node, Picture, laid_out
from ..facts import Fact


def picture_of_facts(facts: Iterable[Fact], *, strong: Collection[str] = ()) -> Picture:
    """Facts laid out; entities and facts of these ids are drawn strongly.

    >>> picture = picture_of_facts([Fact("红楼梦", "作者", "曹雪芹")])
    >>> [node.name for node in picture.nodes], picture.edges[0].label
    (['红楼梦', '曹雪芹'], '作者')
    """
    listed = list(facts)
    names: dict[str, str] = {}
    for fact in listed:
        names.setdefault(fact.subject_id, fact.subject)
        names.setdefault(fact.object_id, fact.object)
    edges = [
        Edge(
            fact.id,
            fact.subject_id,
            fact.object_id,
            fact.predicate,
            f"{fact.subject} | {fact.predicate} | {fact.object}",
            fact.id in strong,
        )
        for fact in listed
    ]
    return laid_out((Node(id_, name, "", id_ in strong) for id_, name in names.items()), edges)
