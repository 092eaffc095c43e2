"""Fine-tuning: conversations as training data, adapters trained on them."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import TrainingConfig, read_config
    from .dataset import DatasetReport, Problem, read_dataset
    from .encoding import Encoded, encode_conversation
    from .formats import Conversation
    from .training import RunReport, train

__all__ = [
    "Conversation",
    "DatasetReport",
    "Encoded",
    "Problem",
    "RunReport",
    "TrainingConfig",
    "encode_conversation",
    "read_config",
    "read_dataset",
    "train",
]

_HOMES = {
    "Conversation": "formats",
    "DatasetReport": "dataset",
    "Encoded": "encoding",
    "Problem": "dataset",
    "RunReport": "training",
    "TrainingConfig": "config",
    "encode_conversation": "encoding",
    "read_config": "config",
    "read_dataset": "dataset",
    "train": "training",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
