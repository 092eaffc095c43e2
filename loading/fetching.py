"""Fetching over HTTP from named hosts: no other host, no private address, within time and size."""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

_MOST_REDIRECTS = 5
_PIECE = 65_536
_IN_ADDRESS = "/%:@!$&'()*+,;=~?-._"
_PORTS = {"http": 80, "https": 443}

#: From a host and a port to its addresses, as `socket.getaddrinfo` gives them.
Resolver = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What may be fetched: seconds for the whole, bytes, and whether private addresses may be."""

    timeout: float = 10.0
    max_bytes: int = 1_000_000
    private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a host answered: where it stood at last, of which kind it is, and its bytes.

    `is_cut` says that there was more than might be fetched.
    """

    url: str
    kind: str
    data: bytes
    is_cut: bool


def fetch_bytes(
    url: str,
    hosts: Iterable[str],
    *,
    limits: FetchLimits | None = None,
    resolve: Resolver | None = None,
    kinds: tuple[str, ...] = (),
) -> Fetched:
    """What stands at an address.

    Each address is looked up once, checked, and then connected to by number, also behind a
    redirect, so that no name can be told anew between the check and the connection.

    Args:
        url: An address with http or https.
        hosts: The hosts that may be asked, "example.org" or with a port "example.org:8443"; a dot
            before it, ".example.org", allows those below it.
        limits: Time, size, and whether private addresses may be.
        resolve: Looks up a host; the system's own if None.
        kinds: The beginnings of the kinds that are wanted, such as "text/"; any where empty.

    Raises:
        ValueError: it may not be fetched, or is of another kind.
        OSError: the host cannot be reached.
        TimeoutError: it took too long.
    """
    held = limits or FetchLimits()
    allowed = [host.strip().lower() for host in hosts]
    ends = time.monotonic() + held.timeout
    for _ in range(_MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        address = _checked(parts, allowed, held, resolve or _resolve)
        response = _Response(parts, address, ends)
        try:
            if response.moved_to is not None:
                url = urljoin(url, response.moved_to)
                continue
            kind, data = response.body(held.max_bytes, kinds)
            return Fetched(url, kind, data[: held.max_bytes], len(data) > held.max_bytes)
        finally:
            response.close()
    raise ValueError(f"more than {_MOST_REDIRECTS} redirects")


def _checked(
    parts: SplitResult, allowed: Sequence[str], limits: FetchLimits, resolve: Resolver
) -> str:
    """The address to connect to, after all that is asked of it."""
    if parts.scheme not in _PORTS:
        raise ValueError(f"only http and https are fetched, not {parts.scheme or 'nothing'!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address with a name or a password in it is not fetched")
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        raise ValueError("the port is no number") from None
    if not _is_allowed(host, port, parts.scheme, allowed):
        raise ValueError(f"{host}:{port} is not among the allowed hosts: {', '.join(allowed)}")
    found = resolve(host, port)
    if not found:
        raise ValueError(f"{host} has no address")
    for one in found:  # all of them: which is taken must not matter
        if not limits.private and not _is_public(one):
            raise ValueError(f"{host} has a private address, which is not fetched")
    return found[0]


def _is_allowed(host: str, port: int, scheme: str, allowed: Sequence[str]) -> bool:
    for one in allowed:
        name, _, wanted = one.partition(":")
        fits = host == name or (name.startswith(".") and host.endswith(name))
        if fits and port == (int(wanted) if wanted.isdigit() else _PORTS[scheme]):
            return True
    return False


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if inner:
            return found.is_global and inner.is_global and not inner.is_multicast
        if found in ipaddress.ip_network("64:ff9b::/96"):  # an IPv4 address behind NAT64
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF).is_global
    return found.is_global and not found.is_multicast


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OSError(f"{host} cannot be found: {error}") from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class _Response:
    """What a host answers, over a connection to one checked address."""

    def __init__(self, parts: SplitResult, address: str, ends: float) -> None:
        self._ends = ends
        self._host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        self._socket: socket.socket = socket.create_connection((address, port), self._left())
        if parts.scheme == "https":
            context = ssl.create_default_context()
            self._socket = context.wrap_socket(self._socket, server_hostname=self._host)
        self._connection = http.client.HTTPConnection(self._host, port)
        self._connection.sock = self._socket
        # Each wait has its own end, but a host that drips has many: the whole ends here.
        self._timer = threading.Timer(self._left(), self._hang_up)
        self._timer.daemon = True
        self._timer.start()
        path = quote(parts.path or "/", safe=_IN_ADDRESS)
        path += f"?{quote(parts.query, safe=_IN_ADDRESS)}" if parts.query else ""
        headers = {"User-Agent": "GroundGLM", "Accept-Encoding": "identity"}
        try:
            self._connection.request("GET", path, headers=headers)
            self._response = self._connection.getresponse()
        except (http.client.HTTPException, ValueError) as error:
            self.close()
            self._left()
            raise ValueError(f"{self._host} gave no answer of HTTP: {error}") from None

    @property
    def moved_to(self) -> str | None:
        """Where the page has moved to."""
        is_redirect = self._response.status in (301, 302, 303, 307, 308)
        return self._response.getheader("Location") if is_redirect else None

    def body(self, most: int, kinds: tuple[str, ...]) -> tuple[str, bytes]:
        """The kind and the bytes of the page; no more than one byte beyond what may be fetched.

        Raises:
            ValueError: it is an error, or of another kind.
        """
        if self._response.status >= 400:
            raise ValueError(f"{self._host} says {self._response.status} {self._response.reason}")
        kind = (self._response.getheader("Content-Type") or "text/plain").lower()
        if kinds and not kind.startswith(kinds):
            raise ValueError(f"the page is no text but {kind.partition(';')[0]}")
        data = bytearray()
        while len(data) <= most:
            self._socket.settimeout(self._left())
            piece = self._response.read1(min(_PIECE, most + 1 - len(data)))
            if not piece:
                break
            data += piece
        self._left()
        return kind, bytes(data)

    def close(self) -> None:
        """Close the connection."""
        self._timer.cancel()
        self._connection.close()
        self._socket.close()

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the page took too long")
        return left
