"""Loading: files to text."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .files import Refusal, load_files

__all__ = ["Refusal", "load_files"]

_HOMES = {"Refusal": "files", "load_files": "files"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
