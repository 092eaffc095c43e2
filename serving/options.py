"""How a server behaves: how much at once, how long, how large, and who may reach it."""

import ipaddress
from dataclasses import dataclass

from ..errors import SettingsError

DEFAULT_PORT = 8765
_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server behaves.

    `concurrent` turns run at once and `waiting` more wait for one, `wait_seconds` at most; then a
    client is told to come back. `seconds` is the most that a turn may take. `max_body` and
    `max_upload` are bytes of a request, and of an uploaded file. `rate` is how many requests a
    minute a key may make that has no rate of its own. `origins` are the web pages of other servers
    that may use this one. `log_contents` writes questions and answers to the log; `redact` hides
    personal data in what users say before anything else sees it. `keep_traces` is how many answers
    are kept with their traces. `allow_changing_tools` is as `build_agent` takes it. Going down, the
    server waits `grace_seconds` for what runs.
    """

    concurrent: int = 8
    waiting: int = 64
    wait_seconds: float = 30.0
    seconds: float = 300.0
    max_body: int = 4_000_000
    max_upload: int = 50_000_000
    max_files: int = 100
    rate: int | None = None
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    log_contents: bool = False
    redact: bool = False
    keep_traces: int = 10_000
    allow_changing_tools: bool = False
    grace_seconds: float = 20.0

    def __post_init__(self) -> None:
        for name in ("concurrent", "wait_seconds", "seconds", "max_body", "max_upload"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0, not {getattr(self, name)}")
        if self.waiting < 0:
            raise ValueError(f"waiting must not be negative: {self.waiting}")
        if "*" in self.origins:
            raise ValueError("name the origins one by one; '*' would let any page use the server")


def is_loopback(host: str) -> bool:
    """Whether an address to listen at is reached from this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, *, has_keys: bool) -> None:
    """Refuse to listen where others reach the server and need no key.

    Raises:
        SettingsError: so it would be.
    """
    if not has_keys and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines, and no key is needed there. Make one "
            "with: groundglm keys add NAME, or listen at 127.0.0.1"
        )
