"""GroundGLM: ChatGLM3 answers grounded in documents and a knowledge graph."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent import Answer, GroundedAgent, build_agent
    from .chatglm3 import ChatGLM3
    from .errors import GroundGLMError, MissingExtraError
    from .evidence import Citation, Evidence, Source
    from .facts import Entity, Fact, Path
    from .knowledge import KnowledgeBase
    from .text.spans import Span

    __version__: str

__all__ = [
    "Answer",
    "ChatGLM3",
    "Citation",
    "Entity",
    "Evidence",
    "Fact",
    "GroundGLMError",
    "GroundedAgent",
    "KnowledgeBase",
    "MissingExtraError",
    "Path",
    "Source",
    "Span",
    "__version__",
    "build_agent",
]

_HOMES = {
    "Answer": ".agent",
    "ChatGLM3": ".chatglm3",
    "Citation": ".evidence",
    "Entity": ".facts",
    "Evidence": ".evidence",
    "Fact": ".facts",
    "GroundGLMError": ".errors",
    "GroundedAgent": ".agent",
    "KnowledgeBase": ".knowledge",
    "MissingExtraError": ".errors",
    "Path": ".facts",
    "Source": ".evidence",
    "Span": ".text",
    "build_agent": ".agent",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
