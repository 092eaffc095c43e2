"""ChatGLM3's own weights behind the engine protocol, on transformers' `GlmForCausalLM`."""

import asyncio
import hashlib
import inspect
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence, Sized
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..errors import EngineError
from .adapters import Prefix, load_prefix
from .checkpoint import checkpoint_folder, dtype_of, load_model
from .config import Variant, read_config
from .engine import FinishReason, GenerationRequest, TokenChunk
from .tokenizer import MASK, Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from transformers import GlmForCausalLM


class TransformersEngine:
    """Continues token ids with a loaded model; `open` loads one from a folder.

    Safe for threads: nothing of a reply is kept in the engine. `dtype` and `device` say what runs.

    Args:
        model: The loaded model.
        tokenizer: Its vocabulary.
        name: What answers report as the model's name.
        prefix: A P-tuning v2 prefix in front of every prompt.
        trained_for_tools: Whether the variant was trained to call tools; None if unknown.
        fingerprint: What tells its replies from those of other weights, for a cache of replies.
    """

    supports_grammar = False
    has_weights = True

    def __init__(
        self,
        model: "GlmForCausalLM",
        tokenizer: Tokenizer,
        *,
        name: str,
        prefix: Prefix | None = None,
        trained_for_tools: bool | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        self.prefix = prefix
        self.trained_for_tools = trained_for_tools
        self.fingerprint = fingerprint
        # Its name since transformers 5.24; before, `past_key_values`.
        named = "cache" in inspect.signature(type(model).forward).parameters
        self._cache_name = "cache" if named else "past_key_values"
        config: Any = model.config
        self.vocabulary = int(config.vocab_size)
        # The ids between a small vocabulary and the control ids stand for nothing.
        known = len(tokenizer) if isinstance(tokenizer, Sized) else MASK
        self._unused = slice(known, MASK) if known < MASK < self.vocabulary else None
        taken = prefix.length if prefix is not None else 0
        self.max_context = int(config.max_position_embeddings) - taken

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        dtype: torch.dtype | str | None = None,
        device: torch.device | str | None = None,
        adapter: str | Path | None = None,
        variant: Variant | None = None,
    ) -> "TransformersEngine":
        """Load a checkpoint, original or converted, with its tokenizer.

        Args:
            path: The folder.
            dtype: A floating dtype or its name; None chooses what the machine computes well.
            device: Where the model runs; None takes a GPU where there is one.
            adapter: A LoRA adapter or a P-tuning v2 prefix of the fine-tuning demo.
            variant: Which ChatGLM3 it is, where its config does not show it.

        Raises:
            CheckpointError: there is no whole ChatGLM3 checkpoint, tokenizer or adapter.
        """
        folder = checkpoint_folder(path)
        config = read_config(folder, variant=variant)
        tokenizer = load_tokenizer(folder)
        chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        wanted = dtype_of(dtype) if dtype is not None else _best_dtype(chosen)
        is_lora = adapter is not None and (Path(adapter) / "adapter_config.json").is_file()
        model = load_model(
            folder,
            dtype=wanted,
            device=chosen,
            lora=adapter if is_lora else None,
            variant=variant,
        )
        prefix = load_prefix(adapter, model) if adapter is not None and not is_lora else None
        name = folder.resolve().name
        return cls(
            model,
            tokenizer,
            name=name,
            prefix=prefix,
            trained_for_tools=config.trained_for_tools,
            fingerprint=_fingerprint(folder, adapter, model.dtype),
        )

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return self.model.model.embed_tokens.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype in which it computes."""
        return self.model.model.embed_tokens.weight.dtype

    # --- one reply ------------------------------------------------------------------------------

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        """Stream a reply, one token a chunk; closing the iterator stops it within a token.

        Raises:
            ValueError: a prompt id is not in the vocabulary, or there is no prompt.
            EngineError: the model failed, as when memory runs out.
        """
        rows = _Rows(self, [request])
        while True:
            (chunk,) = rows.step()
            yield chunk
            if chunk.finish_reason is not None:
                return

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio: in a thread, which a cancelled task stops within a token."""
        async with aclosing(_in_thread(lambda: self.generate(request))) as chunks:
            async for chunk in chunks:
                yield chunk

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole replies to several prompts, computed together, padded on the left.

        Raises:
            ValueError: as for `generate`.
        """
        if not requests:
            return []
        rows = _Rows(self, requests)
        ids: list[list[int]] = [[] for _ in requests]
        reasons: list[FinishReason | None] = [None] * len(requests)
        while any(reason is None for reason in reasons):
            for row, chunk in enumerate(rows.step()):
                if reasons[row] is None:
                    ids[row].extend(chunk.ids)
                    reasons[row] = chunk.finish_reason
        return [TokenChunk(tuple(one), why) for one, why in zip(ids, reasons, strict=True)]

    def score(
        self, prompt_ids: Sequence[int], continuations: Sequence[Sequence[int]]
    ) -> list[float]:
        """The log-probability of each continuation behind a prompt."""
        return [self._score(list(prompt_ids), list(one)) for one in continuations]

    def _score(self, prompt: list[int], continuation: list[int]) -> float:
        if not continuation:
            return 0.0
        self.check(prompt + continuation)
        ids = torch.tensor([prompt + continuation], device=self.device)
        positions = torch.arange(ids.shape[1], device=self.device).unsqueeze(0)
        keep = len(continuation) + 1
        with torch.inference_mode():
            logits = self.forward(ids, None, positions, self.start(1), keep)
        chances = logits[0, :-1].float().log_softmax(-1)
        wanted = ids[0, len(prompt) :].unsqueeze(-1)
        return float(chances.gather(-1, wanted).sum())

    # --- the model ------------------------------------------------------------------------------

    def check(self, ids: Sequence[int]) -> None:
        """Refuse ids that the model has no row for.

        Raises:
            ValueError: there is such an id, or none at all.
        """
        if not ids:
            raise ValueError("there are no prompt ids")
        strange = next((id_ for id_ in ids if not 0 <= id_ < self.vocabulary), None)
        if strange is not None:
            raise ValueError(
                f"the prompt holds the id {strange}, but {self.name} has {self.vocabulary}"
            )

    def start(self, batch: int) -> Any:
        """A fresh cache, with the prefix in it where there is one."""
        if self.prefix is not None:
            return self.prefix.cache(batch)
        from transformers import DynamicCache

        return DynamicCache()

    def forward(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor | None,
        positions: torch.Tensor,
        cache: Any,
        keep: int = 1,
    ) -> torch.Tensor:
        """The logits of the last `keep` positions; the cache grows in place.

        `mask` is None where no row is padded.
        """
        if mask is not None and self.prefix is not None:
            front = torch.ones(len(mask), self.prefix.length, dtype=mask.dtype, device=mask.device)
            mask = torch.cat([front, mask], dim=1)
        model: Any = self.model
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=keep,
            **{self._cache_name: cache},
        )
        if self._unused is not None:
            out.logits[..., self._unused] = -torch.inf
        return out.logits


def _fingerprint(folder: Path, adapter: str | Path | None, dtype: torch.dtype) -> str:
    """By the files' names, sizes and times: reading gigabytes for it would take too long."""
    known = hashlib.sha256(str(dtype).encode())
    for place in (folder, *([Path(adapter)] if adapter is not None else [])):
        known.update(str(place.resolve()).encode("utf-8", "surrogateescape"))
        for file in sorted(path for path in place.iterdir() if path.is_file()):
            found = file.stat()
            known.update(f"{file.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return known.hexdigest()[:32]


def _best_dtype(device: torch.device) -> torch.dtype:
    """Half the memory where the machine computes well in it; exact on a CPU without."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    capability = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return torch.bfloat16 if capability is not None and capability() else torch.float32


@dataclass(slots=True)
class _Row:
    """What one reply of a batch is asked for."""

    request: GenerationRequest
    stops: frozenset[int]
    most: int
    random: torch.Generator | None
    count: int = 0
    finished: bool = False


class _Rows:
    """Replies in the making, one token of each at a step."""

    def __init__(self, engine: TransformersEngine, requests: Sequence[GenerationRequest]) -> None:
        self._engine = engine
        prompts = [list(request.prompt_ids) for request in requests]
        for prompt in prompts:
            engine.check(prompt)
        self._rows = [
            self._row(request, len(prompt))
            for request, prompt in zip(requests, prompts, strict=True)
        ]
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
        return _Row(request, stops, min(request.max_tokens, engine.max_context - length), random)

    def step(self) -> list[TokenChunk]:
        """The next token of each reply; nothing more of those that ended."""
        if all(row.finished or row.most < 1 or row.request.is_cancelled for row in self._rows):
            return [_chunk(row, None) for row in self._rows]
        try:
            with torch.inference_mode():
                logits = self._engine.forward(self._ids, self._mask, self._positions, self._cache)
                chosen = _chosen(logits[:, -1], self._rows)
                self._ids = torch.tensor([[id_] for id_ in chosen], device=self._ids.device)
                if self._mask is not None:
                    self._mask = torch.cat([self._mask, torch.ones_like(self._ids)], dim=1)
                self._positions = self._positions[:, -1:] + 1
        except RuntimeError as error:  # out of memory, above all
            raise EngineError(f"{self._engine.name} failed while generating: {error}") from error
        return [_chunk(row, id_) for row, id_ in zip(self._rows, chosen, strict=True)]


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
        int(likeliest[number]) if row.random is None else _drawn(logits[number], row, row.random)
        for number, row in enumerate(rows)
    ]


def _drawn(logits: torch.Tensor, row: _Row, random: torch.Generator) -> int:
    """An id drawn from the likeliest that make up `top_p` (Holtzman et al. 2020)."""
    chances = (logits.float() / row.request.temperature).softmax(-1)
    if row.request.top_p < 1:
        ordered, places = chances.sort(descending=True)
        # One is kept as long as those before it make up less than top_p; so the first always is.
        ordered[ordered.cumsum(-1) - ordered >= row.request.top_p] = 0
        drawn = torch.multinomial(ordered, 1, generator=random)
        return int(places[drawn])
    return int(torch.multinomial(chances, 1, generator=random))


async def _in_thread(items: Callable[[], Iterator[TokenChunk]]) -> AsyncGenerator[TokenChunk]:
    """The chunks of an iterator that runs in a thread of its own, beside the event loop."""
    loop = asyncio.get_running_loop()
    read: asyncio.Queue[TokenChunk | BaseException | None] = asyncio.Queue()
    stopped = threading.Event()

    def tell(item: TokenChunk | BaseException | None) -> None:
        # The loop may be closed by the time that the last token comes.
        if not loop.is_closed():
            loop.call_soon_threadsafe(read.put_nowait, item)

    def run() -> None:
        try:
            for chunk in items():
                if stopped.is_set():
                    return
                tell(chunk)
            tell(None)
        except BaseException as error:  # goes to whoever reads
            tell(error)

    threading.Thread(target=run, daemon=True, name="groundglm-engine").start()
    try:
        while (item := await read.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
