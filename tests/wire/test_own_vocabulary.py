"""ChatGLM3's kind of vocabulary, trained here on our own texts: what holds without the real one."""

import io

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from groundglm.chatglm3 import ChatGLM3Tokenizer, JsonTokenizer, Segment, encode_segments
from groundglm.wire.tokenizer import ASSISTANT, CONTROL_TOKENS, SYSTEM, USER

SPECIAL = [
    *CONTROL_TOKENS,
    "</s>",
    "<unk>",
    "<0x0A>",
    "\n",
    "  ",
    "▁",
    "é",
    "ﬁ",
    "你好",
    "𠮷",
    "👩‍🚀",
]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from([*SPECIAL, "the", "文档", " ", "a"]), max_size=12).map("".join),
)


@pytest.fixture(scope="module")
def slow(repository, tmp_path_factory):
    """BPE with byte fallback, a blank in front, nothing normalised: as the real one was made."""
    lines = []
    for name in ("README.md", "README.zh-CN.md", "CHANGELOG.md"):
        lines += (repository / name).read_text("utf-8").splitlines()
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=made, model_type="bpe", vocab_size=2000,
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        add_dummy_prefix=True, character_coverage=0.99, hard_vocab_limit=False,
        minloglevel=2, num_threads=1,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.model"
    path.write_bytes(made.getvalue())
    return ChatGLM3Tokenizer(path)


@pytest.fixture(scope="module")
def fast(slow, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDGLM_CACHE", str(tmp_path_factory.mktemp("cache")))
        return JsonTokenizer(slow.fast_file())


@given(text=TEXTS)
def test_the_fast_tokenizer_gives_the_same_ids_and_texts(slow, fast, text):
    ids = slow.encode(text)
    assert fast.encode(text) == ids
    assert fast.decode(ids) == slow.decode(ids)
    if "\u2581" not in text:
        assert slow.decode(ids) == text.encode("utf-8", "replace").decode()


@given(parts=st.lists(st.tuples(st.sampled_from(["system", "user"]), TEXTS, TEXTS), max_size=4))
def test_header_and_content_are_encoded_apart(slow, parts):
    wanted = [CONTROL_TOKENS["[gMASK]"], CONTROL_TOKENS["sop"]]
    for role, metadata, content in parts:
        wanted += [{"system": SYSTEM, "user": USER}[role]]
        wanted += slow.encode(f"{metadata}\n") + slow.encode(content)
    segments = [Segment(*part) for part in parts]
    assert encode_segments(slow, segments) == wanted
    assert sum(id_ >= CONTROL_TOKENS["[MASK]"] for id_ in wanted) == 2 + len(parts)


def test_a_header_without_a_name_is_a_blank_and_a_line_break(slow):
    # In ChatGLM3's own ids that is 30910, 13: every text begins with the blank.
    blank, line_break = slow.encode("\n")
    assert slow.decode([line_break]) == "\n"
    assert encode_segments(slow, [Segment("assistant", "", "")])[2:] == [
        ASSISTANT, blank, line_break,
    ]  # fmt: skip


def test_the_fast_tokenizer_is_written_once_into_the_cache(slow, tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDGLM_CACHE", str(tmp_path / "cache"))
    path = slow.fast_file()
    assert path.parent.parent == tmp_path / "cache"
    before = path.stat().st_mtime_ns
    assert slow.fast_file() == path
    assert path.stat().st_mtime_ns == before
    path.write_text("{")  # a damaged one is made again
    assert JsonTokenizer(slow.fast_file()).encode("a b") == slow.encode("a b")
    assert [one.name for one in path.parent.iterdir()] == [path.name]
