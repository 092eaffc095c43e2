"""`/v1/chat/completions` and `/v1/models`: what OpenAI's clients talk to."""

from typing import Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from ..engines.engine import holds_grammars
from .access import Asker, server_of
from .conversions import check_supported
from .failures import EVENTS, documented
from .grounded_replies import GroundedReply
from .model_replies import ModelReply
from .openai_types import ChatReply, ChatRequest, ModelCard, ModelList
from .pieces import ChatForm
from .replies import EventStream, WholeReply
from .served_base import ServedBase
from .server import Server

router = APIRouter(prefix="/v1", tags=["OpenAI"])

_STREAM: dict[str, Any] = {
    "content": EVENTS,
    "description": "The reply, or its chunks as server-sent events where `stream` is true.",
}


@router.post(
    "/chat/completions",
    response_model=ChatReply,
    responses={**documented(404, 409, 504), 200: _STREAM},
    summary="A reply to a conversation",
)
async def chat_completions(request: ChatRequest, key: Asker, http: Request) -> Response:
    """Answer from a base (`model` is its name), or let the model speak by itself.

    A base's answer carries its evidence, citations and trace in `groundglm`.
    """
    server = server_of(http)
    target = server.model(request.model)
    is_grounded = isinstance(target, ServedBase)
    check_supported(request, is_grounded=is_grounded)
    form = ChatForm(request.model)
    reply = (
        GroundedReply(server, target, key, request, form.id)
        if isinstance(target, ServedBase)
        else ModelReply(server, target, request)
    )
    if not request.stream:
        return WholeReply(lambda: form.whole(reply.pieces()), server.bounds)
    usage = bool(request.stream_options and request.stream_options.include_usage)
    events = bool(request.groundglm and request.groundglm.events)
    return EventStream(
        lambda: form.chunks(reply.pieces(), usage=usage, events=events), server.bounds
    )


@router.get("/models", response_model=ModelList, responses=documented(), summary="What there is")
async def models(key: Asker, http: Request) -> dict[str, Any]:
    """The bases, each answering as a model of its name, and the models behind them."""
    return {"object": "list", "data": cards(server_of(http))}


@router.get(
    "/models/{model:path}",
    response_model=ModelCard,
    responses=documented(404),
    summary="One of them",
)
async def model(key: Asker, http: Request, model: str = Path(min_length=1)) -> dict[str, Any]:
    """What answers under a name."""
    server = server_of(http)
    server.model(model)
    return next(card for card in cards(server) if card["id"] == model)


def cards(server: Server) -> list[dict[str, Any]]:
    """A card for each base and each model."""
    found: list[dict[str, Any]] = []
    for name, served in server.bases.items():
        found.append(
            _card(
                server,
                name,
                {
                    "kind": "base",
                    "engine": served.engine_name,
                    "embeddings": served.base.embedding_name,
                },
            )
        )
    for one in server.models:
        writer = one.writer
        told = {
            "kind": "model",
            "has_weights": bool(getattr(writer, "has_weights", True)),
            "holds_grammars": holds_grammars(writer),
            "tokenizer": type(writer.tokenizer).__name__,
        }
        found.append(
            _card(server, one.model_name, told) | {"max_model_len": int(writer.max_context)}
        )
    return found


def _card(server: Server, name: str, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": server.started,
        "owned_by": "groundglm",
        "groundglm": told,
    }
