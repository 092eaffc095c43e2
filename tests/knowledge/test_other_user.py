"""A reader who may not write sees the newest state or a clear refusal, never an old state."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

# Everything is imported and tried once before the rights are given up: the other user may not be
# allowed to read this Python.
SCRIPT = """
import json, os, sys, tempfile
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings
from langchain_core.documents import Document
with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(folder, HashEmbeddings()) as base:
    base.add_documents([Document("warm words", id="w")])
    base.search("warm words")
os.setgid(65534)
os.setuid(65534)
options = json.loads(sys.argv[2])
try:
    with KnowledgeBase.open(sys.argv[1], HashEmbeddings(), read_only=True, **options) as base:
        print(json.dumps([one.id for one in base.documents()]))
except Exception as error:
    print(json.dumps(f"{type(error).__name__}: {error}"))
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def read_as_nobody(folder, **options):
    command = [sys.executable, "-c", SCRIPT, str(folder), json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_what_was_deleted_is_gone_for_a_reader_who_may_not_write(folder):
    with KnowledgeBase.open(folder, HashEmbeddings()) as base:
        base.add_documents([Document("one", id="a"), Document("two", id="b")])
        base.delete(["a"])
        seen = read_as_nobody(folder)
        # SQLite can only read beside a writer where it may map the writer's shared memory.
        assert seen == ["b"] or "immutable=True" in seen


def test_a_base_that_nobody_writes_is_read_or_refused_with_the_way_to_read_it(folder):
    with KnowledgeBase.open(folder, HashEmbeddings()) as base:
        base.add_documents([Document("one", id="a")])

    seen = read_as_nobody(folder)

    assert seen == ["a"] or "immutable=True" in seen
    assert read_as_nobody(folder, immutable=True) == ["a"]
