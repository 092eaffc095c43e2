"""Who asks, whether they may, and how often: what stands before every endpoint."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .failures import RequestError
from .keys import LOCAL, Key, KeyFile, Scope

if TYPE_CHECKING:
    from .server import Server

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="A key of `groundglm keys add`; none is needed where the server has no keys.",
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class RateLimits:
    """How often each key may ask: a bucket that fills evenly and holds one minute's worth."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, rate: int) -> float:
        """Take one request of so many a minute; 0 if there was one, else the seconds to wait."""
        now = self._clock()
        with self._guard:
            left, then = self._buckets.get(key, (float(rate), now))
            left = min(float(rate), left + (now - then) * rate / 60)
            if left >= 1:
                self._buckets[key] = (left - 1, now)
                return 0.0
            self._buckets[key] = (left, now)
            return (1 - left) * 60 / rate


class Access:
    """The keys of a server, and what it lets each do.

    Args:
        keys: The file of keys; None where none is needed.
        local_secret: Of the command line of the server's own owner: it may do everything.
        rate: Requests a minute of a key that has no rate of its own.
    """

    def __init__(
        self, keys: KeyFile | None, *, local_secret: str = "", rate: int | None = None
    ) -> None:
        self.keys = keys
        self._local_secret = local_secret
        self._rate = rate
        self._limits = RateLimits()

    @property
    def needs_key(self) -> bool:
        """Whether a request without a key is refused."""
        return self.keys is not None

    def key_of(self, secret: str | None) -> Key:
        """Whose request that is.

        Raises:
            RequestError: no key, or nobody's.
        """
        if secret and self._local_secret and _same(secret, self._local_secret):
            return LOCAL
        if self.keys is None:
            return LOCAL
        found = self.keys.find(secret) if secret else None
        if found is None:
            said = "this key is not known" if secret else "a key is needed: Authorization: Bearer"
            raise RequestError(
                said,
                status=401,
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return found

    def count(self, key: Key) -> None:
        """Count a request of a key.

        Raises:
            RequestError: it makes too many.
        """
        rate = key.rate or self._rate
        wait = self._limits.take(key.id, rate) if rate and key is not LOCAL else 0.0
        if wait:
            raise RequestError(
                f"more than {rate} requests a minute; try again in {wait:.0f} seconds",
                status=429,
                headers={"Retry-After": str(max(1, round(wait)))},
            )


def _same(one: str, other: str) -> bool:
    import hmac

    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def server_of(request: Request) -> "Server":
    """The server that a request came to."""
    return cast("Server", request.app.state.server)


def allowed(scope: Scope) -> Callable[[Request, Bearer], Key]:
    """The dependency of an endpoint: the key of the request, which may do what needs a scope."""

    def key_of(request: Request, bearer: Bearer) -> Key:
        access = server_of(request).access
        key = access.key_of(bearer.credentials if bearer is not None else None)
        request.scope["groundglm_key"] = key.name
        if not key.may(scope):
            raise RequestError(
                f"this key may not {scope}; its scopes are: {', '.join(key.scopes)}",
                status=403,
                code="insufficient_scope",
            )
        access.count(key)
        return key

    return key_of


Asker = Annotated[Key, Depends(allowed("ask"))]
Reader = Annotated[Key, Depends(allowed("read"))]
Writer = Annotated[Key, Depends(allowed("write"))]
Admin = Annotated[Key, Depends(allowed("admin"))]


def narrowed_labels(key: Key, asked: Sequence[str] | None) -> tuple[str, ...] | None:
    """The labels of a request of a key: those that it asks for, of those that the key has.

    >>> narrowed_labels(Key("1", "ann", ("ask",), ("a", "b")), ["b", "c"])
    ('b',)
    """
    if asked is None:
        return key.labels
    return tuple(asked) if key.labels is None else tuple(one for one in asked if one in key.labels)
