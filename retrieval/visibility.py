"""What a search may see: the documents that fit a filter and the labels of a caller."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np

from ..database.database import Database
from .filters import ID, Condition, Filter, Leaf, canonical, read_filter, values_at

_VIEWS = 16


class View:
    """The documents and passages that a search may see.

    `documents` and `passages` are bool by the number of each; `key` is the same for the same filter
    and labels.
    """

    def __init__(
        self, database: Database, documents: np.ndarray, passages: np.ndarray, key: Hashable
    ) -> None:
        self.documents = documents
        self.passages = passages
        self.key = key
        self._database = database

    def sees(self, passage: int) -> bool:
        """Whether it sees the passage of a number."""
        return passage < len(self.passages) and bool(self.passages[passage])

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the documents; to be asked for in the snapshot that the view was made in."""
        return frozenset(
            id_ for number, id_ in self._database.document_ids() if self.documents[number]
        )


@dataclass(slots=True)
class _Column:
    """The values of one key: which documents hold each."""

    last: int = 0
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    holders: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list[int]))


class Visibility:
    """Views of one database by filter and labels, kept while the base stays as it is.

    The values of a key are read once, when a filter first asks for it; afterwards only documents
    that are new are read. Not safe for threads by itself: its owner holds a lock around it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generation: int | None = None
        self._columns: dict[str, _Column] = {}
        self._labelled: defaultdict[frozenset[str], list[int]] = defaultdict(list[int])
        self._last_labelled = 0
        self._documents_of = np.zeros(1, dtype="<i8")  # by the number of the passage
        self._there = np.zeros(1, dtype=bool)  # by the number of the document
        self._views: OrderedDict[str, View] = OrderedDict()

    def view(self, filter: Filter | None, labels: Collection[str] | None) -> View | None:
        """What a caller with these labels sees of the documents that fit; None for everything.

        Raises:
            ValueError: the filter or the labels are none.
        """
        own = None if labels is None else frozenset(check_labels(labels))
        if filter is None and own is None:
            return None
        self._catch_up()
        if callable(filter):
            # What a function answers may change from call to call, so nothing of it is kept.
            return self._made(self._fitting(filter) & self._allowed(own), object())
        key = canonical([_plain(filter), None if own is None else sorted(own)])
        view = self._views.get(key)
        if view is None:
            seen = self._allowed(own)
            if filter:
                seen &= self._holds(read_filter(filter))
            view = self._views[key] = self._made(seen, key)
            while len(self._views) > _VIEWS:
                self._views.popitem(last=False)
        self._views.move_to_end(key)
        return view

    def _made(self, documents: np.ndarray, key: Hashable) -> View:
        return View(self._database, documents, documents[self._documents_of], key)

    def _catch_up(self) -> None:
        generation = self._database.generation()
        if generation == self._generation:
            return
        self._views.clear()
        numbers = self._database.document_numbers()
        self._there = np.zeros(max(numbers, default=0) + 1, dtype=bool)
        self._there[numbers] = True
        known = len(self._documents_of) - 1
        new = np.asarray(list(self._database.documents_after(known)), dtype="<i8").reshape(-1, 2)
        if len(new):
            grown = np.zeros(int(new[-1, 0]) + 1, dtype="<i8")
            grown[: known + 1] = self._documents_of
            grown[new[:, 0]] = new[:, 1]
            self._documents_of = grown
        # A document that is gone has no number here any more; its passages point at none.
        self._documents_of[self._documents_of >= len(self._there)] = 0
        for number, labels in self._database.labels_after(self._last_labelled):
            self._labelled[frozenset(labels)].append(number)
        self._last_labelled = max(self._last_labelled, len(self._there) - 1)
        self._generation = generation

    def _allowed(self, own: frozenset[str] | None) -> np.ndarray:
        seen = self._there.copy()
        for labels, numbers in self._labelled.items():
            if own is not None and own.isdisjoint(labels):
                seen[_below(numbers, len(seen))] = False
        return seen

    def _fitting(self, fits: Callable[[dict[str, Any]], bool]) -> np.ndarray:
        seen = np.zeros(len(self._there), dtype=bool)
        for number, _, metadata in self._database.metadata_after(0):
            seen[number] = bool(fits(metadata))
        return seen

    def _holds(self, condition: Condition) -> np.ndarray:
        """Which documents a condition holds for (bool, by number)."""
        if isinstance(condition, Leaf):
            return self._holds_at(condition)
        parts = [self._holds(part) for part in condition.parts]
        if condition.kind == "not":
            return ~parts[0]
        combine = np.logical_and if condition.kind == "and" else np.logical_or
        return combine.reduce(parts) if parts else np.ones(len(self._there), dtype=bool)

    def _holds_at(self, leaf: Leaf) -> np.ndarray:
        column = self._column(leaf.key)
        fitting = (
            [key for key, value in column.values.items() if leaf.test(value)]
            if leaf.equal is None
            else [key for key in leaf.equal if key in column.values]
        )
        seen = np.zeros(len(self._there), dtype=bool)
        for key in fitting:
            seen[_below(column.holders[key], len(seen))] = True
        return ~seen if leaf.negated else seen

    def _column(self, key: str) -> _Column:
        column = self._columns.setdefault(key, _Column())
        if column.last < len(self._there) - 1:
            for number, id_, metadata in self._database.metadata_after(column.last):
                for value in [id_] if key == ID else values_at(metadata, key):
                    name = canonical(value)
                    column.values[name] = value
                    column.holders[name].append(number)
            column.last = len(self._there) - 1
        return column


def _below(numbers: list[int], end: int) -> np.ndarray:
    """Those numbers that may still be there: above the last document there is none."""
    listed = np.asarray(numbers, dtype="<i8")
    return listed[listed < end]


def check_labels(labels: object) -> tuple[str, ...]:
    """Access labels in order; None stands for none, which is public.

    Raises:
        ValueError: they are no list of non-empty strings. A slip must never make a document public.
    """
    if labels is None:
        return ()
    listed = cast("Collection[object]", labels)
    if not isinstance(labels, list | tuple | set | frozenset) or not all(
        isinstance(label, str) and label.strip() for label in listed
    ):
        raise ValueError(f"labels must be a list of non-empty strings, not {labels!r}")
    return tuple(sorted(cast("set[str]", set(listed))))


def _plain(filter: object) -> Any:
    """A filter with lists in place of sets, which JSON does not know."""
    if isinstance(filter, Mapping):
        said = cast("Mapping[object, object]", filter)
        return {str(key): _plain(value) for key, value in said.items()}
    if isinstance(filter, set | frozenset):
        return sorted((_plain(one) for one in cast("Iterable[Any]", filter)), key=canonical)
    if isinstance(filter, list | tuple):
        return [_plain(one) for one in cast("Iterable[Any]", filter)]
    return filter
