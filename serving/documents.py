"""The documents of a base: listed, read, added by upload, deleted with a look at what goes."""

import asyncio
import bisect
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, File, Form, Query, Request, UploadFile

from ..knowledge.files import FILE_KEY
from ..loading.files import DIGEST_KEY, OF_KEY, READING_KEY
from ..loading.options import OCR, ReadingOptions
from .access import Reader, Writer, narrowed_labels, server_of
from .base_data import fact_data
from .base_types import (
    DocumentListing,
    DocumentText,
    RemovalPreview,
    Removed,
    UploadReply,
)
from .failures import RequestError, documented
from .keys import Key
from .served_base import ServedBase
from .uploads import add_received, safe_name

router = APIRouter(prefix="/api/bases/{base}", tags=["documents"])

Id = Annotated[str, Query(min_length=1, max_length=2000, description="The document's id.")]
_LISTED_FACTS = 100
_OWN_KEYS = frozenset({FILE_KEY, DIGEST_KEY, OF_KEY, READING_KEY, "labels"})


@router.get(
    "/documents", response_model=DocumentListing, responses=documented(404), summary="Documents"
)
async def documents(
    key: Reader,
    http: Request,
    base: str,
    q: Annotated[str, Query(max_length=500, description="Part of an id or a title.")] = "",
    after: Annotated[str, Query(max_length=2000, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """The documents that the asker sees, by id, a page at a time."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        wanted = q.casefold()
        listed = [
            one
            for one in served.base.documents(labels=key.labels)
            if wanted in one.id.casefold() or wanted in one.title.casefold()
        ]
        start = bisect.bisect_right([one.id for one in listed], after) if after else 0
        page = listed[start : start + limit]
        return {
            "documents": [
                {
                    "id": one.id,
                    "title": one.title,
                    "kind": one.kind,
                    "characters": one.characters,
                    "passages": one.passages,
                    "facts": one.facts,
                    "added_at": one.added_at,
                    "metadata": _told(one.metadata),
                    "is_upload": served.files.holds(_path(served, key, one.id)),
                }
                for one in page
            ],
            "total": len(listed),
            "next": page[-1].id if page and start + limit < len(listed) else None,
        }

    return await served.read(work)


def _path(served: ServedBase, key: Key, id_: str) -> Path | None:
    return served.base.path_of(id_, labels=key.labels)


@router.get(
    "/document", response_model=DocumentText, responses=documented(404), summary="A document's text"
)
async def document(
    key: Reader,
    http: Request,
    base: str,
    id: Id,
    start: Annotated[int, Query(ge=0, le=2**53)] = 0,
    length: Annotated[int, Query(ge=1, le=1_000_000)] = 200_000,
) -> dict[str, Any]:
    """The text that spans of evidence point into, or a part of it."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        text = _text(served, key, id)
        metadata = served.base.metadata_of([id], labels=key.labels).get(id, {})
        return {
            "id": id,
            "title": str(metadata.get("title") or ""),
            "text": text[start : start + length],
            "start": start,
            "characters": len(text),
            "metadata": _told(metadata),
        }

    return await served.read(work)


def _told(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a document without what is of this machine: paths, digests, who else sees."""
    return {key: value for key, value in metadata.items() if key not in _OWN_KEYS}


def _text(served: ServedBase, key: Key, id_: str) -> str:
    try:
        return served.base.text(id_, labels=key.labels)
    except KeyError:
        raise RequestError(f"there is no document {id_!r}", status=404, param="id") from None


@router.get(
    "/document/removal",
    response_model=RemovalPreview,
    responses=documented(404),
    summary="What would go with a document",
)
async def removal(key: Reader, http: Request, base: str, id: Id) -> dict[str, Any]:
    """Its passages, and the facts that nobody else says; the others stay."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        _text(served, key, id)
        said = served.base.facts_of(id, labels=key.labels)
        going = [fact for fact in said if {one.document_id for one in fact.sources} == {id}]
        metadata = served.base.metadata_of([id], labels=key.labels).get(id, {})
        return {
            "id": id,
            "title": str(metadata.get("title") or ""),
            "passages": len(served.base.passages(id, labels=key.labels)),
            "facts": len(going),
            "facts_that_stay": len(said) - len(going),
            "listed": [fact_data(fact) for fact in going[:_LISTED_FACTS]],
            "file": served.files.holds(_path(served, key, id)),
        }

    return await served.read(work)


@router.delete(
    "/document", response_model=Removed, responses=documented(404), summary="Delete a document"
)
async def delete(key: Writer, http: Request, base: str, id: Id) -> dict[str, Any]:
    """Delete it with all that stands on it alone; an uploaded file goes too."""
    served = server_of(http).base(base)

    def work() -> dict[str, Any]:
        _text(served, key, id)
        path = _path(served, key, id)
        # The file first: should the server end here, it must not bring the document back.
        if path is not None and served.files.holds(path):
            path.unlink(missing_ok=True)
        return {"removed": served.base.delete([id])}

    return await served.write(work)


@router.post(
    "/documents",
    response_model=UploadReply,
    responses=documented(404, 409),
    summary="Add files",
)
async def upload(
    key: Writer,
    http: Request,
    base: str,
    files: Annotated[list[UploadFile], File(min_length=1, description="The files.")],
    labels: Annotated[
        str,
        Form(
            pattern=r"^[\w.:@/+ ,-]*$",
            max_length=2000,
            description="Who may see them, apart by commas; none: who has the key's labels.",
        ),
    ] = "",
    encoding: Annotated[
        str, Form(max_length=40, description="That of text files whose encoding cannot be told.")
    ] = "",
    ocr: Annotated[OCR, Form()] = "auto",
    background: Annotated[
        Literal["true", "false"],
        Form(description="Answer at once; `GET /api/jobs/{job}` tells how far it is."),
    ] = "false",
) -> dict[str, Any]:
    """Add files in any format that `groundglm add` reads; each is added whole, or refused."""
    server = server_of(http)
    served = server.base(base)
    most = server.options.max_upload
    try:
        options = ReadingOptions(encoding=encoding or None, ocr=ocr, max_bytes=most)
    except ValueError as error:
        return _all_refused([safe_name(file.filename) for file in files], str(error))
    if len(files) > server.options.max_files:
        raise RequestError(f"at most {server.options.max_files} files at once", param="files")
    seen_by = _labels_for(key, labels)
    names = [safe_name(file.filename) for file in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RequestError(f"two of the files are called {twice!r}", status=409, param="files")
    received: list[tuple[str, Path]] = []
    try:
        for file, name in zip(files, names, strict=True):
            path = await asyncio.to_thread(
                served.files.receive, cast("Any", file.file), most=most, name=name
            )
            received.append((name, path))
    except BaseException:
        for _, path in received:
            path.unlink(missing_ok=True)
        raise
    job = server.jobs.begin(key.id, len(files))
    work = served.write(
        lambda: add_received(
            served.base,
            served.files,
            received,
            key=key,
            labels=seen_by,
            options=options,
            job=job,
        )
    )
    if background == "true":
        server.in_background(work)
    else:
        await work
    return job.to_dict()


def _all_refused(names: list[str], reason: str) -> dict[str, Any]:
    """What is told where nothing was read, for the same reason."""
    told = {"status": "refused", "documents": list[str](), "reason": reason}
    return {
        "job": "",
        "status": "done",
        "files": [{"name": name, **told} for name in names],
        "done": len(names),
        "of": len(names),
    }


def _labels_for(key: Key, labels: str) -> tuple[str, ...] | None:
    """The labels of what a key adds: never seen by more than the key says, nor out of its sight.

    Raises:
        RequestError: it gives labels that it does not have.
    """
    asked = [one.strip() for one in labels.split(",") if one.strip()]
    if key.labels is None:
        return tuple(asked) if asked else None
    chosen = narrowed_labels(key, asked) if asked else key.labels
    if asked and set(asked) - set(key.labels):
        raise RequestError("a key gives only labels that it has itself", status=403, param="labels")
    return chosen


jobs_router = APIRouter(prefix="/api", tags=["documents"])


@jobs_router.get(
    "/jobs/{job}", response_model=UploadReply, responses=documented(404), summary="How an upload is"
)
async def job(key: Writer, http: Request, job: str) -> dict[str, Any]:
    """How far an upload has come, and what came of each file."""
    return server_of(http).jobs.of(job, key.id).to_dict()
