"""What writes the reply: transformers, another machine, the engine without weights, a script."""

from typing import TYPE_CHECKING

from ..front_door import front_door
from .engine import Engine, GenerationRequest, TokenChunk

if TYPE_CHECKING:
    from .extractive_engine import ExtractiveEngine
    from .http_engine import HTTPEngine
    from .scripted_engine import ScriptedEngine
    from .transformers_engine import TransformersEngine

__all__ = [
    "Engine",
    "ExtractiveEngine",
    "GenerationRequest",
    "HTTPEngine",
    "ScriptedEngine",
    "TokenChunk",
    "TransformersEngine",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "extractive_engine": "ExtractiveEngine",
        "http_engine": "HTTPEngine",
        "scripted_engine": "ScriptedEngine",
        "transformers_engine": "TransformersEngine",
    },
)
