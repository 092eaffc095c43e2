"""What writes the reply: transformers, the engine without weights, a script; their protocol."""

from typing import TYPE_CHECKING

from ..front_door import front_door
from .engine import Engine, GenerationRequest, TokenChunk

if TYPE_CHECKING:
    from .extractive_engine import ExtractiveEngine
    from .scripted_engine import ScriptedEngine
    from .transformers_engine import TransformersEngine

__all__ = [
    "Engine",
    "ExtractiveEngine",
    "GenerationRequest",
    "ScriptedEngine",
    "TokenChunk",
    "TransformersEngine",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "extractive_engine": "ExtractiveEngine",
        "scripted_engine": "ScriptedEngine",
        "transformers_engine": "TransformersEngine",
    },
)
