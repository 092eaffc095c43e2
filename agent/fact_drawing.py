"""Facts as a picture: an SVG of entities and what joins them."""

from collections.abc import Sequence
from html import escape
from typing import Any, cast

import networkx as nx

from ..notation import parse_fact
from ..text.names import normalize_name

_WIDTH = 760
_ROW = 110  # height for each few entities
_MOST_FACTS = 40
_LONGEST = 18  # characters of a name or a predicate that are shown


def draw_facts(facts: Sequence[tuple[int, str]], *, cited: frozenset[int] = frozenset()) -> str:
    """An SVG of facts with their numbers, those that are cited drawn strongly; "" of none.

    Args:
        facts: A number and the written form of each.
        cited: The numbers that the answer cites.
    """
    read = [(number, parts) for number, text in facts if (parts := parse_fact(text)) is not None]
    read = sorted(read, key=lambda one: (one[0] not in cited, one[0]))[:_MOST_FACTS]
    if not read:
        return ""
    names: dict[str, str] = {}
    graph: nx.Graph[str] = nx.Graph()
    for _, (subject, _, object_) in read:
        for name in (subject, object_):
            names.setdefault(normalize_name(name), name)
        graph.add_edge(normalize_name(subject), normalize_name(object_))
    height = _ROW * max(2, 1 + len(names) // 4)
    places = _places(graph, height)
    lines = [_edge(number, parts, places, strong=number in cited) for number, parts in read]
    nodes = [_node(names[key], places[key]) for key in graph]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg" '
        'font-family="sans-serif" font-size="13">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>'
        + "".join(lines)
        + "".join(nodes)
        + "</svg>"
    )


def _places(graph: Any, height: int) -> dict[str, tuple[float, float]]:  # noqa: ANN401
    # A path lies from left to right; anything else finds its place by itself.
    ends = [node for node in graph if graph.degree(node) == 1]
    if nx.number_connected_components(graph) == 1 and len(ends) == 2 and max(
        degree for _, degree in graph.degree()
    ) <= 2:  # fmt: skip
        first = min(ends, key=list(graph).index)
        path = list(nx.dfs_preorder_nodes(graph, first))
        step = (_WIDTH - 160) / (len(path) - 1)
        return {node: (80 + step * index, height / 2) for index, node in enumerate(path)}
    found = cast("dict[str, Any]", nx.spring_layout(graph, seed=1, k=2 / len(graph) ** 0.5))
    return {
        node: (
            80 + (float(x) + 1) / 2 * (_WIDTH - 160),
            30 + (float(y) + 1) / 2 * (height - 60),
        )
        for node, (x, y) in found.items()
    }


def _edge(
    number: int,
    parts: tuple[str, str, str],
    places: dict[str, tuple[float, float]],
    *,
    strong: bool,
) -> str:
    (x1, y1), (x2, y2) = places[normalize_name(parts[0])], places[normalize_name(parts[2])]
    length = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
    inset = min(46.0, length / 3)
    dx, dy = (x2 - x1) / length * inset, (y2 - y1) / length * inset
    width, colour = (2.4, "#0a58ca") if strong else (1.2, "#99a")
    label = escape(f"{_short(parts[1])} [{number}]")
    title = escape(f"{parts[0]} | {parts[1]} | {parts[2]}")
    return (
        f'<g><title>{title}</title><line x1="{x1 + dx:.0f}" y1="{y1 + dy:.0f}" '
        f'x2="{x2 - dx:.0f}" y2="{y2 - dy:.0f}" stroke="{colour}" stroke-width="{width}" '
        f'marker-end="url(#tip)"/><text x="{(x1 + x2) / 2:.0f}" y="{(y1 + y2) / 2 - 6:.0f}" '
        f'text-anchor="middle" fill="#445">{label}</text></g>'
    )


def _node(name: str, place: tuple[float, float]) -> str:
    x, y = place
    return (
        f'<g><title>{escape(name)}</title><rect x="{x - 44:.0f}" y="{y - 14:.0f}" width="88" '
        f'height="28" rx="14" fill="#eef2ff" stroke="#88a"/><text x="{x:.0f}" y="{y + 4:.0f}" '
        f'text-anchor="middle" fill="#112">{escape(_short(name))}</text></g>'
    )


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
