"""Fine-tuning: conversations as training data, in the forms that people have them in."""

from .dataset import DatasetReport, Problem, read_dataset
from .encoding import Encoded, encode_conversation
from .formats import Conversation

__all__ = [
    "Conversation",
    "DatasetReport",
    "Encoded",
    "Problem",
    "encode_conversation",
    "read_dataset",
]
