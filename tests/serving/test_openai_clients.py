"""OpenAI's own Python client and LangChain's against a server, with two engines."""

import json

import openai
import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool as langchain_tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

from groundglm import ChatGLM3
from groundglm.errors import SettingsError
from groundglm.serving import Server

from ..random_model import random_engine
from .conftest import fill, make_server
from .running_server import running

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"],
        },
    },
}


class Weather(BaseModel):
    """Get the weather of a city"""

    city: str = Field(max_length=20)


@pytest.fixture(scope="module")
def random_server(tmp_path_factory):
    """A tiny ChatGLM3 of random weights: it writes anything, and any form it is held to."""
    folder = fill(tmp_path_factory.mktemp("random") / "kb")
    engine = random_engine(tmp_path_factory.mktemp("weights") / "tiny", favoured=slice(3, 259))

    model = ChatGLM3(engine=engine, max_tokens=120)
    with running(lambda: make_server(folder, tools=[], model=model)) as found:
        yield found


def client_of(running, **options):
    return openai.OpenAI(base_url=running.api, api_key="none", max_retries=0, **options)


@pytest.fixture(params=["extractive", "random"])
def either(request, open_server):
    """The server, and the name of the model by itself."""
    if request.param == "extractive":
        return open_server, "groundglm-extractive"
    return request.getfixturevalue("random_server"), "random"


def ask(text, **more):
    return {"messages": [{"role": "user", "content": text}], **more}


# --- OpenAI's client ------------------------------------------------------------------------------


def test_models_are_listed_and_found(open_server):
    client = client_of(open_server)
    assert [one.id for one in client.models.list()] == ["kb", "groundglm-extractive"]
    assert client.models.retrieve("kb").owned_by == "groundglm"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_a_grounded_answer_carries_its_evidence(open_server):
    reply = client_of(open_server).chat.completions.create(
        model="kb", **ask("When does the Alder library open?")
    )
    (choice,) = reply.choices
    assert "half past eight" in choice.message.content
    assert choice.finish_reason == "stop"
    assert reply.id.startswith("chatcmpl-")
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0
    own = reply.groundglm
    number = own["citations"][0]["number"]
    cited = next(piece for piece in own["evidence"] if piece["number"] == number)
    assert "half past eight" in cited["text"] and own["citations"][0]["supported"]
    assert own["trace_id"] == reply.id and not own["declined"]


def test_a_streamed_answer_is_the_whole_one(either):
    running, _ = either
    client = client_of(running)
    asked = ask("Who is the director of the Alder library?", model="kb")
    whole = client.chat.completions.create(**asked)
    chunks = list(
        client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    )
    deltas = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert deltas[0].delta.role == "assistant"
    text = "".join(one.delta.content or "" for one in deltas)
    assert text == (whole.choices[0].message.content or "")
    assert [one.finish_reason for one in deltas if one.finish_reason] == [
        whole.choices[0].finish_reason
    ]
    assert len({chunk.id for chunk in chunks}) == 1
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].usage.model_dump() == whole.usage.model_dump()
    assert chunks[-2].groundglm["citations"] == whole.groundglm["citations"]


def test_a_model_by_itself_speaks(either):
    running, name = either
    client = client_of(running)
    whole = client.chat.completions.create(model=name, max_tokens=20, **ask("hello"))
    parts = client.chat.completions.create(model=name, max_tokens=20, stream=True, **ask("hello"))
    said = "".join(one.choices[0].delta.content or "" for one in parts)
    assert said == (whole.choices[0].message.content or "")
    assert whole.usage.completion_tokens <= 20


def test_a_forced_call_is_valid_and_streams_with_an_index(either):
    running, name = either
    client = client_of(running)
    for model in (name, "kb"):
        asked = ask(
            "Get the weather of Paris", model=model, tools=[WEATHER], tool_choice="required"
        )
        whole = client.chat.completions.create(**asked).choices[0]
        (call,) = whole.message.tool_calls
        assert whole.finish_reason == "tool_calls" and whole.message.content is None
        assert call.function.name == "get_weather" and call.id
        assert set(json.loads(call.function.arguments)) == {"city"}
        parts = [
            part
            for chunk in client.chat.completions.create(**asked, stream=True)
            for part in chunk.choices[0].delta.tool_calls or ()
        ]
        assert {part.index for part in parts} == {0}
        assert [part.function.name for part in parts if part.id] == ["get_weather"]
        streamed = "".join(part.function.arguments or "" for part in parts)
        assert json.loads(streamed) == json.loads(call.function.arguments)


