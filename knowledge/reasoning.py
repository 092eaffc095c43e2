"""Reasoning over the graph: facts that fit a question in one hop or two, and paths."""

import heapq
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ..facts import Fact, LinkedEntity, Path
from ..questions.relation_fit import Fit, asked_relations, is_general, predicate_fit
from ..relations import DEFINING, RELATIONS, plain_predicate
from ..text.dates import is_date
from ..text.folding import fold
from ..text.scripts import HAN
from ..text.spans import Span

#: No more paths than these are given between two entities.
MOST_PATHS = 10

_FAN_OUT = 50  # facts of one entity that a step looks at, so that hubs stay cheap
_MOST_STEPS = 20_000  # partial paths that one search tries
_FACTS_OF_HOP = 200  # fitting facts of one entity that are kept
_MOST_BACKWARD = 8  # fitting facts with a named object; more of them say nothing
_GENERAL_FACTS = 5  # facts shown for a question about an entity in general

# Relations asked by such common words that they say little beside a plainer one.
_MILD_CUES = frozenset({"location", "nationality", "cause"})

# A bare "where" beside what is itself a place asks for that place, not for where the place lies.
_BARE_WHERE = re.compile(r"[在是于]?(?:哪里|哪儿|何处|何地|什么地方)的?|where (?:is|are|was|were)")
_PLACES = frozenset(
    predicate
    for relation in RELATIONS
    if relation.name in ("birthplace", "death place", "location", "capital", "province", "mouth")
    for predicate in relation.predicates
)

Ranked: TypeAlias = tuple[Fact, float, str]
#: Whether a predicate, as `facts.predicate_key` writes it, is of use.
Fits: TypeAlias = Callable[[str], bool]


class Graph(Protocol):
    """What reasoning asks of a graph of facts between entities, which it names by their ids."""

    def __contains__(self, node: object) -> bool:
        """Whether a fact is about this entity."""
        ...

    def degree(self, node: str) -> int:
        """How many facts an entity takes part in; of a hub, perhaps no more than enough."""
        ...

    def facts_from(self, node: str, *, fits: Fits | None = None) -> list[Fact]:
        """The facts about an entity `in_order`, of fitting predicates; of a hub not all."""
        ...

    def facts_to(self, node: str, *, fits: Fits | None = None) -> list[Fact]:
        """The facts that have an entity as their object, as `facts_from`."""
        ...

    def joining(self, subject: str, object_: str) -> list[Fact]:
        """The facts between two entities in this direction, `in_order`."""
        ...

    def neighbours(self, node: str) -> Collection[str]:
        """The entities that a fact joins it with; of a hub not all."""
        ...


def in_order(fact: Fact) -> tuple[str, str, str, str]:
    """The fixed order of the facts of an entity."""
    return (fact.predicate, fact.object, fact.subject, fact.id)


# --- facts for a question ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """Facts that answer together: one, or a chain."""

    facts: tuple[Fact, ...]
    score: float
    why: str
    cues: tuple[Span, ...]

    @property
    def order(self) -> tuple[float, int, list[str]]:
        return (-self.score, -len(self.facts), [fact.id for fact in self.facts])


class _Question:
    """A question with the names in it blanked out, and the relations of the table it asks for."""

    def __init__(self, text: str, linked: frozenset[str]) -> None:
        self.text = text
        self.linked = linked
        self.asked = asked_relations(text)
        self.plainness = _plainness(text)
        # A hub has thousands of facts, but only a few predicates.
        self._fits: dict[tuple[str, bool], Fit | None] = {}

    def fit(self, fact: Fact) -> Fit | None:
        """How well the fact's predicate fits."""
        return self._fit(fact.predicate, is_date=is_date(fact.object))

    def may_fit(self, predicate: str) -> bool:
        """Whether a predicate fits with any object."""
        return any(self._fit(predicate, is_date=either) is not None for either in (True, False))

    def _fit(self, predicate: str, *, is_date: bool) -> Fit | None:
        key = (predicate, is_date)
        if key not in self._fits:
            object_ = "1999" if is_date else ""
            self._fits[key] = predicate_fit(predicate, object_, self.text, self.asked)
        return self._fits[key]

    def fitting(self, facts: Iterable[Fact]) -> list[tuple[Fact, Fit]]:
        """The facts whose predicate fits, in their order."""
        found = [(fact, fit) for fact in facts if (fit := self.fit(fact)) is not None]
        return found[:_FACTS_OF_HOP]

    def asks_beside(self, span: Span) -> bool:
        """Whether other words ask for another relation (a second step, say)."""
        return any(
            _apart(other, span) and relation.name not in _MILD_CUES
            for relation, other in self.asked
        )


