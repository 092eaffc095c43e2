"""How long the parts of a turn take: what was searched, what the model wrote, what tools did."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Part = Literal["retrieval", "model", "tools"]

_spent: ContextVar[dict[str, float] | None] = ContextVar("groundglm_timings", default=None)


@contextmanager
def timed_turn() -> Generator[dict[str, float]]:
    """Collect the seconds of a turn by its parts, and its whole under "total"."""
    spent: dict[str, float] = {}
    token = _spent.set(spent)
    began = time.perf_counter()
    try:
        yield spent
    finally:
        spent["total"] = time.perf_counter() - began
        _spent.reset(token)


@contextmanager
def timed(part: Part) -> Generator[None]:
    """Add what this takes to a part; parts that run at the same time add up."""
    began = time.perf_counter()
    try:
        yield
    finally:
        spent = _spent.get()
        if spent is not None:
            spent[part] = spent.get(part, 0.0) + time.perf_counter() - began