def test_the_result_of_a_call_goes_back_and_is_told(open_server):
    client = client_of(open_server)
    messages = [{"role": "user", "content": "Get the weather of Paris"}]
    first = client.chat.completions.create(model="kb", messages=messages, tools=[WEATHER])
    call = first.choices[0].message.tool_calls[0]
    messages += [
        first.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 degrees"},
    ]
    second = client.chat.completions.create(model="kb", messages=messages, tools=[WEATHER])
    assert "21 degrees" in second.choices[0].message.content
    assert second.choices[0].finish_reason == "stop"


def test_a_tool_of_the_server_is_run_by_it(open_server):
    reply = client_of(open_server).chat.completions.create(
        model="kb", **ask("Get the weather forecast of Oslo.")
    )
    assert "9 degrees" in reply.choices[0].message.content
    (use,) = reply.groundglm["tool_calls"]
    assert (use["name"], use["status"]) == ("get_forecast", "done")


def test_structured_output_fits_its_schema(either):
    running, name = either
    for model in (name, "kb"):
        parsed = client_of(running).chat.completions.parse(
            model=model, response_format=Weather, **ask("Get the weather of Paris")
        )
        message = parsed.choices[0].message
        assert message.refusal is None and isinstance(message.parsed, Weather)
        assert parsed.choices[0].finish_reason in ("stop", "length")


def test_what_cannot_be_filled_in_is_a_refusal_and_no_other_text(open_server):
    class Recipe(BaseModel):
        """A recipe"""

        ingredients: list[str]
        minutes: int

    message = (
        client_of(open_server)
        .chat.completions.parse(model="kb", response_format=Recipe, **ask("你好"))
        .choices[0]
        .message
    )
    assert message.parsed is None and message.content is None and message.refusal


def test_any_json_is_json(either):
    running, name = either
    for model in (name, "kb"):
        reply = client_of(running).chat.completions.create(
            model=model,
            response_format={"type": "json_object"},
            max_tokens=60,
            **ask("Who is the director of the Alder library?"),
        )
        said = reply.choices[0].message.content
        assert said is None or isinstance(json.loads(said), dict)


def test_an_earlier_conversation_is_understood(open_server):
    messages = [
        {"role": "system", "content": "Answer briefly."},
        {"role": "user", "content": "Who is the director of the Alder library?"},
        {"role": "assistant", "content": "Petra Holm.[4]"},
        {"role": "user", "content": [{"type": "text", "text": "Where was she born?"}]},
    ]
    reply = client_of(open_server).chat.completions.create(model="kb", messages=messages)
    assert "Aarhus" in reply.choices[0].message.content


def test_a_conversation_that_the_server_keeps_goes_on(open_server):
    client = client_of(open_server)
    own = {"groundglm": {"thread_id": "talk-1"}}
    for text, wanted in (
        ("Who is the director of the Alder library?", "Petra Holm"),
        ("Where was she born?", "Aarhus"),
    ):
        reply = client.chat.completions.create(model="kb", extra_body=own, **ask(text))
        assert wanted in reply.choices[0].message.content


def test_several_replies_where_they_can_be_had(random_server):
    client = client_of(random_server)
    reply = client.chat.completions.create(
        model="random", n=3, temperature=1.0, seed=1, max_tokens=12, **ask("x")
    )
    assert [one.index for one in reply.choices] == [0, 1, 2]
    assert len({one.message.content for one in reply.choices}) > 1
    with pytest.raises(openai.BadRequestError, match="once"):
        client.chat.completions.create(model="kb", n=2, **ask("x"))


