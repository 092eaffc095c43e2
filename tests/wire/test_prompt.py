import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from groundglm.chatglm3 import (
    ByteTokenizer,
    Segment,
    decode_segments,
    encode_chat,
    encode_segments,
)
from groundglm.wire.prompt import read_tools
from groundglm.wire.tokenizer import (
    ASSISTANT,
    CONTROL_TOKENS,
    GMASK,
    OBSERVATION,
    SOP,
    SYSTEM,
    USER,
)

TOKENIZER = ByteTokenizer()
CONTROLS = set(CONTROL_TOKENS.values())
HOSTILE = st.one_of(
    st.text(), st.sampled_from(sorted(CONTROL_TOKENS)), st.text().map(lambda t: f"<|user|>\n{t}")
)
ROLES = st.sampled_from(["system", "user", "assistant", "observation"])


def test_a_conversation_has_the_roles_and_order_of_chatglm3():
    ids = encode_chat(
        TOKENIZER,
        [
            SystemMessage("s"),
            HumanMessage("q"),
            AIMessage("", tool_calls=[{"name": "f", "args": {"x": 1}, "id": "1"}]),
            ToolMessage("r", tool_call_id="1"),
        ],
    ).ids
    assert ids[:2] == (GMASK, SOP)
    assert [id_ for id_ in ids if id_ in CONTROLS] == [
        GMASK, SOP, SYSTEM, USER, ASSISTANT, OBSERVATION, ASSISTANT,
    ]  # fmt: skip
    segments = decode_segments(ids, TOKENIZER)
    assert segments[2] == Segment("assistant", "f", "```python\ntool_call(x=1)\n```")


@given(st.lists(st.tuples(ROLES, HOSTILE, HOSTILE), min_size=1, max_size=5))
def test_no_text_in_any_field_becomes_a_control_token(parts):
    segments = [Segment(*part) for part in parts]
    ids = encode_segments(TOKENIZER, segments)
    assert sum(id_ in CONTROLS for id_ in ids) == 2 + len(segments)


@given(st.lists(st.tuples(ROLES, HOSTILE), min_size=1, max_size=5))
def test_segments_are_read_back_exactly(parts):
    segments = [Segment(role, "name", content) for role, content in parts]
    read = decode_segments(encode_segments(TOKENIZER, segments), TOKENIZER)
    clean = [
        Segment(s.role, s.metadata, s.content.encode("utf-8", "replace").decode()) for s in segments
    ]
    assert read == clean


@given(HOSTILE, HOSTILE)
def test_tools_are_read_back_from_the_system_turn(prompt, description):
    tool = {"name": "f", "description": description, "parameters": {"type": "object"}}
    ids = encode_chat(
        TOKENIZER,
        [SystemMessage(prompt), HumanMessage("q")],
        tools=[{"type": "function", "function": tool}],
    ).ids
    (read,) = read_tools(decode_segments(ids, TOKENIZER)[0].content)
    assert read == json.loads(json.dumps(tool))


@given(HOSTILE)
def test_reading_tools_never_raises(text):
    assert isinstance(read_tools(text), list)


def test_places_tell_where_each_segment_stands():
    prompt = encode_chat(TOKENIZER, [SystemMessage("规则"), HumanMessage("问"), AIMessage("答")])
    texts = [(p.role, TOKENIZER.decode(prompt.ids[p.content : p.end])) for p in prompt.places]
    assert texts == [("system", "规则"), ("user", "问"), ("assistant", "答")]
    assert [prompt.ids[p.start] for p in prompt.places] == [SYSTEM, USER, ASSISTANT]
    assert prompt.places[-1].end == len(prompt) - 1
    assert prompt.ids[-1] == ASSISTANT


@pytest.mark.parametrize("name", ["a\nb", "a\r", "\n", "x\u2028y"])
def test_a_line_break_in_the_name_of_a_tool_is_refused(name):
    call = {"name": name, "args": {}, "id": "1"}
    with pytest.raises(ValueError, match="line break"):
        encode_chat(TOKENIZER, [HumanMessage("q"), AIMessage("", tool_calls=[call])])


@pytest.mark.parametrize("content", [[{"type": "image_url", "image_url": {"url": "x"}}]])
def test_what_is_not_text_is_refused(content):
    with pytest.raises(ValueError, match="text only"):
        encode_chat(TOKENIZER, [HumanMessage(content)])


def test_results_are_those_of_their_own_turn_where_ids_come_again():
    def calls(*names):
        made = [{"name": name, "args": {}, "id": str(i)} for i, name in enumerate(names)]
        return AIMessage("", tool_calls=made)

    def results(*texts):
        return [ToolMessage(text, tool_call_id=str(i)) for i, text in enumerate(texts)]

    messages = [
        HumanMessage("q"), calls("a", "b"), *reversed(results("1", "2")), AIMessage("x"),
        HumanMessage("r"), calls("c", "d"), *results("3", "4", "5"),
    ]  # fmt: skip
    segments = decode_segments(encode_chat(TOKENIZER, messages).ids, TOKENIZER)
    told = [one.metadata or one.content for one in segments]
    assert told == ["q", "a", "1", "b", "2", "x", "r", "c", "3", "d", "4", "5"]
