"""Examples into batches: padded, or packed so that few positions are empty."""

from bisect import bisect_left, insort
from collections.abc import Sequence

import torch

from ..wire.tokenizer import PAD
from .encoding import IGNORED, Encoded

Row = dict[str, list[int]]


def rows_of(examples: Sequence[Encoded], *, max_length: int, packing: bool) -> list[Row]:
    """The rows of a data set; with packing, several examples stand in one.

    Positions count from 0 in each example.
    """
    groups = _packed(examples, max_length) if packing else [[one] for one in examples]
    return [
        {
            "input_ids": [id_ for one in group for id_ in one.input_ids],
            "labels": [label for one in group for label in one.labels],
            "position_ids": [place for one in group for place in range(len(one.input_ids))],
        }
        for group in groups
    ]


def _packed(examples: Sequence[Encoded], max_length: int) -> list[list[Encoded]]:
    """Best fit, longest first: at most two ninths more rows than the fewest (Johnson 1973)."""
    groups: list[list[Encoded]] = []
    rooms: list[tuple[int, int]] = []  # what is left in a group, and its number, least first
    for one in sorted(examples, key=lambda example: -len(example.input_ids)):
        size = len(one.input_ids)
        place = bisect_left(rooms, (size, 0))
        if place == len(rooms):
            groups.append([one])
            insort(rooms, (max_length - size, len(groups) - 1))
        else:
            left, number = rooms.pop(place)
            groups[number].append(one)
            insort(rooms, (left - size, number))
    return groups


def collate(rows: Sequence[Row], *, packing: bool) -> dict[str, torch.Tensor]:
    """A batch, padded on the right; nothing attends to padding or to another example.

    `attention_mask` has the shape [rows, width], with packing [rows, 1, width, width].
    """
    width = max(len(row["input_ids"]) for row in rows)
    pads = [width - len(row["input_ids"]) for row in rows]
    pairs = list(zip(rows, pads, strict=True))
    positions = torch.tensor([row["position_ids"] + list(range(pad)) for row, pad in pairs])
    kept = torch.tensor([[1] * len(row["input_ids"]) + [0] * pad for row, pad in pairs])
    return {
        "input_ids": torch.tensor([row["input_ids"] + [PAD] * pad for row, pad in pairs]),
        "labels": torch.tensor([row["labels"] + [IGNORED] * pad for row, pad in pairs]),
        "position_ids": positions,
        "attention_mask": _within(positions) if packing else kept,
    }


def _within(positions: torch.Tensor) -> torch.Tensor:
    """A mask by which each position sees those before it in its own example."""
    example = (positions == 0).cumsum(1)
    same = example[:, :, None] == example[:, None, :]
    earlier = torch.ones(same.shape[1:], dtype=torch.bool).tril()
    return (same & earlier)[:, None]
