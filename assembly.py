"""From settings to finished parts: embeddings, base, chat model, agent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from .errors import BaseOutdatedError, MissingExtraError, SettingsError
from .settings import (
    FILE_NAME,
    EngineSettings,
    LoadedSettings,
    Settings,
    load_settings,
    new_settings,
)
from .text.scripts import Language, language

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from .agent.grounded_agent import GroundedAgent
    from .agent.transcript import Answer
    from .knowledge.base import KnowledgeBase


def make_embeddings(settings: Settings) -> "Embeddings":
    """The embedding model of the settings."""
    from .retrieval.embeddings import load_embeddings

    return load_embeddings(settings.embeddings.model, device=settings.embeddings.device)


def init_base(folder: Path, *, flags: Mapping[str, Any] | None = None) -> LoadedSettings:
    """Make a base and its commented settings file; what is there already stays.

    Raises:
        MissingExtraError: the embedding model is not installed; nothing is made.
    """
    from .knowledge.base import KnowledgeBase

    loaded = load_settings(folder, flags=flags)
    with KnowledgeBase.open(folder, make_embeddings(loaded.values)):
        path = folder / FILE_NAME
        if not path.exists():
            path.write_text(new_settings(loaded.values.embeddings.model), encoding="utf-8")
    return loaded


def open_base(
    folder: Path,
    settings: LoadedSettings | None = None,
    *,
    read_only: bool = False,
    device: str | None = None,
) -> "KnowledgeBase":
    """Open a base with the embedding model it was made with.

    A model that the settings name in its place is compared first. A base of an earlier version is
    brought up to date, also where it is then only read.

    Args:
        folder: The base.
        settings: Its settings, where the model that they name is to be compared.
        read_only: Never write.
        device: Where its model is run; that of the settings where they are given.

    Raises:
        NotABaseError: there is none.
        EmbeddingMismatchError: the settings name another model.
    """
    from .knowledge.base import KnowledgeBase
    from .retrieval.splitter import Splitting

    embeddings = None
    if settings is not None and "embeddings.model" in settings.origins:
        embeddings = make_embeddings(settings.values)
    splitting = None
    if settings is not None:
        device = settings.values.embeddings.device
        splitting = Splitting(settings.values.passages.size, settings.values.passages.unit)
    options: dict[str, Any] = {"create": False, "device": device, "splitting": splitting}
    try:
        return KnowledgeBase.open(folder, embeddings, read_only=read_only, **options)
    except BaseOutdatedError:
        with KnowledgeBase.open(folder, embeddings, **options) as base:
            base.keep_indexes()
        return KnowledgeBase.open(folder, embeddings, read_only=read_only, **options)


def make_model(settings: Settings) -> "BaseChatModel":
    """The chat model of the settings: a `ChatGLM3`, or another one behind OpenAI's API.

    Raises:
        SettingsError: the engine needs a model, and none is named.
        CheckpointError: the model cannot be loaded.
    """
    from .chatglm3.chat_model import ChatGLM3

    engine = settings.engine
    options: dict[str, Any] = {"max_tokens": engine.max_tokens, "temperature": engine.temperature}
    if engine.kind == "extractive":
        return ChatGLM3(engine="extractive", **options)
    if engine.kind == "small":
        if engine.model not in (None, "small"):
            raise SettingsError(
                f"the engine 'small' takes no other model, but {engine.model!r} is named"
            )
        return ChatGLM3(
            model="small",
            device=engine.device,
            dtype=engine.dtype,
            adapter=engine.adapter,
            **options,
        )
    if engine.kind == "http":
        if not engine.tokenizer:
            raise SettingsError(
                "engine.base_url needs engine.tokenizer: the folder of the model's tokenizer "
                '(--tokenizer FOLDER), or "bytes" for a groundglm server without weights'
            )
        return ChatGLM3(
            base_url=engine.base_url,
            tokenizer=engine.tokenizer,
            model=engine.model,
            api_key=engine.api_key,
            **options,
        )
    if engine.kind == "openai":
        return _openai_model(engine, options)
    if not engine.model:
        raise SettingsError("the engine 'transformers' needs a model: --model FOLDER")
    return ChatGLM3(
        model=engine.model,
        device=engine.device,
        dtype=engine.dtype,
        adapter=engine.adapter,
        **options,
    )


def _openai_model(engine: EngineSettings, options: Mapping[str, Any]) -> "BaseChatModel":
    """Any chat model behind OpenAI's API: it speaks text, in its own template."""
    try:
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise MissingExtraError("engine.openai_base_url", extra="openai") from error
    if not engine.model:
        raise SettingsError("engine.openai_base_url needs the model's name there: --model NAME")
    key = engine.api_key or SecretStr("none")
    return ChatOpenAI(
        base_url=engine.openai_base_url,
        model=engine.model,
        api_key=key,
        # Its own way to count tokens fetches a vocabulary of OpenAI's; no other makes more of a
        # text than one that knows bytes alone.
        custom_get_token_ids=_bytes_of,
        **options,
    )


