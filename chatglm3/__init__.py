"""ChatGLM3 whole: the LangChain chat model, and the names of the rooms that it is made of."""

from typing import TYPE_CHECKING

from ..engines import Engine, GenerationRequest, TokenChunk
from ..front_door import front_door
from ..wire import ByteTokenizer, ChatGLM3Tokenizer, JsonTokenizer, Tokenizer

if TYPE_CHECKING:
    from ..checkpoints import Prefix, convert_checkpoint, load_model, load_prefix
    from ..engines import ExtractiveEngine, HTTPEngine, ScriptedEngine, TransformersEngine
    from ..wire import (
        Prompt,
        Reply,
        ReplyReader,
        Segment,
        decode_segments,
        encode_chat,
        encode_segments,
        format_tool_call,
        parse_reply,
    )
    from .chat_model import ChatGLM3
    from .context import ContextOverflowError

__all__ = [
    "ByteTokenizer",
    "ChatGLM3",
    "ChatGLM3Tokenizer",
    "ContextOverflowError",
    "Engine",
    "ExtractiveEngine",
    "GenerationRequest",
    "HTTPEngine",
    "JsonTokenizer",
    "Prefix",
    "Prompt",
    "Reply",
    "ReplyReader",
    "ScriptedEngine",
    "Segment",
    "TokenChunk",
    "Tokenizer",
    "TransformersEngine",
    "convert_checkpoint",
    "decode_segments",
    "encode_chat",
    "encode_segments",
    "format_tool_call",
    "load_model",
    "load_prefix",
    "parse_reply",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "context": "ContextOverflowError",
        "chat_model": "ChatGLM3",
        ".checkpoints": "Prefix convert_checkpoint load_model load_prefix",
        ".engines": "ExtractiveEngine HTTPEngine ScriptedEngine TransformersEngine",
        ".wire": "Prompt Reply ReplyReader Segment decode_segments encode_chat encode_segments "
        "format_tool_call parse_reply",
    },
)
