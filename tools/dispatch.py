"""The dispatcher: what stands between a call that a model wrote and the function it names."""

import asyncio
import contextvars
import logging
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, ToolException
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

from .arguments import ArgumentSchema, ArgumentsError
from .async_tools import deadline, run_in_worker
from .audit import Audit, CallRecord, CallStatus, audit_log, is_logged
from .redaction import redacted_value
from .registry import ToolPolicy, as_tools, policy_of
from .results import MAX_RESULT_CHARACTERS, failed, observed, refused

T = TypeVar("T")
Observed = ToolMessage | Command[Any]

_LOG = logging.getLogger(__name__)
_FIRST_WAIT = 0.2  # seconds before a second try; twice as long before each further one


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    """What holds for each call of a dispatcher, unless its tool says otherwise.

    `timeout` is in seconds, None for none; `concurrency` is how many calls run at once; `retries`
    how often a call of an idempotent tool that failed is tried again; `max_characters` how much of
    a result is kept.
    """

    timeout: float | None = 60.0
    concurrency: int = 8
    retries: int = 2
    max_characters: int = MAX_RESULT_CHARACTERS

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, not {self.concurrency}")
        if self.retries < 0 or self.max_characters < 1:
            raise ValueError("retries must not be negative, max_characters at least 1")
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError(f"a timeout is more than 0 seconds, not {self.timeout}")


class _GivenUpError(Exception):
    """A call took longer than it may."""


class ToolDispatcher:
    """Runs the calls of a model: checked, in time, a few at once, each with a line in the audit.

    Whatever a tool raises becomes an observation; only an interrupt of LangGraph's passes. A call
    that is over its time is left behind where it cannot be stopped (a function in a thread), and
    nothing waits for it; an asynchronous one is cancelled.

    >>> def double(number: int) -> int:
    ...     "Twice a number."
    ...     return 2 * number
    >>> call = {"name": "double", "args": {"number": "21"}, "id": "1", "type": "tool_call"}
    >>> ToolDispatcher([double]).dispatch(call).content
    '42'
    """

    def __init__(
        self,
        tools: Iterable[BaseTool | Callable[..., Any]],
        *,
        limits: DispatchLimits | None = None,
        audit: Audit = audit_log,
    ) -> None:
        self.limits = limits or DispatchLimits()
        self.tools: Mapping[str, BaseTool] = {tool.name: tool for tool in as_tools(tools)}
        self._audit = audit
        self._schemas: dict[str, tuple[BaseTool, ArgumentSchema]] = {}
        self._free = threading.BoundedSemaphore(self.limits.concurrency)
        self._free_in: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, asyncio.BoundedSemaphore
        ] = weakref.WeakKeyDictionary()

    # --- a call by itself -----------------------------------------------------------------------

    def dispatch(self, call: ToolCall, config: RunnableConfig | None = None) -> ToolMessage:
        """Run a call and give its observation; nothing that goes wrong is raised."""
        tool = self.tools.get(call["name"])
        fitted = self.fitted(call, tool)
        if tool is None or isinstance(fitted, ToolMessage):
            return cast("ToolMessage", fitted)
        return cast(
            "ToolMessage", self.run(fitted, tool, lambda: tool.invoke(_typed(fitted), config))
        )

    async def adispatch(self, call: ToolCall, config: RunnableConfig | None = None) -> ToolMessage:
        """The same for asyncio."""
        tool = self.tools.get(call["name"])
        fitted = self.fitted(call, tool)
        if tool is None or isinstance(fitted, ToolMessage):
            return cast("ToolMessage", fitted)
        done = await self.arun(fitted, tool, lambda: tool.ainvoke(_typed(fitted), config))
        return cast("ToolMessage", done)

    # --- its parts, for a middleware --------------------------------------------------------------

    def fitted(self, call: ToolCall, tool: BaseTool | None) -> ToolCall | ToolMessage:
        """A call whose arguments fit the tool, or the observation that says why they do not."""
        if tool is None:
            known = ", ".join(sorted(self.tools)) or "none"
            wrong = f"there is no function {call['name']!r}; there are: {known}"
        else:
            try:
                return cast("ToolCall", {**call, "args": self._schema(tool).fit(call["args"])})
            except ArgumentsError as error:
                wrong = str(error)
        self.record(call, "refused", error=wrong)
        return failed(call, wrong)

    def run(self, call: ToolCall, tool: BaseTool, execute: Callable[[], Observed]) -> Observed:
        """Run what a call stands for, within the limits, and give its observation."""
        tries = _Tries(self, call, tool)
        while tries.goes_on:
            try:
                tries.take(self._in_time(execute, tries.timeout))
            except GraphBubbleUp:
                raise
            except (Exception, SystemExit) as error:  # whatever a tool raises, the turn goes on
                time.sleep(tries.fail(error))
            except BaseException:
                tries.cancelled()
                raise
        return tries.observation

    async def arun(
        self, call: ToolCall, tool: BaseTool, execute: Callable[[], Awaitable[Observed]]
    ) -> Observed:
        """The same for asyncio."""
        tries = _Tries(self, call, tool)
        free = self._free_here()
        while tries.goes_on:
            clock = asyncio.timeout(tries.timeout)
            try:
                async with clock, free:
                    tries.take(await execute())
            except GraphBubbleUp:
                raise
            except (Exception, SystemExit) as error:  # as above
                given_up = isinstance(error, TimeoutError) and clock.expired()
                await asyncio.sleep(tries.fail(_GivenUpError() if given_up else error))
            except BaseException:
                tries.cancelled()
                raise
        return tries.observation

    def record(
        self,
        call: ToolCall,
        status: CallStatus,
        *,
        began: float | None = None,
        tries: int = 1,
        characters: int = 0,
        error: str = "",
    ) -> None:
        """Put what became of a call into the audit."""
        if self._audit is audit_log and not is_logged():
            return
        seconds = 0.0 if began is None else time.perf_counter() - began
        when = datetime.fromtimestamp(time.time() - seconds, tz=UTC)
        record = CallRecord(
            when.isoformat(timespec="milliseconds"),
            call["name"],
            call["id"] or "",
            cast("Mapping[str, Any]", redacted_value(call["args"])),
            status,
            round(seconds, 4),
            tries,
            characters,
            error,
        )
        try:
            self._audit(record)
        except Exception:  # the audit of another must not end the turn
            _LOG.exception("the audit of a call of %s failed", call["name"])

    def _schema(self, tool: BaseTool) -> ArgumentSchema:
        known = self._schemas.get(tool.name)
        if known is None or known[0] is not tool:
            known = self._schemas[tool.name] = (tool, ArgumentSchema(tool))
        return known[1]

    def _free_here(self) -> asyncio.BoundedSemaphore:
        loop = asyncio.get_running_loop()
        found = self._free_in.get(loop)
        if found is None:
            found = self._free_in[loop] = asyncio.BoundedSemaphore(self.limits.concurrency)
        return found

    def _in_time(self, execute: Callable[[], T], timeout: float | None) -> T:
        """What a function gives, in a thread of its own that is left behind where it takes long."""
        ends = None if timeout is None else time.monotonic() + timeout
        if not self._free.acquire(timeout=timeout):
            raise _GivenUpError
        done: Future[T] = Future()
        context = contextvars.copy_context()
        context.run(deadline.set, ends)

        def work() -> None:
            try:
                done.set_result(context.run(execute))
            except BaseException as error:
                done.set_exception(error)
            finally:
                self._free.release()

        if ends is None:
            work()
            return done.result()
        run_in_worker(work)
        if not wait([done], max(0.0, ends - time.monotonic())).done:
            raise _GivenUpError
        return done.result()


