"""`/v1/embeddings`: the vectors of a base's own embedding model."""

import asyncio
import base64
from typing import Any

import numpy as np
from fastapi import APIRouter, Request

from ..retrieval.embedding_calls import embedded
from .access import Asker, server_of
from .failures import RequestError, documented
from .openai_types import EmbeddingReply, EmbeddingRequest
from .served_base import ServedBase
from .server import Server

router = APIRouter(prefix="/v1", tags=["OpenAI"])


@router.post(
    "/embeddings",
    response_model=EmbeddingReply,
    responses=documented(404),
    summary="Vectors of texts",
)
async def embeddings(request: EmbeddingRequest, key: Asker, http: Request) -> dict[str, Any]:
    """Embed texts with the model of a base; `model` is the base, or its embedding model's name."""
    served = _base_of(server_of(http), request.model)
    texts = [request.input] if isinstance(request.input, str) else request.input
    listed = [text for text in texts if isinstance(text, str) and text.strip()]
    if not listed or len(listed) < len(texts):
        raise RequestError(
            "texts that are not empty are embedded, not ids of tokens; LangChain's "
            "OpenAIEmbeddings sends texts with check_embedding_ctx_length=False",
            param="input",
        )
    if request.dimensions is not None:
        raise RequestError(
            "the model has its own number of dimensions",
            param="dimensions",
            code="unsupported_parameter",
        )
    async with server_of(http).queue.turn():
        vectors = await served.read(lambda: embedded(served.base.embeddings, listed))
    return await asyncio.to_thread(_reply, request, vectors)


def _reply(request: EmbeddingRequest, vectors: Any) -> dict[str, Any]:  # noqa: ANN401
    table = np.asarray(vectors, dtype="<f4")
    written: list[Any] = (
        [base64.b64encode(row.tobytes()).decode() for row in table]
        if request.encoding_format == "base64"
        else table.tolist()
    )
    return {
        "object": "list",
        "model": request.model,
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(written)
        ],
        "usage": {"prompt_tokens": 0, "total_tokens": 0},
    }


def _base_of(server: Server, name: str) -> ServedBase:
    for served in server.bases.values():
        if name in (served.name, served.base.embedding_name):
            return served
    listed = ", ".join(one.base.embedding_name for one in server.bases.values())
    raise RequestError(
        f"there is no embedding model {name!r}; there are: {listed}",
        status=404,
        code="model_not_found",
        param="model",
    )
