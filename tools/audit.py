"""The audit of tool calls: one line for each, whatever became of it."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

CallStatus = Literal["done", "failed", "timed_out", "refused", "cancelled", "held"]

_LOG = logging.getLogger("groundglm.audit")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What became of one call: secrets are hidden in its arguments.

    `time` is when it began, in UTC (ISO 8601); `seconds` how long it took with all its `tries`.
    """

    time: str
    tool: str
    call_id: str
    args: Mapping[str, Any]
    status: CallStatus
    seconds: float = 0.0
    tries: int = 1
    characters: int = 0
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


#: Takes each record; what it raises is logged and stops nothing.
Audit = Callable[[CallRecord], None]


def is_logged() -> bool:
    """Whether anybody listens to the logger `groundglm.audit`."""
    return _LOG.isEnabledFor(logging.INFO)


def audit_log(record: CallRecord) -> None:
    """Write a record to the logger `groundglm.audit`, as a line of JSON."""
    if is_logged():
        _LOG.info("%s", _line(record))


@dataclass(slots=True)
class AuditFile:
    """A file that takes each record as a line of JSON; threads may share it."""

    path: str | Path
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, record: CallRecord) -> None:
        """Append a line."""
        with self._guard, Path(self.path).open("a", encoding="utf-8") as file:
            file.write(_line(record) + "\n")


def _line(record: CallRecord) -> str:
    return json.dumps(record.to_dict(), ensure_ascii=False, default=str)
