"""The text of a growing reply, step by step, is what reading all of it anew would give."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.chatglm3.certain_text import CertainText
from groundglm.chatglm3.parsing import parse_reply, readable_text
from groundglm.chatglm3.tokenizer import ASSISTANT, EOS, GMASK, USER, ByteTokenizer

TOKENIZER = ByteTokenizer()
CALL = "```python\ntool_call(a=1)\n```"
PARTS = st.lists(
    st.one_of(
        st.sampled_from(["\n", " \n", "你好", "f\n", " x", "👋🏽", CALL]).map(TOKENIZER.encode),
        st.lists(st.integers(3, 258), max_size=6),
        st.sampled_from([[ASSISTANT], [USER], [EOS], [GMASK], [70000]]),
    ),
    max_size=12,
)  # fmt: skip


@given(PARTS, st.lists(st.integers(1, 7), min_size=1))
def test_every_step_is_what_reading_anew_gives(parts, pieces):
    ids = [id_ for part in parts for id_ in part]
    whole = parse_reply(ids, TOKENIZER).text
    certain, position, number, given = CertainText(TOKENIZER), 0, 0, ""
    while position < len(ids):
        step = ids[position : position + pieces[number % len(pieces)]]
        certain.feed(step)
        position, number = position + len(step), number + 1
        assert certain.text.startswith(given)  # nothing is taken back
        assert whole.startswith(certain.text)
        given = certain.text
        anew = readable_text(ids[:position], TOKENIZER)
        assert given.startswith(anew) or "\ufffd" in anew


@pytest.mark.parametrize("kind", ["sentencepiece", "fast"])
def test_the_vocabulary_of_chatglm3_is_streamed_as_it_is_decoded(shared_folder, tmp_path, kind):
    from groundglm.chatglm3 import ChatGLM3Tokenizer, JsonTokenizer

    tokenizer = ChatGLM3Tokenizer(shared_folder / "golden/official_data/tokenizer.model")
    if kind == "fast":
        tokenizer.to_fast().save(str(tmp_path / "tokenizer.json"))
        tokenizer = JsonTokenizer(tmp_path / "tokenizer.json")
    for text in (
        "你好👋！我是 ChatGLM3。",
        "a  b\n\n c",
        " 以空格开头",
        "def f():\n    return '𠮷'",
    ):
        ids = [*tokenizer.encode("\n"), *tokenizer.encode(text)]
        certain, given = CertainText(tokenizer), ""
        for id_ in ids:
            certain.feed([id_])
            assert certain.text.startswith(given)
            given = certain.text
        assert given == text == parse_reply(ids, tokenizer).text


@pytest.mark.parametrize("text", ["你好世界" * 5_000, "f" * 20_000])
def test_time_is_linear(text):
    ids = TOKENIZER.encode(f"\n{text}")
    certain = CertainText(TOKENIZER)
    start = time.process_time()
    for id_ in ids:
        certain.feed([id_])
    assert time.process_time() - start < 5
    assert certain.text == text
