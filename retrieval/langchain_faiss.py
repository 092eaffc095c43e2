"""Folders that LangChain's FAISS store has written, read without running their pickle."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from langchain_core.documents import Document

from ..errors import DocumentError
from .embedding_calls import embedded
from .faiss_store import FAISSVectorStore
from .passage_vectors import vector_key
from .plain_pickle import Made, read_plain
from .vector_index import normalized

_HEADER = struct.Struct("<4siqqq?i")
_FLAT = (b"IxF2", b"IxFI", b"IxFl")
_DEEPEST = 20
_MOST_VALUES = 10_000  # in the metadata of one document
_SAME = 0.99  # cosine above which a stored vector is taken for the model's own
_PROBED = 3

_Plain = dict[str, Any]


@dataclass(slots=True)
class LangChainFolder:
    """What such a folder holds: documents, and their vectors where the index is flat.

    `notes` says what was left out.
    """

    documents: list[Document] = field(default_factory=list[Document])
    vectors: np.ndarray | None = None
    notes: list[str] = field(default_factory=list[str])


def read_langchain_faiss(folder: str | Path, *, index_name: str = "index") -> LangChainFolder:
    """Read a folder of `FAISS.save_local`.

    Its pickle is looked at opcode by opcode and never run. Metadata that is no plain data, but a
    date or an id, becomes text; what is neither is left out and noted.

    Args:
        folder: The folder.
        index_name: The name that its files begin with.

    Raises:
        DocumentError: it is no such folder, or damaged.
    """
    path = Path(folder)
    try:
        pickled = (path / f"{index_name}.pkl").read_bytes()
        index = (path / f"{index_name}.faiss").read_bytes()
    except OSError as error:
        raise DocumentError(
            f"{path} is no folder of LangChain's FAISS store: {error.strerror or error} "
            f"({index_name}.pkl and {index_name}.faiss are expected)"
        ) from error
    found = LangChainFolder()
    try:
        store, places = _parts(read_plain(pickled))
        order = [places[place] for place in sorted(places)]
        for id_ in order:
            if id_ not in store:
                raise DocumentError(f"the document {id_!r} is missing")
            found.documents.append(_document(id_, store[id_], found.notes))
    except DocumentError as error:
        raise DocumentError(f"{path / f'{index_name}.pkl'}: {error}") from None
    vectors = _flat_vectors(index)
    if vectors is None:
        found.notes.append("its index is not flat, so its vectors are made anew")
    elif len(vectors) != len(order) or sorted(places) != list(range(len(order))):
        found.notes.append("its vectors are not those of its documents, so they are made anew")
    else:
        found.vectors = vectors
    return found


def import_langchain_faiss(
    folder: str | Path, store: FAISSVectorStore, *, index_name: str = "index"
) -> LangChainFolder:
    """Add what such a folder holds to a store; ids stay.

    Its vectors are taken over where the store's model gives the same for some of its texts;
    otherwise the texts are embedded anew. Ours are of length 1: an index of distances between
    vectors of other lengths may have ranked otherwise.

    Raises:
        DocumentError: it is no such folder, or damaged; nothing was added.
    """
    found = read_langchain_faiss(folder, index_name=index_name)
    documents, vectors = found.documents, found.vectors
    if vectors is not None and documents:
        texts = [document.page_content for document in documents[:_PROBED]]
        own = normalized(embedded(store.embeddings, texts))
        stored = normalized(vectors[:_PROBED])
        if own.shape == stored.shape and (np.sum(own * stored, axis=1) > _SAME).all():
            codes = normalized(vectors).astype("<f2")
            keys = [vector_key("", "", document.page_content) for document in documents]
            store.keep_vectors(zip(keys, (row.tobytes() for row in codes), strict=True))
        else:
            found.notes.append("its vectors are of another model, so they are made anew")
    store.add_documents(documents)
    return found


def _parts(pickled: object) -> tuple[dict[object, Any], dict[int, str | None]]:
    """The documents by id, and the ids by place."""
    if isinstance(pickled, tuple) and len(cast("tuple[object, ...]", pickled)) == 2:
        store, places = cast("tuple[object, object]", pickled)
        state = store.state if isinstance(store, Made) else None
        held: object = cast("_Plain", state).get("_dict") if isinstance(state, dict) else None
        if isinstance(held, dict) and isinstance(places, dict):
            listed = cast("dict[object, object]", places)
            # A document that had no id beside one that had is stored under None.
            if all(type(k) is int and isinstance(i, str | None) for k, i in listed.items()):
                return cast("dict[object, Any]", held), cast("dict[int, str | None]", places)
    raise DocumentError("it holds no document store of LangChain")


def _document(id_: str | None, made: object, notes: list[str]) -> Document:
    if not isinstance(made, Made) or made.name.rsplit(".", 1)[-1] != "Document":
        raise DocumentError(f"{id_!r} is no document")
    state = _mapping(made.state) or {}
    held = _mapping(state.get("__dict__")) or state
    text = held.get("page_content")
    if not isinstance(text, str):
        raise DocumentError(f"the document {id_!r} has no text")
    metadata: dict[str, Any] = {}
    left = [_MOST_VALUES]
    for key, value in (_mapping(held.get("metadata")) or {}).items():
        try:
            metadata[str(key)] = _plain_value(value, left)
        except _NotPlainError as error:
            if len(notes) < _DEEPEST:
                notes.append(f"{id_}: its {key!r} ({error}) was left out")
    return Document(text, id=id_, metadata=metadata)


def _mapping(value: object) -> Mapping[Any, Any] | None:
    return cast("Mapping[Any, Any]", value) if isinstance(value, dict) else None


class _NotPlainError(Exception):
    """A value of a kind that is not known."""


def _plain_value(value: object, left: list[int], depth: int = 0) -> Any:
    """The same in types of JSON; `left` counts how many values may still come."""
    left[0] -= 1
    if depth > _DEEPEST or left[0] < 0:  # a few bytes can name one value over and over
        raise _NotPlainError("nested too deeply, or too much")
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_value(one, left, depth + 1) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return {str(key): _plain_value(one, left, depth + 1) for key, one in pairs}
    if isinstance(value, Made):
        text = _as_text(value)
        if text is not None:
            return text
        raise _NotPlainError(value.name)
    raise _NotPlainError(type(value).__name__)


def _as_text(made: Made) -> str | None:
    """Dates, paths and ids, from what they would have been made of."""
    arguments = list(cast("tuple[object, ...]", made.arguments) or ())
    if made.name in ("datetime.datetime", "datetime.date") and arguments:
        data = arguments[0]
        if isinstance(data, bytes) and len(data) in (4, 10):
            year = data[0] * 256 + data[1]
            try:
                if len(data) == 4:
                    return datetime(year, data[2], data[3], tzinfo=UTC).date().isoformat()
                month, day, hour, minute, second = data[2:7]
                micro = int.from_bytes(data[7:10])
                told = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
                return told.replace(tzinfo=None).isoformat()
            except ValueError:
                return None
    if made.name.startswith("pathlib.") and all(isinstance(one, str) for one in arguments):
        return "/".join(cast("list[str]", arguments)).replace("//", "/")
    state = _mapping(made.state)
    if made.name == "uuid.UUID" and state is not None and isinstance(state.get("int"), int):
        number = f"{state['int']:032x}"
        return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
    return None


def _flat_vectors(data: bytes) -> np.ndarray | None:
    """The vectors of a flat index, of shape [count, dimensions]; None of any other kind.

    The file may come from anywhere, so it is not given to FAISS, which trusts it.
    """
    if len(data) < _HEADER.size + 8 or data[:4] not in _FLAT:
        return None
    _, dimensions, count, _, _, _, _ = _HEADER.unpack_from(data)
    (numbers,) = struct.unpack_from("<Q", data, _HEADER.size)
    start = _HEADER.size + 8
    if dimensions < 1 or count < 0 or numbers != count * dimensions:
        return None
    if len(data) < start + 4 * numbers:
        return None
    vectors = np.frombuffer(data, dtype="<f4", count=numbers, offset=start)
    return vectors.reshape(count, dimensions) if np.isfinite(vectors).all() else None
