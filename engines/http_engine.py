"""A model on another machine, behind OpenAI's `/v1/completions`: prompt ids in, reply ids out.

Text is never sent or read back: a server that encodes a prompt anew would let a document forge
control tokens, and one that only gives text would let a reply do so. vLLM speaks ids with
`return_token_ids`, and so does `groundglm serve`.
"""

import asyncio
import random
import threading
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from ..errors import EngineError
from ..wire.tokenizer import GMASK, SOP, USER, Tokenizer
from .engine import FinishReason, GenerationRequest, TokenChunk
from .http_failures import (
    RemoteConnectionError,
    RemoteEngineError,
    RemoteServerError,
    RemoteTimeoutError,
    failure,
)
from .http_reading import ReplyEvents, choice_of, ids_of

_CONNECT_SECONDS = 10.0
_LONGEST_WAIT = 30.0
_AT_ONCE = 16
_OWN = "groundglm"


class HTTPEngine:
    """Continues token ids on another machine; `open` tries the server first.

    Safe for threads and event loops; a reply that nobody waits for any more ends on the server.

    Args:
        base_url: The address, up to `/v1`.
        tokenizer: The vocabulary of the model there.
        model: What the server calls the model.
        api_key: The key of the server.
        max_context: The most ids of prompt and reply together.
        timeout: Seconds to wait for the next piece of a reply.
        max_retries: How often a request that could not begin is sent again.
        supports_grammar: Whether the server holds replies to a grammar.
        is_own: Whether it is `groundglm serve`, which is told more.
        has_weights: Whether a language model stands behind it.
    """

    def __init__(
        self,
        base_url: str,
        tokenizer: Tokenizer,
        *,
        model: str,
        api_key: str | None = None,
        max_context: int = 8192,
        timeout: float = 120.0,
        max_retries: int = 2,
        supports_grammar: bool = False,
        is_own: bool = False,
        has_weights: bool = True,
    ) -> None:
        self.base_url = endpoint(base_url)
        self.tokenizer = tokenizer
        self.name = model
        self.max_context = max_context
        self.max_retries = max_retries
        self.supports_grammar = supports_grammar
        self.has_weights = has_weights
        self.is_own = is_own
        self.fingerprint = f"{self.base_url} {model}"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = httpx.Timeout(timeout, connect=_CONNECT_SECONDS)
        self._client = httpx.Client(headers=self._headers, timeout=self._timeout)
        self._guard = threading.Lock()
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    @classmethod
    def open(
        cls,
        base_url: str,
        tokenizer: Tokenizer,
        *,
        model: str | None = None,
        api_key: str | None = None,
        max_context: int | None = None,
        timeout: float = 120.0,
        max_retries: int = 2,
    ) -> "HTTPEngine":
        """Ask a server what it has, and try that it speaks ids.

        Args:
            base_url: The address, up to `/v1`.
            tokenizer: The vocabulary of the model there.
            model: Which of its models; the first if None.
            api_key: Its key.
            max_context: What fits into the model, where the server does not say.
            timeout: Seconds to wait for the next piece of a reply.
            max_retries: How often a request that could not begin is sent again.

        Raises:
            EngineError: there is no such server or model, or it gives text where ids are needed.
        """
        engine = cls(
            base_url,
            tokenizer,
            model=model or "",
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
        )
        card = engine._card(model)
        own = _own_of(card)
        engine.name = str(card["id"])
        engine.fingerprint = f"{engine.base_url} {engine.name} {card.get('root', '')}"
        engine.is_own = card.get("owned_by") == _OWN
        engine.has_weights = bool(own.get("has_weights", True))
        engine.max_context = max_context or int(card.get("max_model_len") or engine.max_context)
        engine._check_ids()
        engine.supports_grammar = bool(
            own["holds_grammars"] if "holds_grammars" in own else engine._holds_grammars()
        )
        return engine

    def close(self) -> None:
        """Close the connections of threads; those of event loops end with them."""
        self._client.close()

    # --- trying the server ------------------------------------------------------------------

    def _card(self, model: str | None) -> dict[str, Any]:
        told = self._get("/models")
        listed = cast("list[dict[str, Any]]", told.get("data") or [])
        # Bases of our own server stand in its list too; a prompt of ids goes to a model.
        models = [one for one in listed if _own_of(one).get("kind", "model") == "model"]
        if model is not None:
            models = [one for one in listed if one.get("id") == model]
        if not models:
            names = ", ".join(str(one.get("id")) for one in listed) or "none"
            said = f"no model {model!r}" if model is not None else "no model"
            raise failure(self.base_url, 404, f"{said}; it has: {names}")
        return models[0]

    def _get(self, path: str) -> dict[str, Any]:
        try:
            reply = self._client.get(f"{self.base_url}{path}")
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        if reply.status_code != 200:
            raise failure(self.base_url, reply.status_code, reply.text)
        try:
            told: Any = reply.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise RemoteServerError(f"{self.base_url}{path} is no server of OpenAI's API")
        return cast("dict[str, Any]", told)

    def _check_ids(self) -> None:
        """Refuse a server that reads or writes text where ids are asked for.

        Raises:
            EngineError: so it does.
        """
        # Control ids, which a server that decodes and encodes them again would not give back.
        prompt = [GMASK, SOP, USER, *self.tokenizer.encode("\n")]
        body = self._body(GenerationRequest(prompt, max_tokens=1)) | {"stream": False}
        try:
            reply = self._client.post(f"{self.base_url}/completions", json=body)
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        if reply.status_code != 200:
            raise failure(self.name, reply.status_code, reply.text)
        choice = choice_of(reply.json())
        read = choice.get("prompt_token_ids")
        if ids_of(choice) is None or (read is not None and list(read) != prompt):
            raise EngineError(
                f"{self.name} at {self.base_url} gives text, not token ids, so a reply could forge "
                "control tokens. vLLM (0.10.2 or newer) and groundglm serve give ids"
            )

    def _holds_grammars(self) -> bool:
        """Whether a reply is held to a grammar of llguidance: tried with one that allows one text.

        A server that does not know the option ignores it, or refuses it.
        """
        text = "groundglm"
        body = {
            **self._body(GenerationRequest([GMASK, SOP, USER, *self.tokenizer.encode("\n")])),
            "stream": False,
            "max_tokens": 24,
            "structured_outputs": {"grammar": f'start: "{text}"'},
        }
        try:
            reply = self._client.post(f"{self.base_url}/completions", json=body)
            ids = ids_of(choice_of(reply.json())) if reply.status_code == 200 else None
        except (httpx.HTTPError, ValueError, EngineError):
            return False
        return ids is not None and self.tokenizer.decode(ids).strip().startswith(text)

    # --- one reply ----------------------------------------------------------------------------

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        """Stream a reply; closing the iterator ends it on the server.

        Raises:
            EngineError: the server cannot be reached, refuses, or fails; of LangChain's kinds too.
        """
        for attempt in range(self.max_retries + 1):
            begun = False
            try:
                for chunk in self._streamed(request):
                    begun = True
                    yield chunk
                return
            except RemoteEngineError as error:
                wait = self._wait(error, attempt, begun)
                if wait is None:
                    raise
                time.sleep(wait)

    def _streamed(self, request: GenerationRequest) -> Generator[TokenChunk]:
        reading = ReplyEvents(self.name, request)
        try:
            with self._client.stream(
                "POST", f"{self.base_url}/completions", json=self._body(request)
            ) as reply:
                if reply.status_code != 200:
                    reply.read()
                    raise _refused(self.name, reply)
                for line in reply.iter_lines():
                    chunk = reading.take(line)
                    if chunk is not None:
                        yield chunk
                    if reading.is_over:
                        return
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        raise reading.cut_off()

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        """The same for asyncio; a cancelled task ends the reply on the server.

        Raises:
            EngineError: as for `generate`.
        """
        for attempt in range(self.max_retries + 1):
            begun = False
            try:
                async with aclosing(self._astreamed(request)) as chunks:
                    async for chunk in chunks:
                        begun = True
                        yield chunk
                return
            except RemoteEngineError as error:
                wait = self._wait(error, attempt, begun)
                if wait is None:
                    raise
                await asyncio.sleep(wait)

    async def _astreamed(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk]:
        reading = ReplyEvents(self.name, request)
        try:
            async with self._async_client().stream(
                "POST", f"{self.base_url}/completions", json=self._body(request)
            ) as reply:
                if reply.status_code != 200:
                    await reply.aread()
                    raise _refused(self.name, reply)
                async for line in reply.aiter_lines():
                    chunk = reading.take(line)
                    if chunk is not None:
                        yield chunk
                    if reading.is_over:
                        return
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        raise reading.cut_off()

    def generate_batch(self, requests: Sequence[GenerationRequest]) -> list[TokenChunk]:
        """The whole reply to each request; the server computes them together.

        Raises:
            EngineError: as for `generate`.
        """
        if not requests:
            return []
        with ThreadPoolExecutor(min(_AT_ONCE, len(requests))) as pool:
            return list(pool.map(self._whole, requests))

    def _whole(self, request: GenerationRequest) -> TokenChunk:
        ids: list[int] = []
        reason: FinishReason | None = "cancelled"
        for chunk in () if request.is_cancelled else self.generate(request):
            ids += chunk.ids
            reason = chunk.finish_reason
        return TokenChunk(tuple(ids), reason)

    def score(
        self, prompt_ids: Sequence[int], continuations: Sequence[Sequence[int]]
    ) -> list[float]:
        """No such interface is common to the servers."""
        raise NotImplementedError(f"{self.name} is on another machine, which does not score text")

    # --- what is sent -------------------------------------------------------------------------

    def _body(self, request: GenerationRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.name,
            "prompt": list(request.prompt_ids),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "stop_token_ids": list(request.stop_ids),
            "return_token_ids": True,
            "stream": True,
        }
        if request.seed is not None:
            body["seed"] = request.seed
        if request.grammar is not None:
            if not self.supports_grammar:
                raise EngineError(f"{self.name} at {self.base_url} holds no grammars")
            body["structured_outputs"] = {"grammar": request.grammar.lark}
        if self.is_own:
            grammar = request.grammar
            body[_OWN] = {
                "reserve": grammar.reserve if grammar is not None else 0.0,
                "quote": grammar.quote if grammar is not None else '"',
                "tool_choice": request.tool_choice,
                "question_holds_evidence": request.question_holds_evidence,
            }
        return body

    def _async_client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        with self._guard:
            client = self._clients.get(loop)
            if client is None:
                client = httpx.AsyncClient(headers=self._headers, timeout=self._timeout)
                self._clients[loop] = client
            return client

    def _wait(self, error: RemoteEngineError, attempt: int, begun: bool) -> float | None:
        """Seconds until it is tried again; None where it is not."""
        if begun or not error.is_retryable or attempt >= self.max_retries:
            return None
        if error.retry_after is not None:
            return min(float(error.retry_after), _LONGEST_WAIT)
        return min(_LONGEST_WAIT, 0.5 * 2**attempt * (1 + random.random() / 4))

    def _lost(self, error: httpx.HTTPError) -> RemoteEngineError:
        if isinstance(error, httpx.ConnectTimeout | httpx.ReadTimeout | httpx.WriteTimeout):
            return RemoteTimeoutError(f"{self.base_url} did not answer in time: {error!r}")
        return RemoteConnectionError(
            f"{self.base_url} cannot be reached ({type(error).__name__}: {error}); is the server "
            "running there?"
        )


def _own_of(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """What our own server tells of a model."""
    found: Any = card.get(_OWN)
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _refused(name: str, reply: httpx.Response) -> RemoteEngineError:
    error = failure(name, reply.status_code, reply.text)
    after = reply.headers.get("retry-after", "")
    if after.isdigit():
        error.retry_after = int(after)
    return error


def endpoint(address: str) -> str:
    """The address of an API as its paths go behind it: with `/v1`, without a slash at the end.

    >>> endpoint("http://127.0.0.1:8000"), endpoint("https://example.org/api/v1/")
    ('http://127.0.0.1:8000/v1', 'https://example.org/api/v1')

    Raises:
        ValueError: it is no address with http or https.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is no address of a server: http://HOST:PORT/v1")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"
