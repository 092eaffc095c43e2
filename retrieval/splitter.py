"""How large the passages of a base are, by its width or by the tokens of its embedding model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from langchain_core.embeddings import Embeddings

from .splitting import Measure, TextKind, TextPassage, split_text, width

#: What passages are measured by. A Chinese character counts as two characters.
SplittingUnit = Literal["characters", "tokens"]


@dataclass(frozen=True, slots=True)
class Splitting:
    """How large a passage may be."""

    size: int = 1200
    unit: SplittingUnit = "characters"

    def __post_init__(self) -> None:
        if self.unit not in get_args(SplittingUnit):
            raise ValueError(f"unit is one of {get_args(SplittingUnit)}, not {self.unit!r}")
        if self.size < 16:
            raise ValueError(f"size must be at least 16, not {self.size}")

    @property
    def name(self) -> str:
        """Both in short, such as "256 tokens"."""
        return f"{self.size} {self.unit}"


class Splitter:
    """Cuts texts into passages.

    Args:
        splitting: How large they may be.
        embeddings: Gives the embedding model, where its tokens are counted.
    """

    def __init__(
        self,
        splitting: Splitting | None = None,
        embeddings: Callable[[], Embeddings] | None = None,
    ) -> None:
        self.splitting = splitting or Splitting()
        self._embeddings = embeddings
        self._measure: Measure | None = None

    def split(
        self,
        text: str,
        kind: TextKind = "text",
        *,
        breaks: Sequence[int] = (),
        pages: Sequence[int] = (),
    ) -> list[TextPassage]:
        """The passages of a text.

        Args:
            text: The text.
            kind: What it is made of.
            breaks: Characters from which on a new passage begins, under no heading yet.
            pages: Characters at which pages begin.

        Raises:
            TypeError: tokens are to be counted, and the embedding model does not tell them.
        """
        if self._measure is None:
            self._measure = width if self.splitting.unit == "characters" else self._tokens()
        return split_text(
            text,
            max_width=self.splitting.size,
            measure=self._measure,
            kind=kind,
            breaks=breaks,
            pages=pages,
        )

    def _tokens(self) -> Measure:
        model: Any = self._embeddings() if self._embeddings is not None else None
        count: object = getattr(model, "count_tokens", None)
        if not callable(count):
            raise TypeError(
                f"{type(model).__name__} does not tell its tokens (it has no count_tokens); "
                'take Splitting(unit="characters")'
            )
        return model.count_tokens
