"""The page for people: files that come with the package, and nothing else."""

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from .failures import RequestError

router = APIRouter(include_in_schema=False)

_KINDS = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """The bytes, the media type and the tag of each file, by its name."""
    found: dict[str, tuple[bytes, str, str]] = {}
    for file in files("groundglm.serving").joinpath("page").iterdir():
        kind = _KINDS.get(file.name.rpartition(".")[2])
        if kind is not None:
            data = file.read_bytes()
            found[file.name] = data, kind, f'"{hashlib.sha256(data).hexdigest()[:20]}"'
    return found


@router.get("/")
async def index(http: Request) -> Response:
    """The page."""
    return _reply(http, "index.html")


@router.get("/page/{name}")
async def file(http: Request, name: str) -> Response:
    """A file of the page, by its name in the package."""
    return _reply(http, name)


def _reply(http: Request, name: str) -> Response:
    if name not in _files():
        raise RequestError(f"there is no file {name!r}", status=404)
    data, kind, tag = _files()[name]
    # Asked again each time, so that a page and its scripts are always of one version.
    headers = {"etag": tag, "cache-control": "no-cache"}
    if http.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)
