"""Folders of LangChain's FAISS store: read whole, and nothing of their pickle is run.

The folders are made here as LangChain makes them, of its own Documents and of a class that bears
the name of its document store.
"""

import contextlib
import datetime
import os
import pickle
import struct
import sys
import types
import uuid

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from groundglm.errors import DocumentError
from groundglm.retrieval import (
    FAISSVectorStore,
    HashEmbeddings,
    import_langchain_faiss,
    read_langchain_faiss,
)
from groundglm.retrieval.plain_pickle import Made, read_plain

MODULE = "langchain_community.docstore.in_memory"
TEXTS = {"a": "Tea grows on hills.", "茶": "茶长在山上。", "c": "Rivers carry sand."}
METADATA = {
    "source": "a.txt",
    "page": 3,
    "at": datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
    "on": datetime.date(2024, 2, 29),
    "id": uuid.UUID(int=5),
    "tags": ["x", ("y", 1.5)],
    "none": None,
    "set": {"q"},
    "nested": {"k": {"l": True}},
}


@pytest.fixture
def docstore(monkeypatch):
    """The class that LangChain pickles, under its name."""
    module = types.ModuleType(MODULE)

    class InMemoryDocstore:
        def __init__(self, held):
            self._dict = held

    InMemoryDocstore.__module__, InMemoryDocstore.__qualname__ = MODULE, "InMemoryDocstore"
    module.InMemoryDocstore = InMemoryDocstore
    for name in ("langchain_community", "langchain_community.docstore"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, MODULE, module)
    return InMemoryDocstore


def save(
    folder, docstore, *, texts=TEXTS, model=None, index=None, metadata=METADATA, protocol=None
):
    folder.mkdir(exist_ok=True)
    vectors = np.asarray((model or HashEmbeddings(16)).embed_documents([*texts.values()]), "f4")
    made = index or faiss.IndexFlatL2(vectors.shape[1])
    made.add(vectors)
    faiss.write_index(made, str(folder / "index.faiss"))
    held = {
        id_: Document(text, metadata=metadata if id_ == "a" else {}) for id_, text in texts.items()
    }
    places = dict(enumerate(texts))
    (folder / "index.pkl").write_bytes(pickle.dumps((docstore(held), places), protocol))
    return folder


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_documents_ids_and_vectors_are_read(tmp_path, docstore, protocol):
    found = read_langchain_faiss(save(tmp_path / "f", docstore, protocol=protocol))

    assert {one.id: one.page_content for one in found.documents} == TEXTS
    assert found.documents[0].metadata == {
        "source": "a.txt",
        "page": 3,
        "at": "2024-01-02T03:04:05.000006",
        "on": "2024-02-29",
        "id": "00000000-0000-0000-0000-000000000005",
        "tags": ["x", ["y", 1.5]],
        "none": None,
        "set": ["q"],
        "nested": {"k": {"l": True}},
    }
    expected = HashEmbeddings(16).embed_documents([*TEXTS.values()])
    assert np.allclose(found.vectors, expected, atol=1e-6)
    assert not found.notes


@pytest.mark.parametrize("index", [faiss.IndexFlatL2(16), faiss.IndexFlatIP(16)])
def test_a_store_takes_over_the_vectors_of_its_model(tmp_path, docstore, index):
    class Counting(HashEmbeddings):
        embedded = 0

        def embed_documents(self, texts):
            self.embedded += len(texts)
            return super().embed_documents(texts)

    folder = save(tmp_path / "f", docstore, index=index)
    with FAISSVectorStore(Counting(16), tmp_path / "s.sqlite") as store:
        found = import_langchain_faiss(folder, store)
        assert store.embeddings.embedded <= 3 + 1 and not found.notes
        assert store.similarity_search("tea hills", k=1)[0].id == "a"
        assert store.similarity_search("tea", k=1, filter={"nested.k.l": True})[0].id == "a"
        assert {one.id for one in store.get_by_ids([*TEXTS])} == set(TEXTS)


