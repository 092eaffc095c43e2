"""Models on disk: ChatGLM3's layout in, `glm` out; adapters, conversion, the small model."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .adapters import Prefix, load_prefix
    from .checkpoint import load_model
    from .config import CheckpointConfig, read_config
    from .conversion import convert_checkpoint
    from .small_model import cached_small_model

__all__ = [
    "CheckpointConfig",
    "Prefix",
    "cached_small_model",
    "convert_checkpoint",
    "load_model",
    "load_prefix",
    "read_config",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "adapters": "Prefix load_prefix",
        "checkpoint": "load_model",
        "config": "CheckpointConfig read_config",
        "conversion": "convert_checkpoint",
        "small_model": "cached_small_model",
    },
)
