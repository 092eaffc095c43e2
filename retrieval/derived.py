"""An index of documents that is caught up with its database before each query."""

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from ..database.database import Database

T = TypeVar("T")


class DerivedIndex(Generic[T]):
    """An index, and the generation of the base that it was built from."""

    def __init__(
        self,
        make: Callable[[], T],
        *,
        load: Callable[[T, Collection[str] | None], None],
        drop: Callable[[T, Collection[str]], None],
    ) -> None:
        self._make = make
        self._index = make()
        self._load = load
        self._drop = drop
        self._generation: int | None = None

    def caught_up(self, database: Database) -> T:
        """The index as the base stands now; only documents that changed are read again."""
        generation = database.generation()
        if generation == self._generation:
            return self._index
        with database.snapshot():
            generation = database.generation()
            changed = None if self._generation is None else database.changed_since(self._generation)
            if changed is None:
                self._index = self._make()
            else:
                self._drop(self._index, changed)
            self._load(self._index, changed)
            self._generation = generation
        return self._index
