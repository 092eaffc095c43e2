"""The text of ids that come one by one, as far as it is certain, in linear time."""

from collections.abc import Sequence

from .tokenizer import Tokenizer

_LONGEST = 4  # ids that one character takes at most, each a byte of UTF-8


class SegmentText:
    r"""What decoding all the ids so far would give, without decoding them all anew.

    Ids are decoded behind a short window of those before them: a character may take several, and
    a tokenizer strips the blank before the first.

    >>> from groundglm.wire.tokenizer import ByteTokenizer
    >>> tokenizer = ByteTokenizer()
    >>> ids = tokenizer.encode("你好")
    >>> text = SegmentText(tokenizer)
    >>> text.feed(ids[:-1]), text.feed(ids[-1:])
    ('你', '好')
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        # The ids of the window, of which `_to` ends what was decoded.
        self._from = self._to = 0

    def feed(self, ids: Sequence[int]) -> str:
        """The text that the next ids make certain."""
        self._ids.extend(ids)
        if self._to == len(self._ids):
            return ""
        before = self._tokenizer.decode(self._ids[self._from : self._to])
        # The last ids may be the beginning of a character.
        for end in range(len(self._ids), max(self._to, len(self._ids) - _LONGEST), -1):
            now = self._tokenizer.decode(self._ids[self._from : end])
            if not now.endswith("\ufffd"):
                return self._take(before, now, end)
        if len(self._ids) - self._to <= 2 * _LONGEST:
            return ""
        # What is that far back is broken for good.
        whole = self._tokenizer.decode(self._ids[self._from :])
        for end in range(len(self._ids) - _LONGEST, self._to, -1):
            now = self._tokenizer.decode(self._ids[self._from : end])
            if whole.startswith(now):
                return self._take(before, now, end)
        return ""

    def _take(self, before: str, now: str, end: int) -> str:
        self._from, self._to = self._to, end
        return now[len(before) :]

    def end(self) -> str:
        """The rest, with U+FFFD where a character stayed unfinished."""
        before = self._tokenizer.decode(self._ids[self._from : self._to])
        now = self._tokenizer.decode(self._ids[self._from :])
        return self._take(before, now, len(self._ids))
