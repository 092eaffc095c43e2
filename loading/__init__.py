"""Loading: files to text."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .addresses import load_addresses
    from .files import load_files
    from .options import ReadingOptions
    from .refusals import PassedOver, Refusal

__all__ = ["PassedOver", "ReadingOptions", "Refusal", "load_addresses", "load_files"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "addresses": "load_addresses",
        "files": "load_files",
        "options": "ReadingOptions",
        "refusals": "PassedOver Refusal",
    },
)
