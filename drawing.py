"""Pictures of a graph: where its entities lie, and an SVG of them and of what joins them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, cast

import networkx as nx

_WIDTH = 760.0
_ROW = 110.0  # height for each few entities
_MARGIN_X, _MARGIN_Y = 80.0, 30.0
_LONGEST = 18  # characters of a name or a predicate that are shown


@dataclass(frozen=True, slots=True)
class Node:
    """An entity; a strong one is drawn as what is looked at."""

    id: str
    name: str
    type: str = ""
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """What joins two entities, from one to the other."""

    id: str
    source: str
    target: str
    label: str
    title: str = ""
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Entities at their places on a plane of `width` and `height`, and what joins them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    places: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    width: float = _WIDTH
    height: float = 2 * _ROW


def laid_out(nodes: Iterable[Node], edges: Iterable[Edge]) -> Picture:
    """Entities and what joins them, laid out; the same ones always in the same way.

    >>> laid_out([Node("a", "A"), Node("b", "B")], [Edge("1", "a", "b", "knows")]).places["a"]
    (80.0, 110.0)
    """
    listed, joining = tuple(nodes), tuple(edges)
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(node.id for node in listed)
    graph.add_edges_from((edge.source, edge.target) for edge in joining)
    # A plane that grows with what is on it, wider than high.
    scale = max(1.0, (len(listed) / 24) ** 0.5)
    width = _WIDTH * scale
    height = max(2 * _ROW, _ROW * (1 + len(listed) // 4) / scale)
    return Picture(listed, joining, _places(graph, width, height), width, height)


def _places(graph: Any, width: float, height: float) -> dict[str, tuple[float, float]]:  # noqa: ANN401
    if not len(graph):
        return {}
    # A path lies from left to right; anything else finds its place by itself.
    ends = [node for node in graph if graph.degree(node) == 1]
    is_line = max(degree for _, degree in graph.degree()) <= 2
    if is_line and len(ends) == 2 and nx.number_connected_components(graph) == 1:
        first = min(ends, key=list(graph).index)
        path = list(nx.dfs_preorder_nodes(graph, first))
        step = (width - 2 * _MARGIN_X) / (len(path) - 1)
        return {node: (_MARGIN_X + step * index, height / 2) for index, node in enumerate(path)}
    found = cast("dict[str, Any]", nx.spring_layout(graph, seed=1, k=2 / len(graph) ** 0.5))
    return {
        node: (
            round(_MARGIN_X + (float(x) + 1) / 2 * (width - 2 * _MARGIN_X), 1),
            round(_MARGIN_Y + (float(y) + 1) / 2 * (height - 2 * _MARGIN_Y), 1),
        )
        for node, (x, y) in found.items()
    }


# --- SVG ------------------------------------------------------------------------------------------


def to_svg(picture: Picture, *, title: str = "") -> str:
    """The picture as an SVG that loads nothing and runs nothing; names are shown whole as hints."""
    lines = [_edge(edge, picture) for edge in picture.edges]
    boxes = [_box(node, picture.places[node.id]) for node in picture.nodes]
    named = f"<title>{_clean(title)}</title>" if title else ""
    return (
        f'<svg viewBox="0 0 {picture.width:.0f} {picture.height:.0f}" role="img" '
        'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13">'
        f'{named}<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>'
        + "".join(lines)
        + "".join(boxes)
        + "</svg>"
    )


def to_html(picture: Picture, *, title: str, facts: Sequence[str] = ()) -> str:
    """The picture on a page of its own, with the facts in words below."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    listed = "".join(f"<li>{_clean(fact)}</li>" for fact in facts)
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "svg{width:100%;height:auto;border:1px solid #dde;border-radius:.5rem;background:#f8f9fc}"
        "@media(prefers-color-scheme:dark){body{background:#15171c;color:#dde}}"
    )
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_clean(title)}</title><style>{style}</style></head><body>"
        f"<h1>{_clean(title)}</h1>{to_svg(picture, title=title)}<ul>{listed}</ul></body></html>\n"
    )


def _edge(edge: Edge, picture: Picture) -> str:
    (x1, y1), (x2, y2) = picture.places[edge.source], picture.places[edge.target]
    length = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
    inset = min(46.0, length / 3)
    dx, dy = (x2 - x1) / length * inset, (y2 - y1) / length * inset
    width, colour = (2.4, "#0a58ca") if edge.is_strong else (1.2, "#99a")
    return (
        f'<g><title>{_clean(edge.title or edge.label)}</title><line x1="{x1 + dx:.0f}" '
        f'y1="{y1 + dy:.0f}" x2="{x2 - dx:.0f}" y2="{y2 - dy:.0f}" stroke="{colour}" '
        f'stroke-width="{width}" marker-end="url(#tip)"/><text x="{(x1 + x2) / 2:.0f}" '
        f'y="{(y1 + y2) / 2 - 6:.0f}" text-anchor="middle" fill="#445">'
        f"{_clean(short(edge.label))}</text></g>"
    )


def _box(node: Node, place: tuple[float, float]) -> str:
    x, y = place
    fill, stroke = ("#dbe7ff", "#0a58ca") if node.is_strong else ("#eef2ff", "#88a")
    return (
        f'<g><title>{_clean(node.name)}</title><rect x="{x - 44:.0f}" y="{y - 14:.0f}" width="88" '
        f'height="28" rx="14" fill="{fill}" stroke="{stroke}"/><text x="{x:.0f}" y="{y + 4:.0f}" '
        f'text-anchor="middle" fill="#112">{_clean(short(node.name))}</text></g>'
    )


def short(text: str) -> str:
    """A name on one line, cut where it is longer than there is room."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _clean(text: str) -> str:
    """A text from anywhere in XML: escaped, and without what XML does not hold."""
    held = "".join(one for one in text if one in "\t\n" or one >= " " and not _is_no_text(one))
    return escape(held)


def _is_no_text(character: str) -> bool:
    return "\ud800" <= character <= "\udfff" or character in "\ufffe\uffff"
