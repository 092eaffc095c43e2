"""Keys and values of prompts that were read, kept for prompts that begin in the same way."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_SHORTEST = 8  # ids that are worth a look-up

Ids = npt.NDArray[np.int32]


class PrefixCache:
    """The caches of the latest prompts and replies, by their ids, at most so many bytes of them.

    What is given out are views: transformers' `DynamicCache` appends by making new tensors, so that
    several replies may go on from the same beginning at once, and what is kept never changes.

    Args:
        most_bytes: The most that is kept; 0 keeps nothing.
        offset: Positions that stand in front of every prompt, as a P-tuning v2 prefix.
    """

    def __init__(self, most_bytes: int, offset: int = 0) -> None:
        self.most_bytes = most_bytes
        self._offset = offset
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[Ids, Any, int]] = OrderedDict()

    @property
    def bytes(self) -> int:
        """What is kept now."""
        with self._lock:
            return sum(size for *_, size in self._kept.values())

    def clear(self) -> None:
        """Keep nothing of what was read so far."""
        with self._lock:
            self._kept.clear()

    def take(self, ids: Sequence[int]) -> tuple[Any, int] | None:
        """A cache that holds a prompt's first ids, and how many; None where none are known.

        At least one id is left to be read, for its logits.
        """
        wanted = np.asarray(ids, dtype=np.int32)
        with self._lock:
            best, common = None, _SHORTEST - 1
            for key, (known, _, _) in self._kept.items():
                shared = _shared(known, wanted[:-1])
                if shared > common:
                    best, common = key, shared
            if best is None:
                return None
            self._kept.move_to_end(best)
            cache = self._kept[best][1]
        return _cropped(cache, self._offset + common), common

    def put(self, ids: Sequence[int], cache: Any) -> None:  # noqa: ANN401 - a DynamicCache
        """Keep the cache of one row that holds these ids; nothing is appended to it any more."""
        if len(ids) < _SHORTEST or not self.most_bytes:
            return
        size = sum(
            one.nelement() * one.element_size()
            for layer in cache.layers
            for one in (layer.keys, layer.values)
        )
        if size > self.most_bytes:
            return
        known = np.asarray(ids, dtype=np.int32)
        with self._lock:
            for key, (shorter, _, _) in list(self._kept.items()):
                if len(shorter) <= len(known) and _shared(shorter, known) == len(shorter):
                    del self._kept[key]
            self._kept[known.tobytes()] = (known, cache, size)
            while sum(size for *_, size in self._kept.values()) > self.most_bytes:
                self._kept.popitem(last=False)


def _shared(one: Ids, other: Ids) -> int:
    """How many ids two rows have in common from their beginning."""
    shorter = min(len(one), len(other))
    apart = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(apart[0]) if len(apart) else shorter


def _cropped(cache: Any, length: int) -> Any:  # noqa: ANN401 - a DynamicCache
    from transformers import DynamicCache

    made: Any = DynamicCache()
    for number, layer in enumerate(cache.layers):
        made.update(layer.keys[:, :, :length], layer.values[:, :, :length], number)
    return made
