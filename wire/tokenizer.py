"""Text to ids and back: the protocol, ChatGLM3's control ids, and three tokenizers.

Text never becomes a control token, whatever it spells: control ids are written by `prompt` alone.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from ..cache import cache_folder
from ..errors import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as RustTokenizer

PAD, BOS, EOS = 0, 1, 2
MASK, GMASK, SMASK, SOP, EOP = 64789, 64790, 64791, 64792, 64793
SYSTEM, USER, ASSISTANT, OBSERVATION = 64794, 64795, 64796, 64797

CONTROL_TOKENS = {
    "[MASK]": MASK,
    "[gMASK]": GMASK,
    "[sMASK]": SMASK,
    "sop": SOP,
    "eop": EOP,
    "<|system|>": SYSTEM,
    "<|user|>": USER,
    "<|assistant|>": ASSISTANT,
    "<|observation|>": OBSERVATION,
}
CONTROL_NAMES: Mapping[int, str] = {id_: name for name, id_ in CONTROL_TOKENS.items()}

STOP_IDS = (EOS, USER, OBSERVATION)
"""A reply ends at these; `<|assistant|>` inside a reply begins its next segment."""


@runtime_checkable
class Tokenizer(Protocol):
    """Text to ids and back. Text never becomes a control token, whatever it spells."""

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without prefix or suffix and without any control token."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; broken UTF-8 becomes U+FFFD."""
        ...


_SPACE = "\u2581"

# --- bytes ---------------------------------------------------------------------------------------

_OFFSET = 3  # 0, 1 and 2 stay pad, bos and eos


def _visible_bytes() -> dict[str, int]:
    """The characters by which a byte-level vocabulary writes bytes (Radford et al. 2019)."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {
        chr(256 + number): byte for number, byte in enumerate(hidden)
    }


def _piece_bytes(piece: str) -> bytes:
    """The bytes of a piece of sentencepiece's kind."""
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        return bytes([int(piece[3:5], 16)])
    return piece.replace(_SPACE, " ").encode()


class ByteTokenizer:
    """UTF-8 bytes beside ChatGLM3's control ids, for engines without weights: byte b is id b + 3.

    >>> tokenizer = ByteTokenizer()
    >>> tokenizer.decode(tokenizer.encode("<|user|>你好"))
    '<|user|>你好'
    """

    def token_bytes(self) -> list[bytes]:
        """The bytes of each id, for a grammar."""
        return [b""] * _OFFSET + [bytes([byte]) for byte in range(256)]

    def encode(self, text: str) -> list[int]:
        """One id for each byte of UTF-8; half a character (a lone surrogate) becomes "?"."""
        return [byte + _OFFSET for byte in text.encode("utf-8", "replace")]

    def decode(self, ids: Sequence[int]) -> str:
        """The text; ids that are no byte decode to nothing, broken UTF-8 to U+FFFD."""
        data = bytes(id_ - _OFFSET for id_ in ids if _OFFSET <= id_ < 256 + _OFFSET)
        return data.decode("utf-8", "replace")


# --- ChatGLM3's own ------------------------------------------------------------------------------


