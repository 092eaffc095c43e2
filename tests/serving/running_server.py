"""A server that listens on a port of this machine, for clients as their users have them."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import uvicorn

from groundglm.serving.app import create_app


class Running:
    """A server that runs in a thread, and its address."""

    def __init__(self, server, url):
        self.server = server
        self.url = url

    @property
    def api(self):
        return f"{self.url}/v1"

    def client(self, key=None, **options):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, **options)

    def wait_idle(self, seconds=15):
        """Wait until nothing runs and nothing waits; whether that came about."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.server.queue.running and not self.server.queue.waiting:
                return True
            time.sleep(0.02)
        return False


@contextmanager
def running(make_server):
    """Serve what a function makes, in a thread with an event loop of its own."""
    bound = socket.socket(proto=socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(512)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    ready, made, failed = threading.Event(), [], []

    def run():
        try:
            server = make_server()
            config = uvicorn.Config(create_app(server), log_level="warning", access_log=False)
            listener = uvicorn.Server(config)
            made[:] = [server, listener]
            ready.set()
            asyncio.run(listener.serve(sockets=[bound]))
        except BaseException as error:
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(60)
    if failed:
        raise failed[0]
    server, listener = made
    for _ in range(600):
        if listener.started:
            break
        time.sleep(0.02)
    try:
        yield Running(server, url)
    finally:
        listener.should_exit = True
        thread.join(30)
        bound.close()
        assert not thread.is_alive(), "the server did not end"
