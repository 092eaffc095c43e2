"""What became of files that were not read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was to be read and could not be, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file or folder within a named folder that is none to be read, and why."""

    path: str
    reason: str