def relevant(
    graph: Graph, question: str, links: Sequence[LinkedEntity], *, limit: int
) -> list[Ranked]:
    """The facts of the linked entities that fit a question; see `KnowledgeGraph.relevant`."""
    if not links or limit <= 0:
        return []
    asked = _read(question, links)
    groups: list[_Group] = []
    for link in links:
        hops = list(_one_hop(graph, asked, link))
        chains = list(_chains(graph, asked, link))
        explained = {fact.id for chain in chains for fact in chain.facts}
        cues = {cue for chain in chains for cue in chain.cues}
        groups += chains
        groups += [
            hop
            for hop in hops
            # A chain explains more of the question than a hop that uses one of its words.
            if hop.facts[0].id not in explained and not (cues and set(hop.cues) <= cues)
        ]
    if not groups:
        groups = _between(graph, asked, links)
    if not groups and is_general(asked.text):
        groups = [group for link in links[:2] for group in _in_general(graph, link)]
    return _flatten(groups, limit)


def _read(question: str, links: Sequence[LinkedEntity]) -> _Question:
    text = fold(question)
    for link in links:
        span = link.span
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return _Question(text, frozenset(link.entity.id for link in links))


def _plainness(rest: str) -> float:
    """How much of a question one predicate may explain: the longer its rest, the less."""
    words = len(re.findall(rf"[{HAN}]", rest)) / 2 + len(re.findall(r"[a-z]{4,}", rest))
    return 1.0 if words <= 6 else 0.8 if words <= 10 else 0.6


def _one_hop(graph: Graph, question: _Question, link: LinkedEntity) -> Iterator[_Group]:
    node = link.entity.id
    for fact, fit in question.fitting(graph.facts_from(node, fits=question.may_fit)):
        yield _hop(question, link, fact, fit, 1.0)
    backward = question.fitting(graph.facts_to(node, fits=question.may_fit))
    if len(backward) > _MOST_BACKWARD:
        return  # "based in California": too many to mean one of them
    for fact, fit in backward:
        yield _hop(question, link, fact, fit, 0.85)


def _hop(question: _Question, link: LinkedEntity, fact: Fact, fit: Fit, direction: float) -> _Group:
    score = link.score * fit.score * direction * _trust(fact) * question.plainness
    if {fact.subject_id, fact.object_id} <= question.linked:
        score = min(1.0, score * 1.1)
    elif question.asks_beside(fit.span):
        score *= 0.7
    why = f"link {link.entity.name}; predicate {fact.predicate}"
    return _Group((fact,), score, why, (fit.span,))


def _chains(graph: Graph, question: _Question, link: LinkedEntity) -> Iterator[_Group]:
    """Chains of two facts or three from a named entity, each step fitting words of its own."""
    node = link.entity.id
    steps = [
        (*pair, pair[0].object_id, pair[0].object)
        for pair in question.fitting(graph.facts_from(node, fits=question.may_fit))
    ]
    steps += [
        (*pair, pair[0].subject_id, pair[0].subject)
        for pair in question.fitting(graph.facts_to(node, fits=question.may_fit))
    ]
    for first, first_fit, middle, name in steps[:_FAN_OUT]:
        seconds: list[tuple[float, Fact, Span]] = []
        for second, fit in question.fitting(graph.facts_from(middle, fits=question.may_fit)):
            if second.object_id == node or not _apart(fit.span, first_fit.span):
                continue
            if _asks_for_place_itself(question, first, fit):
                continue
            score = link.score * first_fit.score * fit.score * question.plainness
            score *= _trust(first) * _trust(second)
            seconds.append((score, second, fit.span))
        if middle == node or not seconds:
            continue
        best = max(score for score, _, _ in seconds)
        kept = [entry for entry in seconds if entry[0] >= 0.8 * best][:_GENERAL_FACTS]
        path = f"path {link.entity.name} → {name} → {kept[0][1].predicate}"
        spans = (first_fit.span, *(span for _, _, span in kept))
        longer = list(_third_hop(graph, question, first, kept, spans))
        for third, score, span in longer:
            facts = (first, *(fact for _, fact, _ in kept), third)
            yield _Group(facts, score, f"{path} → {third.predicate}", (*spans, span))
        if not longer:
            facts = (first, *(fact for _, fact, _ in kept))
            yield _Group(facts, min(1.0, best * 1.05), path, spans)


def _third_hop(
    graph: Graph,
    question: _Question,
    first: Fact,
    seconds: Sequence[tuple[float, Fact, Span]],
    spans: Sequence[Span],
) -> Iterator[tuple[Fact, float, Span]]:
    """Facts of what the second step leads to, fitting words that neither step fits."""
    for score, second, _ in seconds:
        for third, fit in question.fitting(
            graph.facts_from(second.object_id, fits=question.may_fit)
        ):
            apart = all(_apart(fit.span, span) for span in spans)
            apart = apart and not _asks_for_place_itself(question, second, fit)
            if apart and third.object_id not in (first.subject_id, first.object_id):
                yield third, min(1.0, score * fit.score * _trust(third) * 1.1), fit.span


def _asks_for_place_itself(question: _Question, fact: Fact, further: Fit) -> bool:
    """Whether the words that a further step would fit only ask for the place that a fact names."""
    asked = further.span.cut(question.text)
    return plain_predicate(fact.predicate) in _PLACES and bool(_BARE_WHERE.fullmatch(asked))


