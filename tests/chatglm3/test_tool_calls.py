"""Tools bound to the chat model: forced, streamed, checked; structured output by three methods."""

import datetime
import decimal
import enum
import json
import uuid
from typing import Any, Literal, TypedDict

import pytest
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from groundglm import ChatGLM3
from groundglm.errors import EngineError
from groundglm.schemas import SchemaError

from ..random_model import random_engine


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    engine = random_engine(tmp_path_factory.mktemp("random") / "tiny", favoured=slice(3, 259))
    return ChatGLM3(engine=engine, temperature=1.0, seed=1, max_tokens=150)


@tool
def 查天气(城市: str, days: int = 1) -> str:
    """查询天气。"""
    return f"{城市}: {days}"


class Person(BaseModel):
    """A person."""

    name: str = Field(min_length=1, max_length=20)
    age: int = Field(ge=0, le=130)
    tags: list[str] = []


class Place(TypedDict):
    """A place."""

    name: str
    height: float


def test_a_forced_call_streams_its_arguments_and_sums_to_the_whole(chat):
    bound = chat.bind_tools([查天气], tool_choice="any")
    chunks = list(bound.stream("x"))
    parts = [part for chunk in chunks for part in chunk.tool_call_chunks]
    assert parts[0]["name"] == "查天气" and parts[0]["args"] == "" and parts[0]["id"]
    assert all(part["index"] == 0 and part["name"] is None for part in parts[1:])
    assert len(parts) > 5
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    whole = bound.invoke("x")
    assert total.tool_calls[0]["args"] == whole.tool_calls[0]["args"]
    assert json.loads("".join(part["args"] for part in parts)) == whole.tool_calls[0]["args"]
    assert total.invalid_tool_calls == whole.invalid_tool_calls == []
    assert whole.response_metadata["finish_reason"] == "tool_calls"
    assert total.usage_metadata == whole.usage_metadata


async def test_asyncio_and_batches_force_too(chat):
    bound = chat.bind_tools([查天气], tool_choice="查天气")
    wanted = bound.invoke("x").tool_calls[0]["args"]
    assert (await bound.ainvoke("x")).tool_calls[0]["args"] == wanted
    assert [one.tool_calls[0]["args"] for one in bound.batch(["x", "x"])] == [wanted] * 2
    total = None
    async for chunk in bound.astream("x"):
        total = chunk if total is None else total + chunk
    assert total.tool_calls[0]["args"] == wanted


@pytest.mark.parametrize("choice", ["auto", "none", None])
def test_a_free_reply_never_has_an_invalid_call(chat, choice):
    bound = chat.bind_tools([查天气], tool_choice=choice)
    for seed in range(20):
        reply = bound.invoke("x", seed=seed, max_tokens=40)
        assert reply.invalid_tool_calls == []
        assert choice != "none" or reply.tool_calls == []


def test_openai_forms_of_a_choice_are_read(chat):
    choice = {"type": "function", "function": {"name": "查天气"}}
    assert chat.bind_tools([查天气], tool_choice=choice).invoke("x").tool_calls
    with pytest.raises(ValueError, match="none of the tools"):
        chat.bind_tools([查天气], tool_choice="other")


def test_what_cannot_be_forced_is_said_when_the_tools_are_bound(chat):
    odd = {
        "name": "odd",
        "parameters": {"properties": {"v": {"type": "array", "uniqueItems": True}}},
    }
    with pytest.raises(SchemaError, match="odd cannot be forced: no grammar holds v: uniqueItems"):
        chat.bind_tools([odd], tool_choice="any")
    free = chat.bind_tools([odd])
    for seed in range(30):
        for call in free.invoke("x", seed=seed, max_tokens=60).tool_calls:
            values = [json.dumps(one) for one in call["args"].get("v", [])]
            assert len(set(values)) == len(values)
    wrong = {"name": "wrong", "parameters": {"properties": {"v": {"type": "datetime"}}}}
    with pytest.raises(SchemaError, match="unknown type 'datetime'"):
        chat.bind_tools([wrong])


def test_too_few_tokens_are_said(chat):
    with pytest.raises(EngineError, match="^4 tokens .* are too few"):
        chat.bind_tools([查天气], tool_choice="any").invoke("x", max_tokens=4)


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
def test_structured_output_is_of_its_schema(chat, method):
    person = chat.with_structured_output(Person, method=method).invoke("x")
    assert isinstance(person, Person)
    place = chat.with_structured_output(Place, method=method).invoke("x")
    assert set(place) == {"name", "height"}
    schema = {"title": "Answer", "type": "object", "description": "An answer.",
              "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}  # fmt: skip
    assert chat.with_structured_output(schema, method=method).invoke("x")["yes"] in (True, False)
    both = chat.with_structured_output(Person, method=method, include_raw=True).invoke("x")
    assert isinstance(both["raw"], AIMessage)
    assert isinstance(both["parsed"], Person) and both["parsing_error"] is None


def test_json_mode_goes_without_a_schema(chat):
    assert isinstance(chat.with_structured_output(method="json_mode").invoke("x"), dict)
    with pytest.raises(ValueError, match="function_calling needs a schema"):
        chat.with_structured_output()
    with pytest.raises(ValueError, match="no method 'json_schema' without a schema"):
        chat.with_structured_output(method="json_schema")
    with pytest.raises(ValueError, match="does not know other"):
        chat.with_structured_output(Person, other=1)


def test_the_engine_without_weights_says_that_it_cannot_be_held_to_json():
    model = ChatGLM3(engine="extractive").with_structured_output(Person, method="json_schema")
    with pytest.raises(ValueError, match="cannot be held to JSON"):
        model.invoke("x")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    x: int = Field(ge=1, le=5)
    y: float | None = None
    colour: Colour = Colour.RED


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Everything(BaseModel):
    """What people put into their models."""

    inner: Inner
    inners: list[Inner] = Field(min_length=1, max_length=3)
    counts: dict[str, int]
    either: int | str | None = None
    day: datetime.date
    moment: datetime.datetime
    key: uuid.UUID
    literal: Literal["a", "b", 3]
    pet: Cat | Dog = Field(discriminator="kind")
    pair: tuple[int, str]
    tree: Tree
    price: decimal.Decimal
    code: str = Field(pattern=r"^[A-Z]{2}\d{3}$")
    anything: Any = None


@pytest.mark.parametrize("seed", range(3))
def test_a_pydantic_model_of_many_kinds_reads_what_was_written(chat, seed):
    held = chat.with_structured_output(Everything, method="json_schema")
    found = held.invoke("x", seed=seed, max_tokens=600)
    assert isinstance(found, Everything)
