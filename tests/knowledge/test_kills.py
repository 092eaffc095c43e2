"""Killed in the middle of adding, deleting, packing or changing the model, a base is whole.

What it holds then is what some first part of the operations made, to the last vector.
"""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

OPERATIONS = 60
WORK = """
import json, sys
from langchain_core.documents import Document
from groundglm.knowledge import KnowledgeBase, changing_model
from groundglm.retrieval import HashEmbeddings, dense_index
changing_model._BATCH = 10
dense_index.WORTH_A_FILE, dense_index.IVF_FROM = 4, 12  # so that vectors are kept in files
folder, operations = sys.argv[1], json.loads(sys.argv[2])
print("ready", flush=True)
with KnowledgeBase.open(folder) as base:
    for number, (kind, value) in enumerate(operations):
        if kind == "add":
            base.add_documents([Document(**value)])
            base.keep_indexes()
        elif kind == "delete":
            base.delete([value])
        elif kind == "compact":
            base.compact()
        else:
            base.reembed(HashEmbeddings(value))
        print(number, flush=True)
"""


def operations(seed: int) -> list[tuple[str, object]]:
    chance = random.Random(seed)
    made: list[tuple[str, object]] = []
    for number in range(OPERATIONS):
        kind = chance.choices(["add", "delete", "compact", "reembed"], [12, 5, 2, 2])[0]
        if kind == "add":
            body = f"Town{number} is a town in Elmland. " + f"word{number} " * chance.randrange(400)
            metadata = {"title": f"Town{number}", "labels": ["x"] if number % 3 == 0 else []}
            value: object = {
                "id": f"d{chance.randrange(30)}",
                "page_content": body,
                "metadata": metadata,
            }
        elif kind == "delete":
            value = f"d{chance.randrange(30)}"
        else:
            value = chance.choice([16, 24, 32])
        made.append((kind, value))
    return made


def after(listed: list[tuple[str, object]]) -> tuple[dict[str, str], int]:
    """The texts by id, and the dimensions of the vectors, that operations lead to."""
    texts: dict[str, str] = {}
    dimensions = 16
    for kind, value in listed:
        if kind == "add":
            texts[value["id"]] = value["page_content"]
        elif kind == "delete":
            texts.pop(value, None)
        elif kind == "reembed":
            dimensions = value
    return texts, dimensions


def assert_is(folder: Path, done: int, listed: list[tuple[str, object]]) -> None:
    """The base is as it was after `done` operations, or after one more."""
    possible = [after(listed[:done]), after(listed[: done + 1])]
    with KnowledgeBase.open(folder) as base:
        assert base.database.integrity_problems() == []
        texts = {one.id: base.text(one.id) for one in base.documents()}
        dimensions = int(base.embedding_name.removeprefix("hash-"))
        assert (texts, dimensions) in possible
        found = {one.source.document_id for one in base.search("town", k=500, mode="vector")}
        assert found == set(texts)
        words = {one.source.document_id for one in base.search("Elmland", k=500, mode="bm25")}
        assert words == set(texts)
        said = {one.source.document_id for one in base.search("Elmland", mode="vector", labels=[])}
        assert not said & {id_ for id_, text in texts.items() if int(text[4:].split()[0]) % 3 == 0}
        with KnowledgeBase.open(folder / "new", HashEmbeddings(dimensions)) as new:
            new.add_documents(Document(text, id=id_) for id_, text in texts.items())
            assert {fact.id for fact in new.facts("Elmland")} == {
                fact.id for fact in base.facts("Elmland")
            }
    shutil.rmtree(folder / "new")


@pytest.mark.timeout(900)  # a hundred processes, on a busy machine
def test_kills_at_random_moments_leave_a_first_part_of_the_operations(tmp_path, full):
    import json

    chance = random.Random(11)
    interrupted = 0
    for moment in range(100 if full else 5):
        listed = operations(moment)
        folder = tmp_path / str(moment)
        KnowledgeBase.open(folder, HashEmbeddings(16)).close()
        process = subprocess.Popen(
            [sys.executable, "-c", WORK, str(folder), json.dumps(listed)],
            stdout=subprocess.PIPE,
            text=True,
        )
        done, wanted = 0, chance.randrange(1, OPERATIONS - 5)
        assert process.stdout.readline() == "ready\n"
        while done < wanted and process.stdout.readline():
            done += 1
        time.sleep(chance.random() * 0.03)
        process.kill()
        done += len(process.stdout.read().splitlines())
        process.wait()
        interrupted += done < OPERATIONS
        assert_is(folder, done, listed)
        shutil.rmtree(folder)
    assert interrupted
