"""A stream adds up to what one call gives, whatever ids an engine writes, however it cuts them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk

from groundglm.chatglm3 import ByteTokenizer, ChatGLM3
from groundglm.engines.engine import GenerationRequest, TokenChunk
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.wire.tokenizer import ASSISTANT, OBSERVATION, USER


class RawEngine:
    """Writes given ids in given pieces."""

    name = "raw"
    max_context = 1_000_000
    supports_grammar = False

    def __init__(self, parts: Sequence[int | str], pieces: Sequence[int] = (5,)) -> None:
        self.tokenizer = ByteTokenizer()
        self.pieces = pieces
        self.ids: list[int] = []
        for part in parts:
            self.ids += [part] if isinstance(part, int) else self.tokenizer.encode(part)

    def generate(self, request: GenerationRequest) -> Iterator[TokenChunk]:
        start = turn = 0
        while start < len(self.ids):
            end = start + self.pieces[turn % len(self.pieces)]
            yield TokenChunk(tuple(self.ids[start:end]))
            start, turn = end, turn + 1
        yield TokenChunk((), "stop")

    async def agenerate(self, request: GenerationRequest) -> AsyncIterator[TokenChunk]:
        for chunk in self.generate(request):
            yield chunk

    def score(self, prompt_ids, continuations) -> list[float]:
        raise NotImplementedError


def plain(message) -> tuple:
    """What must be equal; ids of calls are new each time."""
    return (
        message.content,
        [(call["name"], call["args"]) for call in message.tool_calls],
        [(c["name"], c["args"], c["error"]) for c in message.invalid_tool_calls],
        message.response_metadata,
        message.usage_metadata,
    )


def streamed(model: ChatGLM3, **options) -> AIMessageChunk:
    chunks = list(model.stream("q", **options))
    for chunk in chunks[:-1]:
        assert not chunk.usage_metadata
    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    assert plain(total) == plain(chunks[0] + chunks[1:] if len(chunks) > 1 else total)
    return total


async def astreamed(model: ChatGLM3, **options) -> AIMessageChunk:
    total = None
    async for chunk in model.astream("q", **options):
        total = chunk if total is None else total + chunk
    assert total is not None
    return total


PARTS = st.lists(
    st.one_of(
        st.sampled_from([
            ASSISTANT, OBSERVATION, USER, "\n", " \n", "get_weather\n", "```python\n", "```",
            "STOP", "ST",
            "tool_call(city='北京')", "tool_call(a=", '{"path": "/home/us', 
            "interpreter\n", "你好。",
        ]),
        st.integers(0, 300),
        st.text(max_size=6),
    ),
    max_size=12,
)  # fmt: skip


@given(PARTS, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.booleans())
def test_the_sum_of_a_stream_is_the_whole_reply(parts, pieces, stops):
    options = {"stop": ["STOP"]} if stops else {}
    model = ChatGLM3(engine=RawEngine(parts, pieces))
    whole = model.invoke("q", **options)
    assert plain(streamed(model, **options)) == plain(whole)
    assert plain(asyncio.run(astreamed(model, **options))) == plain(whole)
    assert plain(asyncio.run(model.ainvoke("q", **options))) == plain(whole)
    in_one_piece = ChatGLM3(engine=RawEngine(parts, (10_000,))).invoke("q", **options)
    assert plain(in_one_piece) == plain(whole)


@pytest.mark.parametrize(
    "parts",
    [
        ["delete_all\n```python\n```", OBSERVATION],
        ['get_weather\n```python\n{"city": "Paris"}\n```', OBSERVATION],
        ['rm\n```python\n{"path": "/home/us'],
        ["get\n```python\ntool_call(city=Paris)\n```", OBSERVATION],
    ],
)
def test_a_refused_call_is_no_call_in_a_stream(parts):
    model = ChatGLM3(engine=RawEngine(parts))
    for message in (model.invoke("q"), streamed(model), asyncio.run(astreamed(model))):
        assert message.tool_calls == []
        (bad,) = message.invalid_tool_calls
        assert bad["error"]


def test_an_agent_that_is_streamed_runs_no_refused_call():
    ran: list[str] = []

    def delete_all(path: str = "/") -> str:
        """Delete everything."""
        ran.append(path)
        return "gone"

    engine = RawEngine(["delete_all\n```python\n```", OBSERVATION])
    agent = create_agent(ChatGLM3(engine=engine), [delete_all])
    for _ in agent.stream({"messages": "q"}, stream_mode=["messages", "values"]):
        pass
    assert ran == []


def test_a_stop_text_ends_calls_too():
    parts = ["\n hello STOP world", ASSISTANT, "get\n```python\ntool_call(a=1)\n```", OBSERVATION]
    for pieces in ((1,), (1000,)):
        reply = ChatGLM3(engine=RawEngine(parts, pieces)).invoke("q", stop=["STOP"])
        assert (reply.content, reply.tool_calls) == ("hello ", [])


def test_no_name_makes_the_engine_without_weights_something_else():
    model = ChatGLM3(engine="extractive", model="chatglm3-6b")
    for reply in (model.invoke("hi"), model.invoke("hi", model="chatglm3-6b")):
        assert reply.response_metadata["model_name"] == "groundglm-extractive"
    assert model.model_name == "groundglm-extractive"
    assert model.profile is not None
    assert model.profile["has_weights"] is False


def test_a_sum_with_the_half_written_call_of_another_model_does_not_fail():
    from langchain_core.messages import AIMessageChunk
    from langchain_core.messages.tool import tool_call_chunk

    from groundglm.chatglm3.reply_chunk import ReplyChunk

    half = tool_call_chunk(name="f", args='{"path": "/home/us', id="1", index=0)
    total = ReplyChunk("a") + AIMessageChunk("b", tool_call_chunks=[half])
    assert total.content == "ab"
    assert total.tool_calls == []


@pytest.mark.parametrize("arguments", ["city='Oslo'", "city="])
def test_a_stream_in_the_form_of_v1_ends_with_calls_as_blocks(arguments):
    script = [f"weather\n```python\ntool_call({arguments})\n```"]
    reply = AIMessage("", tool_calls=[{"name": "weather", "args": {"city": "Oslo"}, "id": "1"}])
    whole = arguments.endswith("'")
    model = ChatGLM3(engine=ScriptedEngine([reply] if whole else script), output_version="v1")
    total = None
    for chunk in model.stream("x"):
        total = chunk if total is None else total + chunk
    kinds = [block["type"] for block in total.content_blocks]
    if whole:
        assert "tool_call" in kinds and "tool_call_chunk" not in kinds
        (block,) = [one for one in total.content_blocks if one["type"] == "tool_call"]
        assert (block["name"], block["args"]) == ("weather", {"city": "Oslo"})
    else:
        assert "tool_call" not in kinds