class _Tries:
    """The tries of one call, and what came of them."""

    def __init__(self, dispatcher: ToolDispatcher, call: ToolCall, tool: BaseTool) -> None:
        policy: ToolPolicy = policy_of(tool)
        limits = dispatcher.limits
        self.timeout = limits.timeout if policy.timeout is None else policy.timeout
        self.goes_on = True
        self.observation: Observed = refused(call, "not run")
        self._dispatcher = dispatcher
        self._call = call
        self._policy = policy
        self._left = limits.retries if policy.idempotent else 0
        self._tries = 0
        self._began = time.perf_counter()

    def take(self, result: object) -> None:
        """Keep a result."""
        self._tries += 1
        self.goes_on = False
        given = _observation(self._call, result)
        most = self._dispatcher.limits.max_characters
        self.observation = observed(given, most=most)
        is_error = isinstance(given, ToolMessage) and given.status == "error"
        size = len(str(given.content)) if isinstance(given, ToolMessage) else 0
        self._record("failed" if is_error else "done", characters=size)

    def fail(self, error: Exception | SystemExit) -> float:
        """Note an error; the seconds after which the call is tried again."""
        self._tries += 1
        if self._left > 0 and not isinstance(error, ToolException):
            self._left -= 1
            return _FIRST_WAIT * 2 ** (self._tries - 1)
        self.goes_on = False
        if isinstance(error, _GivenUpError):
            self.observation = failed(self._call, self._told_timeout())
            self._record("timed_out")
        else:
            self.observation = failed(self._call, error)
            self._record("failed", error=str(self.observation.content))
        return 0.0

    def cancelled(self) -> None:
        """Note that whoever asked went away."""
        self._record("cancelled")

    def _told_timeout(self) -> str:
        unsure = "" if self._policy.read_only else "; whether it took effect is not known"
        return f"it took longer than {self.timeout:g} seconds and was given up{unsure}"

    def _record(self, status: CallStatus, *, characters: int = 0, error: str = "") -> None:
        self._dispatcher.record(
            self._call,
            status,
            began=self._began,
            tries=max(1, self._tries),
            characters=characters,
            error=error,
        )


def _observation(call: ToolCall, result: object) -> Observed:
    if isinstance(result, ToolMessage):
        return result
    if isinstance(result, Command):
        return cast("Command[Any]", result)
    return ToolMessage(str(result), tool_call_id=call["id"] or "", name=call["name"])


def _typed(call: ToolCall) -> ToolCall:
    return {**call, "type": "tool_call"}
