"""ChatGLM3 as a LangChain chat model, over any engine that speaks its token ids."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.exceptions import ContextOverflowError as LangChainContextOverflowError
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.model_profile import ModelProfile
from langchain_core.load.serializable import SerializedConstructor, SerializedNotImplemented
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from ..errors import GroundGLMError
from .batching import LARGEST_BATCH, PreparedReplies, chunks_of, prepared, prepared_chunk
from .engine import Engine, GenerationRequest, as_engine
from .prompt import encode_chat, holds_evidence
from .reply_in_progress import ReplyInProgress


class ContextOverflowError(GroundGLMError, LangChainContextOverflowError):
    """The prompt does not fit into the model's context."""


class ChatGLM3(BaseChatModel):
    """ChatGLM3 behind LangChain's chat model interface.

    `model` is the folder of a ChatGLM3 checkpoint, original or converted; `device`, `dtype` and
    `adapter` (a LoRA or P-tuning v2 folder) go with it. Or `engine` is "extractive" (answers with
    sentences of the evidence, needs no weights, is not ChatGLM3) or any `Engine`. A reply that
    takes longer than `timeout` seconds is stopped and raises TimeoutError. Replies are parsed on
    token ids; tool calls are read, never evaluated.

    `question_holds_evidence` lets the extractive engine read evidence out of user turns that a
    chain wrote in the form of `evidence.format_question`; never set it where users write whole
    turns themselves.

    >>> from groundglm.chatglm3.scripted_engine import ScriptedEngine
    >>> ChatGLM3(engine=ScriptedEngine(["你好！"])).invoke("你好").content
    '你好！'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    engine: Any = None
    model: str | None = None
    device: str | None = None
    dtype: str | None = None
    adapter: str | None = None
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    timeout: float | None = Field(default=None, gt=0)
    stop: list[str] | None = None
    seed: int | None = None
    # What LangChain's models take as a rule; an engine on this machine has no use for them.
    streaming: bool = False
    max_retries: int = Field(default=2, ge=0)
    api_key: SecretStr | None = None
    question_holds_evidence: bool = False

    _engine: Engine = PrivateAttr()
    _fingerprint: str = PrivateAttr()

    @model_validator(mode="after")
    def _open_engine(self) -> "ChatGLM3":
        self._engine = self._opened()
        self._fingerprint = getattr(self._engine, "fingerprint", None) or uuid.uuid4().hex
        if self.profile is None:
            self.profile = self._own_profile()
        return self

    def _opened(self) -> Engine:
        given = [name for name in ("device", "dtype", "adapter") if getattr(self, name) is not None]
        if self.engine is not None:
            if given:
                raise ValueError(f"{given[0]}= goes with model=, not with an engine that is open")
            return as_engine(self.engine)
        if self.model is None:
            raise ValueError(
                "say what shall answer: ChatGLM3(model=FOLDER), engine='extractive', or an Engine"
            )
        from .transformers_engine import TransformersEngine

        return TransformersEngine.open(
            self.model, device=self.device, dtype=self.dtype, adapter=self.adapter
        )

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

    def to_json(self) -> SerializedConstructor | SerializedNotImplemented:
        """What `langchain_core.load.dumps` writes; an engine that is an object cannot be written.

        Read it with `load(data, allowed_objects=[ChatGLM3], valid_namespaces=["groundglm"])`.
        `is_lc_serializable` stays False, for LangChain's own lists of what may be loaded hold its
        partners only.
        """
        if not isinstance(self.engine, str | None):
            return self.to_json_not_implemented()
        return {
            "lc": 1,
            "type": "constructor",
            "id": self.lc_id(),
            "kwargs": {name: getattr(self, name) for name in sorted(self.model_fields_set - _KEPT)},
        }

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Where `ChatGLM3` is imported from, in what is written."""
        return ["groundglm", "chatglm3"]

    @property
    def _identifying_params(self) -> dict[str, Any]:
        # LangChain's cache goes by these: replies of another checkpoint must not be found.
        return {
            "model": self._engine.name,
            "fingerprint": self._fingerprint,
            "question_holds_evidence": self.question_holds_evidence,
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

    def score(self, messages: LanguageModelInput, continuations: Sequence[str]) -> list[float]:
        """The log-probability of each text as what the reply says.

        Raises:
            NotImplementedError: the engine has no weights.
        """
        engine = self._engine
        prompt = encode_chat(engine.tokenizer, self._convert_input(messages).to_messages()).ids
        # A reply's text stands behind the empty line that names no tool.
        lead = engine.tokenizer.encode("\n")
        ids = [[*lead, *engine.tokenizer.encode(text)] for text in continuations]
        return engine.score(prompt, ids)

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
        call = self._begin(messages, stop, kwargs)
        for _ in call.chunks(chunks_of(self._engine, call.request)):
            pass
        return ChatResult(generations=[ChatGeneration(message=call.message())])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._begin(messages, stop, kwargs)
        chunk = prepared_chunk(call.request)
        if chunk is not None:
            call.take(chunk)
            return ChatResult(generations=[ChatGeneration(message=call.message())])
        async for chunk in self._engine.agenerate(call.request):
            call.take(chunk)
            if call.finished:
                break
        return ChatResult(generations=[ChatGeneration(message=call.message())])

    def batch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """Answer several inputs; an engine with weights computes them together."""
        replies = PreparedReplies()
        work = self._to_batch(inputs, config, kwargs)
        if work is not None:
            replies.compute(self._engine, work[0], size=work[1])
        with prepared(replies):
            return super().batch(inputs, config, return_exceptions=return_exceptions, **kwargs)

    async def abatch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """The same for asyncio; the computing is done beside the event loop."""
        replies = PreparedReplies()
        cancelled = threading.Event()
        work = self._to_batch(inputs, config, kwargs, cancelled)
        if work is not None:
            try:
                await asyncio.to_thread(replies.compute, self._engine, work[0], size=work[1])
            finally:
                cancelled.set()  # a task that was cancelled leaves its thread behind
        with prepared(replies):
            return await super().abatch(
                inputs, config, return_exceptions=return_exceptions, **kwargs
            )

    def _to_batch(
        self,
        inputs: Sequence[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None,
        options: Mapping[str, Any],
        cancelled: threading.Event | None = None,
    ) -> tuple[list[GenerationRequest], int] | None:
        """What can be computed together, and how much at once; None where nothing is gained."""
        alone = self.cache or self.rate_limiter or options.get("timeout", self.timeout)
        if len(inputs) < 2 or alone or not getattr(self._engine, "has_weights", True):
            return None
        if not hasattr(self._engine, "generate_batch"):
            return None
        first = config[0] if isinstance(config, list) and config else config
        most = cast("RunnableConfig", first or {}).get("max_concurrency") or LARGEST_BATCH
        requests: list[GenerationRequest] = []
        for one in inputs:
            try:
                messages = self._convert_input(one).to_messages()
                request = self.make_request(messages, options)
            except (ValueError, GroundGLMError):
                continue  # its own call says so
            requests.append(replace(request, cancelled=cancelled))
        return (requests, most) if len(requests) > 1 and most > 1 else None

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._begin(messages, stop, kwargs)
        for message in call.chunks(self._engine.generate(call.request)):
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                run_manager.on_llm_new_token(message.text, chunk=chunk)
            yield chunk
        yield call.last_chunk()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = self._begin(messages, stop, kwargs)
        async for piece in self._engine.agenerate(call.request):
            for message in call.take(piece):
                chunk = ChatGenerationChunk(message=message)
                if run_manager:
                    await run_manager.on_llm_new_token(message.text, chunk=chunk)
                yield chunk
            if call.finished:
                break
        yield call.last_chunk()

    def _begin(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]
    ) -> ReplyInProgress:
        return ReplyInProgress(
            self._engine,
            self.make_request(messages, options),
            stop or self.stop or [],
            options.get("timeout", self.timeout),
        )

    def make_request(
        self, messages: Sequence[BaseMessage], options: Mapping[str, Any]
    ) -> GenerationRequest:
        """The prompt ids and sampling for a call.

        Raises:
            ContextOverflowError: the prompt leaves no room for a reply.
            ValueError: the call names another model than the one that is loaded.
        """
        engine = self._engine
        asked = options.get("model")
        if asked is not None and asked not in (engine.name, self.model):
            raise ValueError(
                f"{engine.name} is loaded, not {asked!r}; open another ChatGLM3 for it"
            )
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


# What is not written with a model: secrets, and what lives in the process.
_KEPT = frozenset({"profile", "api_key", "cache", "callbacks", "rate_limiter"})


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