def _apart(a: Span, b: Span) -> bool:
    return a.end <= b.start or b.end <= a.start


def _trust(fact: Fact) -> float:
    return 0.5 + 0.5 * fact.confidence


_RELATED = re.compile(r"关系|联系|\brelat(?:ed|ion|ionship)\b|\bconnect(?:ed|ion)\b")


def _between(graph: Graph, question: _Question, links: Sequence[LinkedEntity]) -> list[_Group]:
    """Facts that join two entities, for a question that names both and no predicate."""
    asks = _RELATED.search(question.text) is not None
    groups: list[_Group] = []
    by_id = {link.entity.id: link for link in links}
    for link in by_id.values():
        others = (other for other in by_id.values() if other is not link)
        for other, fact in _joined(graph, link, others):
            if not asks and plain_predicate(fact.predicate) in DEFINING:
                continue  # the question itself says so
            score = min(link.score, other.score) * _trust(fact) * (0.8 if asks else 0.5)
            why = f"link {link.entity.name}; link {other.entity.name}"
            groups.append(_Group((fact,), score, why, ()))
    if groups or not asks or len(by_id) < 2:
        return groups
    first, second, *_ = by_id.values()
    for path in paths(graph, first.entity.id, second.entity.id, max_hops=3)[:3]:
        score = min(first.score, second.score) * 0.6
        groups.append(_Group(path.facts, score, "path " + " → ".join(path.entities), ()))
    return groups


def _joined(
    graph: Graph, link: LinkedEntity, others: Iterable[LinkedEntity]
) -> Iterator[tuple[LinkedEntity, Fact]]:
    for other in others:
        yield from ((other, fact) for fact in graph.joining(link.entity.id, other.entity.id))


def _in_general(graph: Graph, link: LinkedEntity) -> Iterator[_Group]:
    facts = graph.facts_from(link.entity.id)
    facts.sort(key=lambda fact: (plain_predicate(fact.predicate) not in DEFINING, -fact.confidence))
    for fact in facts[:_GENERAL_FACTS]:
        score = (
            (0.6 if plain_predicate(fact.predicate) in DEFINING else 0.3)
            * link.score
            * _trust(fact)
        )
        yield _Group((fact,), score, f"link {link.entity.name}", ())


def _flatten(groups: Sequence[_Group], limit: int) -> list[Ranked]:
    """The facts of the best groups, each once; a chain is kept whole where there is room."""
    found: dict[str, Ranked] = {}
    for group in sorted(groups, key=lambda group: group.order):
        new = [fact for fact in group.facts if fact.id not in found]
        room = limit - len(found)
        if len(new) > room and found:
            continue
        for fact in new[:room]:
            found[fact.id] = (fact, round(min(1.0, group.score), 4), group.why)
    return list(found.values())


# --- paths ---------------------------------------------------------------------------------------


def paths(graph: Graph, start: str, end: str, *, max_hops: int) -> list[Path]:
    """Chains of facts from `start` to `end`, the shortest first; none visits a node twice.

    From each entity on the way only some neighbours are followed, those with the fewest facts
    first: what is joined to everything tells least.
    """
    if start not in graph or end not in graph or start == end:
        return []
    beside_end = graph.neighbours(end)
    is_hub = graph.degree(end) > len(beside_end)  # then not all of its neighbours may be there
    found: list[Path] = []
    waiting: deque[tuple[str, ...]] = deque([(start,)])
    steps = 0
    while waiting and len(found) < MOST_PATHS and steps < _MOST_STEPS:
        nodes = waiting.popleft()
        if len(nodes) > max_hops:
            break
        if nodes[-1] in beside_end or (is_hub and end in graph.neighbours(nodes[-1])):
            found += _chained(graph, (*nodes, end))
        if len(nodes) >= max_hops:
            continue
        for neighbour in _lesser_neighbours(graph, nodes[-1]):
            if neighbour != end and neighbour not in nodes:
                steps += 1
                waiting.append((*nodes, neighbour))
    return found[:MOST_PATHS]


def _chained(graph: Graph, nodes: Sequence[str]) -> Iterator[Path]:
    """The paths along these entities: one fact for each step, and any for the last."""
    *firsts, last = (
        graph.joining(a, b) + graph.joining(b, a) for a, b in zip(nodes, nodes[1:], strict=False)
    )
    for fact in last:
        yield _path(nodes[0], (*(facts[0] for facts in firsts), fact))


def _lesser_neighbours(graph: Graph, node: str) -> list[str]:
    around = graph.neighbours(node)
    return heapq.nsmallest(_FAN_OUT, around, key=lambda other: (graph.degree(other), other))


def _path(start: str, chain: tuple[Fact, ...]) -> Path:
    node, names = start, [""]
    for fact in chain:
        forward = fact.subject_id == node
        names[-1] = fact.subject if forward else fact.object
        names.append(fact.object if forward else fact.subject)
        node = fact.object_id if forward else fact.subject_id
    return Path(tuple(names), chain)
