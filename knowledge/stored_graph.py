"""The knowledge graph of a base, asked of its tables: open at once, however large it is."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Generic, TypeVar

from ..database.fact_tables import FactTables
from ..database.naming import NameKind
from ..facts import Entity, Fact, predicate_key
from .fact_graph import FactGraph, describe
from .linking import Names
from .reasoning import Fits, in_order

_KEPT = 2000  # answers of each kind that are kept
_MOST_PREDICATES = 5000  # of a hub that are looked at
_MOST_ASKED = 500  # of these, that are asked for together

T = TypeVar("T")


class _Kept(Generic[T]):
    """What was read last, for a question comes back to the same entities."""

    def __init__(self, read: Callable[[str], T]) -> None:
        self._read = read
        self._found: OrderedDict[str, T] = OrderedDict()

    def __call__(self, key: str) -> T:
        if key in self._found:
            self._found.move_to_end(key)
            return self._found[key]
        found = self._found[key] = self._read(key)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        return found


class _StoredNames(Names):
    def __init__(self, tables: FactTables) -> None:
        self._tables = tables
        self._owners = _Kept(tables.owners)
        self._lengths = _Kept(tables.lengths)

    def _owners_of(self, key: str) -> Collection[tuple[str, NameKind]]:
        return self._owners(key)

    def _lengths_of(self, first: str) -> Sequence[int]:
        return self._lengths(first)

    def _keys_like(self, lengths: Mapping[str, Collection[int]]) -> Iterable[str]:
        for letter, some in lengths.items():
            yield from self._tables.keys(letter, some)


class StoredGraph(FactGraph):
    """The facts of a base, or those that a caller sees, as they stand in one generation of it.

    To be asked inside a snapshot of that generation. Of a hub, an entity with more than a thousand
    facts as subject or as object, no more of them are read at once: for a question those whose
    predicate fits it. Where that left something out, `relevant` says so.
    """

    def __init__(self, tables: FactTables) -> None:
        super().__init__(_StoredNames(tables))
        self._tables = tables
        self._entities = _Kept(lambda node: describe(node, tables.names_of(node)))
        self._known = _Kept(tables.knows)
        self._degrees = _Kept(lambda node: tables.degrees(node, most=tables.most + 1))
        self._neighbours = _Kept(tables.neighbours)
        self._from = _Kept(tables.facts)
        self._to = _Kept(lambda node: tables.facts(node, as_object=True))
        self._cut: set[str] = set()

    def __len__(self) -> int:
        return self._tables.fact_count()

    def entities(self) -> list[Entity]:
        """Every entity that a fact names, by name."""
        found = [
            describe(node, (row[1:] for row in rows))
            for node, rows in groupby(self._tables.all_names(), key=lambda row: row[0])
        ]
        return sorted(found, key=lambda entity: (entity.name, entity.id))

    def all_facts(self) -> Iterator[Fact]:
        """Every fact, each once."""
        return self._tables.all_facts()

    def size(self) -> tuple[int, int]:
        """How many facts and how many entities there are."""
        return self._tables.fact_count(), self._tables.entity_count()

    def fact_count(self, entity: str) -> int:
        """How many facts the entities of a name, an alias or an id take part in, hubs too."""
        nodes = self._resolve(entity)
        if all(max(self._degrees(node)) <= self._tables.most for node in nodes):
            return len(self.facts(entity))  # a fact of two namesakes, or of one twice, is one
        return sum(sum(self._tables.degrees(node)) for node in nodes)

    def facts_of(self, document_id: str) -> list[Fact]:
        """The facts that a document says, at most a thousand, each with all who say it."""
        return self._tables.of_document(document_id)

    def best_connected(self, count: int = 10) -> list[tuple[Entity, int]]:
        """The entities with the most facts, and how many each has."""
        return [(self._entity(node), facts) for node, facts in self._tables.best_connected(count)]

    def relevant(self, question: str, *, limit: int = 10) -> list[tuple[Fact, float, str]]:
        """As for any graph; where not all facts of a hub were read, `why` says it."""
        self._cut.clear()
        return [
            (fact, score, why + self._said_of(fact))
            for fact, score, why in super().relevant(question, limit=limit)
        ]

    def _said_of(self, fact: Fact) -> str:
        nodes = dict.fromkeys((fact.subject_id, fact.object_id))
        return "".join(
            f"; {self._entity(node).name} has more facts than the {self._tables.most:,} looked at"
            for node in nodes
            if node in self._cut
        )

    # --- as reasoning asks ----------------------------------------------------------------------

    def __contains__(self, node: object) -> bool:
        return isinstance(node, str) and self._known(node)

    def degree(self, node: str) -> int:
        """How many facts an entity takes part in, as far as it is counted."""
        return sum(self._degrees(node))

    def facts_from(self, node: str, *, fits: Fits | None = None) -> list[Fact]:
        """The facts about an entity, in a fixed order."""
        return self._facts(node, fits, as_object=False)

    def facts_to(self, node: str, *, fits: Fits | None = None) -> list[Fact]:
        """The facts that have an entity as their object, in a fixed order."""
        return self._facts(node, fits, as_object=True)

    def _facts(self, node: str, fits: Fits | None, *, as_object: bool) -> list[Fact]:
        if self._degrees(node)[as_object] <= self._tables.most or fits is None:
            found = (self._to if as_object else self._from)(node)
        else:
            known = self._tables.predicates(node, as_object=as_object, most=_MOST_PREDICATES)
            asked = [predicate for predicate in known if fits(predicate)]
            if len(known) >= _MOST_PREDICATES or len(asked) > _MOST_ASKED:
                self._cut.add(node)
            found = self._tables.facts(node, as_object=as_object, predicates=asked[:_MOST_ASKED])
        if len(found) >= self._tables.most:
            self._cut.add(node)
        kept = found if fits is None else (f for f in found if fits(predicate_key(f.predicate)))
        return sorted(kept, key=in_order)

    def joining(self, subject: str, object_: str) -> list[Fact]:
        """The facts between two entities in this direction, in a fixed order."""
        by_object = self._degrees(subject)[0] > self._degrees(object_)[1]
        found = self._tables.joining(subject, object_, by_object=by_object)
        return sorted(found, key=in_order)

    def neighbours(self, node: str) -> Collection[str]:
        """The entities that a fact joins it with; of a hub not all."""
        return self._neighbours(node)

    def _entity(self, node: str) -> Entity:
        return self._entities(node)
