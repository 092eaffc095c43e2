"""ChatGLM3's own weights behind the engine protocol, on transformers' `GlmForCausalLM`."""

import hashlib
import inspect
import threading
from collections.abc import AsyncIterator, Iterator, Sequence, Sized
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..checkpoints.adapters import Prefix, load_prefix
from ..checkpoints.checkpoint import checkpoint_folder, dtype_of, load_model
from ..checkpoints.config import Variant, read_config
from ..grammar.constraint import Constraint, GrammarVocabulary, can_hold_grammars
from ..grammar.grammar import Grammar
from ..wire.tokenizer import MASK, Tokenizer, load_tokenizer
from .async_chunks import in_thread
from .engine import FinishReason, GenerationRequest, TokenChunk
from .prefix_cache import PrefixCache
from .reply_rows import ReplyRows

if TYPE_CHECKING:
    from transformers import GlmForCausalLM


#: Half a gigabyte: some 18,000 tokens of ChatGLM3-6B in half precision.
KEPT_BYTES = 512 * 2**20


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
        kept_bytes: The most memory for what was read of earlier prompts, so that the next turn of a
            conversation need not read it again; 0 keeps nothing.
    """

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
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        #: Whether texts among a call's arguments are held to words of the conversation.
        self.copies_arguments = False
        #: Whether an agent only proposes its calls of tools that may change something.
        self.holds_changing_tools = False
        #: Whether it was trained to decline what the evidence does not hold.
        self.declines_itself = False
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
        self._lock = threading.Lock()
        self._grammars: GrammarVocabulary | None = None
        taken = prefix.length if prefix is not None else 0
        self.prefix_length = taken
        self.prefixes = PrefixCache(kept_bytes, taken)
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
        name: str | None = None,
        kept_bytes: int = KEPT_BYTES,
    ) -> "TransformersEngine":
        """Load a checkpoint, original or converted, with its tokenizer.

        Args:
            path: The folder.
            dtype: A floating dtype or its name; None chooses what the machine computes well.
            device: Where the model runs; None takes a GPU where there is one.
            adapter: A LoRA adapter or a P-tuning v2 prefix of the fine-tuning demo.
            variant: Which ChatGLM3 it is, where its config does not show it.
            name: What it is called; the folder's name if None.
            kept_bytes: As for the class.

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
        return cls(
            model,
            tokenizer,
            name=name or folder.resolve().name,
            prefix=prefix,
            trained_for_tools=config.trained_for_tools,
            fingerprint=_fingerprint(folder, adapter, model.dtype),
            kept_bytes=kept_bytes,
        )

    @property
    def supports_grammar(self) -> bool:
        """Whether its vocabulary has what a grammar of replies needs."""
        return can_hold_grammars(self.tokenizer, self.vocabulary)

    def grammar_vocabulary(self) -> GrammarVocabulary:
        """The vocabulary for grammars, made when it is first needed."""
        with self._lock:
            if self._grammars is None:
                self._grammars = GrammarVocabulary(self.tokenizer, self.vocabulary)
            return self._grammars

    def check_grammar(self, grammar: Grammar) -> None:
        """Refuse a grammar that no reply fits.

        Raises:
            EngineError: there is none, or the grammar cannot be read.
        """
        Constraint(self.grammar_vocabulary(), grammar, self.max_context)

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
        rows = ReplyRows(self, [request])
        try:
            while True:
                (chunk,) = rows.step()
                yield chunk
                if chunk.finish_reason is not None:
                    return
        finally:
            rows.keep()

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio: in a thread, which a cancelled task stops within a token."""
        async with aclosing(in_thread(lambda: self.generate(request))) as chunks:
            async for chunk in chunks:
                yield chunk

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole replies to several prompts, computed together, padded on the left.

        Raises:
            ValueError: as for `generate`.
        """
        if not requests:
            return []
        rows = ReplyRows(self, requests)
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
