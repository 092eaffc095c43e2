"""Running a server: listening, saying where, and going down without losing what runs."""

import asyncio
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import uvicorn

from ..base_folder import NOTICE_NAME
from ..errors import SettingsError
from .app import create_app
from .options import check_exposure
from .server import Server

_LOG = logging.getLogger("groundglm.serving")


class _Listener(uvicorn.Server):
    """Uvicorn, which lets nobody in any more from the moment it is told to end."""

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self._server = server

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to go down: who waits is sent away, what runs may end."""
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(self._server.queue.stop)
        grace = self._server.options.grace_seconds
        loop.call_soon_threadsafe(loop.call_later, grace, self._server.last_call.set)
        super().handle_exit(sig, frame)


def run_server(
    server: Server, *, host: str, port: int, announce: Callable[[str], None] | None = None
) -> None:
    """Listen until told to end.

    Args:
        server: What is served.
        host: The address.
        port: The port; 0 takes a free one.
        announce: Told the address when the server listens.

    Raises:
        SettingsError: it would be open to others without a key, or the port is taken.
    """
    check_exposure(host, has_keys=server.access.needs_key)
    config = uvicorn.Config(
        create_app(server),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(server.options.grace_seconds) + 5,
    )
    listener = _Listener(config, server)
    with _bound(host, port) as bound:
        taken = bound.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{taken}"
        with _noticed(server, url), _ending_quietly(), _reloading(server):
            if announce is not None:
                announce(url)
            listener.run(sockets=[bound])


@contextmanager
def _ending_quietly() -> Generator[None]:
    """Let what stands around the server be cleared away when a signal ends it.

    Uvicorn raises the signal once more when it has gone down, which would end the process at once.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _leave) if is_main else None
    try:
        with suppress(KeyboardInterrupt, _Left):
            yield
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _reloading(server: Server) -> Generator[None]:
    """Read the settings again on SIGHUP, where there is such a signal."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def reload() -> None:
        try:
            server.reload()
        except Exception:
            _LOG.exception("the settings were not read again; what was, stays")

    def begin(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=reload, daemon=True).start()

    before = signal.signal(hangup, begin)
    try:
        yield
    finally:
        signal.signal(hangup, before)


class _Left(BaseException):
    """The process was told to end."""


def _leave(number: int, frame: FrameType | None) -> None:
    raise _Left


@contextmanager
def _bound(host: str, port: int) -> Generator[socket.socket]:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise SettingsError(f"{host} is no address of this machine: {error}") from error
    # With its protocol named asyncio sends what is written at once; else TCP waits up to 40 ms for
    # an acknowledgement before the next piece of a stream (Nagle's algorithm).
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"port {port} of {host} cannot be used ({error.strerror}): another program may "
                "listen there; choose another with --port"
            ) from error
        bound.listen(2048)
        bound.set_inheritable(True)
        yield bound
    finally:
        bound.close()


@contextmanager
def _noticed(server: Server, url: str) -> Generator[None]:
    """Say in each base where it is served, for the command line of its owner alone."""
    told = {"url": url, "pid": os.getpid(), "secret": server.local_secret}
    written: list[Path] = []
    try:
        for name, folder in server.folders.items():
            path = folder / NOTICE_NAME
            new = folder / f".{NOTICE_NAME}.{os.getpid()}"
            with suppress(FileNotFoundError):
                new.unlink()
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({**told, "base": name}, file)
            os.replace(new, path)
            written.append(path)
        yield
    finally:
        for path in written:
            with suppress(OSError, ValueError):
                if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
                    path.unlink()
