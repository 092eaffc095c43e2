"""Without the extra `facts` a base still reads what Chinese texts say of their own topic."""

import pytest
from langchain_core.documents import Document

from groundglm.extraction import chinese_entities
from groundglm.knowledge import KnowledgeBase
from groundglm.retrieval import HashEmbeddings

TEXTS = [
    Document("苏轼，北宋文学家，出生于眉山。乌江特大桥位于贵州省。", metadata={"title": "苏轼"}),
    Document("黄庭坚，北宋书法家，出生于洪州。", metadata={"title": "黄庭坚"}),
]


@pytest.mark.parametrize("installed", [True, False])
def test_the_topic_is_read_either_way_and_other_names_with_lac(tmp_path, monkeypatch, installed):
    if not installed:
        monkeypatch.setattr(chinese_entities, "_analyser", lambda: None)
    chinese_entities._words.cache_clear()
    with KnowledgeBase.open(tmp_path / "kb", HashEmbeddings()) as base:
        report = base.add_documents(TEXTS)
        known = {name for name in ("苏轼", "黄庭坚", "乌江特大桥") if base.facts(name)}
    chinese_entities._words.cache_clear()
    assert known == ({"苏轼", "黄庭坚", "乌江特大桥"} if installed else {"苏轼", "黄庭坚"})
    notes = [note for _, note in report.notes]
    assert len(notes) == (0 if installed else 1)  # said once, not for each document
    assert installed or "pip install 'groundglm[facts]'" in notes[0]
