"""A fact as a rule reads it, before it becomes a `Fact` with its source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """A fact as a rule reads it in a sentence."""

    subject: str
    predicate: str
    object: str
    rule: str
    confidence: float
    time: str = ""
