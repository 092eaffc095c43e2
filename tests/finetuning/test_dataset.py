"""Training data: four forms become one, the loss mask is the original's, bad lines are named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.chatglm3 import ByteTokenizer, ChatGLM3Tokenizer, Segment, parse_reply
from groundglm.errors import DatasetError
from groundglm.finetuning import encode_conversation, read_dataset
from groundglm.finetuning.encoding import IGNORED, questions_and_answers
from groundglm.finetuning.formats import read_conversation

TOKENIZER = ByteTokenizer()
WEATHER = {"name": "get_weather", "parameters": {"properties": {"city": {"type": "string"}}}}
ASK, CALL = "北京天气？", "```python\ntool_call(city='北京')\n```"

# The same conversation in three forms; Alpaca knows no tools.
FORMS = {
    "chatglm3": {
        "tools": [WEATHER],
        "conversations": [
            {"role": "user", "content": ASK},
            {"role": "assistant", "content": "我查一下。"},
            {"role": "tool", "name": "get_weather", "parameters": {"city": "北京"},
             "observation": {"t": 25}},
            {"role": "assistant", "content": "25 度。"},
        ],
    },
    "openai": {
        "tools": [{"type": "function", "function": WEATHER}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": ASK}]},
            {"role": "assistant", "content": "我查一下。", "tool_calls": [
                {"id": "a", "type": "function",
                 "function": {"name": "get_weather", "arguments": '{"city": "北京"}'}}]},
            {"role": "tool", "tool_call_id": "a", "content": '{"t": 25}'},
            {"role": "assistant", "content": "25 度。"},
        ],
    },
    "sharegpt": {
        "tools": json.dumps([WEATHER]),
        "conversations": [
            {"from": "human", "value": ASK},
            {"from": "gpt", "value": "我查一下。"},
            {"from": "function_call",
             "value": '{"name": "get_weather", "arguments": {"city": "北京"}}'},
            {"from": "observation", "value": '{"t": 25}'},
            {"from": "gpt", "value": "25 度。"},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_the_same_conversation(form):
    system, *turns = read_conversation(FORMS[form]).segments
    assert json.loads(system.content.partition("\n")[2]) == [WEATHER]
    assert turns == [
        Segment("user", "", ASK),
        Segment("assistant", "", "我查一下。"),
        Segment("assistant", "get_weather", CALL),
        Segment("observation", "", '{"t": 25}'),
        Segment("assistant", "", "25 度。"),
    ]


def test_alpaca_has_instruction_input_and_history():
    record = {"instruction": "翻译", "input": "cat", "output": "猫", "history": [["hi", "你好"]],
              "system": "你是译者。"}  # fmt: skip
    assert [(one.role, one.content) for one in read_conversation(record).segments] == [
        ("system", "你是译者。"), ("user", "hi"), ("assistant", "你好"),
        ("user", "翻译\ncat"), ("assistant", "猫"),
    ]  # fmt: skip


def test_results_of_several_calls_stand_behind_their_own():
    calls = [
        {"id": id_, "function": {"name": name, "arguments": "{}"}}
        for id_, name in (("1", "f"), ("2", "g"))
    ]
    record = {"messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "2", "content": "of g"},
        {"role": "tool", "tool_call_id": "1", "content": "of f"},
        {"role": "assistant", "content": "done"},
    ]}  # fmt: skip
    told = [one.metadata or one.content for one in read_conversation(record).segments]
    assert told == ["q", "f", "of f", "g", "of g", "done"]


def test_ids_and_labels_are_those_of_the_original(shared_folder):
    golden = json.loads((shared_folder / "golden/finetune_golden_a.json").read_text("utf-8"))
    tokenizer = ChatGLM3Tokenizer(shared_folder / "golden/official_data/tokenizer.model")
    for case in golden["cases"]:
        segments = [Segment(turn["role"], "", turn["content"]) for turn in case["conversation"]]
        most_in, most_out = case["max_input_length"], case["max_output_length"]
        found = encode_conversation(tokenizer, segments, max_length=most_in + most_out + 1)
        assert found.input_ids == case["train_input_ids"], case["name"]
        assert found.labels == case["train_labels"], case["name"]
        pairs = questions_and_answers(tokenizer, segments, max_input=most_in, max_output=most_out)
        assert [prompt for prompt, _ in pairs] == case["eval_input_ids"], case["name"]
        assert [answer for _, answer in pairs] == case["eval_output_ids"], case["name"]


def test_what_tools_return_is_learned_only_as_the_original_does():
    segments = read_conversation(FORMS["chatglm3"]).segments
    whole = encode_conversation(TOKENIZER, segments, max_length=10_000)
    own = encode_conversation(TOKENIZER, segments, max_length=10_000, mask="assistant")
    assert whole.input_ids == own.input_ids and len(own.labels) == len(own.input_ids)
    learned = [id_ for id_ in own.labels if id_ != IGNORED]
    assert "25 度" in TOKENIZER.decode(learned)
    assert '{"t": 25}' not in TOKENIZER.decode(learned)
    assert '{"t": 25}' in TOKENIZER.decode([id_ for id_ in whole.labels if id_ != IGNORED])
    reply = parse_reply(whole.input_ids[whole.input_ids.index(64796) + 1 :], TOKENIZER)
    assert reply.tool_calls[0]["args"] == {"city": "北京"}


TEXTS = st.text(min_size=1, max_size=10)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), st.integers(3, 60))
def test_labels_are_the_ids_they_stand_at_or_nothing(pairs, most):
    segments = [
        Segment(role, "", text)
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    found = encode_conversation(TOKENIZER, segments, max_length=most)
    assert len(found.input_ids) == len(found.labels) <= most
    for id_, label in zip(found.input_ids, found.labels, strict=True):
        assert label in (id_, IGNORED)
        assert label != 64796


def write(folder, *lines, name="data.jsonl"):
    path = folder / name
    path.write_bytes(b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
        for line in lines
    ))  # fmt: skip
    return path


def turns(*roles):
    return {"conversations": [{"role": role, "content": "x"} for role in roles]}


GOOD = turns("user", "assistant")
TOOL = {"role": "tool", "name": "f", "parameters": {}, "observation": "o"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (turns("assistant", "user"), r"turn 1 \(assistant\): nothing was asked"),
        (turns("user", "user", "assistant"), "behind a turn of user that was not answered"),
        (turns("user", "system", "assistant"), "at the beginning only"),
        (turns("user", "assistant", "user"), "does not have the last word"),
        (turns("user", "observation", "assistant"), "follows no call"),
        (turns(), "has no turns"),
        (turns("user", "robot"), "turn 2: unknown role 'robot'"),
        ({"conversations": [{"role": "user", "content": 3}]}, "content is no text, but int"),
        ({"conversations": [{"role": "user", "content": "q"}, {**TOOL, "parameters": [1]},
                            {"role": "assistant", "content": "a"}]}, "parameters as an object"),
        ({"conversations": [{"role": "user", "content": "q"}, {"role": "tool", "name": "f"},
                            {"role": "assistant", "content": "a"}]}, "it has no observation"),
        ({"conversations": [{"role": "user", "content": "q"},
                            {"role": "assistant", "metadata": "f", "content": "c"},
                            {"role": "assistant", "content": "a"}]}, "call before it has no obs"),
        ({"messages": [{"role": "user", "content": "q"},
                       {"role": "tool", "tool_call_id": "9", "content": "r"}]}, "answers no call"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "only text"),
        ({"conversations": [{"from": "alien", "value": "x"}]}, "unknown speaker 'alien'"),
        ({"text": "x"}, "no known form.*the keys are text"),
        ([1], "expected an object, not list"),
        (b'{"conversations": [', "no JSON"),
        (b"\xc4\xe3\xba\xc3", "no UTF-8 at byte 0; save the file as UTF-8"),
        (b'{"text": "' + b"x" * 1_000_001 + b'"}', "bytes, at most 1,000,000"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path, line, said):
    path = write(tmp_path, GOOD, b"", line, GOOD)
    with pytest.raises(DatasetError, match=f"(?s)1 records.*data.jsonl, line 3: .*{said}"):
        read_dataset([path])
    report = read_dataset([path], skip_bad=True)
    assert len(report.conversations) == 2
    assert [problem.place for problem in report.problems] == [3]
    assert [one.place for one in report.conversations] == [1, 4]


def test_an_empty_file_and_a_missing_one_are_errors(tmp_path):
    with pytest.raises(DatasetError, match="nothing to learn"):
        read_dataset([write(tmp_path)])
    with pytest.raises(DatasetError, match="cannot be read"):
        read_dataset([tmp_path / "missing.jsonl"])
    with pytest.raises(DatasetError, match="12 records.*and 2 more"):
        try:
            read_dataset([write(tmp_path, *[{"a": 1}] * 12)])
        except DatasetError as error:
            raise DatasetError(str(error).replace("\n", " ")) from None


def test_arrays_and_marks_of_byte_order_are_read(tmp_path):
    path = tmp_path / "data.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([GOOD, {"a": 1}], indent=1).encode())
    report = read_dataset([path, write(tmp_path, GOOD)], skip_bad=True)
    assert len(report.conversations) == 2
    assert str(report.problems[0]).startswith("data.json, line 2: no known form")
    assert len(report.sha256) == 64


def test_too_long_conversations_are_told(tmp_path):
    long = {"conversations": [{"role": "user", "content": "q"},
                              {"role": "assistant", "content": "a" * 100}]}  # fmt: skip
    late = {"conversations": [{"role": "user", "content": "q" * 100},
                              {"role": "assistant", "content": "a"}]}  # fmt: skip
    report = read_dataset([write(tmp_path, GOOD, long, late)])
    encoded = report.encoded(TOKENIZER, max_length=50)
    assert [len(one.input_ids) for one in encoded] == [9, 50]
    assert [(one.place, one.what) for one in report.problems] == [
        (2, "longer than 50 tokens; the rest is cut off"),
        (3, "longer than 50 tokens; left out: its answers are cut"),
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["user", "assistant", "tool", "human", "gpt", "{}", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["role", "content", "from", "value", "name", "parameters", "observation", "tool_calls",
             "function", "arguments", "id", "tool_call_id", "metadata", "type", "text"]
        ), inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["conversations", "conversation", "messages", "tools", "instruction",
                         "input", "output", "history", "system"]), JUNK, max_size=4,
    ) | JUNK
)  # fmt: skip
def test_no_record_does_more_than_be_refused(record):
    try:
        found = read_conversation(record)
    except ValueError:
        return
    encode_conversation(TOKENIZER, found.segments, max_length=50)
