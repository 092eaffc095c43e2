"""What we use of sentence-transformers, whose own annotations lead into untyped libraries."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

class SentenceTransformer:
    max_seq_length: int | None
    # A Hugging Face tokenizer: its own annotations are partial.
    tokenizer: Callable[..., Any]
    device: Any
    def __init__(
        self,
        model_name_or_path: str | None = None,
        *,
        device: str | None = None,
        local_files_only: bool = False,
    ) -> None: ...
    def encode_query(
        self,
        sentences: str | Sequence[str],
        *,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        normalize_embeddings: bool = False,
    ) -> NDArray[np.float32]: ...
    def encode_document(
        self,
        sentences: str | Sequence[str],
        *,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        normalize_embeddings: bool = False,
    ) -> NDArray[np.float32]: ...