def _bytes_of(text: str) -> list[int]:
    return list(text.encode("utf-8", "replace"))


def make_agent(
    base: "KnowledgeBase",
    settings: Settings,
    *,
    tools: "Sequence[BaseTool | Callable[..., Any]]" = (),
    model: "BaseChatModel | None" = None,
    checkpointer: "BaseCheckpointSaver[Any] | None" = None,
    allow_changing_tools: bool = False,
) -> "GroundedAgent | ByLanguage":
    """An agent over a base, with the thresholds of the settings.

    The small model reads English only: beside it stands the engine without weights for Chinese.

    Args:
        base: The base.
        settings: Its settings.
        tools: Functions that the agent may call.
        model: What answers, where it is open already.
        checkpointer: Where conversations are kept; in memory if None.
        allow_changing_tools: As `build_agent` takes it.
    """
    from langgraph.checkpoint.memory import InMemorySaver

    from .agent.agent import build_agent

    given: dict[Language, float | None] = {
        "zh": settings.thresholds.zh,
        "en": settings.thresholds.en,
    }
    chosen: dict[Language, float] = {
        name: value for name, value in given.items() if value is not None
    }
    grounding = settings.grounding
    saver = checkpointer if checkpointer is not None else InMemorySaver()

    def agent(model: "BaseChatModel") -> "GroundedAgent":
        return build_agent(
            base,
            model=model,
            tools=tools,
            k=grounding.k,
            mode=grounding.mode,
            threshold=chosen,
            grounding=grounding.style,
            checkpointer=saver,
            allow_changing_tools=allow_changing_tools,
        )

    made = agent(model if model is not None else make_model(settings))
    if settings.engine.kind != "small":
        return made
    from .chatglm3.chat_model import ChatGLM3

    return ByLanguage(made, agent(ChatGLM3(engine="extractive")))


class ByLanguage:
    """English questions to one agent, Chinese ones to another, in one conversation."""

    def __init__(self, english: "GroundedAgent", chinese: "GroundedAgent") -> None:
        self.english = english
        self.chinese = chinese

    def ask(self, question: str, *, thread_id: str | None = None) -> "Answer":
        """Answer a question; a Chinese one is told who answers it."""
        return self.noted(question, self.agent_for(question).ask(question, thread_id=thread_id))

    def noted(self, question: str, answer: "Answer") -> "Answer":
        """An answer with a note on who gave it, where the question is Chinese."""
        if language(question) == "en":
            return answer
        return replace(answer, notes=(*answer.notes, _CHINESE.format(self.english.model_name)))

    def agent_for(self, question: str) -> "GroundedAgent":
        """Who answers a question."""
        return self.english if language(question) == "en" else self.chinese


_CHINESE = "{} 只懂英文，中文问题由不带模型权重的抽取式引擎回答。"
