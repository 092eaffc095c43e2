"""Token ids, decodes and conversations against those of the original implementation."""

import json

import pytest

from groundglm.chatglm3 import ChatGLM3Tokenizer, JsonTokenizer, Segment, encode_segments
from groundglm.errors import CheckpointError
from groundglm.wire.prompt import TOOL_PREAMBLE
from groundglm.wire.tokenizer import ASSISTANT, CONTROL_TOKENS


@pytest.fixture(scope="module")
def golden(shared_folder):
    return json.loads((shared_folder / "golden/tokenizer_golden_a.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def slow(shared_folder):
    return ChatGLM3Tokenizer(shared_folder / "golden/official_data/tokenizer.model")


@pytest.fixture(scope="module")
def fast(slow, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDGLM_CACHE", str(tmp_path_factory.mktemp("cache")))
        return JsonTokenizer(slow.fast_file())


@pytest.fixture(params=["slow", "fast"])
def tokenizer(request):
    return request.getfixturevalue(request.param)


def test_the_control_tokens_are_those_of_the_original(golden):
    assert golden["special"]["special_tokens"] == CONTROL_TOKENS


def test_every_raw_text_has_the_ids_and_the_text_of_the_original(golden, tokenizer):
    for row in golden["raw"]:
        assert tokenizer.encode(row["text"]) == row["ids"], row["text"]
        assert tokenizer.decode(row["ids"]) == row["decoded"], row["text"]


def test_text_that_spells_control_tokens_has_the_ids_of_plain_text(golden, tokenizer):
    for row in golden["encode_special"]:
        assert tokenizer.encode(row["text"]) == row["ids_default"], row["text"]


def test_ids_decode_and_stream_as_in_the_original(golden, slow):
    for row in golden["decode"]:
        assert slow.decode(row["ids"]) == row["decoded"], row["ids"]
    for row in golden["stream"]:
        ids = row["ids"]
        assert [slow.decode(ids[: end + 1]) for end in range(len(ids))] == row["cumulative"]


def test_single_messages_have_the_ids_of_the_original(golden, tokenizer):
    for row in golden["messages"]:
        segment = Segment(row["role"], row["metadata"], row["content"])
        assert encode_segments(tokenizer, [segment])[2:] == row["ids"], row


@pytest.mark.parametrize("name", ["conversations", "injection"])
def test_conversations_have_the_ids_of_the_original(golden, tokenizer, name):
    for row in golden[name]:
        turns = [*(row["history"] or []), {"role": row["role"], "content": row["query"]}]
        segments = [segment_of(turn) for turn in turns]
        ids = [*encode_segments(tokenizer, segments), ASSISTANT]
        assert ids == row["ids"], row["name"]
        if "control_token_count" in row:
            assert sum(id_ >= 64789 for id_ in ids) == row["control_token_count"]


def segment_of(turn):
    content = turn["content"]
    if turn["role"] == "system" and "tools" in turn:
        content += "\n" + json.dumps(turn["tools"], indent=4, ensure_ascii=False)
    return Segment(turn["role"], turn.get("metadata", ""), content)


def test_tools_are_listed_as_the_original_lists_them(golden, slow):
    from langchain_core.messages import HumanMessage, SystemMessage

    from groundglm.chatglm3 import encode_chat

    rows = [row for row in golden["conversations"] if row["name"].endswith("first turn")]
    assert rows
    for row in rows:
        system = row["history"][0]
        messages = [HumanMessage(row["query"])]
        if system["content"] != TOOL_PREAMBLE:
            messages.insert(0, SystemMessage(system["content"]))
        assert list(encode_chat(slow, messages, tools=system["tools"]).ids) == row["ids"]


def test_what_is_no_vocabulary_is_a_clear_error(tmp_path):
    with pytest.raises(CheckpointError, match="is not there"):
        ChatGLM3Tokenizer(tmp_path / "tokenizer.model")
    (tmp_path / "tokenizer.model").write_bytes(b"not a model")
    (tmp_path / "tokenizer.json").write_text("[]")
    with pytest.raises(CheckpointError, match="no sentencepiece model"):
        ChatGLM3Tokenizer(tmp_path / "tokenizer.model")
    with pytest.raises(CheckpointError, match="no tokenizer"):
        JsonTokenizer(tmp_path / "tokenizer.json")
