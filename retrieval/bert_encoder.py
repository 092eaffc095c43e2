"""BERT and XLM-RoBERTa sentence encoders in numpy: a question is embedded without loading torch.

Loading sentence-transformers takes seconds; a question has a few dozen tokens. The network is the
one of Devlin et al., 2018 (arXiv:1810.04805), with mean or first-token pooling (Reimers and
Gurevych, 2019, arXiv:1908.10084). The weights are the model's own; a test compares the vectors with
those of sentence-transformers.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

_KNOWN_MODULES = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
_WINDOWS = (
    ("sentence_bert_config.json", "max_seq_length"),
    ("tokenizer_config.json", "model_max_length"),  # where newer versions write it
)
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")  # as sentence-transformers looks for them


class BertEncoder:
    """One text at a time to a vector of length 1; safe for threads.

    `BertEncoder.of` gives one where the model is of a kind that it computes.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any], pooling: str) -> None:
        self._folder = folder
        self._config = config
        self._pooling = pooling
        self._prompts: dict[str, str] = _json(folder / "config_sentence_transformers.json").get(
            "prompts", {}
        )

    @classmethod
    def of(cls, folder: Path) -> "BertEncoder | None":
        """The encoder of a sentence-transformers folder; None where it is of another kind."""
        modules: list[dict[str, Any]] = _json(folder / "modules.json") or []
        names = [str(one.get("type", "")).rsplit(".", 1)[-1] for one in modules]
        if names not in _KNOWN_MODULES or modules[0].get("path"):
            return None
        config = _json(folder / "config.json")
        pooling = _pooling(_json(folder / str(modules[1].get("path")) / "config.json"))
        fits = (
            config.get("model_type") in ("bert", "xlm-roberta", "roberta")
            and config.get("hidden_act") == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and not config.get("is_decoder")
            and all((folder / name).is_file() for name in ("model.safetensors", "tokenizer.json"))
        )
        if not fits or pooling is None:
            return None
        encoder = cls(folder, config, pooling)
        return encoder if encoder._knows_its_weights() else None

    def embed(self, text: str, *, is_query: bool, prompt: str | None = None) -> np.ndarray:
        """The vector of a text, float32; what is longer than the model's window is cut there.

        Args:
            text: The text.
            is_query: Whether it is a question, for the model's own prompts.
            prompt: What stands before the text in place of the model's own.
        """
        if prompt is None:
            prompt = self._prompts.get("query", "") if is_query else self._document_prompt
        ids = self._tokenizer.encode(prompt + text.strip()).ids
        hidden = self._hidden(np.asarray(ids))
        pooled = hidden[0] if self._pooling == "cls" else hidden.mean(axis=0)
        return pooled / max(float(np.linalg.norm(pooled)), 1e-12)

    def count_tokens(self, text: str) -> tuple[int, int]:
        """How many tokens a text has, and how many of them are unknown to the vocabulary."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        unknown = [token in ("[UNK]", "<unk>") for token in encoded.tokens]
        return len(unknown), sum(unknown)

    def length_of(self, text: str) -> int:
        """How many tokens a text has, also beyond the window of the model."""
        return len(self._whole_tokenizer.encode(text, add_special_tokens=False).ids)

    @property
    def _document_prompt(self) -> str:
        return next(
            (self._prompts[name] for name in _DOCUMENT_PROMPTS if name in self._prompts), ""
        )

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer: Any = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        # XLM-RoBERTa numbers positions from the one after the padding's id.
        longest = [int(self._config["max_position_embeddings"]) - self._first_position]
        for file, key in _WINDOWS:
            longest += [int(told) for told in [_json(self._folder / file).get(key)] if told]
        tokenizer.enable_truncation(min(longest))
        return tokenizer

    @cached_property
    def _whole_tokenizer(self) -> Tokenizer:
        tokenizer: Any = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _first_position(self) -> int:
        return 0 if self._config["model_type"] == "bert" else int(self._config["pad_token_id"]) + 1

    def _open(self) -> Any:
        """The file of the weights; its own annotations are partial."""
        opened: Any = safe_open
        return opened(self._folder / "model.safetensors", framework="np")

    @cached_property
    def _prefix(self) -> str:
        """What stands before the names of the weights."""
        with self._open() as file:
            name = next((key for key in set(file.keys()) if "word_embeddings.weight" in key), "")
        return name.removesuffix("embeddings.word_embeddings.weight")

    def _knows_its_weights(self) -> bool:
        with self._open() as file:
            names: set[str] = set(file.keys())
        layers = int(self._config["num_hidden_layers"])
        wanted = {
            f"{self._prefix}encoder.layer.{layer}.{part}.weight"
            for layer in range(layers)
            for part in _PARTS
        }
        # A layer more than told, or a part that this network does not have, is another network.
        theirs = {name for name in names if name.startswith(f"{self._prefix}encoder.")}
        return wanted | {name.removesuffix("weight") + "bias" for name in wanted} == theirs

    @cached_property
    def _layers(self) -> list[dict[str, np.ndarray]]:
        with self._open() as file:
            return [
                {
                    f"{part}.{kind}": file.get_tensor(
                        f"{self._prefix}encoder.layer.{layer}.{part}.{kind}"
                    ).astype(np.float32)
                    for part in _PARTS
                    for kind in ("weight", "bias")
                }
                for layer in range(int(self._config["num_hidden_layers"]))
            ]

    def _embedded(self, ids: np.ndarray) -> np.ndarray:
        """The rows of the embeddings, read off the file: most of a vocabulary is never asked."""
        with self._open() as file:

            def rows(name: str, wanted: np.ndarray) -> np.ndarray:
                table = file.get_slice(f"{self._prefix}embeddings.{name}_embeddings.weight")
                return np.concatenate([table[int(row) : int(row) + 1] for row in wanted])

            positions = np.arange(len(ids)) + self._first_position
            summed = rows("word", ids) + rows("position", positions)
            summed = (summed + rows("token_type", np.zeros(1, dtype=int))).astype(np.float32)
            name = f"{self._prefix}embeddings.LayerNorm"
            weight, bias = file.get_tensor(f"{name}.weight"), file.get_tensor(f"{name}.bias")
        return self._normed(summed, weight.astype(np.float32), bias.astype(np.float32))

    def _hidden(self, ids: np.ndarray) -> np.ndarray:
        """The last layer's vectors of the tokens, [tokens, width]."""
        hidden = self._embedded(ids)
        heads = int(self._config["num_attention_heads"])
        for layer in self._layers:

            def linear(
                name: str, given: np.ndarray, of: dict[str, np.ndarray] = layer
            ) -> np.ndarray:
                return given @ of[f"{name}.weight"].T + of[f"{name}.bias"]

            def by_head(name: str, given: np.ndarray = hidden) -> np.ndarray:
                return linear(name, given).reshape(len(ids), heads, -1).swapaxes(0, 1)

            query, key = by_head("attention.self.query"), by_head("attention.self.key")
            scores = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(query.shape[-1]))
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            scores /= scores.sum(axis=-1, keepdims=True)
            seen = (scores @ by_head("attention.self.value")).swapaxes(0, 1).reshape(len(ids), -1)
            hidden = self._normed(
                hidden + linear("attention.output.dense", seen),
                layer["attention.output.LayerNorm.weight"],
                layer["attention.output.LayerNorm.bias"],
            )
            inner = linear("output.dense", _gelu(linear("intermediate.dense", hidden)))
            hidden = self._normed(
                hidden + inner, layer["output.LayerNorm.weight"], layer["output.LayerNorm.bias"]
            )
        return hidden

    def _normed(self, hidden: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = np.square(centred).mean(axis=-1, keepdims=True)
        return (
            centred / np.sqrt(spread + np.float32(self._config["layer_norm_eps"])) * weight + bias
        )


_PARTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
)


def _pooling(config: Mapping[str, Any]) -> str | None:
    """The pooling, "mean" or "cls"; None where several are joined, or it is another one."""
    modes = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    modes = modes or [f"pooling_mode_{config.get('pooling_mode')}"]
    known = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_mean": "mean",
        "pooling_mode_cls_token": "cls",
        "pooling_mode_cls": "cls",
    }
    return known.get(modes[0]) if len(modes) == 1 else None


def _gelu(values: np.ndarray) -> np.ndarray:
    """The Gaussian error linear unit; erf by Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    size = np.abs(values) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = np.float32(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(factor)
    erf = 1 - series * t * np.exp(-size * size)
    return 0.5 * values * (1 + np.copysign(erf, values))


def _json(path: Path) -> Any:
    """A file of settings; nothing where there is none, or it cannot be read."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
