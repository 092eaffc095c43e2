"""What every request passes: where it comes from, how large it is, and what its reply carries."""

import asyncio
import json
import logging
import time
import uuid
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .failures import RequestError, as_request_error, error_response
from .options import is_loopback
from .server import Server

_LOG = logging.getLogger("groundglm.access")

#: Nothing but what the server itself brings: no inline script, no other origin, no frame.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
# What may stand in a counter: a client may send any word as its method.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_STALL_SECONDS = 60.0  # without a further piece of a body
_SLACK = 1_000_000  # bytes that a form with files has beside them


class Gate:
    """Refuses what comes from another page or is too large; marks and logs every reply.

    Without keys whoever reaches the server may use it, so it answers to names of its own machine
    alone: else a page in the browser could reach it under a name that points here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._server = server
        options = server.options
        self._origins = frozenset(options.origins)
        self._hosts = frozenset(host.lower() for host in options.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = Headers(scope=scope)
        told = _Told(scope, send, self._allowed_origin(headers))
        try:
            self._check_host(headers)
            self._check_origin(scope["method"], headers)
            if scope["method"] == "OPTIONS" and told.origin:
                await told.preflight()
            else:
                bounded = self._bounded(headers, receive)
                await self._app(scope, bounded, told.send)
        except RequestError as error:
            await error_response(error)(scope, receive, told.send)
        except Exception as error:  # the reply may have begun
            if not told.status:
                await error_response(as_request_error(error))(scope, receive, told.send)
            else:
                as_request_error(error)
        finally:
            self._note(scope, told.status, time.perf_counter() - began, told.id)

    # --- what is refused ----------------------------------------------------------------------

    def _check_host(self, headers: Headers) -> None:
        host = headers.get("host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if self._server.access.needs_key and not self._hosts:
            return
        if name in self._hosts or (not self._hosts and is_loopback(name)):
            return
        raise RequestError(
            f"this server does not answer to the name {name!r}", status=421, code="wrong_host"
        )

    def _check_origin(self, method: str, headers: Headers) -> None:
        """No other page changes or asks anything: a browser says where a request comes from."""
        origin = headers.get("origin")
        if method in _SAFE or origin is None or origin in self._origins:
            return
        if urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            raise RequestError(
                f"pages of {origin} may not use this server", status=403, code="wrong_origin"
            )

    def _allowed_origin(self, headers: Headers) -> str | None:
        origin = headers.get("origin")
        return origin if origin in self._origins else None

    def _bounded(self, headers: Headers, receive: Receive) -> Receive:
        """The body, refused where it is larger than it may be, told so before or not.

        Raises:
            RequestError: the client says that it is too large.
        """
        options = self._server.options
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        most = options.max_upload + _SLACK if is_form else options.max_body
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise _too_large(most)
        read, is_whole = 0, False

        async def bounded() -> Message:
            nonlocal read, is_whole
            try:
                async with asyncio.timeout(None if is_whole else _STALL_SECONDS):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "the request did not come to its end") from None
            if message["type"] == "http.request":
                is_whole = not message.get("more_body", False)
                read += len(message.get("body", b""))
                if read > most:
                    # Of this kind, for FastAPI makes a 400 of any other that reading raises.
                    raise HTTPException(413, str(_too_large(most)))
            return message

        return bounded

    # --- what is noted ------------------------------------------------------------------------

    def _note(self, scope: Scope, status: int, seconds: float, id_: str) -> None:
        route = scope.get("route")
        path = str(getattr(route, "path", "")) or "other"
        metrics = self._server.metrics
        method = scope["method"] if scope["method"] in _METHODS else "other"
        metrics.requests.labels(method, path, str(status)).inc()
        metrics.seconds.labels(path).observe(seconds)
        if _LOG.isEnabledFor(logging.INFO):
            told = {
                "method": scope["method"],
                "path": path,  # of the route: the address itself may hold what was asked
                "status": status,
                "seconds": round(seconds, 4),
                "key": scope.get("groundglm_key", ""),
                "id": id_,
            }
            _LOG.info("%s", json.dumps(told, ensure_ascii=False))


class _Told:
    """What goes out: the headers of every reply, and the status that it had."""

    def __init__(self, scope: Scope, send: Send, origin: str | None) -> None:
        self.status = 0
        self.origin = origin
        self.id = uuid.uuid4().hex
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        """Send on, with what every reply carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
            headers["x-request-id"] = self.id
            if self.origin is not None:
                headers["access-control-allow-origin"] = self.origin
                headers.add_vary_header("Origin")
        await self._send(message)

    async def preflight(self) -> None:
        """Answer a browser that asks whether a page of a named origin may go on."""
        allowed = [
            (b"access-control-allow-methods", b"GET, POST, DELETE"),
            (b"access-control-allow-headers", b"authorization, content-type"),
            (b"access-control-max-age", b"600"),
        ]
        await self.send({"type": "http.response.start", "status": 204, "headers": allowed})
        await self.send({"type": "http.response.body", "body": b""})


def _too_large(most: int) -> RequestError:
    return RequestError(f"the request is larger than {most:,} bytes", status=413)