def test_a_reply_ends_where_it_is_told_to(random_server):
    client = client_of(random_server)
    cut = client.chat.completions.create(model="random", max_tokens=5, **ask("x"))
    assert cut.choices[0].finish_reason == "length"
    whole = client.chat.completions.create(model="random", max_tokens=40, **ask("x"))
    said = whole.choices[0].message.content
    stop = said[10:13]
    ended = client.chat.completions.create(model="random", max_tokens=40, stop=[stop], **ask("x"))
    assert ended.choices[0].message.content == said[: said.index(stop)]
    assert ended.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"1": 3}}, "logit_bias"),
        ({"frequency_penalty": 1.0}, "frequency_penalty"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"temperature": 9}, "temperature"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.0.content",
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "no", "content": "x"}]},
            "messages.0.tool_call_id",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(open_server, change, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client_of(open_server).chat.completions.create(**{"model": "kb", **ask("x"), **change})
    assert caught.value.param == param
    assert caught.value.body["type"] == "invalid_request_error"


def test_what_nobody_knows_is_ignored(open_server):
    reply = client_of(open_server).chat.completions.create(
        model="kb",
        extra_body={"service_tier": "auto", "frequency_penalty": 0, "strange": {"x": 1}},
        **ask("When does the Alder library open?"),
    )
    assert "half past eight" in reply.choices[0].message.content


def test_embeddings_come_as_numbers_and_as_bytes(open_server):
    client = client_of(open_server)
    texts = ["a library", "青石桥"]
    numbers = client.embeddings.create(model="hash", input=texts, encoding_format="float")
    packed = client.embeddings.create(model="hash", input=texts)  # base64 on the wire
    assert [one.index for one in packed.data] == [0, 1]
    for one, other in zip(numbers.data, packed.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="hash", input=[1, 2, 3])


def test_a_completion_is_text_or_ids(random_server):
    client = client_of(random_server)
    said = client.completions.create(model="random", prompt="abc", max_tokens=8)
    assert len(said.choices) == 1 and said.usage.completion_tokens <= 8
    ids = [64790, 64792, 64795, 13, 100, 64796]
    told = client.completions.create(
        model="random", prompt=ids, max_tokens=8, extra_body={"return_token_ids": True}
    )
    assert told.choices[0].prompt_token_ids == ids
    whole = told.choices[0].token_ids
    parts = client.completions.create(
        model="random",
        prompt=ids,
        max_tokens=8,
        stream=True,
        extra_body={"return_token_ids": True},
    )
    assert [id_ for part in parts for id_ in part.choices[0].token_ids] == whole


# --- LangChain's client ---------------------------------------------------------------------------


def chat_of(running, model, **options):
    return ChatOpenAI(base_url=running.api, api_key="none", model=model, max_retries=0, **options)


def test_langchain_chats_streams_and_fills_in_a_schema(either):
    running, name = either
    for model in (name, "kb"):
        chat = chat_of(running, model, max_tokens=100)
        said = chat.invoke("Who is the director of the Alder library?")
        parts = list(chat.stream("Who is the director of the Alder library?"))
        assert "".join(str(part.content) for part in parts) == said.content
        for method in ("json_schema", "function_calling"):
            asked = chat.with_structured_output(Weather, method=method)
            assert isinstance(asked.invoke("Get the weather of Paris"), Weather)


def test_an_agent_of_langchain_runs_its_own_tools_over_a_base(open_server):
    called = []

    @langchain_tool
    def get_weather(city: str) -> str:
        """Get the weather of a city."""
        called.append(city)
        return "sunny, 21 degrees"

    agent = create_agent(chat_of(open_server, "kb"), [get_weather])
    done = agent.invoke({"messages": [("user", "Get the weather of Paris")]})
    assert called == ["Paris"] and "21 degrees" in done["messages"][-1].content
    done = agent.invoke({"messages": [("user", "When does the Alder library open?")]})
    assert "half past eight" in done["messages"][-1].content and called == ["Paris"]


async def test_an_agent_of_langchain_streams(open_server):
    agent = create_agent(chat_of(open_server, "kb"), [])
    said = ""
    async for piece, told in agent.astream(
        {"messages": [("user", "青石桥建于哪一年？")]}, stream_mode="messages"
    ):
        said += str(piece.content) if told["langgraph_node"] == "model" else ""
    assert "1652" in said


def test_embeddings_of_langchain(open_server):
    made = OpenAIEmbeddings(
        base_url=open_server.api,
        api_key="none",
        model="hash",
        check_embedding_ctx_length=False,
    )
    one, two = made.embed_documents(["a library", "青石桥"])
    assert len(one) == len(two) == len(made.embed_query("x"))


def test_a_server_needs_a_base():
    with pytest.raises(SettingsError, match="no base"):
        Server({})
