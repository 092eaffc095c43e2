"""Replies under the grammar: whatever the weights say, a call parses and is valid."""

import json
import lzma
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundglm.chatglm3 import ChatGLM3Tokenizer, GenerationRequest, parse_reply
from groundglm.errors import EngineError
from groundglm.grammar.grammar import call_grammar, json_grammar
from groundglm.schemas import SchemaError, first_violation
from groundglm.wire.reply import ArgumentsPiece, ReplyReader
from groundglm.wire.tokenizer import OBSERVATION

from ..random_model import prompt, random_engine, write


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return random_engine(tmp_path_factory.mktemp("random") / "tiny")


@pytest.fixture(scope="module")
def original_engine(shared_folder, tmp_path_factory):
    """The same over ChatGLM3's own vocabulary."""
    tokenizer = ChatGLM3Tokenizer(shared_folder / "golden/official_data/tokenizer.model")
    return random_engine(tmp_path_factory.mktemp("random") / "tiny", tokenizer)


def forced(engine, parameters, *, name="f", **options):
    """The arguments of a forced call, after checking that it is one and valid."""
    held = call_grammar([{"name": name, "parameters": parameters}], name)
    ids, reason = write(engine, held.grammar, **options)
    reply = parse_reply(ids, engine.tokenizer)
    assert reason == "stop" and ids[-1] == OBSERVATION
    assert reply.invalid_tool_calls == [] and reply.text == ""
    (call,) = reply.tool_calls
    assert call["name"] == name
    assert first_violation(held.schemas[name], call["args"]) == ""
    # One line holds it: so it can be given out while it grows.
    assert engine.tokenizer.decode(ids[:-1]).count("\n") == 3
    reader = ReplyReader(engine.tokenizer, streams=lambda _: True)
    events = reader.feed(ids)
    told = "".join(one.json for one in events if isinstance(one, ArgumentsPiece))
    assert json.loads(told) == call["args"]
    return call["args"]


@pytest.mark.timeout(1800)
def test_the_functions_of_bfcl_are_called_validly(original_engine, shared_folder, full):
    functions = bfcl_functions(shared_folder / "data/bfcl")
    wanted = 2000 if full else 12
    made = number = 0
    refused = {}
    while made < wanted:
        function = functions[number % len(functions)]
        number += 1
        try:
            forced(
                original_engine, function["parameters"], name=function["name"], seed=number,
                tokens=150 if full else 100,
            )  # fmt: skip
        except (SchemaError, EngineError) as error:
            refused[function["name"]] = str(error)
            continue
        made += 1
    print(f"{made} calls of {min(number, len(functions))} functions; refused: {refused}")
    # Some functions have so many parameters that the shortest call takes more tokens than that.
    assert all("too few" in why for why in refused.values()), refused
    assert len(refused) < 0.02 * number


def bfcl_functions(folder):
    rows = []
    for file in sorted(folder.glob("BFCL*.json*")):
        data = file.read_bytes()
        text = lzma.decompress(data) if file.suffix == ".xz" else data
        rows += [json.loads(line) for line in text.decode("utf-8").splitlines()]
    functions = [function for row in rows for function in row["function"]]
    random.Random(1).shuffle(functions)
    return functions


SCHEMAS = {
    "integer": {"type": "integer"},
    "range": {"type": "integer", "minimum": -3, "maximum": 1000},
    "few": {"type": "integer", "exclusiveMinimum": 2, "maximum": 5},
    "multiple": {"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": 900},
    "number": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "narrow": {"type": "number", "minimum": 1.0000001, "maximum": 1.0000002},
    "point": {"type": "number", "minimum": 2.5, "maximum": 2.5},
    "only a minimum": {"type": "number", "minimum": 1e17},
    "only a maximum": {"type": "integer", "exclusiveMaximum": -5},
    "text": {"type": "string", "minLength": 3, "maxLength": 5},
    "pattern": {"type": "string", "pattern": "^[a-z]+@[a-z]+\\.(com|cn)$"},
    "search": {"type": "string", "pattern": "[0-9]{3}"},
    "slash": {"type": "string", "pattern": "^a/b+$"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
    "enum": {"enum": ["it's", 'a "b"', "c\\d", "e\nf", 1, None, True, {"k": [1]}, "ab", "a"]},
    "const": {"const": {"a": ["x", 1.5]}},
    "typed enum": {"type": "string", "enum": ["a", 1, "b"]},
    "ranges in lists": {"type": "array", "minItems": 1, "items": {
        "type": "array", "minItems": 1, "items": {"type": "integer", "maximum": 1000}}},
    "list": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 4},
    "at most one": {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
    "exactly one": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 1},
    "one entry": {
        "type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1,
    },
    "tuple": {"type": "tuple", "items": {"type": "float"}},
    "prefix": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}],
               "items": False, "minItems": 1},
    "empty list": {"type": "array", "items": {"enum": []}},
    "object": {"type": "dict", "properties": {"a": {"type": "integer"}, "b": {"type": "any"}},
               "required": ["b"]},
    "open": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    "nullable": {"type": ["string", "null"]},
    "any of": {"anyOf": [{"type": "integer", "minimum": 5}, {"type": "null"}, {"enum": []}]},
    "one of": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    "told apart": {"oneOf": [
        {"type": "object", "properties": {"k": {"const": k}, "v": {"type": "integer"}},
         "required": ["k"]} for k in ("a", "b")]},
    "all of": {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}},
                         {"properties": {"b": {"type": "string"}}, "required": ["a", "b"]}]},
    "anything": {},
    "true": True,
    "tree": {"$ref": "#/$defs/Tree"},
}  # fmt: skip
DEFS = {
    "Tree": {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
        },
        "required": ["value", "children"],
    }
}


