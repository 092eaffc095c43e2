"""Fine-tuning: conversations as training data, adapters trained on them."""

from typing import TYPE_CHECKING

from ..front_door import front_door

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

__getattr__, __dir__ = front_door(
    __name__,
    {
        "config": "TrainingConfig read_config",
        "dataset": "DatasetReport Problem read_dataset",
        "encoding": "Encoded encode_conversation",
        "formats": "Conversation",
        "training": "RunReport train",
    },
)
