"""Replies in the making: one token of each at a step, computed together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ..errors import EngineError
from ..grammar.constraint import Constraint, GrammarVocabulary
from .engine import GenerationRequest, TokenChunk
from .prefix_cache import PrefixCache


class RowsEngine(Protocol):
    """What of an engine the rows need."""

    name: str
    vocabulary: int
    max_context: int
    prefix_length: int
    prefixes: PrefixCache

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        ...

    def check(self, ids: Sequence[int]) -> None:
        """Refuse ids that the model has no row for."""
        ...

    def start(self, batch: int) -> Any:
        """A fresh cache."""
        ...

    def forward(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor | None,
        positions: torch.Tensor,
        cache: Any,
        keep: int = 1,
    ) -> torch.Tensor:
        """The logits of the last `keep` positions."""
        ...

    def grammar_vocabulary(self) -> GrammarVocabulary:
        """The vocabulary for grammars."""
        ...


@dataclass(slots=True)
class _Row:
    """What one reply of a batch is asked for."""

    request: GenerationRequest
    stops: frozenset[int]
    most: int
    random: torch.Generator | None
    constraint: Constraint | None
    count: int = 0
    finished: bool = False


class ReplyRows:
    """Replies in the making, one token of each at a step."""

    def __init__(self, engine: RowsEngine, requests: Sequence[GenerationRequest]) -> None:
        self._engine = engine
        prompts = [list(request.prompt_ids) for request in requests]
        for prompt in prompts:
            engine.check(prompt)
        self._rows = [
            self._row(request, len(prompt))
            for request, prompt in zip(requests, prompts, strict=True)
        ]
        self._reads = prompts  # of each row: the ids in the cache, once it is filled
        self._steps = 0
        known = engine.prefixes.take(prompts[0]) if len(prompts) == 1 else None
        if known is not None:
            self._cache, start = known
            left = list(range(start, len(prompts[0])))
            self._ids = torch.tensor([prompts[0][start:]], device=engine.device)
            self._positions = torch.tensor([left], device=engine.device)
            self._mask = None
            return
        width = max(map(len, prompts))
        pads = [width - len(prompt) for prompt in prompts]
        device = engine.device
        padded = [[0] * pad + prompt for pad, prompt in zip(pads, prompts, strict=True)]
        self._ids = torch.tensor(padded, device=device)
        mask = torch.tensor([[0] * pad + [1] * (width - pad) for pad in pads], device=device)
        self._positions = (mask.cumsum(1) - 1).clamp(min=0)
        self._mask = mask if any(pads) else None
        self._cache = engine.start(len(prompts))

    def _row(self, request: GenerationRequest, length: int) -> _Row:
        engine = self._engine
        stops = frozenset(id_ for id_ in request.stop_ids if 0 <= id_ < engine.vocabulary)
        random = None
        if request.temperature > 0:
            random = torch.Generator(device=engine.device)
            if request.seed is None:
                random.seed()
            else:
                random.manual_seed(request.seed)
        most = min(request.max_tokens, engine.max_context - length)
        held = None
        if request.grammar is not None and most > 0:
            held = Constraint(engine.grammar_vocabulary(), request.grammar, most)
        return _Row(request, stops, most, random, held)

    def step(self) -> list[TokenChunk]:
        """The next token of each reply; nothing more of those that ended."""
        if all(row.finished or row.most < 1 or row.request.is_cancelled for row in self._rows):
            return [_chunk(row, None) for row in self._rows]
        try:
            with torch.inference_mode():
                logits = self._engine.forward(self._ids, self._mask, self._positions, self._cache)
                chosen = _chosen(logits[:, -1], self._rows)
                self._steps += 1
                if self._steps > 1:
                    for read, id_ in zip(self._reads, self._ids[:, 0], strict=True):
                        read.append(int(id_))
                self._ids = torch.tensor([[id_] for id_ in chosen], device=self._ids.device)
                if self._mask is not None:
                    self._mask = torch.cat([self._mask, torch.ones_like(self._ids)], dim=1)
                self._positions = self._positions[:, -1:] + 1
        except RuntimeError as error:  # out of memory, above all
            self._engine.prefixes.clear()
            self._steps = 0  # what is half computed is not kept
            raise EngineError(f"{self._engine.name} failed while generating: {error}") from error
        return [_chunk(row, id_) for row, id_ in zip(self._rows, chosen, strict=True)]

    def keep(self) -> None:
        """Leave what a single row has read to prompts that begin in the same way."""
        if self._steps and len(self._rows) == 1:
            self._engine.prefixes.put(self._reads[0], self._cache)

    # --- rows that come and go ------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._rows)

    def join(self, other: "ReplyRows") -> None:
        """Go on with the rows of another object too; both have made at least one step."""
        lengths = [rows._cache.layers[0].keys.shape[-2] for rows in (self, other)]
        masks: list[torch.Tensor] = []
        for rows, length in zip((self, other), lengths, strict=True):
            pad = max(lengths) - length
            mask = rows._mask
            if mask is None:
                shape = (len(rows._rows), length - self._engine.prefix_length + 1)
                mask = torch.ones(shape, dtype=torch.long, device=rows._ids.device)
            masks.append(torch.nn.functional.pad(mask, (pad, 0)))
            rows._widen(pad)
        for mine, theirs in zip(self._cache.layers, other._cache.layers, strict=True):
            mine.keys = torch.cat([mine.keys, theirs.keys])
            mine.values = torch.cat([mine.values, theirs.values])
        self._mask = torch.cat(masks)
        self._ids = torch.cat([self._ids, other._ids])
        self._positions = torch.cat([self._rows_of(self), self._rows_of(other)])
        self._rows += other._rows
        self._reads += other._reads
        self._steps = max(self._steps, other._steps)

    def leave(self, places: Sequence[int]) -> None:
        """Let rows go; what they have read is left to prompts that begin in the same way."""
        for place in places:
            self._keep_row(place)
        stay = [place for place in range(len(self._rows)) if place not in places]
        index = torch.tensor(stay, dtype=torch.long, device=self._ids.device)
        mask = self._mask
        first = 0
        if mask is not None and stay:
            mask = mask[index]
            first = int(mask.any(0).int().argmax())  # columns that are padding in all of them
            self._mask = mask[:, first:]
        front = self._engine.prefix_length
        for layer in self._cache.layers:
            for name in ("keys", "values"):
                held = getattr(layer, name)[index]
                if first:
                    held = torch.cat([held[:, :, :front], held[:, :, front + first :]], dim=2)
                setattr(layer, name, held)
        self._ids = self._ids[index]
        self._positions = self._rows_of(self)[index]
        self._rows = [self._rows[place] for place in stay]
        self._reads = [self._reads[place] for place in stay]

    @staticmethod
    def _rows_of(rows: "ReplyRows") -> torch.Tensor:
        """The next position of each row; before the first join they may share one line."""
        return rows._positions.expand(len(rows._rows), -1)

    def _widen(self, pad: int) -> None:
        """Put padding before what each row has read, behind a prefix."""
        if not pad:
            return
        front = self._engine.prefix_length
        for layer in self._cache.layers:
            for name in ("keys", "values"):
                held = getattr(layer, name)
                empty = held.new_zeros((*held.shape[:2], pad, held.shape[3]))
                setattr(layer, name, torch.cat([held[:, :, :front], empty, held[:, :, front:]], 2))

    def _keep_row(self, place: int) -> None:
        prefixes = self._engine.prefixes
        if not prefixes.most_bytes or self._engine.prefix_length:
            return
        from transformers import DynamicCache

        length = len(self._reads[place])
        made: Any = DynamicCache()
        for number, layer in enumerate(self._cache.layers):
            keys = layer.keys[place : place + 1, :, -length:].clone()
            values = layer.values[place : place + 1, :, -length:].clone()
            made.update(keys, values, number)
        prefixes.put(self._reads[place], made)


def _chunk(row: _Row, id_: int | None) -> TokenChunk:
    if row.finished:
        return TokenChunk(())
    if row.request.is_cancelled:
        row.finished = True
        return TokenChunk((), "cancelled")
    if row.most < 1 or id_ is None:
        row.finished = True
        return TokenChunk((), "length")
    row.count += 1
    if id_ in row.stops:
        row.finished = True
        return TokenChunk((id_,), "stop")
    if row.count >= row.most:
        row.finished = True
        return TokenChunk((id_,), "length")
    return TokenChunk((id_,))


def _chosen(logits: torch.Tensor, rows: Sequence[_Row]) -> list[int]:
    """The next id of each row."""
    likeliest = logits.argmax(-1)
    return [
        int(likeliest[number])
        if row.random is None and row.constraint is None
        else _next(logits[number], row)
        for number, row in enumerate(rows)
    ]


def _next(logits: torch.Tensor, row: _Row) -> int:
    def pick(allowed: torch.Tensor) -> int:
        return int(allowed.argmax()) if row.random is None else _drawn(allowed, row, row.random)

    if row.constraint is None or row.finished or row.most <= row.count:
        return pick(logits)
    return row.constraint.choose(logits, row.most - row.count, pick)


def _drawn(logits: torch.Tensor, row: _Row, random: torch.Generator) -> int:
    """An id drawn from the likeliest that make up `top_p` (Holtzman et al. 2020)."""
    chances = (logits.float() / row.request.temperature).softmax(-1)
    if row.request.top_p < 1:
        ordered, places = chances.sort(descending=True)
        # One is kept as long as those before it make up less than top_p; so the first always is.
        ordered[ordered.cumsum(-1) - ordered >= row.request.top_p] = 0
        return int(places[_at_random(ordered, random)])
    return _at_random(chances, random)


def _at_random(chances: torch.Tensor, random: torch.Generator) -> int:
    """A place drawn by its share; on a CPU far sooner than `torch.multinomial`."""
    up_to = chances.double().cumsum(-1)
    drawn = torch.rand(1, dtype=torch.float64, generator=random, device=chances.device) * up_to[-1]
    # The first place whose sum is beyond the draw: never one without a share.
    place = int(torch.searchsorted(up_to, drawn, right=True))
    return place if place < len(chances) else int(chances.argmax())
