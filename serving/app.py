"""The application: the endpoints of a server under one roof, with what stands before them all."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from . import (
    chat,
    completions,
    conversations,
    documents,
    embeddings,
    pages,
    searching,
    traces,
    upkeep,
)
from .failures import on_http_error, on_invalid, on_request_error
from .gate import Gate
from .server import Server

_ABOUT = """\
OpenAI's API over your documents and facts (`/v1`), and the bases themselves (`/api`).

Answers of a base carry what they rest on in the field `groundglm`: evidence by its numbers,
citations and whether they hold, the calls of tools, and the id of the trace.
"""


def create_app(server: Server) -> FastAPI:
    """The ASGI application of a server; closing it closes the server."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        yield
        server.queue.stop()
        server.last_call.set()
        server.close()

    app = FastAPI(
        title="GroundGLM",
        version=version("groundglm"),
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.server = server
    for router in (
        chat.router,
        completions.router,
        embeddings.router,
        searching.router,
        documents.router,
        documents.jobs_router,
        conversations.router,
        traces.router,
        upkeep.router,
        pages.router,
    ):
        app.include_router(router)
    app.openapi = _described(app, server)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_request_error)
    app.add_middleware(Gate, server=server)
    return app


def _described(app: FastAPI, server: Server) -> Callable[[], dict[str, Any]]:
    """The description as this server answers: its limits; what does not fit is 400; keys."""
    described = app.openapi
    needs_key = server.access.needs_key

    def openapi() -> dict[str, Any]:
        told = described()
        for path in told.get("paths", {}).values():
            for operation in path.values():
                operation.get("responses", {}).pop("422", None)
                if not needs_key:
                    operation.pop("security", None)
        if not needs_key:
            told.get("components", {}).pop("securitySchemes", None)
        for schema in told.get("components", {}).get("schemas", {}).values():
            files = schema.get("properties", {}).get("files", {})
            if files.get("items", {}).get("contentMediaType") == "application/octet-stream":
                files["maxItems"] = server.options.max_files
        return told

    return openapi
