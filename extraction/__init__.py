"""Extraction: facts read out of text by rules, in Chinese and English."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .extraction import extract_facts

__all__ = ["extract_facts"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "extraction": "extract_facts",
    },
)
