"""Facts, evidence and pictures of a base as JSON."""

from collections.abc import Sequence
from typing import Any

from ..drawing import Picture
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
