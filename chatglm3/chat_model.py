"""ChatGLM3 as a LangChain chat model, over any engine that speaks its token ids."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.load.serializable import SerializedConstructor, SerializedNotImplemented
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from ..engines.async_chunks import written
from ..engines.batching import PreparedReplies, chunks_of, prepared, prepared_chunk, together
from ..engines.engine import Engine, GenerationRequest, check_grammar, holds_grammars
from ..wire.prompt import encode_chat, holds_evidence
from ..wire.reply import ReplyReader
from .call_options import grammar_of_calls, grammar_of_format, tool_choice_of
from .context import ContextOverflowError
from .opening import open_engine, open_remote
from .profile import profile_of, trace_params
from .reply_in_progress import ReplyInProgress
from .structured_output import Method, format_grammar, parsed, response_format, tools_grammar


class ChatGLM3(BaseChatModel):
    """ChatGLM3 behind LangChain's chat model interface.

    `model` is the folder of a ChatGLM3 checkpoint, original or converted; `device`, `dtype` and
    `adapter` (a LoRA or P-tuning v2 folder) go with it; "small" is a small English model, made from
    a package on the first use (SmolLM2, not ChatGLM3). Or `engine` is "extractive" (answers with
    sentences of the evidence, needs no weights, is not ChatGLM3) or any `Engine`. Or `base_url` is
    a server that gives token ids (vLLM, `groundglm serve`), with the `tokenizer` of its model (a
    checkpoint's folder, "bytes" for a server without weights, any `Tokenizer`); `model` is its name
    there. A reply that takes longer than `timeout` seconds is stopped and raises TimeoutError.
    Replies are parsed on token ids; tool calls are read, never evaluated.

    `question_holds_evidence` lets the extractive engine read evidence out of user turns that a
    chain wrote in the form of `evidence.format_question`; never set it where users write whole
    turns themselves.

    >>> from groundglm.engines.scripted_engine import ScriptedEngine
    >>> ChatGLM3(engine=ScriptedEngine(["你好！"])).invoke("你好").content
    '你好！'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    engine: Any = None
    model: str | None = None
    base_url: str | None = None
    tokenizer: Any = None
    device: str | None = None
    dtype: str | None = None
    adapter: str | None = None
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    timeout: float | None = Field(default=None, gt=0)
    stop: list[str] | None = None
    seed: int | None = None
    # What LangChain's models take as a rule; only a model elsewhere has use for them.
    streaming: bool = False
    max_retries: int = Field(default=2, ge=0)
    api_key: SecretStr | None = None
    question_holds_evidence: bool = False

    _engine: Engine = PrivateAttr()
    _fingerprint: str = PrivateAttr()

    @model_validator(mode="after")
    def _open_engine(self) -> "ChatGLM3":
        here = {"device": self.device, "dtype": self.dtype, "adapter": self.adapter}
        if self.base_url is None:
            self._engine = open_engine(self.engine, self.model, tokenizer=self.tokenizer, **here)
        else:
            self._engine = open_remote(
                self.base_url,
                self.tokenizer,
                given={"engine": self.engine, **here},
                model=self.model,
                api_key=self.api_key,
                max_retries=self.max_retries,
            )
        self._fingerprint = getattr(self._engine, "fingerprint", None) or uuid.uuid4().hex
        if self.profile is None:
            self.profile = profile_of(self._engine)
        return self

    @property
    def model_name(self) -> str:
        """The name of what really answers."""
        return self._engine.name

    @property
    def writer(self) -> Engine:
        """The engine that answers."""
        return self._engine

    def read_input(self, given: LanguageModelInput) -> list[BaseMessage]:
        """An input of LangChain's as messages."""
        return self._convert_input(given).to_messages()

    @property
    def _llm_type(self) -> str:
        return "groundglm-chatglm3"

    def to_json(self) -> SerializedConstructor | SerializedNotImplemented:
        """What `langchain_core.load.dumps` writes; an engine that is an object cannot be written.

        Read it with `load(data, allowed_objects=[ChatGLM3], valid_namespaces=["groundglm"])`.
        `is_lc_serializable` stays False, for LangChain's own lists of what may be loaded hold its
        partners only.
        """
        if not isinstance(self.engine, str | None) or not isinstance(self.tokenizer, str | None):
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
        return {  # LangChain's cache goes by these
            "model": self._engine.name,
            "fingerprint": self._fingerprint,  # of the checkpoint
            "question_holds_evidence": self.question_holds_evidence,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "stop": self.stop,
            "seed": self.seed,
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        name = kwargs.get("model") or self._engine.name
        asked = {"temperature": self.temperature, "max_tokens": self.max_tokens, **kwargs}
        return trace_params(name, asked, stop or self.stop)

    def score(self, messages: LanguageModelInput, continuations: Sequence[str]) -> list[float]:
        """The log-probability of each text as what the reply says.

        Raises:
            NotImplementedError: the engine has no weights.
        """
        engine = self._engine
        prompt = encode_chat(engine.tokenizer, self.read_input(messages)).ids
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
                OpenAI's form). Where the engine can be held to a grammar, a call is always one of
                a tool and valid against its schema; else it is forced only as far as it can be.
            kwargs: Passed to every call.

        Raises:
            SchemaError: a tool's schema cannot be held by the grammar; the feature is named.
        """
        listed = [convert_to_openai_tool(tool) for tool in tools]
        names = {tool["function"]["name"] for tool in listed}
        choice = tool_choice_of(tool_choice, names)
        if listed and choice != "none" and holds_grammars(self._engine):
            held = tools_grammar(listed, choice)
            if choice != "auto":
                check_grammar(self._engine, held.grammar)
        return self.bind(tools=listed, tool_choice=choice, **kwargs)  # pyright: ignore[reportReturnType]

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        include_raw: bool = False,
        method: Method = "function_calling",
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Replies as data of a schema: a pydantic class, a TypedDict or a JSON schema.

        Args:
            schema: What the data is like; "json_mode" alone goes without one.
            include_raw: Give the message and any error of reading it as well.
            method: "function_calling" forces a call; "json_schema" and "json_mode" make the reply
                JSON, held to the schema where there is one.
            kwargs: None is known; LangChain passes `strict`.

        Raises:
            SchemaError: the schema cannot be held by a grammar.
            ValueError: there is no such method; when called, the engine cannot be held to JSON.
        """
        kwargs.pop("strict", None)
        if kwargs:
            raise ValueError(f"with_structured_output does not know {', '.join(kwargs)}")
        if method == "function_calling":
            if schema is None:
                raise ValueError("function_calling needs a schema")
            return super().with_structured_output(schema, include_raw=include_raw)
        if method not in ("json_schema", "json_mode") or (schema is None and method != "json_mode"):
            raise ValueError(f"there is no method {method!r} without a schema")
        wanted = response_format(schema)
        held = format_grammar(wanted)
        if held is not None and holds_grammars(self._engine):
            check_grammar(self._engine, held)
        return parsed(self.bind(response_format=wanted), schema, include_raw=include_raw)

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
        async with written(self._engine, call.request) as chunks:
            async for chunk in chunks:
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
        work = together(self, inputs, config, kwargs)
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
        work = together(self, inputs, config, kwargs, cancelled)
        if work is not None:
            try:
                await asyncio.to_thread(replies.compute, self._engine, work[0], size=work[1])
            finally:
                cancelled.set()  # a task that was cancelled leaves its thread behind
        with prepared(replies):
            return await super().abatch(
                inputs, config, return_exceptions=return_exceptions, **kwargs
            )

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
        async with written(self._engine, call.request) as pieces:
            async for piece in pieces:
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
        held = grammar_of_calls(self._engine, options, messages)
        return ReplyInProgress(
            self._engine,
            self.make_request(messages, options),
            stop or self.stop or [],
            options.get("timeout", self.timeout),
            ReplyReader(
                self._engine.tokenizer,
                streams=held.streams if held is not None else None,
                check=held.check if held is not None else None,
            ),
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
        held = grammar_of_calls(self._engine, options, messages)
        grammar = held.grammar if held is not None else None
        if grammar is None and options.get("response_format"):
            grammar = grammar_of_format(self._engine, options["response_format"])
        return GenerationRequest(
            ids,
            max_tokens=min(options.get("max_tokens") or self.max_tokens, room),
            temperature=options.get("temperature", self.temperature),
            top_p=options.get("top_p", self.top_p),
            seed=options.get("seed", self.seed),
            grammar=grammar,
            tool_choice=options.get("tool_choice") or "auto",
            question_holds_evidence=self.question_holds_evidence or holds_evidence(messages),
        )


# What is not written with a model: secrets, and what lives in the process.
_KEPT = frozenset({"profile", "api_key", "cache", "callbacks", "rate_limiter"})
