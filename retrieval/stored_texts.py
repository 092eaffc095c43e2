"""A store's texts as records of the database, and back as LangChain Documents."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from langchain_core.documents import Document

from ..database.records import DocumentRecord, FoundPassage, PassageRecord
from ..text.spans import Span
from .passage_vectors import vector_key
from .vector_index import normalized
from .visibility import check_labels


def text_record(id_: str, text: str, metadata: Mapping[str, Any]) -> DocumentRecord:
    """A text as a document of one passage.

    Raises:
        ValueError: it cannot be stored.
    """
    for part in (id_, text):
        try:
            part.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"text {id_!r} holds half a character: {error}") from None
    try:
        json.dumps(dict(metadata), ensure_ascii=False, default=str).encode()
    except (TypeError, ValueError) as error:  # half a character, a cycle, a key that is none
        raise ValueError(f"the metadata of text {id_!r} cannot be stored: {error}") from None
    if not text:
        raise ValueError(f"text {id_!r} is empty")
    key = vector_key("", "", text)
    title = " ".join(str(metadata.get("title") or "").split())
    passage = PassageRecord(id_, id_, 0, Span(0, len(text)), text, vector_key=key)
    digest = sha256(text.encode()).hexdigest()
    labels = check_labels(metadata.get("labels"))
    return DocumentRecord(id_, "text", title, text, dict(metadata), labels, digest, (passage,))


def stored_document(found: FoundPassage, metadata: Mapping[str, Any]) -> Document:
    """A text as it was added; a passage of a longer document with its place."""
    passage = found.passage
    told = dict(metadata)
    if passage.id != passage.document_id:
        told |= {"document_id": passage.document_id, "title": found.title}
        told |= {"start": passage.span.start, "end": passage.span.end}
        if passage.page is not None:
            told["page"] = passage.page
    return Document(id=passage.id, page_content=passage.text, metadata=told)


def relevance(cosine: float) -> float:
    """A cosine as LangChain's relevance, from 0 to 1."""
    return min(1.0, max(0.0, cosine))


def unit_vector(embedding: Sequence[float]) -> np.ndarray:
    """A vector of length one."""
    return normalized(np.asarray(embedding, dtype="<f4")[None, :])[0]


def refuse_others(others: Mapping[str, Any]) -> None:
    """Refuse arguments that the store does not have, rather than overlook them."""
    if others:
        raise TypeError(f"FAISSVectorStore does not know the argument {next(iter(others))!r}")
