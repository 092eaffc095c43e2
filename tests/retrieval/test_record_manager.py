"""`index()` of LangChain with our record manager: what changed and nothing else is written."""

import pytest
from langchain_core.documents import Document
from langchain_core.indexing import aindex, index

from groundglm.retrieval import (
    FAISSVectorStore,
    HashEmbeddings,
    SQLiteRecordManager,
    record_manager,
)

OPTIONS = {"source_id_key": "source", "key_encoder": "blake2b"}


@pytest.fixture
def store(tmp_path):
    with FAISSVectorStore(HashEmbeddings(), tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def records(tmp_path):
    manager = SQLiteRecordManager("here", tmp_path / "records.sqlite")
    yield manager
    manager.close()


def documents(**texts: str) -> list[Document]:
    return [Document(text, metadata={"source": source}) for source, text in texts.items()]


def counts(result) -> tuple[int, int, int]:
    return result["num_added"], result["num_skipped"], result["num_deleted"]


def held(store) -> set[str]:
    return {one.page_content for one in store.similarity_search("text", k=99)}


@pytest.mark.parametrize("cleanup", ["incremental", "full", "scoped_full"])
def test_what_changed_is_written_and_what_it_replaces_goes(store, records, cleanup):
    first = documents(a="one", b="two", c="three")
    options = OPTIONS | {"cleanup": cleanup}
    assert counts(index(first, records, store, **options)) == (3, 0, 0)
    assert counts(index(first, records, store, **options)) == (0, 3, 0)

    result = index(documents(a="one", b="other"), records, store, **options)

    # Only a whole run knows that the source c is gone.
    assert counts(result) == (1, 1, 2 if cleanup == "full" else 1)
    assert held(store) == {"one", "other"} | (set() if cleanup == "full" else {"three"})


async def test_the_same_for_asyncio(store, records):
    options = OPTIONS | {"cleanup": "full"}
    assert counts(await aindex(documents(a="one", b="two"), records, store, **options)) == (2, 0, 0)
    assert counts(await aindex(documents(a="one"), records, store, **options)) == (0, 1, 1)
    assert held(store) == {"one"}


def test_a_crash_between_the_store_and_the_records_doubles_nothing(store, records, monkeypatch):
    options = OPTIONS | {"cleanup": "incremental"}
    index(documents(a="one"), records, store, **options)
    with monkeypatch.context() as patch:
        patch.setattr(SQLiteRecordManager, "update", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index(documents(a="new", b="two"), records, store, **options)
    assert held(store) == {"one", "new", "two"}

    assert counts(index(documents(a="new", b="two"), records, store, **options)) == (2, 0, 1)
    assert held(store) == {"new", "two"}
    assert len(store) == 2


def test_a_clock_that_is_set_back_deletes_nothing_that_was_just_seen(store, records, monkeypatch):
    options = OPTIONS | {"cleanup": "full"}
    index(documents(a="one", b="two"), records, store, **options)
    monkeypatch.setattr(record_manager.time, "time", lambda: 1000.0)
    assert counts(index(documents(a="one", b="two"), records, store, **options)) == (0, 2, 0)
    assert counts(index(documents(a="one"), records, store, **options)) == (0, 1, 1)


def test_namespaces_know_nothing_of_each_other(records, tmp_path):
    other = SQLiteRecordManager("there", tmp_path / "records.sqlite")
    records.update(["a", "b"], group_ids=["x", "y"])
    assert other.exists(["a"]) == [False]
    other.update(["a"])
    other.delete_keys(["a", "none"])
    assert records.exists(["a", "c"]) == [True, False]
    assert records.list_keys(group_ids=["y"]) == ["b"]
    assert records.list_keys(limit=1) == ["a"]
    assert records.list_keys(after=records.get_time()) == []
    records.update(["a"])  # without groups theirs stay
    assert records.list_keys(group_ids=["x"]) == ["a"]
    assert records.exists([f"n{number}" for number in range(2000)]) == [False] * 2000
    with pytest.raises(ValueError, match="2 keys were given, but 1 group ids"):
        records.update(["a", "b"], group_ids=["x"])
    other.close()
    other.close()