def test_vectors_of_another_model_or_kind_are_made_anew(tmp_path, docstore):
    other = save(tmp_path / "o", docstore, model=HashEmbeddings(32))
    graph = save(tmp_path / "h", docstore, index=faiss.IndexHNSWFlat(16, 4))
    for folder, said in ((other, "another model"), (graph, "not flat")):
        with FAISSVectorStore(HashEmbeddings(16)) as store:
            assert said in " ".join(import_langchain_faiss(folder, store).notes)
            assert store.similarity_search("tea hills", k=1)[0].id == "a"


def test_what_is_no_plain_data_is_left_out_and_noted(tmp_path, docstore):
    metadata = {"keep": 1, "odd": complex(1, 2), "deep": []}
    inner = metadata["deep"]
    for _ in range(40):
        inner.append([])
        inner = inner[0]
    found = read_langchain_faiss(save(tmp_path / "f", docstore, metadata=metadata))
    assert found.documents[0].metadata == {"keep": 1}
    assert len(found.notes) == 2


# --- hostile folders ----------------------------------------------------------------------------


class Evil:
    """Would write a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("where", ["top", "store", "document", "metadata", "key"])
def test_nothing_of_a_pickle_is_run(tmp_path, docstore, where):
    evil, folder = Evil(tmp_path / "evil"), save(tmp_path / "f", docstore)
    held: dict = {"a": Document("x")}
    made: object = (docstore(held), {0: "a"})
    if where == "top":
        made = evil
    elif where == "store":
        made = (evil, {0: "a"})
    elif where == "document":
        held["a"] = evil
    elif where == "metadata":
        held["a"] = Document("x", metadata={"m": evil, "n": 1})
    else:
        made = (docstore({evil: Document("x")}), {0: "a"})
    (folder / "index.pkl").write_bytes(pickle.dumps(made))
    if where == "metadata":
        assert read_langchain_faiss(folder).documents[0].metadata == {"n": 1}
    else:
        with pytest.raises(DocumentError):
            read_langchain_faiss(folder)
    assert not (tmp_path / "evil").exists()


@given(st.binary(max_size=200))
def test_noise_is_refused(data):
    with contextlib.suppress(DocumentError):
        read_plain(data)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(plain, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_is_read_as_pickle_reads_it(value, protocol):
    assert read_plain(pickle.dumps(value, protocol)) == value


def test_a_value_that_is_named_over_and_over_is_left_out(tmp_path, docstore):
    laughs: list = ["ha"] * 10
    for _ in range(18):
        laughs = [laughs] * 10
    found = read_langchain_faiss(save(tmp_path / "f", docstore, metadata={"m": laughs}))
    assert "m" not in found.documents[0].metadata and found.notes


def test_a_document_without_an_id_gets_one(tmp_path, docstore):
    folder = save(tmp_path / "f", docstore, texts={None: "Tea.", "b": "Rivers."})
    with FAISSVectorStore(HashEmbeddings(16)) as store:
        import_langchain_faiss(folder, store)
        assert len(store) == 2 and store.get_by_ids(["b"])[0].page_content == "Rivers."


def test_objects_are_but_their_names():
    made = read_plain(pickle.dumps(Document("x")))
    assert isinstance(made, Made)
    assert made.name == "langchain_core.documents.base.Document"


@pytest.mark.parametrize("hurt", ["missing", "cut", "count", "dimensions", "nan", "places"])
def test_a_damaged_folder_is_refused_or_embedded_anew(tmp_path, docstore, hurt):
    folder = save(tmp_path / "f", docstore)
    file = folder / "index.faiss"
    data = bytearray(file.read_bytes())
    if hurt == "missing":
        file.unlink()
        with pytest.raises(DocumentError, match="expected"):
            read_langchain_faiss(folder)
        return
    if hurt == "cut":
        data = data[:-5]
    elif hurt == "count":
        data[8:16] = struct.pack("<q", 2**62)
    elif hurt == "dimensions":
        data[4:8] = struct.pack("<i", -16)
    elif hurt == "nan":
        data[-4:] = struct.pack("<f", float("nan"))
    else:
        pickled = pickle.dumps((docstore({"a": Document("x")}), {0: "a", 1: "gone"}))
        (folder / "index.pkl").write_bytes(pickled)
        with pytest.raises(DocumentError, match="gone"):
            read_langchain_faiss(folder)
        return
    file.write_bytes(data)
    found = read_langchain_faiss(folder)
    assert found.vectors is None and found.notes and len(found.documents) == 3
