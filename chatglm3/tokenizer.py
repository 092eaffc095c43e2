"""The byte tokenizer: UTF-8 bytes beside ChatGLM3's control ids, for engines without weights."""

from collections.abc import Sequence

_OFFSET = 3  # 0, 1 and 2 stay pad, bos and eos


class ByteTokenizer:
    """Byte b has id b + 3. Text never becomes a control token, whatever it spells.

    >>> tokenizer = ByteTokenizer()
    >>> tokenizer.decode(tokenizer.encode("<|user|>你好"))
    '<|user|>你好'
    """

    def encode(self, text: str) -> list[int]:
        """One id for each byte of UTF-8; half a character (a lone surrogate) becomes "?"."""
        return [byte + _OFFSET for byte in text.encode("utf-8", "replace")]

    def decode(self, ids: Sequence[int]) -> str:
        """The text; ids that are no byte decode to nothing, broken UTF-8 to U+FFFD."""
        data = bytes(id_ - _OFFSET for id_ in ids if _OFFSET <= id_ < 256 + _OFFSET)
        return data.decode("utf-8", "replace")
