"""ChatGLM3: prompt ids, replies, engines and the LangChain chat model."""

from importlib import import_module
from typing import TYPE_CHECKING

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

_HOMES = {
    "ChatGLM3": "chat_model",
    "ContextOverflowError": "chat_model",
    "ExtractiveEngine": "extractive_engine",
    "Prefix": "adapters",
    "Prompt": "prompt",
    "Reply": "reply",
    "ReplyReader": "reply",
    "ScriptedEngine": "scripted_engine",
    "Segment": "prompt",
    "TransformersEngine": "transformers_engine",
    "convert_checkpoint": "conversion",
    "decode_segments": "prompt",
    "encode_chat": "prompt",
    "encode_segments": "prompt",
    "format_tool_call": "literals",
    "load_model": "checkpoint",
    "load_prefix": "adapters",
    "parse_reply": "reply",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
