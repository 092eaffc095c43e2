"""ChatGLM3's wire format: token ids, prompts written into them, replies read out of them."""

from typing import TYPE_CHECKING

from ..front_door import front_door
from .tokenizer import ByteTokenizer, ChatGLM3Tokenizer, JsonTokenizer, Tokenizer

if TYPE_CHECKING:
    from .literals import format_tool_call
    from .prompt import Prompt, Segment, decode_segments, encode_chat, encode_segments
    from .reply import Reply, ReplyReader, parse_reply

__all__ = [
    "ByteTokenizer",
    "ChatGLM3Tokenizer",
    "JsonTokenizer",
    "Prompt",
    "Reply",
    "ReplyReader",
    "Segment",
    "Tokenizer",
    "decode_segments",
    "encode_chat",
    "encode_segments",
    "format_tool_call",
    "parse_reply",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "literals": "format_tool_call",
        "prompt": "Prompt Segment decode_segments encode_chat encode_segments",
        "reply": "Reply ReplyReader parse_reply",
    },
)
