"""The text of ids that come one by one is what decoding all of them would give."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.wire.segment_text import SegmentText
from groundglm.wire.tokenizer import ByteTokenizer

TOKENIZER = ByteTokenizer()
IDS = st.lists(
    st.one_of(
        st.sampled_from(["\n", " \n", "你好", " x", "👋🏽", "e\u0301"]).map(TOKENIZER.encode),
        st.lists(st.integers(3, 258), max_size=6),
        st.lists(st.integers(130, 258), max_size=30),
    ),
    max_size=12,
).map(lambda parts: [id_ for part in parts for id_ in part])  # fmt: skip


@given(IDS, st.lists(st.integers(1, 7), min_size=1))
def test_pieces_sum_to_the_whole(ids, sizes):
    text, found, position, number = SegmentText(TOKENIZER), "", 0, 0
    while position < len(ids):
        size = sizes[number % len(sizes)]
        found += text.feed(ids[position : position + size])
        position, number = position + size, number + 1
    assert found + text.end() == TOKENIZER.decode(ids)


@pytest.mark.parametrize("kind", ["sentencepiece", "fast"])
def test_the_vocabulary_of_chatglm3_is_streamed_as_it_is_decoded(shared_folder, tmp_path, kind):
    from groundglm.chatglm3 import ChatGLM3Tokenizer, JsonTokenizer

    tokenizer = ChatGLM3Tokenizer(shared_folder / "golden/official_data/tokenizer.model")
    if kind == "fast":
        tokenizer.to_fast().save(str(tmp_path / "tokenizer.json"))
        tokenizer = JsonTokenizer(tmp_path / "tokenizer.json")
    for said in (
        "你好👋！我是 ChatGLM3。",
        "a  b\n\n c",
        " 以空格开头",
        "def f():\n    return '𠮷'",
    ):
        ids = [*tokenizer.encode("\n"), *tokenizer.encode(said)]
        text = SegmentText(tokenizer)
        found = "".join(text.feed([id_]) for id_ in ids) + text.end()
        assert found == tokenizer.decode(ids)


@pytest.mark.parametrize("ids", [TOKENIZER.encode("你好世界" * 5_000), [131] * 60_000])
def test_time_is_linear(ids):
    text = SegmentText(TOKENIZER)
    start = time.process_time()
    found = [text.feed([id_]) for id_ in ids]
    assert time.process_time() - start < 5
    assert "".join(found) + text.end() == TOKENIZER.decode(ids)
