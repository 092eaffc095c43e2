"""ChatGLM3: prompt ids, replies, engines and the LangChain chat model."""

from importlib import import_module
from typing import TYPE_CHECKING

from .engine import Engine, GenerationRequest, TokenChunk, Tokenizer
from .tokenizer import ByteTokenizer

if TYPE_CHECKING:
    from .chat_model import ChatGLM3, ContextOverflowError
    from .extractive_engine import ExtractiveEngine
    from .parsing import Reply, format_tool_call, parse_reply
    from .prompt import Segment, decode_segments, encode_chat, encode_segments
    from .scripted_engine import ScriptedEngine

__all__ = [
    "ByteTokenizer",
    "ChatGLM3",
    "ContextOverflowError",
    "Engine",
    "ExtractiveEngine",
    "GenerationRequest",
    "Reply",
    "ScriptedEngine",
    "Segment",
    "TokenChunk",
    "Tokenizer",
    "decode_segments",
    "encode_chat",
    "encode_segments",
    "format_tool_call",
    "parse_reply",
]

_HOMES = {
    "ChatGLM3": "chat_model",
    "ContextOverflowError": "chat_model",
    "ExtractiveEngine": "extractive_engine",
    "Reply": "parsing",
    "ScriptedEngine": "scripted_engine",
    "Segment": "prompt",
    "decode_segments": "prompt",
    "encode_chat": "prompt",
    "encode_segments": "prompt",
    "format_tool_call": "parsing",
    "parse_reply": "parsing",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
