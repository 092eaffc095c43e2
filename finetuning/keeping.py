"""What a model was on plain text, kept while it is fine-tuned.

Learning without forgetting (Li and Hoiem 2016): beside the loss of the conversations, the frozen
model's own distribution over the next token is learned on texts that have no part in them. The
frozen model is the one being trained with its adapter switched off, so it costs no memory.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..errors import DatasetError
from ..wire.tokenizer import Tokenizer


def blocks_of(paths: Sequence[Path], tokenizer: Tokenizer, *, length: int) -> list[list[int]]:
    """Texts as blocks of `length` tokens, without control ids; what is left over is not used.

    Raises:
        DatasetError: a file cannot be read, or all of them are shorter than one block.
    """
    ids: list[int] = []
    for path in paths:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path} cannot be read: {error}") from error
        ids += tokenizer.encode(text)
    blocks = [ids[start : start + length] for start in range(0, len(ids) - length + 1, length)]
    if not blocks:
        raise DatasetError(f"keep.text holds {len(ids)} tokens, fewer than keep.length = {length}")
    return blocks


def blocks_at(blocks: Sequence[list[int]], count: int, *, seed: int, step: int) -> list[list[int]]:
    """The blocks of one step: the same whenever the run is taken up again."""
    return random.Random(f"{seed}/{step}").sample(blocks, min(count, len(blocks)))


def drift(model: Any, blocks: Sequence[list[int]]) -> torch.Tensor:  # noqa: ANN401 - peft
    """How far the adapter moves the model on these blocks: KL(frozen || adapted), nats a token."""
    device = next(model.parameters()).device
    ids = torch.tensor(blocks, device=device)
    with torch.no_grad(), model.disable_adapter():
        before = model(input_ids=ids).logits.float().log_softmax(-1)
    now = model(input_ids=ids).logits.float().log_softmax(-1)
    return torch.nn.functional.kl_div(now, before, reduction="sum", log_target=True) / ids.numel()
