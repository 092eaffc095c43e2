"""BM25 beside a base: opening cuts nothing into words again, and a damaged index is made anew."""

import json
import shutil
import subprocess
import sys

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from langchain_core.documents import Document

from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings, Ranking, bm25, lexical_index
from groundglm.retrieval.array_file import map_arrays, write_arrays

COUNT = 80


def documents(count: int = COUNT) -> list[Document]:
    names = [f"otter{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(count)]
    return [Document(f"{name} lives in the river.", id=f"d{n}") for n, name in enumerate(names)]


@pytest.fixture
def folder(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings(16)) as base:
        base.add_documents(documents(), extract_facts=False)
    return tmp_path


def found(folder, query="otterah", **options) -> list[str]:
    with KnowledgeBase.open(folder, HashEmbeddings(16), **options) as base:
        return [one.source.document_id for one in base.search(query, mode="bm25")]


def test_opening_cuts_only_what_is_new(folder, monkeypatch):
    with KnowledgeBase.open(folder, HashEmbeddings(16)) as base:
        base.add_documents([Document("A falcon.", id="new")])
        base.delete(["d7"])
    cut: list[str] = []
    original = bm25.words
    monkeypatch.setattr(bm25, "words", lambda text, own: cut.append(text) or original(text, own))
    assert found(folder) == []
    assert found(folder, "falcon") == ["new"]
    assert not [text for text in cut if "lives" in text]


@pytest.mark.parametrize("hurt", ["segment", "cut", "manifest", "empty", "gone"])
def test_a_damaged_index_is_made_anew_with_a_notice(folder, hurt, caplog):
    manifest = folder / "indexes" / "manifest.json"
    (segment,) = (folder / "indexes").glob("*.safetensors")
    if hurt == "segment":
        data = bytearray(segment.read_bytes())
        data[-20] ^= 1
        segment.write_bytes(data)
    elif hurt == "cut":
        segment.write_bytes(segment.read_bytes()[:-9])
    elif hurt == "gone":
        segment.unlink()
    else:
        manifest.write_text("{" if hurt == "manifest" else "", "utf-8")
    assert found(folder) == ["d7"]
    assert "made anew" in caplog.text


def test_a_manifest_opens_no_other_file(folder, caplog):
    manifest = folder / "indexes" / "manifest.json"
    (segment,) = (folder / "indexes").glob("*.safetensors")
    shutil.move(segment, folder / segment.name)
    told = json.loads(manifest.read_text("utf-8"))
    told["segments"] = [[f"../{segment.name}", 0]]
    manifest.write_text(json.dumps(told), "utf-8")
    assert found(folder) == ["d7"]
    assert "not its own" in caplog.text


@pytest.mark.parametrize("part", ["rows", "starts", "numbers", "counts", "keys"])
def test_a_segment_that_points_outside_is_not_used(folder, part, caplog):
    (path,) = (folder / "indexes").glob("*.safetensors")
    arrays = {name: array.copy() for name, array in map_arrays(path).items()}
    if part in ("counts", "keys"):
        arrays[part] = arrays[part][:-1]
    else:
        arrays[part][3] = -5 if part == "numbers" else 10**6
    write_arrays(path, arrays)
    assert found(folder) == ["d7"]
    assert "point nowhere" in caplog.text


def test_what_went_before_the_index_was_kept_stays_away(tmp_path, caplog):
    with KnowledgeBase.open(tmp_path, HashEmbeddings(16)) as base:
        for document in documents():  # one by one, so that nothing is kept on the way
            base.add_documents([document], extract_facts=False)
        assert base.search("otterah", mode="bm25")
        base.delete(["d7"])
        assert not base.search("otterah", mode="bm25")
    assert (tmp_path / "indexes").exists()
    assert found(tmp_path) == []
    assert "made anew" not in caplog.text


def test_a_full_disk_keeps_no_index_and_loses_no_document(tmp_path, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lexical_index.Segment, "save", full)
    with KnowledgeBase.open(tmp_path, HashEmbeddings(16)) as base:
        assert len(base.add_documents(documents(), extract_facts=False).added) == COUNT
    assert "not kept" in caplog.text
    assert found(tmp_path) == ["d7"]


def test_an_index_of_another_base_or_of_other_words_is_not_used(folder, tmp_path_factory, caplog):
    other = tmp_path_factory.mktemp("other")
    with KnowledgeBase.open(other, HashEmbeddings(16)) as base:
        base.add_documents([Document("A falcon.", id="f")])
    shutil.copytree(folder / "indexes", other / "indexes")
    assert found(other, "falcon") == ["f"]
    assert "another base" in caplog.text
    caplog.clear()
    manifest = folder / "indexes" / "manifest.json"
    told = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps(told | {"words": "of an earlier version"}), "utf-8")
    assert found(folder) == ["d7"]
    assert not caplog.text


