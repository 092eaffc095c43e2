"""What goes wrong at a model on another machine, as LangChain's errors of models and ours."""

import json
from typing import Any, cast

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from ..errors import EngineError


class RemoteEngineError(EngineError, ModelError):
    """A model on another machine failed; `is_retryable` tells whether it may work again.

    `retry_after` is when, in seconds, where the server says so.
    """

    retry_after: int | None = None


class RemoteAuthenticationError(RemoteEngineError, ModelAuthenticationError):
    """The server does not know the key (401)."""


class RemotePermissionError(RemoteEngineError, ModelPermissionDeniedError):
    """The key may not do that (403)."""


class RemoteNotFoundError(RemoteEngineError, ModelNotFoundError):
    """The server has no such model, or is none (404)."""


class RemoteRequestError(RemoteEngineError, ModelInvalidRequestError):
    """The server does not take the request (400, 413, 422)."""


class RemoteContextError(RemoteEngineError, ContextOverflowError):
    """The prompt does not fit into the model's context."""


class RemoteBusyError(RemoteEngineError, ModelRateLimitError):
    """The server takes no more requests now (429)."""

    is_retryable = True


class RemoteServerError(RemoteEngineError, ModelAPIError):
    """The server failed (5xx), or answered what is no answer."""

    is_retryable = True


class RemoteConnectionError(RemoteEngineError, ModelConnectionError):
    """The server cannot be reached."""

    is_retryable = True


class RemoteTimeoutError(RemoteEngineError, ModelTimeoutError):
    """The server did not answer in time."""

    is_retryable = True


_BY_STATUS: dict[int, type[RemoteEngineError]] = {
    400: RemoteRequestError,
    401: RemoteAuthenticationError,
    403: RemotePermissionError,
    404: RemoteNotFoundError,
    408: RemoteTimeoutError,
    413: RemoteRequestError,
    422: RemoteRequestError,
    429: RemoteBusyError,
    504: RemoteTimeoutError,
}
_ADVICE = {
    401: "; give the key with api_key= (GROUNDGLM_ENGINE_API_KEY)",
    404: "; name the model with model=, and the address up to /v1",
}
_MOST_TOLD = 500


def failure(name: str, status: int, body: str) -> RemoteEngineError:
    """The error of a reply that is none.

    Args:
        name: What was asked.
        status: The reply's status.
        body: What the server said.
    """
    code, message = _said(body)
    kind = _BY_STATUS.get(status, RemoteServerError if status >= 500 else RemoteRequestError)
    is_overflow = code == "context_length_exceeded" or "maximum context length" in message.lower()
    if kind is RemoteRequestError and is_overflow:
        kind = RemoteContextError
    advice = _ADVICE.get(status, "")
    return kind(f"{name} answers {status}: {message or 'nothing'}{advice}")


def _said(body: str) -> tuple[str, str]:
    """The code and the message of an error object, in OpenAI's form or vLLM's older one."""
    try:
        told: Any = json.loads(body)
    except ValueError:
        return "", " ".join(body.split())[:_MOST_TOLD]
    if isinstance(told, dict):
        data = cast("dict[str, Any]", told)
        error: Any = data.get("error") if isinstance(data.get("error"), dict) else data
        message = error.get("message") or error.get("detail") or body
        return str(error.get("code") or ""), " ".join(str(message).split())[:_MOST_TOLD]
    return "", " ".join(body.split())[:_MOST_TOLD]
