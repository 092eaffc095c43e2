"""GroundGLM: ChatGLM3 answers grounded in documents and a knowledge graph."""

from typing import TYPE_CHECKING

from .front_door import front_door

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

_get, __dir__ = front_door(
    __name__,
    {
        "agent": "Answer GroundedAgent build_agent",
        "chatglm3": "ChatGLM3",
        "errors": "GroundGLMError MissingExtraError",
        "evidence": "Citation Evidence Source",
        "facts": "Entity Fact Path",
        "knowledge": "KnowledgeBase",
        "text": "Span",
    },
)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    return _get(name)
