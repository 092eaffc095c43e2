"""The state of the server: health, counters, who one is, reloading."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..settings import known_names
from .access import Admin, Asker, server_of
from .base_types import Health, Reloaded, SettingListing, WhoAmI
from .failures import documented
from .metrics import CONTENT_TYPE

router = APIRouter(tags=["server"])

_TEXT: dict[str, Any] = {
    "content": {CONTENT_TYPE: {"schema": {"type": "string"}}},
    "description": "Prometheus's text.",
}


@router.get("/api/health", response_model=Health, summary="Whether the server works")
async def health(http: Request) -> dict[str, Any]:
    """Needs no key, and tells nothing of the bases."""
    server = server_of(http)
    return {
        "status": "stopping" if server.queue.stopping.is_set() else "ok",
        "running": server.queue.running,
        "waiting": server.queue.waiting,
        "needs_key": server.access.needs_key,
    }


@router.get(
    "/metrics",
    responses={**documented(), 200: _TEXT},
    response_class=Response,
    summary="Counters for Prometheus",
)
async def metrics(key: Admin, http: Request) -> Response:
    """Requests, answers, tokens, turns that run and wait."""
    text = await asyncio.to_thread(server_of(http).metrics.text)
    return Response(text, media_type=CONTENT_TYPE)


@router.get("/api/me", response_model=WhoAmI, responses=documented(), summary="Who one is")
async def me(key: Asker, http: Request) -> dict[str, Any]:
    """The name, the scopes and the labels of the key."""
    labels = None if key.labels is None else list(key.labels)
    return {"name": key.name, "scopes": list(key.scopes), "labels": labels}


@router.get(
    "/api/bases/{base}/settings",
    response_model=SettingListing,
    responses=documented(404),
    summary="The settings of a base",
)
async def settings(key: Admin, http: Request, base: str) -> dict[str, Any]:
    """Each setting, its value and where that comes from; secrets are hidden."""
    loaded = server_of(http).base(base).settings
    told = loaded.values.model_dump(mode="json")
    listed: list[dict[str, str]] = []
    for name in known_names():
        section, _, field = name.partition(".")
        value = told[section][field]
        shown = "" if value is None else str(value)
        listed.append({"name": name, "value": shown, "origin": loaded.origins.get(name, "default")})
    return {"settings": listed}


@router.post(
    "/api/reload", response_model=Reloaded, responses=documented(), summary="Read settings again"
)
async def reload(key: Admin, http: Request) -> dict[str, Any]:
    """Open every base again with the settings in its file; what runs goes on with the old one."""
    return {"bases": await asyncio.to_thread(server_of(http).reload)}
