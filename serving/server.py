"""The server itself: its bases by name, its keys, its queue, its counters."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool

from ..errors import SettingsError
from ..settings import load_settings
from .access import Access
from .failures import RequestError
from .keys import KeyFile
from .metrics import Metrics
from .options import ServerOptions
from .personal_data import without_personal_data
from .queueing import TurnQueue
from .replies import Bounds
from .served_base import Models, ServedBase
from .uploads import Jobs

if TYPE_CHECKING:
    from ..agent.transcript import Answer
    from ..chatglm3.chat_model import ChatGLM3

_LOG = logging.getLogger("groundglm.serving")


class Server:
    """Bases by name, whoever may use them, and the turns that run.

    Args:
        folders: The bases by name.
        tools: Functions that the agents may call.
        model: What answers, in place of the engines that the settings name.
        keys: The file of keys; None where none is needed.
        options: How it behaves.
        flags: Settings by dotted name that override those of the bases.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        tools: Sequence[BaseTool | Callable[..., Any]] = (),
        model: BaseChatModel | None = None,
        keys: KeyFile | None = None,
        options: ServerOptions | None = None,
        flags: Mapping[str, Any] | None = None,
    ) -> None:
        if not folders:
            raise SettingsError("there is no base to serve")
        self.options = options or ServerOptions()
        self.started = int(time.time())
        self.folders = dict(folders)
        self.tools = list(tools)
        self.models = Models(model)
        self.local_secret = secrets.token_urlsafe(32)
        self.access = Access(keys, local_secret=self.local_secret, rate=self.options.rate)
        self.metrics = Metrics()
        self.queue = TurnQueue(
            self.options.concurrent, self.options.waiting, self.options.wait_seconds
        )
        #: Set when what still runs must end.
        self.last_call = asyncio.Event()
        self.bounds = Bounds(self.options.seconds, self.last_call)
        self.jobs = Jobs()
        self._background: set[asyncio.Task[Any]] = set()
        self._flags = dict(flags or {})
        self._bases: dict[str, ServedBase] = {}
        try:
            for name, folder in self.folders.items():
                self._bases[name] = self._open(name, folder)
        except BaseException:
            self.close()
            raise
        self.metrics.watch(self)

    @property
    def bases(self) -> Mapping[str, ServedBase]:
        """The bases by name."""
        return self._bases

    def base(self, name: str) -> ServedBase:
        """The base of a name.

        Raises:
            RequestError: there is none.
        """
        found = self._bases.get(name)
        if found is None:
            listed = ", ".join(sorted(self._bases))
            raise RequestError(f"there is no base {name!r}; there are: {listed}", status=404)
        return found

    def model(self, name: str) -> "ServedBase | ChatGLM3":
        """What answers under a model's name: a base's agent, or a model by itself.

        Raises:
            RequestError: nothing does.
        """
        if name in self._bases:
            return self._bases[name]
        for model in self.models:
            if model.model_name == name:
                return model
        listed = ", ".join([*self._bases, *(one.model_name for one in self.models)])
        raise RequestError(
            f"there is no model {name!r}; there are: {listed}",
            status=404,
            code="model_not_found",
            param="model",
        )

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something that nobody waits for; what goes wrong is logged."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _LOG.error("work in the background failed", exc_info=task.exception())

    def cleaned(self, text: str) -> str:
        """What a user says, personal data hidden where the server is told to."""
        return without_personal_data(text) if self.options.redact else text

    def count(self, model: str, outcome: str, read: int, written: int) -> None:
        """Count a reply and what it took."""
        self.metrics.answers.labels(model, outcome).inc()
        self.metrics.tokens.labels("read").inc(read)
        self.metrics.tokens.labels("written").inc(written)

    def count_answer(self, name: str, answer: "Answer") -> None:
        """Count an answer of a base's agent."""
        outcome = answer.reason.code if answer.reason is not None else "answered"
        if answer.pending:
            outcome = "pending"
        usage = answer.usage
        self.count(name, outcome, usage.get("input_tokens", 0), usage.get("output_tokens", 0))
        if self.options.log_contents:
            _LOG.info("%s: %r -> %r", name, answer.question, answer.text)

    def reload(self) -> list[str]:
        """Open every base again with the settings that its file holds now.

        What runs goes on with the old one. If one cannot be opened, all stay as they are.

        Returns:
            The names of the bases.
        """
        fresh: dict[str, ServedBase] = {}
        try:
            for name, folder in self.folders.items():
                fresh[name] = self._open(name, folder)
        except BaseException:
            for one in fresh.values():
                one.retire()
            raise
        old, self._bases = self._bases, fresh
        for one in old.values():
            one.retire()
        return list(fresh)

    def close(self) -> None:
        """Close what is open."""
        for one in self._bases.values():
            one.retire()

    def _open(self, name: str, folder: Path) -> ServedBase:
        return ServedBase(
            name,
            folder,
            load_settings(folder, flags=self._flags),
            models=self.models,
            tools=self.tools,
            options=self.options,
        )


def names_of(folders: Sequence[Path]) -> dict[str, Path]:
    """A name for each base: that of its folder.

    Raises:
        SettingsError: two have the same.
    """
    named: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name or "base"
        if name in named:
            raise SettingsError(
                f"two bases are called {name!r}: {named[name]} and {folder}; rename a folder"
            )
        named[name] = folder
    return named
