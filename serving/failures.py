"""What goes wrong, as OpenAI's error objects: a status, a code that programs read, a message."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from langchain_core.exceptions import ContextOverflowError, ModelError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ..errors import (
    BaseBusyError,
    BaseCorruptError,
    ConversationError,
    DocumentError,
    EngineError,
    GroundGLMError,
    MissingExtraError,
    StorageError,
)
from ..schemas import SchemaError

_LOG = logging.getLogger("groundglm.serving")

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    409: "conflict_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_CODES = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_incomplete",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limit_exceeded",
    503: "overloaded",
    504: "timeout",
}


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(BaseModel):
    """OpenAI's error object."""

    error: ErrorDetail


class RequestError(Exception):
    """A request that is refused, with the status and the code that the client is told."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or _CODES.get(status, "error")
        self.param = param
        self.headers = dict(headers or {})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The failures of an endpoint for the API's description; what any of them may give is added."""
    told = sorted({400, 401, 403, 408, 413, 415, 421, 429, 500, 503, *statuses})
    return {status: {"model": ErrorReply, "description": _said(status)} for status in told}


#: One of the events of a stream, as descriptions of APIs write it.
EVENTS: dict[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
        }
    }
}


def _said(status: int) -> str:
    return {421: "misdirected", 500: "server error"}.get(status, _CODES.get(status, "error"))


def as_request_error(error: BaseException) -> RequestError:
    """What the client is told of an error; one that nobody foresaw is logged, not told."""
    if isinstance(error, RequestError):
        return error
    status, code = _meaning(error)
    if status >= 500 and code == "server_error":
        _LOG.error("a request failed", exc_info=error)
        return RequestError("the server failed; its log says why", status=500, code=code)
    return RequestError(str(error), status=status, code=code)


def _meaning(error: BaseException) -> tuple[int, str]:
    for kind, status, code in _MEANINGS:
        if isinstance(error, kind):
            return status, code
    return 500, "server_error"


# The first that fits counts.
_MEANINGS: tuple[tuple[type[BaseException], int, str], ...] = (
    (ContextOverflowError, 400, "context_length_exceeded"),
    (SchemaError, 400, "invalid_schema"),
    (BaseBusyError, 503, "base_busy"),
    (StorageError, 503, "storage_failed"),
    (BaseCorruptError, 500, "base_corrupt"),
    (ConversationError, 409, "conversation_conflict"),
    (MissingExtraError, 500, "missing_package"),
    (DocumentError, 400, "unreadable_document"),
    (EngineError, 500, "engine_failed"),
    (ModelError, 503, "model_unreachable"),
    (GroundGLMError, 400, "refused"),
    (TimeoutError, 504, "timeout"),
    (ValueError, 400, "invalid_request"),
)


def error_object(error: RequestError) -> dict[str, Any]:
    """The error as OpenAI's clients read it."""
    detail = {
        "message": str(error),
        "type": _TYPES.get(error.status, "server_error"),
        "param": error.param,
        "code": error.code,
    }
    return {"error": detail}


def error_response(error: RequestError) -> JSONResponse:
    """The error as a whole answer."""
    return JSONResponse(error_object(error), status_code=error.status, headers=error.headers)


async def on_request_error(request: Request, error: Exception) -> JSONResponse:
    """Answer whatever an endpoint raises."""
    return error_response(as_request_error(error))


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that does not fit the description: 400, as OpenAI does."""
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    place = [str(part) for part in problem["loc"] if part not in ("body", "query", "path")]
    named = ".".join(place)
    message = f"{named}: {problem['msg']}" if named else str(problem["msg"])
    return error_response(RequestError(message, param=named or None))


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    message = str(error.detail)
    headers = dict(error.headers or {})
    if status == 404:
        message = f"there is nothing at {request.url.path}"
    elif status == 405:
        # The framework names the methods of one of the endpoints at this path alone.
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
        message = f"{request.method} is not possible here, but {headers['Allow']}"
    return error_response(RequestError(message, status=status, headers=headers))


def _methods_at(request: Request) -> set[str]:
    """What may be done at the path of a request."""
    found: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return found
