"""ChatGLM3 as a LangChain chat model, over any engine that speaks its token ids."""

import json
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.exceptions import ContextOverflowError as LangChainContextOverflowError
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.model_profile import ModelProfile
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from ..errors import EngineError, GroundGLMError
from .engine import Engine, GenerationRequest, TokenChunk
from .parsing import Reply, parse_reply, readable_text
from .prompt import encode_chat, holds_evidence
from .reply_chunk import ReplyChunk


class ContextOverflowError(GroundGLMError, LangChainContextOverflowError):
    """The prompt does not fit into the model's context."""


class ChatGLM3(BaseChatModel):
    """ChatGLM3 behind LangChain's chat model interface.

    `engine` is "extractive" (answers with sentences of the evidence, needs no weights, is not
    ChatGLM3) or any `Engine`. Replies are parsed on token ids; tool calls are read, never
    evaluated. `question_holds_evidence` lets the extractive engine read evidence out of user turns
    that a chain wrote in the form of `evidence.format_question`; never set it where users write
    whole turns themselves.

    >>> from groundglm.chatglm3.scripted_engine import ScriptedEngine
    >>> ChatGLM3(engine=ScriptedEngine(["你好！"])).invoke("你好").content
    '你好！'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    engine: Any = None
    model: str | None = None
    base_url: str | None = None
    tokenizer: Any = None
    api_key: SecretStr | None = None
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    timeout: float | None = None
    max_retries: int = Field(default=2, ge=0)
    stop: list[str] | None = None
    seed: int | None = None
    streaming: bool = False
    question_holds_evidence: bool = False

    _engine: Engine = PrivateAttr()

    @model_validator(mode="after")
    def _open_engine(self) -> "ChatGLM3":
        self._engine = _engine(self.engine, model=self.model, base_url=self.base_url)
        if self.profile is None:
            self.profile = self._own_profile()
        return self

    def _own_profile(self) -> ModelProfile:
        """What the engine can do; `has_weights` is False where no model stands behind it."""
        profile: dict[str, Any] = {
            "name": self._engine.name,
            "max_input_tokens": self._engine.max_context,
            "text_inputs": True,
            "text_outputs": True,
            "tool_calling": True,
            "tool_choice": True,
            "has_weights": bool(getattr(self._engine, "has_weights", True)),
        }
        return cast("ModelProfile", profile)

    @property
    def model_name(self) -> str:
        """The name of what really answers."""
        return self._engine.name

    @property
    def _llm_type(self) -> str:
        return "groundglm-chatglm3"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {
            "model": self._engine.name,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "stop": self.stop,
            "seed": self.seed,
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = LangSmithParams(
            ls_provider="groundglm",
            ls_model_name=kwargs.get("model") or self._engine.name,
            ls_model_type="chat",
            ls_temperature=kwargs.get("temperature", self.temperature),
            ls_max_tokens=kwargs.get("max_tokens", self.max_tokens),
        )
        stops = stop or self.stop
        if stops:
            params["ls_stop"] = stops
        return params

    def get_token_ids(self, text: str) -> list[int]:
        """The ids of a text under the engine's tokenizer."""
        return self._engine.tokenizer.encode(text)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to the model.

        Args:
            tools: Functions, pydantic classes, LangChain tools or OpenAI dictionaries.
            tool_choice: "auto", "none", "any" (also "required" and True) or a tool's name (also in
                OpenAI's form). An engine without a grammar forces a call only as far as it can.
            kwargs: Passed to every call.
        """
        listed = [convert_to_openai_tool(tool) for tool in tools]
        names = {tool["function"]["name"] for tool in listed}
        choice = _tool_choice(tool_choice, names)
        return self.bind(tools=listed, tool_choice=choice, **kwargs)  # pyright: ignore[reportReturnType]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = _Call(self, messages, stop, kwargs)
        for _ in call.texts(self._engine.generate(call.request)):
            pass
        return ChatResult(generations=[ChatGeneration(message=call.message())])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = _Call(self, messages, stop, kwargs)
        async for chunk in self._engine.agenerate(call.request):
            call.take(chunk)
            if call.finished:
                break
        return ChatResult(generations=[ChatGeneration(message=call.message())])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = _Call(self, messages, stop, kwargs)
        for text in call.texts(self._engine.generate(call.request)):
            chunk = ChatGenerationChunk(message=ReplyChunk(content=text))
            if run_manager:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk
        yield call.last_chunk()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = _Call(self, messages, stop, kwargs)
        async for piece in self._engine.agenerate(call.request):
            text = call.take(piece)
            if text:
                chunk = ChatGenerationChunk(message=ReplyChunk(content=text))
                if run_manager:
                    await run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
            if call.finished:
                break
        yield call.last_chunk()

    def make_request(
        self, messages: Sequence[BaseMessage], options: Mapping[str, Any]
    ) -> GenerationRequest:
        """The prompt ids and sampling for a call.

        Raises:
            ContextOverflowError: the prompt leaves no room for a reply.
        """
        engine = self._engine
        tools = options.get("tools") or ()
        if options.get("tool_choice") == "none":
            tools = ()
        ids = encode_chat(engine.tokenizer, messages, tools=tools).ids
        room = engine.max_context - len(ids)
        if room < 1:
            raise ContextOverflowError(
                f"the prompt has {len(ids)} tokens, {engine.name} takes {engine.max_context} in "
                "all; shorten the conversation or give less evidence"
            )
        return GenerationRequest(
            ids,
            max_tokens=min(options.get("max_tokens") or self.max_tokens, room),
            temperature=options.get("temperature", self.temperature),
            top_p=options.get("top_p", self.top_p),
            seed=options.get("seed", self.seed),
            tool_choice=options.get("tool_choice") or "auto",
            question_holds_evidence=self.question_holds_evidence or holds_evidence(messages),
        )


class _Call:
    """One reply in the making: the ids so far, and what of them was given out as text."""

    def __init__(
        self,
        chat: ChatGLM3,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        options: Mapping[str, Any],
    ) -> None:
        self.engine: Engine = chat._engine  # pyright: ignore[reportPrivateUsage]
        self.name = self.engine.name
        self.request = chat.make_request(messages, options)
        self.stops = [text for text in (stop or chat.stop or []) if text]
        self.ids: list[int] = []
        self.given = ""
        self.finish: str | None = None

    @property
    def finished(self) -> bool:
        return self.finish is not None

    def texts(self, chunks: Iterator[TokenChunk]) -> Iterator[str]:
        """The reply's text, piece by piece; tool calls wait until the end."""
        for chunk in chunks:
            text = self.take(chunk)
            if text:
                yield text
            if self.finished:
                break

    def take(self, chunk: TokenChunk) -> str:
        """Add new ids; the text that is certain now and was not given yet."""
        self.ids.extend(chunk.ids)
        self.finish = chunk.finish_reason
        text = readable_text(self.ids, self.engine.tokenizer)
        if self.stops:
            cut = self._cut(text)
            if len(cut) < len(text):
                self.finish = "stop"
                self._forget_what_follows()
            elif not self.finished:  # a stop text may be half written
                text = text[: max(0, len(text) - max(map(len, self.stops)) + 1)]
            text = cut[: len(text)]
        if not text.startswith(self.given):
            return ""
        new, self.given = text[len(self.given) :], text
        return new

    def _forget_what_follows(self) -> None:
        """Keep the ids up to the stop text only, however the engine cut its chunks."""

        def holds_a_stop(length: int) -> bool:
            text = readable_text(self.ids[:length], self.engine.tokenizer)
            return any(stop in text for stop in self.stops)

        end = bisect_left(range(len(self.ids)), True, key=holds_a_stop)
        self.ids = self.ids[:end]

    def reply(self) -> Reply:
        """What the ids say; nothing that stands behind a stop text."""
        reply = parse_reply(self.ids, self.engine.tokenizer)
        reply.text = self._cut(reply.text)
        return reply

    def message(self) -> AIMessage:
        """The whole reply."""
        reply = self.reply()
        return AIMessage(
            reply.text or "\n".join(reply.code),
            tool_calls=reply.tool_calls,
            invalid_tool_calls=reply.invalid_tool_calls,
            usage_metadata=self._usage(),
            response_metadata=self._metadata(reply),
        )

    def last_chunk(self) -> ChatGenerationChunk:
        """What the stream did not give yet: rest of the text, tool calls, usage."""
        reply = self.reply()
        calls = [
            tool_call_chunk(name=call["name"], args=_json(call["args"]), id=call["id"], index=index)
            for index, call in enumerate(reply.tool_calls)
        ]
        text = reply.text or "\n".join(reply.code)
        message = ReplyChunk(
            content=text[len(self.given) :],
            tool_call_chunks=calls,
            invalid_tool_calls=reply.invalid_tool_calls,
            usage_metadata=self._usage(),
            response_metadata=self._metadata(reply),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)

    def _cut(self, text: str) -> str:
        ends = [text.find(stop) for stop in self.stops if stop in text]
        return text[: min(ends)] if ends else text

    def _usage(self) -> UsageMetadata:
        asked, written = len(self.request.prompt_ids), len(self.ids)
        return UsageMetadata(
            input_tokens=asked, output_tokens=written, total_tokens=asked + written
        )

    def _metadata(self, reply: Reply) -> dict[str, Any]:
        finish = "tool_calls" if reply.tool_calls else self.finish or "stop"
        return {"model_name": self.name, "model_provider": "groundglm", "finish_reason": finish}