@pytest.mark.parametrize("kind", SCHEMAS)
@pytest.mark.parametrize("required", [True, False])
def test_what_a_schema_asks_for_is_held(engine, full, kind, required):
    parameters = {
        "type": "object",
        "properties": {"v": SCHEMAS[kind], "class": SCHEMAS[kind], "次": {"type": "integer"}},
        "required": ["v", "class"] if required else [],
        "$defs": DEFS,
    }
    for seed in range(8 if full else 2):
        args = forced(engine, parameters, name="工具.a-b c", seed=seed, tokens=400)
        if required:
            assert {"v", "class"} <= args.keys()


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "strng"}, "unknown type 'strng'"),
        ({"type": "array", "items": {"type": "datetime"}}, "unknown type 'datetime'"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "requires what nothing satisfies"),
        ({"enum": []}, "requires what nothing satisfies"),
        (False, "requires what nothing satisfies"),
        ({"type": "array", "uniqueItems": True}, "v: uniqueItems"),
        ({"type": "string", "pattern": "(?=a)b"}, "v: pattern"),
        ({"type": "string", "pattern": "^a|b$"}, "v: pattern"),
        ({"type": "number", "multipleOf": 0.01}, "v: multipleOf"),
        ({"type": "number", "minimum": 1e20}, "v: minimum 1e"),
        ({"not": {"type": "null"}}, "v: not"),
        ({"oneOf": [{"minimum": 1}, {"maximum": 5}]}, "v: oneOf"),
        ({"type": "object", "properties": {"k": {"contains": {"const": 1}}}}, "v.k: contains"),
        ({"type": "object", "minProperties": 2}, "v: minProperties"),
        ({"minLength": "x"}, "no JSON schema: properties.v.minLength"),
        ({"enum": 5}, "no JSON schema"),
        ({"anyOf": {}}, "no JSON schema"),
        ({"type": "string", "minLength": -3}, "no JSON schema"),
        ({"type": "number", "minimum": float("nan")}, "no JSON"),
        ({"const": {1, 2}}, "no JSON"),
        (None, "no schema"),
        ({"$ref": "#/nowhere"}, "leads nowhere"),
        ({"$ref": "http://example.com/x"}, "leads out of the schema"),
        ({"$ref": "#/$defs/Circle"}, "no end|cannot be used"),
        ({"$ref": "#/$defs/Knot"}, "has no end"),
        ({"enum": ["\ud800"]}, "requires what nothing satisfies"),
        ({"properties": {"\ud800": {}}}, "half a character"),
    ],
)
def test_what_cannot_be_forced_is_refused_by_name(engine, schema, said):
    parameters = {
        "type": "object", "properties": {"v": schema}, "required": ["v"],
        "$defs": {
            "Circle": {"$ref": "#/$defs/Circle"},
            "Knot": {"allOf": [{"allOf": [{"$ref": "#/$defs/Knot"}]}, {"type": "object"}]},
        },
    }  # fmt: skip
    with pytest.raises((SchemaError, EngineError), match=said):
        held = call_grammar([{"name": "f", "parameters": parameters}], "any")
        engine.check_grammar(held.grammar)


def test_an_optional_property_that_nothing_satisfies_is_left_out(engine):
    parameters = {"properties": {"v": False, "w": {"type": "integer"}}, "required": ["w"]}
    assert set(forced(engine, parameters)) == {"w"}


def test_what_no_grammar_holds_is_checked_where_a_call_is_free():
    parameters = {"properties": {"v": {"type": "array", "uniqueItems": True}}}
    held = call_grammar([{"name": "f", "parameters": parameters}])
    assert not held.streams("f")
    assert "non-unique" in held.check("f", {"v": [1, 1]})
    assert held.check("f", {"v": [1, 2]}) == ""
    assert "no tool 'g'" in held.check("g", {})


def test_checking_never_reaches_out_of_the_schema():
    parameters = {"properties": {"v": {"not": {"$ref": "http://127.0.0.1:9/x"}}}}
    held = call_grammar([{"name": "f", "parameters": parameters}])
    assert "refers to what it does not hold" in held.check("f", {"v": 1})


