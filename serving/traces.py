"""Answers that were kept with their traces, and what people say of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from .access import Admin, Asker, server_of
from .base_types import (
    Done,
    Feedback,
    FeedbackListing,
    KeptAnswer,
    TraceListing,
)
from .conversations import answered_by
from .failures import documented

router = APIRouter(prefix="/api/bases/{base}", tags=["traces"])


@router.get(
    "/traces", response_model=TraceListing, responses=documented(404), summary="Kept answers"
)
async def traces(
    key: Asker,
    http: Request,
    base: str,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> dict[str, Any]:
    """The newest first; an administrator is shown those of others too."""
    served = server_of(http).base(base)
    owner = None if key.may("admin") else key.id

    found = await served.recorded(
        lambda kept: kept.answers(owner=owner, labels=key.labels, limit=limit, before=before)
    )
    return {"traces": found}


@router.get(
    "/traces/{id}", response_model=KeptAnswer, responses=documented(404), summary="A kept answer"
)
async def trace(
    key: Asker, http: Request, base: str, id: Annotated[str, Path(min_length=1, max_length=200)]
) -> dict[str, Any]:
    """What was searched, found, called, answered and checked."""
    return await answered_by(server_of(http).base(base), key, id)


@router.post(
    "/feedback",
    response_model=Done,
    responses=documented(404),
    summary="Say what an answer is worth",
)
async def give_feedback(key: Asker, http: Request, base: str, said: Feedback) -> dict[str, Any]:
    """Kept beside the trace of the answer; a second time replaces the first."""
    served = server_of(http).base(base)
    await answered_by(served, key, said.answer_id)
    await served.recorded(
        lambda kept: kept.put_feedback(
            said.answer_id, owner=key.id, rating=said.rating, comment=said.comment
        )
    )
    return {"done": True}


@router.get(
    "/feedback", response_model=FeedbackListing, responses=documented(404), summary="Feedback"
)
async def feedback(
    key: Admin, http: Request, base: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """What people said, the newest first."""
    served = server_of(http).base(base)
    return {"feedback": await served.recorded(lambda kept: kept.feedback(limit=limit))}
