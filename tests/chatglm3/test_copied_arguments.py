"""Arguments that are copied: whatever the weights say, they stand in the conversation."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage, ToolMessage

from groundglm.chatglm3.call_options import grammar_of_calls
from groundglm.grammar.copied_rules import copied_from
from groundglm.grammar.grammar import call_grammar
from groundglm.wire.reply import parse_reply

from ..random_model import random_engine, write

TOOL = {
    "name": "f",
    "parameters": {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "texts": {"type": "array", "items": {"type": "string"}},
            "count": {"type": "integer"},
            "size": {"type": "number"},
            "kind": {"enum": ["odd", "even"]},
        },
        "required": ["text", "count", "size", "kind"],
    },
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return random_engine(tmp_path_factory.mktemp("random") / "tiny", favoured=slice(3, 259))


@settings(max_examples=8)
@example("It's 1,702.50 dollars at 'Joe's \\ Bar' in\nNew York (北京) on 2022-01-25, 5%!", 3)
@given(st.text(max_size=80), st.integers(0, 99))
def test_texts_are_whole_words_and_numbers_are_numbers_of_the_source(engine, source, seed):
    held = call_grammar([TOOL], "f", sources=[source])
    ids, reason = write(engine, held.grammar, seed=seed, tokens=300)
    assert reason == "stop"
    (call,) = parse_reply(ids, engine.tokenizer).tool_calls
    args = call["args"]
    for text in (args["text"], *args.get("texts", [])):
        assert not re.search("[^\\W\\d_]", text) or text in source
        assert text == text.strip(" ")
        start = source.find(text)
        if start > 0 and text[:1].isalpha() and text[:1].isascii():
            assert any(
                not source[one.start() - 1 : one.start()].isalnum() or one.start() == 0
                for one in re.finditer(re.escape(text), source)
            )
    written = source.replace(",", "")
    for number in (args["count"], args["size"]):
        shown = f"{number:.12g}"
        assert number in range(13) or shown in written or f"{number * 100:.12g}" in written


def test_numbers_are_read_as_people_write_them():
    numbers = copied_from(
        ["In 2022-01-25 it was 1,702.50 at 5% and -3, but not A12 or 1.2.3."]
    ).numbers
    listed = set(re.findall(r'"([^"]+)"', numbers))
    assert {"2022", "1702.5", "5", "0.05", "-3", "12"} <= listed
    assert not {"702", "1702.50", "-1", "-25"} & listed


def test_only_an_engine_that_asks_for_it_copies_and_only_where_no_call_is_forced(engine):
    messages = [HumanMessage("Find tea in Oslo"), ToolMessage("the Blue Cup", tool_call_id="1")]
    query = {"type": "object", "properties": {"query": {"type": "string"}}}
    search = {"name": "search_knowledge", "parameters": query}
    options = {"tools": [{"type": "function", "function": one} for one in (TOOL, search)]}
    assert "COPIED" not in grammar_of_calls(engine, options, messages).grammar.lark
    engine.copies_arguments = True
    try:
        lark = grammar_of_calls(engine, options, messages).grammar.lark
        assert '"Blue", " ", "Cup"' in lark and '"tea", " ", "in", " ", "Oslo"' in lark
        # A search writes its own query.
        rules = [line for line in lark.splitlines() if line.startswith(("t1x", "T1X"))]
        assert rules and not any("COPIED" in rule for rule in rules)
        forced = grammar_of_calls(engine, {**options, "tool_choice": "f"}, messages)
        assert "COPIED" not in forced.grammar.lark
    finally:
        engine.copies_arguments = False


def test_half_a_surrogate_pair_is_no_text_to_copy(engine):
    held = call_grammar([TOOL], "f", sources=["Find '\ud800abc' and tea"])
    _, reason = write(engine, held.grammar, tokens=300)
    assert reason == "stop"


def test_of_a_long_conversation_the_newest_is_copied_from(engine):
    many = [
        HumanMessage(" ".join(str(7_000 + turn * 500 + i) for i in range(500)))
        for turn in range(30)
    ]
    options = {"tools": [{"type": "function", "function": TOOL}]}
    engine.copies_arguments = True
    try:
        asked = [*many, HumanMessage("Find tea 424242 times")]
        lark = grammar_of_calls(engine, options, asked).grammar.lark
    finally:
        engine.copies_arguments = False
    assert '"424242"' in lark and len(lark) < 400_000


@settings(max_examples=60)
@given(st.text(st.characters(), max_size=40))
def test_no_source_breaks_the_grammar(engine, source):
    engine.check_grammar(call_grammar([TOOL], "f", sources=[source]).grammar)
