"""The text of a reply that is being written, as far as it is certain, in linear time."""

from collections.abc import Sequence

from .parsing import parse_reply
from .tokenizer import ASSISTANT, CONTROL_NAMES, STOP_IDS, Tokenizer

_LONGEST = 4  # ids that one character takes at most, each a byte of UTF-8


class CertainText:
    r"""What `parsing.readable_text` gives for the ids so far, without reading them all anew.

    A segment is text for sure once its first line is empty; any other one may become a call, and
    is read when it ends. Ids are decoded behind a short window of those before them, for a
    character may take several, and a tokenizer strips the blank before the first.

    >>> from groundglm.chatglm3.tokenizer import ByteTokenizer
    >>> tokenizer = ByteTokenizer()
    >>> certain = CertainText(tokenizer)
    >>> certain.feed(tokenizer.encode("\n你好")[:-1])
    >>> certain.text
    '你'
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._ended: list[str] = []  # the texts of the segments before
        self._segment: list[int] = []
        self._is_text: bool | None = None  # None: not yet known
        self._raw = ""
        self._from = self._to = 0  # the ids of the window, of which `_to` ends what was decoded
        self._stopped = False

    @property
    def text(self) -> str:
        """All that is certain."""
        current = ""
        if self._is_text:
            current = self._raw.partition("\n")[2].removeprefix(" ").rstrip("\ufffd")
        return "\n".join(part for part in (*self._ended, current) if part)

    def feed(self, ids: Sequence[int]) -> None:
        """Take the next ids of the reply."""
        for id_ in ids:
            if self._stopped:
                break
            if id_ in STOP_IDS:
                self._stopped = True
            elif id_ == ASSISTANT:
                self._decode()
                self._close()
            elif id_ not in CONTROL_NAMES:
                self._segment.append(id_)
        self._decode()

    def _close(self) -> None:
        text = parse_reply(self._segment, self._tokenizer).text
        if text:
            self._ended.append(text)
        self._segment = []
        self._is_text = None
        self._raw = ""
        self._from = self._to = 0

    def _decode(self) -> None:
        if self._is_text is False or self._to == len(self._segment):
            return
        before = self._tokenizer.decode(self._segment[self._from : self._to])
        # The last ids may be the beginning of a character.
        for end in range(len(self._segment), max(self._to, len(self._segment) - _LONGEST), -1):
            now = self._tokenizer.decode(self._segment[self._from : end])
            if not now.endswith("\ufffd"):
                self._raw += now[len(before) :]
                self._from, self._to = self._to, end
                break
        if self._is_text is None and self._raw.strip(" "):
            self._is_text = self._raw.startswith((" \n", "\n"))
