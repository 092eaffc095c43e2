"""Serving: OpenAI's API and the bases' own over HTTP, and the page for people."""

from typing import TYPE_CHECKING

from ..front_door import front_door

if TYPE_CHECKING:
    from .app import create_app
    from .keys import Key, KeyFile
    from .options import ServerOptions
    from .personal_data import without_personal_data
    from .running import run_server
    from .server import Server

__all__ = [
    "Key",
    "KeyFile",
    "Server",
    "ServerOptions",
    "create_app",
    "run_server",
    "without_personal_data",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "app": "create_app",
        "keys": "Key KeyFile",
        "options": "ServerOptions",
        "personal_data": "without_personal_data",
        "running": "run_server",
        "server": "Server",
    },
)
