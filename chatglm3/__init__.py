"""ChatGLM3: prompt ids, replies, engines and the LangChain chat model."""

from typing import TYPE_CHECKING

from ..front_door import front_door
from .engine import Engine, GenerationRequest, TokenChunk
from .tokenizer import ByteTokenizer, ChatGLM3Tokenizer, JsonTokenizer, Tokenizer

if TYPE_CHECKING:
    from .adapters import Prefix, load_prefix
    from .chat_model import ChatGLM3, ContextOverflowError
    from .checkpoint import load_model
    from .conversion import convert_checkpoint
    from .extractive_engine import ExtractiveEngine
    from .literals import format_tool_call
    from .prompt import Prompt, Segment, decode_segments, encode_chat, encode_segments
    from .reply import Reply, ReplyReader, parse_reply
    from .scripted_engine import ScriptedEngine
    from .transformers_engine import TransformersEngine

__all__ = [
    "ByteTokenizer",
    "ChatGLM3",
    "ChatGLM3Tokenizer",
    "ContextOverflowError",
    "Engine",
    "ExtractiveEngine",
    "GenerationRequest",
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
        "adapters": "Prefix load_prefix",
        "chat_model": "ChatGLM3 ContextOverflowError",
        "checkpoint": "load_model",
        "conversion": "convert_checkpoint",
        "extractive_engine": "ExtractiveEngine",
        "literals": "format_tool_call",
        "prompt": "Prompt Segment decode_segments encode_chat encode_segments",
        "reply": "Reply ReplyReader parse_reply",
        "scripted_engine": "ScriptedEngine",
        "transformers_engine": "TransformersEngine",
    },
)
