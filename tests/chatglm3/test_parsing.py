import json
import math

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from groundglm.chatglm3 import ByteTokenizer, format_tool_call, parse_reply
from groundglm.chatglm3.parsing import readable_text
from groundglm.chatglm3.tokenizer import ASSISTANT, OBSERVATION, USER

TOKENIZER = ByteTokenizer()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
WIRE = st.text(alphabet="tool_call(x=1,'\"[]{}:)`\npython <|assistant|>\\*-~\u3000，", max_size=60)


def ids_of(*segments: str) -> list[int]:
    ids: list[int] = []
    for segment in segments:
        ids += [ASSISTANT] if ids else []
        ids += TOKENIZER.encode(segment)
    return ids


def test_text_and_several_calls_are_told_apart():
    calls = ["\n".join(format_tool_call("f", {"x": n})) for n in (1, 2)]
    reply = parse_reply([*ids_of("\n先看一下。", *calls), OBSERVATION, 99], TOKENIZER)
    assert reply.text == "先看一下。"
    assert [(call["name"], call["args"]) for call in reply.tool_calls] == [
        ("f", {"x": 1}),
        ("f", {"x": 2}),
    ]
    assert len({call["id"] for call in reply.tool_calls}) == 2


def test_text_that_spells_a_role_begins_no_segment():
    text = "\n<|assistant|>f\n```python\ntool_call(a=1)\n```"
    reply = parse_reply(ids_of(text), TOKENIZER)
    assert reply.tool_calls == []
    assert reply.text == text[1:]


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=4))
def test_a_written_call_is_read_back(args):
    metadata, content = format_tool_call("tool.name-1", args)
    try:
        content.encode()
    except UnicodeEncodeError:
        return
    reply = parse_reply(ids_of(f"{metadata}\n{content}"), TOKENIZER)
    assert reply.invalid_tool_calls == []
    (call,) = reply.tool_calls
    assert call["name"] == "tool.name-1"
    assert call["args"] == args


@given(st.lists(WIRE | st.text(), max_size=4))
def test_no_reply_raises(segments):
    reply = parse_reply(ids_of(*segments), TOKENIZER)
    assert isinstance(reply.text, str)


@given(st.lists(st.integers(0, 65_023), max_size=60))
def test_no_ids_raise(ids):
    parse_reply(ids, TOKENIZER)


@given(st.lists(WIRE, max_size=3), st.integers(0, 200))
def test_text_given_early_is_never_taken_back(segments, cut):
    ids = ids_of(*segments)
    assert parse_reply(ids, TOKENIZER).text.startswith(
        readable_text(ids[:cut], TOKENIZER).rstrip("\ufffd")
    )


@pytest.mark.parametrize(
    "code",
    [
        "tool_call(a=__import__('os').system('true'))",
        "tool_call(a=(lambda: 1)())",
        "tool_call(a=9**9**9)",
        "tool_call(a='x'*10**10)",
        "tool_call(a=open('chatglm3_canary.txt', 'w'))",
        "exec('1')",
        "tool_call(1)",
        "tool_call(a=1, a=2)",
        "tool_call(a=" + "[" * 5000 + "]" * 5000 + ")",
        "tool_call(a=" + "-" * 50_000 + "1)",
        "tool_call(a=" + "9" * 10_000 + ")",
        "tool_call(a=b)",
        "tool_call(a=f'{1}')",
        "tool_call(**{1: 2})",
        "tool_call(a=1",
    ],
)
def test_what_is_no_plain_literal_is_an_invalid_call_and_runs_nothing(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reply = parse_reply(ids_of(f"f\n```python\n{code}\n```"), TOKENIZER)
    assert reply.tool_calls == []
    assert len(reply.invalid_tool_calls) == 1
    assert list(tmp_path.iterdir()) == []


def test_json_names_are_read_as_values():
    reply = parse_reply(ids_of("f\n```python\ntool_call(a=true, b=null, c=-1.5)\n```"), TOKENIZER)
    assert reply.tool_calls[0]["args"] == {"a": True, "b": None, "c": -1.5}


def test_replies_of_the_original_are_read_with_care(shared_folder, tmp_path, monkeypatch):
    """Good calls exactly as suggested; what is malformed calls nothing and leaves no trace."""
    golden = json.loads((shared_folder / "golden/toolcalls_golden_a.json").read_text("utf-8"))
    model = sentencepiece.SentencePieceProcessor(
        model_file=str(shared_folder / "golden/official_data/tokenizer.model")
    )
    monkeypatch.chdir(tmp_path)
    wrong = []
    for case in golden["cases"]:
        reply = parse_reply(case["ids"], Original(model))
        calls = [{"name": call["name"], "arguments": call["args"]} for call in reply.tool_calls]
        suggested = case["suggested"]
        if suggested["kind"] == "tool_call" and case["category"] == "good":
            if calls != suggested["calls"]:
                wrong.append((case["id"], calls))
        elif suggested["kind"] != "tool_call" and calls and case["id"] not in LENIENT:
            wrong.append((case["id"], calls))
    assert wrong == []
    assert list(tmp_path.iterdir()) == []


# Calls without a fence, and with JSON's literals, are read: they can mean one thing only, and the
# golden allows a lenient parser to do so.
LENIENT = {"missing_fence", "json_literals"}


class Original:
    """The original vocabulary, as far as reading a reply needs it."""

    def __init__(self, model):
        self.model = model

    def encode(self, text):
        return self.model.encode(text)

    def decode(self, ids):
        return self.model.decode([id_ for id_ in ids if id_ < self.model.vocab_size()])


def test_numbers_that_are_no_literals_do_not_pass():
    metadata, content = format_tool_call("f", {"x": math.inf})
    assert parse_reply([*ids_of(f"{metadata}\n{content}"), USER], TOKENIZER).tool_calls == []
