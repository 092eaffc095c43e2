"""Knowledge: a corpus on disk and its graph of facts."""

from typing import TYPE_CHECKING

from ..front_door import front_door

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

__getattr__, __dir__ = front_door(
    __name__,
    {
        "base": "KnowledgeBase",
        "graph": "KnowledgeGraph",
        "importing": "read_facts",
        "retriever": "KnowledgeBaseRetriever",
    },
)
