"""Facts, evidence and pictures of a base as JSON."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ..drawing import Edge, Node, Picture, laid_out
from ..evidence import Evidence
from ..facts import Fact, Path


def fact_data(fact: Fact) -> dict[str, Any]:
    """A fact with who says it."""
    return {
        "id": fact.id,
        "subject": fact.subject,
        "predicate": fact.predicate,
        "object": fact.object,
        "confidence": fact.confidence,
        "times": list(fact.times),
        "sources": [source.to_dict() for source in fact.sources],
    }


def path_data(path: Path) -> dict[str, Any]:
    """A chain of facts."""
    return {
        "entities": list(path.entities),
        "facts": [fact_data(fact) for fact in path.facts],
        "text": str(path),
    }


def found_data(
    piece: Evidence, scores: Sequence[tuple[str, dict[str, tuple[int, float]]]]
) -> dict[str, Any]:
    """A hit with what each ranking says of it.

    Args:
        piece: The hit.
        scores: For each ranking its name, and the rank and score of each passage by its id.
    """
    parts: list[dict[str, Any]] = []
    for name, ranked in scores if piece.kind == "passage" else ():
        rank, score = ranked.get(piece.id, (None, None))
        parts.append({"ranking": name, "rank": rank, "score": score})
    return {**piece.to_dict(), "parts": parts}


def picture_of_facts(facts: Iterable[Fact], *, strong: Collection[str] = ()) -> Picture:
    """Facts laid out; entities and facts of these ids are strong."""
    listed = list(facts)
    names: dict[str, str] = {}
    for fact in listed:
        names.setdefault(fact.subject_id, fact.subject)
        names.setdefault(fact.object_id, fact.object)
    nodes = [Node(id_, name, "", id_ in strong) for id_, name in names.items()]
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
    return laid_out(nodes, edges)


def picture_data(picture: Picture, *, sources: dict[str, Any] | None = None) -> dict[str, Any]:
    """A picture as the page draws it.

    Args:
        picture: What is drawn.
        sources: The sources of the edges by their ids.
    """
    return {
        "nodes": [
            {
                "id": node.id,
                "name": node.name,
                "type": node.type,
                "x": picture.places[node.id][0],
                "y": picture.places[node.id][1],
                "strong": node.is_strong,
            }
            for node in picture.nodes
        ],
        "edges": [
            {
                "id": edge.id,
                "source": edge.source,
                "target": edge.target,
                "predicate": edge.label,
                "title": edge.title,
                "strong": edge.is_strong,
                "sources": (sources or {}).get(edge.id, []),
            }
            for edge in picture.edges
        ],
        "width": picture.width,
        "height": picture.height,
    }