@pytest.mark.parametrize(
    "name", ["", " f", "f ", "a\nb", "a\u2028b", "x" * 300, None, 3, "interpreter"]
)
def test_names_that_no_header_holds_are_refused(name):
    with pytest.raises(SchemaError, match="name"):
        call_grammar([{"name": name, "parameters": {}}])


NAMES = st.sampled_from(["a", "b", "from", "x-y", "名"])
SMALL = st.one_of(
    st.sampled_from([SCHEMAS[kind] for kind in SCHEMAS if kind not in ("tree",)]),
    st.builds(
        lambda low, width: {"type": "integer", "minimum": low, "maximum": low + width},
        st.integers(-(10**6), 10**6), st.integers(0, 10**6),
    ),
    st.lists(st.text(max_size=5), min_size=1, max_size=4).map(lambda values: {"enum": values}),
)  # fmt: skip
OBJECTS = st.recursive(
    SMALL,
    lambda inner: st.one_of(
        st.builds(lambda item, low: {"type": "array", "items": item, "minItems": low},
                  inner, st.integers(0, 2)),
        st.builds(
            lambda properties, required: {
                "type": "object", "properties": properties,
                "required": [name for name in properties if name in required],
            },
            st.dictionaries(NAMES, inner, max_size=3), st.sets(NAMES),
        ),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=25)
@given(
    properties=st.dictionaries(NAMES, OBJECTS, max_size=4),
    required=st.sets(NAMES),
    extra=st.integers(0, 40),
)
def test_any_schema_is_held_however_few_tokens_are_left(engine, properties, required, extra):
    parameters = {
        "type": "object", "properties": properties,
        "required": [name for name in properties if name in required],
    }  # fmt: skip
    try:
        held = call_grammar([{"name": "f", "parameters": parameters}], "f")
        engine.check_grammar(held.grammar)
    except SchemaError as error:
        assert "nothing satisfies" in str(error) or "no grammar holds" in str(error)
        return
    try:
        write(engine, held.grammar, tokens=1)
        shortest = 1
    except EngineError as error:
        shortest = int(str(error).rsplit("takes ", 1)[1])
    forced(engine, parameters, tokens=shortest + extra, seed=extra)


def test_too_few_tokens_for_any_call_are_refused(engine):
    held = call_grammar([{"name": "f", "parameters": {"properties": {}}}], "f")
    with pytest.raises(EngineError, match=r"^5 tokens .* are too few: .* takes 29$"):
        write(engine, held.grammar, tokens=5)
    ids, _ = write(engine, held.grammar, tokens=29)
    assert parse_reply(ids, engine.tokenizer).tool_calls[0]["args"] == {}


def test_a_free_reply_is_segments_of_text_and_valid_calls(original_engine, full):
    tools = [
        {"name": "get_weather", "parameters": {"properties": {"city": {"type": "string"}},
                                               "required": ["city"]}},
        {"name": "now", "parameters": {}},
    ]  # fmt: skip
    held = call_grammar(tools)
    called = said = 0
    for seed in range(200 if full else 30):
        ids, reason = write(original_engine, held.grammar, seed=seed, tokens=60)
        reply = parse_reply(ids, original_engine.tokenizer)
        assert reply.invalid_tool_calls == [] and reply.code == []
        for call in reply.tool_calls:
            assert held.check(call["name"], call["args"]) == ""
        called += len(reply.tool_calls)
        said += bool(reply.text)
        assert reason in ("stop", "length")
    assert said
    assert called


def test_a_reply_that_is_json_is_json_of_its_schema(engine, full):
    schema = {
        "type": "object",
        "properties": {"s": {"type": "string"}, "n": {"type": "number"}, "b": {"type": "boolean"}},
        "required": ["s", "n", "b"],
    }
    for seed in range(20 if full else 5):
        ids, _ = write(engine, json_grammar(schema), seed=seed, tokens=70)
        assert first_violation(schema, json.loads(parse_reply(ids, engine.tokenizer).text)) == ""
        ids, _ = write(engine, json_grammar({"type": "object"}), seed=seed, tokens=70)
        assert isinstance(json.loads(parse_reply(ids, engine.tokenizer).text), dict)


def test_a_batch_holds_each_reply_to_its_own_grammar(engine):
    grammars = [
        call_grammar([{"name": name, "parameters": {"properties": {}}}], name).grammar
        for name in ("first", "second")
    ]
    requests = [
        GenerationRequest(prompt(engine), 60, temperature=1.0, seed=1, grammar=one)
        for one in (*grammars, None)
    ]
    *held, free = engine.generate_batch(requests)
    names = [parse_reply(one.ids, engine.tokenizer).tool_calls[0]["name"] for one in held]
    assert names == ["first", "second"]
    assert [one.ids for one in held] == [
        tuple(write(engine, grammar, seed=1, tokens=60)[0]) for grammar in grammars
    ]
    assert len(free.ids) > 0