class ChatGLM3Tokenizer:
    """ChatGLM3's own vocabulary: sentencepiece's BPE of 64,789 pieces, control ids behind them.

    Args:
        path: The `tokenizer.model` of an original checkpoint.

    Raises:
        CheckpointError: there is none, or it is no sentencepiece model.
    """

    def __init__(self, path: str | Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self.path = Path(path)
        if not self.path.is_file():
            raise CheckpointError(f"{self.path} is not there: it holds ChatGLM3's vocabulary")
        try:
            self._pieces: Any = SentencePieceProcessor(model_file=str(self.path))
        except (RuntimeError, OSError) as error:
            raise CheckpointError(f"{self.path} is no sentencepiece model: {error}") from error
        self._count = int(self._pieces.get_piece_size())
        if self._count > MASK:
            raise CheckpointError(
                f"{self.path} has {self._count} pieces; ChatGLM3's control ids begin at {MASK}"
            )
        self._blank = int(self._pieces.piece_to_id(_SPACE))

    def __len__(self) -> int:
        return self._count

    def encode(self, text: str) -> list[int]:
        """The ids of a text; half a character (a lone surrogate) becomes "?"."""
        clean = text.encode("utf-8", "replace").decode()
        return cast("list[int]", self._pieces.encode(clean))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids as the original writes it: control ids by name, strange ones not."""
        parts: list[str] = []
        run: list[int] = []
        for id_ in ids:
            if id_ in CONTROL_NAMES:
                parts += [self._run(run, is_first=not parts), CONTROL_NAMES[id_]]
                run = []
            elif EOS < id_ < self._count:
                run.append(id_)
        parts.append(self._run(run, is_first=not parts))
        return "".join(parts)

    def _run(self, ids: list[int], *, is_first: bool) -> str:
        if not ids:
            return ""
        # sentencepiece takes the blank away that it puts before every text; inside it belongs.
        return cast("str", self._pieces.decode(ids if is_first else [self._blank, *ids]))

    def token_bytes(self) -> list[bytes]:
        """The bytes of each id, for a grammar."""
        return [_piece_bytes(str(self._pieces.id_to_piece(id_))) for id_ in range(self._count)]

    def fast_file(self) -> Path:
        """The equivalent `tokenizer.json`, written into the cache once; making it takes seconds."""
        from tokenizers import Tokenizer as Rust

        known = hashlib.sha256(self.path.read_bytes()).hexdigest()
        path = cache_folder() / "tokenizers" / f"{known}.json"
        try:
            kept: Any = Rust.from_file(str(path))
            if kept.get_vocab_size() == self._count:
                return path
        except Exception:  # tokenizers raises plain Exception: not there, or not whole
            pass
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may make it at once; each renames a whole file.
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as new:
            written = Path(new.name)
        try:
            self.to_fast().save(str(written))
            os.replace(written, path)
        finally:
            written.unlink(missing_ok=True)
        return path

    def to_fast(self) -> "RustTokenizer":
        """The equivalent tokenizer of the package `tokenizers`, without the control tokens."""
        from tokenizers import Tokenizer as Rust
        from tokenizers import decoders, models, normalizers

        pieces = self._pieces
        vocabulary = {str(pieces.id_to_piece(id_)): id_ for id_ in range(self._count)}
        merges: list[tuple[float, int, int, tuple[str, str]]] = []
        for piece, id_ in vocabulary.items():
            if pieces.is_byte(id_) or pieces.is_control(id_) or pieces.is_unknown(id_):
                continue
            for cut in range(1, len(piece)):
                left, right = piece[:cut], piece[cut:]
                if left in vocabulary and right in vocabulary:
                    rank = -float(pieces.get_score(id_))
                    merges.append((rank, vocabulary[left], vocabulary[right], (left, right)))
        merges.sort()
        model = models.BPE(
            vocab=vocabulary,
            merges=[pair for *_, pair in merges],
            unk_token="<unk>",
            byte_fallback=True,
        )
        made: Any = Rust(model)
        made.normalizer = normalizers.Sequence(
            [normalizers.Prepend(_SPACE), normalizers.Replace(" ", _SPACE)]
        )
        made.decoder = decoders.Sequence(
            [
                decoders.Replace(_SPACE, " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        )
        return made


# --- any vocabulary of a tokenizer.json ----------------------------------------------------------


class JsonTokenizer:
    """The vocabulary of a `tokenizer.json`, with ChatGLM3's control ids at their usual places.

    The file's own special tokens are left out, so that no text becomes one.

    Args:
        path: A `tokenizer.json`, as beside a converted checkpoint.

    Raises:
        CheckpointError: there is none, or it is no tokenizer of that kind.
    """

    def __init__(self, path: str | Path) -> None:
        from tokenizers import Tokenizer as Rust

        self.path = Path(path)
        try:
            data: Any = json.loads(self.path.read_text("utf-8"))
            data["added_tokens"] = []
            data["post_processor"] = None
            self._tokenizer: Any = Rust.from_str(json.dumps(data))
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} is not there: it holds the vocabulary") from None
        except Exception as error:  # tokenizers raises plain Exception
            raise CheckpointError(f"{self.path} is no tokenizer: {error}") from error
        self._count = int(self._tokenizer.get_vocab_size(with_added_tokens=False))
        self._is_bytes = '"ByteLevel"' in json.dumps(data.get("decoder"))

    def __len__(self) -> int:
        return self._count

    def token_bytes(self) -> list[bytes]:
        """The bytes of each id, for a grammar."""
        pieces = [str(self._tokenizer.id_to_token(id_) or "") for id_ in range(self._count)]
        if not self._is_bytes:
            return [_piece_bytes(piece) for piece in pieces]
        shown = _visible_bytes()
        return [bytes(shown[one] for one in piece if one in shown) for piece in pieces]

    def encode(self, text: str) -> list[int]:
        """The ids of a text; half a character (a lone surrogate) becomes "?"."""
        clean = text.encode("utf-8", "replace").decode()
        return cast("list[int]", self._tokenizer.encode(clean, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids: control ids by name, other strange ones not at all."""
        parts: list[str] = []
        run: list[int] = []
        for id_ in ids:
            if id_ in CONTROL_NAMES:
                parts += [self._run(run), CONTROL_NAMES[id_]]
                run = []
            elif EOS < id_ < self._count:
                run.append(id_)
        parts.append(self._run(run))
        return "".join(parts)

    def _run(self, ids: list[int]) -> str:
        return cast("str", self._tokenizer.decode(ids, skip_special_tokens=False)) if ids else ""


def load_tokenizer(folder: Path) -> ChatGLM3Tokenizer | JsonTokenizer:
    """The tokenizer of a checkpoint: its `tokenizer.model`, else its `tokenizer.json`.

    Raises:
        CheckpointError: it holds neither.
    """
    if (folder / "tokenizer.model").is_file():
        return ChatGLM3Tokenizer(folder / "tokenizer.model")
    if (folder / "tokenizer.json").is_file():
        return JsonTokenizer(folder / "tokenizer.json")
    raise CheckpointError(
        f"{folder} holds neither tokenizer.model nor tokenizer.json; put the tokenizer.model of "
        "ChatGLM3-6B there"
    )
