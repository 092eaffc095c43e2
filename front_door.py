"""Front doors: the public names of a room, each loaded when it is first used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def front_door(
    room: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A room's `__getattr__` and `__dir__` (PEP 562), so that importing it loads nothing heavy.

    Args:
        room: `__name__` of the room.
        homes: For each module of the room the public names that it holds, apart by blanks; a module
            with a dot before it is a room beside this one.
    """
    found = {name: module for module, names in homes.items() for name in names.split()}

    def getter(name: str) -> Any:
        if name not in found:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f".{found[name]}", room), name)

    def lister() -> list[str]:
        return sorted({*vars(import_module(room)), *found})

    return getter, lister
