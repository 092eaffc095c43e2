import asyncio

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel

from groundglm.chatglm3 import ChatGLM3, ContextOverflowError, ScriptedEngine
from groundglm.errors import GroundGLMError

CALL = {"name": "add", "args": {"a": 1, "b": 2}, "id": "x"}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class TestStandard(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatGLM3

    @property
    def chat_model_params(self) -> dict:
        return {"engine": "extractive"}


def test_an_agent_runs_the_tool_and_reads_its_result():
    model = ChatGLM3(engine=ScriptedEngine([AIMessage("算一下。", tool_calls=[CALL]), "等于3。"]))
    messages = create_agent(model, [add]).invoke({"messages": "1+2?"})["messages"]
    assert [message.content for message in messages] == ["1+2?", "算一下。", "3", "等于3。"]


def test_a_stream_adds_up_to_the_whole_reply():
    model = ChatGLM3(engine=ScriptedEngine([AIMessage("先算，再答。", tool_calls=[CALL])]))
    whole = model.invoke("q")
    total = None
    for chunk in model.stream("q"):
        total = chunk if total is None else total + chunk
    assert isinstance(total, AIMessageChunk)
    assert total.content == whole.content == "先算，再答。"
    assert [call["args"] for call in total.tool_calls] == [CALL["args"]]
    assert total.usage_metadata == whole.usage_metadata
    assert total.response_metadata["finish_reason"] == "tool_calls"


def test_async_gives_the_same():
    model = ChatGLM3(engine=ScriptedEngine(["你好，世界！"]))

    async def collect() -> str:
        return "".join([chunk.content async for chunk in model.astream("q")])

    assert asyncio.run(collect()) == "你好，世界！"
    assert asyncio.run(model.ainvoke("q")).content == "你好，世界！"


def test_a_stop_text_ends_the_reply_in_both_ways():
    model = ChatGLM3(engine=ScriptedEngine(["one STOP two"]))
    assert model.invoke("q", stop=["STOP"]).content == "one "
    assert "".join(chunk.content for chunk in model.stream("q", stop=["STOP"])) == "one "


def test_a_prompt_that_does_not_fit_is_refused_before_generation():
    engine = ScriptedEngine(["x"], max_context=20)
    with pytest.raises(ContextOverflowError):
        ChatGLM3(engine=engine).invoke("much too long for twenty ids")
    assert engine.requests == []


def test_structured_output_comes_from_a_forced_call():
    class Person(BaseModel):
        """A person."""

        name: str

    call = {"name": "Person", "args": {"name": "李白"}, "id": "1"}
    engine = ScriptedEngine([AIMessage("", tool_calls=[call])])
    assert ChatGLM3(engine=engine).with_structured_output(Person).invoke("谁？") == Person(
        name="李白"
    )
    assert engine.requests[0].tool_choice in ("any", "Person")


@pytest.mark.parametrize(
    ("options", "error"),
    [({}, ValueError), ({"engine": "gpt"}, ValueError), ({"engine": 3}, TypeError),
     ({"model": "/weights"}, GroundGLMError)],
)  # fmt: skip
def test_a_wrong_engine_is_named(options, error):
    with pytest.raises((error, ValueError)):
        ChatGLM3(**options)


def test_finish_reason_says_when_the_reply_was_cut():
    reply = ChatGLM3(engine=ScriptedEngine(["a long reply"]), max_tokens=5).invoke(
        [HumanMessage("q")]
    )
    assert reply.response_metadata["finish_reason"] == "length"