def test_one_that_only_reads_writes_nothing(folder):
    shutil.rmtree(folder / "indexes")
    assert found(folder, read_only=True) == ["d7"]
    assert not (folder / "indexes").exists()


def test_a_question_in_english_loads_no_chinese_dictionary(folder):
    code = (
        "import sys\nfrom groundglm import KnowledgeBase\n"
        f"base = KnowledgeBase.open({str(folder)!r}, read_only=True)\n"
        "assert base.search('otterah', mode='bm25')\nassert 'jieba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


class Kept(RuleBasedStateMachine):
    """Whatever is added, deleted, saved and opened again: BM25 finds as a base built afresh."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.mkdtemp()
        self.base = KnowledgeBase.open(self.folder, HashEmbeddings(8))
        self.held: dict[str, str] = {}
        lexical_index.WORTH_SAVING, self.worth = 1, lexical_index.WORTH_SAVING

    @rule(texts=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["one", "one two"])))
    def add(self, texts):
        self.base.add_documents([Document(text, id=id_) for id_, text in texts.items()])
        self.held |= texts

    @rule(ids=st.lists(st.sampled_from("abcdef"), max_size=3))
    def delete(self, ids):
        self.base.delete(ids)
        self.held = {id_: text for id_, text in self.held.items() if id_ not in ids}

    @rule()
    def keep(self):
        self.base.keep_indexes()

    @rule()
    def open_again(self):
        self.base.close()
        self.base = KnowledgeBase.open(self.folder, HashEmbeddings(8))

    @invariant()
    def it_finds_as_if_built_afresh(self):
        apart = Ranking(collapse=False)
        found = self.base.search("one two", k=9, mode="bm25", ranking=apart)
        index = bm25.BM25Index()
        index.add((n, "", "", self.held[id_]) for n, id_ in enumerate(sorted(self.held), 1))
        expected = index.search("one two", k=9)
        names = dict(enumerate(sorted(self.held), 1))
        ours = {one.source.document_id: round(one.score, 5) for one in found}
        best = expected[0][1] if expected else 1.0
        assert ours == {names[n]: round(score / best, 5) for n, score in expected}

    def teardown(self):
        lexical_index.WORTH_SAVING = self.worth
        self.base.close()
        shutil.rmtree(self.folder)


Kept.TestCase.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
TestKept = Kept.TestCase


def test_files_that_a_new_manifest_does_not_name_go_at_once(folder):
    with KnowledgeBase.open(folder, HashEmbeddings(16)) as base:
        base.add_documents([Document(f"Otter {n}.", id=f"o{n}") for n in range(200)])
        base.add_documents([Document(f"Heron {n}.", id=f"h{n}") for n in range(400)])
    told = json.loads((folder / "indexes" / "manifest.json").read_text())
    named = {name for name, _ in told["segments"]}
    assert {path.name for path in (folder / "indexes").glob("*.safetensors")} == named


def test_files_that_another_process_replaced_are_written_again(folder):
    with (
        KnowledgeBase.open(folder, HashEmbeddings(16)) as one,
        KnowledgeBase.open(folder, HashEmbeddings(16)) as other,
    ):
        assert one.search("falcon", mode="bm25") == other.search("falcon", mode="bm25")
        other.add_documents([Document(f"Otter {n}.", id=f"o{n}") for n in range(400)])
        one.add_documents([Document(f"Heron {n}.", id=f"h{n}") for n in range(90)])
    told = json.loads((folder / "indexes" / "manifest.json").read_text())
    assert all((folder / "indexes" / name).exists() for name, _ in told["segments"])
    assert len(found(folder, "heron")) == 5
