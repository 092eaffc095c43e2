"""A reply held to a grammar while it is written, so that its calls end before its tokens do."""

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch

from ..errors import EngineError
from ..wire.tokenizer import CONTROL_NAMES, EOS, MASK, STOP_IDS, Tokenizer
from .grammar import Grammar

_CLOSERS = (b")", b"]", b"}", b",", b"\n", b"`")
_LONGEST_PLAN = 20_000


class GrammarVocabulary:
    """A vocabulary as llguidance needs it: the bytes of each id. Made once for an engine.

    Args:
        tokenizer: A tokenizer with `token_bytes`.
        size: How many ids the model knows.

    Raises:
        EngineError: the vocabulary holds no control ids, or does not tell its bytes.
    """

    def __init__(self, tokenizer: Tokenizer, size: int) -> None:
        import llguidance

        if not can_hold_grammars(tokenizer, size):
            raise EngineError("this vocabulary has no control ids, so no grammar of replies")
        known: list[bytes] = cast("Any", tokenizer).token_bytes()
        known = known[:MASK]
        # No UTF-8 holds the byte 255, by which llguidance marks the names of special ids.
        special = [id_ for id_, text in enumerate(known) if not text or b"\xff" in text]
        special = sorted({0, 1, EOS, *special, *range(len(known), size)})
        tokens = [*known, *([b""] * (size - len(known)))]
        for id_ in special:
            tokens[id_] = f"<[{id_}]>".encode()
        self.size = size
        self._library: Any = llguidance
        self.tokens = tokens
        self._by_text = {text: id_ for id_, text in reversed(list(enumerate(known))) if text}
        self._longest = max(map(len, self._by_text))
        wrapper: Any = self._library.TokenizerWrapper(_Wrapped(self, tokens, special))
        self.ll: Any = self._library.LLTokenizer(wrapper, n_vocab=size, eos_token=EOS)
        # A text may have several ids: its piece, and the single byte.
        self._ids: dict[bytes, list[int]] = {}
        for id_, text in enumerate(known):
            if text in (*_CLOSERS, b"'", b'"'):
                self._ids.setdefault(text, []).append(id_)
        self._lock = threading.Lock()
        self._compiled: dict[str, Any] = {}

    def matcher(self, grammar: Grammar) -> Any:  # noqa: ANN401 - llguidance has no stubs for it
        """A fresh matcher; compiled grammars are kept.

        Raises:
            EngineError: llguidance does not read the grammar.
        """
        with self._lock:
            made = self._compiled.pop(grammar.lark, None)
            if made is None:
                made = self._library.LLMatcher(self.ll, grammar.lark, log_level=0)
                if made.is_error():
                    raise EngineError(f"the grammar cannot be used: {made.get_error()}")
            self._compiled[grammar.lark] = made
            while len(self._compiled) > 64:
                del self._compiled[next(iter(self._compiled))]
            return made.deep_copy()

    def cut(self, text: bytes) -> list[int]:
        """Ids that make up a text, the longest first; it ends where no id fits."""
        ids: list[int] = []
        position = 0
        while position < len(text):
            for end in range(min(len(text), position + self._longest), position, -1):
                id_ = self._by_text.get(text[position:end])
                if id_ is not None:
                    ids.append(id_)
                    position = end
                    break
            else:
                break
        return ids

    def ids_of(self, text: bytes) -> Sequence[int]:
        """The ids that are exactly this text."""
        return self._ids.get(text, ())


class _Wrapped:
    """What llguidance's TokenizerWrapper asks for."""

    eos_token_id = EOS
    bos_token_id = 1

    def __init__(
        self, vocabulary: GrammarVocabulary, tokens: list[bytes], special: list[int]
    ) -> None:
        self._vocabulary = vocabulary
        self.tokens = tokens
        self.special_token_ids = special

    def __call__(self, text: str | bytes) -> list[int]:
        return self._vocabulary.cut(text.encode() if isinstance(text, str) else text)


def can_hold_grammars(tokenizer: Tokenizer, size: int) -> bool:
    """Whether replies over this vocabulary can be held to a grammar."""
    return size > max(CONTROL_NAMES) and hasattr(tokenizer, "token_bytes")


@dataclass(slots=True)
class _Place:
    """Where in a reply's segment the ids so far end."""

    quote: int
    header: bytes = b""
    in_header: bool = True
    in_text: bool = False
    in_string: bool = False
    escaped: bool = False

    def take(self, id_: int, text: bytes) -> None:
        """Go on behind an id."""
        if id_ in CONTROL_NAMES or id_ == EOS:
            self.header, self.in_header, self.in_text = b"", True, False
            self.in_string = self.escaped = False
            return
        for byte in text:
            if self.in_header:
                if byte == 10:
                    self.in_header = False
                    # The JSON of a reply stands in a segment of text, yet has to end.
                    self.in_text = not self.header.strip() and self.quote != 34
                else:
                    self.header += bytes([byte])
            elif self.escaped:
                self.escaped = False
            elif self.in_string and byte == 92:
                self.escaped = True
            elif byte == self.quote and not self.in_text:
                self.in_string = not self.in_string


