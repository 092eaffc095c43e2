"""Extraction: facts read out of text by rules, in Chinese and English."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .extraction import extract_facts

__all__ = ["extract_facts"]

_HOMES = {"extract_facts": "extraction"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
