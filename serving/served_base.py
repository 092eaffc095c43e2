"""A base that is served: its parts, its conversations, what is kept beside it."""

import asyncio
import logging
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool

from ..agent.sqlite_memory import SqliteMemory
from ..assembly import ByLanguage, make_agent, make_model, open_base
from ..chatglm3.chat_model import ChatGLM3
from ..engines.engine import Engine, holds_grammars
from ..settings import EngineSettings, LoadedSettings
from .options import ServerOptions
from .records import FILE_NAME, ServerRecords
from .uploads import UploadedFiles

if TYPE_CHECKING:
    from ..agent.grounded_agent import GroundedAgent
    from ..agent.transcript import Answer

_LOG = logging.getLogger("groundglm.serving")

T = TypeVar("T")

CONVERSATIONS = "conversations.sqlite"


class Models:
    """The chat models of a server: one for each engine that the settings name, loaded once.

    Args:
        given: What answers in their place.
    """

    def __init__(self, given: BaseChatModel | None = None) -> None:
        self._guard = threading.Lock()
        self._given = given
        self._made: dict[EngineSettings, BaseChatModel] = {}

    def of(self, settings: LoadedSettings) -> BaseChatModel:
        """The model of a base's settings."""
        with self._guard:
            engine = settings.values.engine
            if engine not in self._made:
                self._made[engine] = _shared(self._given or make_model(settings.values))
            return self._made[engine]

    def __iter__(self) -> Generator[ChatGLM3]:
        """Those that can be asked by themselves."""
        found = [one for one in self._made.values() if isinstance(one, ChatGLM3)]
        yield from {one.model_name: one for one in found}.values()


def _shared(model: BaseChatModel) -> BaseChatModel:
    """The model with an engine that computes the replies of all who ask together, if it can."""
    if not isinstance(model, ChatGLM3) or not hasattr(model.writer, "prefixes"):
        return model
    from ..engines.shared_engine import SharedEngine

    writer: Any = model.writer
    kept = {name: getattr(model, name) for name in ("max_tokens", "temperature", "top_p", "stop")}
    return ChatGLM3(engine=SharedEngine(writer), **kept)


class ServedBase:
    """A base with its agent; closed when it is retired and nobody uses it any more."""

    def __init__(
        self,
        name: str,
        folder: Path,
        settings: LoadedSettings,
        *,
        models: Models,
        tools: Sequence[BaseTool | Callable[..., Any]],
        options: ServerOptions,
    ) -> None:
        self.name = name
        self.folder = folder
        self.settings = settings
        self.base = open_base(folder, settings)
        try:
            self.model = models.of(settings)
            self.memory = SqliteMemory(folder / CONVERSATIONS)
            self.records = ServerRecords(folder / FILE_NAME, keep=options.keep_traces)
        except BaseException:
            self.base.close()
            raise
        self.agent = make_agent(
            self.base,
            settings.values,
            tools=tools,
            model=self.model,
            checkpointer=self.memory,
            allow_changing_tools=options.allow_changing_tools,
        )
        self.files = UploadedFiles(folder)
        #: One writer at a time, in the order of the requests.
        self.writing = ThreadPoolExecutor(1, thread_name_prefix=f"groundglm-write-{name}")
        #: What is kept beside the base, in order, so that nobody asks for what is not there yet.
        self._keeping = ThreadPoolExecutor(1, thread_name_prefix=f"groundglm-keep-{name}")
        self._guard = threading.Lock()
        self._users = 0
        self._is_retired = False
        threading.Thread(target=self._kept_open(self._warm_up), daemon=True).start()
        self.writing.submit(self._kept_open(self._recover))

    @property
    def engine(self) -> Engine | None:
        """The engine that answers; None where another chat model does."""
        return self.model.writer if isinstance(self.model, ChatGLM3) else None

    @property
    def engine_name(self) -> str:
        """What really answers."""
        name = getattr(self.model, "model_name", None) or getattr(self.model, "model", None)
        return str(name or type(self.model).__name__)

    @property
    def holds_forms(self) -> bool:
        """Whether replies can be held to a form; other chat models are taken at their word."""
        return self.engine is None or holds_grammars(self.engine)

    def _warm_up(self) -> None:
        """Load what the first question would wait for."""
        try:
            self.base.search("预热 warm up", k=1)
        except Exception:
            _LOG.exception("the base %s cannot be searched", self.name)

    def _recover(self) -> None:
        try:
            self.files.recover(self.base)
        except Exception:
            _LOG.exception("what uploads left in %s could not be looked through", self.folder)

    def agent_for(self, question: str) -> "GroundedAgent":
        """Who answers a question."""
        return self.agent.agent_for(question) if isinstance(self.agent, ByLanguage) else self.agent

    def noted(self, question: str, answer: "Answer") -> "Answer":
        """An answer with a note, where another engine than the base's own gave it."""
        return self.agent.noted(question, answer) if isinstance(self.agent, ByLanguage) else answer

    @contextmanager
    def used(self) -> Generator["ServedBase"]:
        """Keep it open meanwhile."""
        with self._guard:
            self._users += 1
        try:
            yield self
        finally:
            with self._guard:
                self._users -= 1
                ends = self._is_retired and not self._users
            if ends:
                self._close()

    def retire(self) -> None:
        """Close it as soon as nobody uses it."""
        with self._guard:
            if self._is_retired:
                return
            self._is_retired = True
            ends = not self._users
        if ends:
            self._close()

    def _close(self) -> None:
        self.writing.shutdown(wait=True)
        self._keeping.shutdown(wait=True)
        self.files.close()
        self.memory.close()
        self.records.close()
        self.base.close()

    async def read(self, work: Callable[[], T]) -> T:
        """Do something with the base beside the event loop."""
        with self.used():
            return await asyncio.to_thread(work)

    async def write(self, work: Callable[[], T]) -> T:
        """The same, one after another; once begun it is done, whether or not anybody waits."""
        loop = asyncio.get_running_loop()
        with self.used():
            return await asyncio.shield(loop.run_in_executor(self.writing, self._kept_open(work)))

    async def recorded(self, work: Callable[[ServerRecords], T]) -> T:
        """Ask what is kept beside the base; what was to be kept before is there."""
        loop = asyncio.get_running_loop()
        with self.used():
            return await loop.run_in_executor(self._keeping, work, self.records)

    def record(self, work: Callable[[ServerRecords], None]) -> None:
        """Keep something; nobody waits for it, and what goes wrong is logged."""

        def done() -> None:
            try:
                work(self.records)
            except Exception:
                _LOG.exception("an answer of %s could not be kept", self.name)

        self._keeping.submit(self._kept_open(done))

    def _kept_open(self, work: Callable[[], T]) -> Callable[[], T]:
        def done() -> T:
            with self.used():
                return work()

        return done
