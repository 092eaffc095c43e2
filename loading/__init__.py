"""Loading: files to text."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .files import Refusal, load_files

__all__ = ["Refusal", "load_files"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "files": "Refusal load_files",
    },
)
