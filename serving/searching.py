"""Searching and browsing a base: passages with their scores, facts, paths, the graph."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from ..evidence import SearchMode
from ..knowledge.fact_pictures import picture_of_facts
from .access import Reader, server_of
from .base_data import fact_data, found_data, path_data, picture_data
from .base_types import (
    BaseListing,
    EntityListing,
    FactListing,
    GraphData,
    PathListing,
    SearchReply,
)
from .failures import RequestError, documented
from .keys import Key
from .served_base import ServedBase

router = APIRouter(prefix="/api/bases", tags=["bases"])

_DEEP = 100  # of each ranking, that a hit is looked for in
_MOST_FACTS = 200

Named = Annotated[str, Query(min_length=1, max_length=1000)]
Labels = Annotated[list[str] | None, Query(description="Fewer labels than the key has.")]


@router.get("", response_model=BaseListing, responses=documented(), summary="The bases")
async def bases(key: Reader, http: Request) -> dict[str, Any]:
    """Every base with what the asker sees of it."""
    server = server_of(http)
    return {"bases": [await _summary(served, key) for served in server.bases.values()]}


async def _summary(served: ServedBase, key: Key) -> dict[str, Any]:
    counts = await served.read(lambda: served.base.statistics(labels=key.labels))
    names = ("documents", "passages", "facts", "entities")
    return {
        "name": served.name,
        "engine": served.engine_name,
        "embeddings": served.base.embedding_name,
        "reads_chinese": await served.read(lambda: served.base.reads_chinese),
        **{name: counts[name] for name in names},
    }


@router.get(
    "/{base}/search",
    response_model=SearchReply,
    responses=documented(404),
    summary="Passages and facts for a question",
)
async def search(
    key: Reader,
    http: Request,
    base: str,
    q: Named,
    k: Annotated[int, Query(ge=1, le=50)] = 5,
    mode: SearchMode = "graph",
) -> dict[str, Any]:
    """Search without asking a model, and tell what each ranking says of every hit."""
    served = server_of(http).base(base)
    if not q.strip():
        raise RequestError("the question is empty", param="q")

    def work() -> dict[str, Any]:
        began = time.perf_counter()
        found = served.base.search(q, k=k, mode=mode, labels=key.labels)
        seconds = time.perf_counter() - began
        rankings: list[tuple[SearchMode, str]] = [("bm25", "BM25"), ("vector", "vector")]
        scores = [
            (
                name,
                {
                    piece.id: (rank, piece.score)
                    for rank, piece in enumerate(
                        served.base.search(q, k=_DEEP, mode=one, labels=key.labels), start=1
                    )
                },
            )
            for one, name in rankings
        ]
        listed = [found_data(piece, scores) for piece in found]
        return {"query": q, "mode": mode, "found": listed, "seconds": round(seconds, 4)}

    return await served.read(work)


@router.get(
    "/{base}/facts",
    response_model=FactListing,
    responses=documented(404),
    summary="What is known of an entity",
)
async def facts(
    key: Reader,
    http: Request,
    base: str,
    entity: Named,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """The facts about an entity, given by name, alias or id; `near` names what may be meant."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        found = served.base.facts(entity, labels=key.labels)
        return {
            "entity": entity,
            "facts": [fact_data(fact) for fact in found[:limit]],
            "known": served.base.fact_count(entity, labels=key.labels),
            "near": [] if found else served.base.names_near(entity, labels=key.labels)[:5],
        }

    return await served.read(work)


@router.get(
    "/{base}/entities",
    response_model=EntityListing,
    responses=documented(404),
    summary="Entities that a text names, or the best connected ones",
)
async def entities(
    key: Reader,
    http: Request,
    base: str,
    q: Annotated[str, Query(max_length=1000)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Where `q` is empty, those with the most facts."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        own = served.base
        if q.strip():
            linked = own.link(q, labels=key.labels)
            found = {one.entity.id: one.entity for one in linked}
            listed = [(one, own.fact_count(one.id, labels=key.labels)) for one in found.values()]
        else:
            listed = own.best_connected(limit, labels=key.labels)
        return {
            "entities": [
                {"id": one.id, "name": one.name, "type": one.type, "facts": count}
                for one, count in listed[:limit]
            ]
        }

    return await served.read(work)


@router.get(
    "/{base}/paths",
    response_model=PathListing,
    responses=documented(404),
    summary="How two entities are connected",
)
async def paths(
    key: Reader,
    http: Request,
    base: str,
    start: Named,
    end: Named,
    max_hops: Annotated[int, Query(ge=1, le=6)] = 3,
) -> dict[str, Any]:
    """The shortest chains of facts between two entities, with their sources."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        own = served.base
        unknown = [one for one in (start, end) if not own.facts(one, labels=key.labels)]
        near = {one: own.names_near(one, labels=key.labels)[:5] for one in unknown}
        found = [] if unknown else own.paths(start, end, max_hops=max_hops, labels=key.labels)
        return {"paths": [path_data(path) for path in found], "near": near}

    return await served.read(work)


@router.get(
    "/{base}/graph",
    response_model=GraphData,
    responses=documented(404),
    summary="A part of the graph, laid out",
)
async def graph(
    key: Reader,
    http: Request,
    base: str,
    entity: Named,
    hops: Annotated[int, Query(ge=1, le=3)] = 1,
    limit: Annotated[int, Query(ge=1, le=_MOST_FACTS)] = 60,
) -> dict[str, Any]:
    """The neighbourhood of an entity, the nearest facts first."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        found = served.base.facts_around(entity, hops=hops, limit=limit + 1, labels=key.labels)
        centre = {one.id for one in served.base.entities_of(entity, labels=key.labels)}
        shown = found[:limit]
        data = picture_data(
            picture_of_facts(shown, strong=centre),
            sources={fact.id: [one.to_dict() for one in fact.sources] for fact in shown},
        )
        return {**data, "is_cut": len(found) > limit}

    return await served.read(work)
