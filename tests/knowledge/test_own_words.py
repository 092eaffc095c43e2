"""Words of a base's own: kept whole by its BM25, and by no other base's."""

import json

import pytest
from langchain_core.documents import Document

from groundglm.cli.app import run
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

TEXTS = {
    "whole": "山坡上长着灵犀草，药农每年采摘一次。",
    "apart": "灵犀一点，草 很高，草 很绿，都是 草；犀草场上人不多。",
}


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as opened:
        opened.add_documents([Document(text, id=id_) for id_, text in TEXTS.items()])
        yield opened


def scores(base):
    found = base.search("灵犀草", mode="bm25")
    return {piece.source.document_id: piece.score for piece in found}


def test_a_word_of_its_own_is_found_whole(base, tmp_path):
    before = scores(base)
    base.set_own_words(["靈犀草"])
    after = scores(base)
    assert after["whole"] / after["apart"] > 1.3 * before["whole"] / before["apart"]
    with KnowledgeBase.open(tmp_path / "other", HashEmbeddings(16)) as other:
        other.add_documents([Document(text, id=id_) for id_, text in TEXTS.items()])
        assert scores(other) == before


def test_readers_follow_and_the_words_stay(base):
    with KnowledgeBase.open(base.path, read_only=True) as reader:
        before = scores(reader)
        base.set_own_words(["灵犀草", "灵犀草"])
        assert scores(reader) == scores(base) != before
    with KnowledgeBase.open(base.path, read_only=True) as reader:
        assert reader.own_words == ("灵犀草",)
        assert scores(reader) == scores(base)
    base.add_documents([Document("灵犀草膏", id="new")])
    assert "new" in scores(base)
    base.set_own_words([])
    assert {key: scores(base)[key] for key in before}.keys() == before.keys()
    assert base.own_words == ()


@pytest.mark.parametrize("word", ["", "草", "tea", "灵犀 草", "灵" * 33])
def test_what_is_no_chinese_word_is_refused_and_nothing_changes(base, word):
    base.set_own_words(["灵犀草"])
    with pytest.raises(ValueError, match="is no Chinese word"):
        base.set_own_words(["药农", word])
    assert base.own_words == ("灵犀草",)


def test_on_disk_the_index_of_other_words_is_not_used(tmp_path):
    many = [Document(f"{TEXTS['whole']} {number}", id=f"d{number}") for number in range(80)]
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings(16)) as base:
        base.add_documents(many)
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.set_own_words(["灵犀草"])
        made = scores(base)
    with KnowledgeBase.open(tmp_path / "kb", read_only=True) as reader:
        assert scores(reader) == made


def test_the_command_shows_sets_and_clears(base, tmp_path, capsys):
    file = tmp_path / "words.txt"
    file.write_text("# 药材\n灵犀草 100 n\n\n药农\n", "utf-8")

    def told(*arguments):
        assert run(["words", "--kb", str(base.path), *arguments]) == 0
        return capsys.readouterr().out

    assert "no words of its own" in told()
    assert told(str(file)).split() == ["灵犀草", "药农"]
    assert json.loads(told("--json")) == {"words": ["灵犀草", "药农"]}
    assert "no words of its own" in told("--clear")
    file.write_text("tea\n", "utf-8")
    assert run(["words", "--kb", str(base.path), str(file)]) != 0
    assert "is no Chinese word" in capsys.readouterr().err
