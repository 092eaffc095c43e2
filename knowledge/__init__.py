"""Knowledge: a corpus on disk and its graph of facts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import KnowledgeBase
    from .graph import KnowledgeGraph
    from .importing import read_facts
    from .retriever import KnowledgeBaseRetriever

__all__ = [
    "KnowledgeBase",
    "KnowledgeBaseRetriever",
    "KnowledgeGraph",
    "read_facts",
]

_HOMES = {
    "KnowledgeBase": ".base",
    "KnowledgeBaseRetriever": ".retriever",
    "KnowledgeGraph": ".graph",
    "read_facts": ".importing",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