def _json(args: Mapping[str, Any]) -> str:
    return json.dumps(dict(args), ensure_ascii=False)


def _tool_choice(choice: str | bool | dict[str, Any] | None, names: set[str]) -> str:
    if isinstance(choice, dict):
        choice = cast("str", choice.get("function", choice).get("name"))
    if choice is None or choice is False:
        return "auto"
    if choice is True or choice in ("any", "required"):
        return "any"
    if choice not in names | {"auto", "none"}:
        raise ValueError(f"tool_choice {choice!r} is none of the tools: {', '.join(sorted(names))}")
    return choice


def _engine(engine: object, *, model: str | None, base_url: str | None) -> Engine:
    if engine == "extractive":
        from .extractive_engine import ExtractiveEngine

        return ExtractiveEngine()
    if isinstance(engine, str):
        raise ValueError(f"there is no engine {engine!r}; pass 'extractive' or an Engine")
    if engine is not None:
        if not isinstance(engine, Engine):
            raise TypeError(f"{type(engine).__name__} is no Engine (see groundglm.chatglm3.engine)")
        return engine
    if model or base_url:
        raise EngineError(
            f"running the weights of {model or base_url!r} is not built yet; until then pass "
            "engine='extractive', or an Engine of your own"
        )
    raise ValueError("say what shall answer: ChatGLM3(engine='extractive') or engine=an Engine")