class Constraint:
    """Holds one reply to a grammar.

    Every id it lets pass leaves a way to the end within the tokens that are left: near their end,
    an id is tried on a copy, from where the shortest sensible ending is written. Free text needs no
    ending.

    Raises:
        EngineError: even the shortest call takes more than `tokens`.
    """

    def __init__(self, vocabulary: GrammarVocabulary, grammar: Grammar, tokens: int) -> None:
        self._vocabulary = vocabulary
        self._grammar = grammar
        self._matcher = vocabulary.matcher(grammar)
        self._place = _Place(ord(grammar.quote))
        ending = self._ending_here(_LONGEST_PLAN)
        if ending is None:
            raise EngineError("the grammar of the reply has no end: nothing satisfies its schema")
        if len(ending) > tokens:
            raise EngineError(
                f"{tokens} tokens (max_tokens, or what the context leaves) are too few: the "
                f"shortest reply in this form takes {len(ending)}"
            )
        self._planned = ending

    def choose(self, logits: torch.Tensor, left: int, pick: Callable[[torch.Tensor], int]) -> int:
        """The next id.

        Args:
            logits: One row, as long as the vocabulary; it is changed.
            left: How many tokens the reply may still have, this one included.
            pick: Chooses an id by the logits.

        Raises:
            EngineError: the grammar grew too complex for llguidance.
        """
        logits.masked_fill_(~self._mask(logits.device), -torch.inf)
        id_ = pick(logits)
        if left <= self._grammar.reserve + 8:
            trial, place = self._matcher.deep_copy(), replace(self._place)
            trial.consume_token(id_)
            place.take(id_, self._vocabulary.tokens[id_])
            ending = self._ending(trial, place, left - 1)
            if ending is None:  # no way back from there: end the call now
                id_, *ending = self._planned or self._ending_here(left) or [id_]
            self._planned = ending
        else:
            self._planned = []
        if not self._matcher.consume_token(id_):
            raise EngineError(f"the grammar failed: {self._matcher.get_error()}")
        self._place.take(id_, self._vocabulary.tokens[id_])
        return id_

    def _mask(self, device: torch.device) -> torch.Tensor:
        bits = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        each = bits.to(device).unsqueeze(1) >> _bits(device)
        return (each & 1).flatten()[: self._vocabulary.size].bool()

    # --- the shortest sensible end --------------------------------------------------------------

    def _ending_here(self, left: int) -> list[int] | None:
        return self._ending(self._matcher.deep_copy(), replace(self._place), left)

    def _ending(self, matcher: Any, place: _Place, most: int) -> list[int] | None:  # noqa: ANN401
        """Ids that end the reply from here, at most so many; None where that is too few."""
        plan: list[int] = []
        while not place.in_text and not matcher.is_stopped():
            ids = self._next(matcher, place)
            if not ids or len(plan) + len(ids) > most or not matcher.consume_tokens(ids):
                return None
            plan += ids
            for id_ in ids:
                place.take(id_, self._vocabulary.tokens[id_])
            if plan[-1] in STOP_IDS:
                return plan
        return plan

    def _next(self, matcher: Any, place: _Place) -> list[int]:  # noqa: ANN401
        # A byte that no text holds begins the name of a control id.
        forced = self._vocabulary.cut(matcher.compute_ff_bytes().partition(b"\xff")[0])
        if forced:
            return forced
        mask: bytes = matcher.compute_bitmask()
        allowed: Callable[[int], bool] = functools.partial(_is_set, mask)
        for id_ in STOP_IDS:
            if allowed(id_):
                return [id_]
        closers = (self._grammar.quote.encode(),) if place.in_string else _CLOSERS
        for closer in (b"\n", *closers) if place.in_header else closers:
            for id_ in self._vocabulary.ids_of(closer):
                if allowed(id_):
                    return [id_]
        any_bits = np.frombuffer(mask, dtype=np.uint8).nonzero()[0]
        if not len(any_bits):
            return []
        first = int(any_bits[0])
        lowest = mask[first] & -mask[first]
        return [8 * first + lowest.bit_length() - 1]


def _is_set(mask: bytes, id_: int) -> bool:
    return id_ >> 3 < len(mask) and bool(mask[id_ >> 3] >> (id_ & 7) & 1)


@functools.cache
def _bits(device: torch.device) -> torch.Tensor:
    return torch.arange(8, dtype=torch.uint8, device=device)
