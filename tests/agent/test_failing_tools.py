"""A tool that fails is told so, in text, status and notes; tools of asyncio work everywhere."""

import asyncio
import contextvars

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from langchain_core.tools import StructuredTool
from langchain_core.tools import tool as langchain_tool

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.engines.scripted_engine import ScriptedEngine
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as opened:
        opened.add_documents([Document("苏轼是北宋文学家。", id="a")])
        yield opened


@tool(read_only=True)
def get_weather(city: str) -> str:
    """The weather of a city. 查询某个城市的天气。"""
    raise PermissionError("the key has expired")


@tool(read_only=True)
async def get_forecast(city: str) -> str:
    """The weather forecast of a city. 查询某个城市的天气预报。"""
    await asyncio.sleep(0)
    return f"rain in {city}"


def run(agent, question, how):
    if how == "ask":
        return agent.ask(question)
    if how == "stream":
        return list(agent.stream(question))[-1].answer
    return asyncio.run(agent.aask(question))


HOW = pytest.mark.parametrize("how", ["ask", "aask", "stream"])


@HOW
@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "Please tell me the weather in Paris.",
            "The tool get_weather failed: PermissionError: the key has expired",
        ),
        ("请查询北京的天气。", "工具 get_weather 失败：PermissionError: the key has expired"),
    ],
)
def test_a_failed_tool_is_told(base, question, said, how):
    agent = build_agent(base, model=ChatGLM3(engine="extractive"), tools=[get_weather])

    answer = run(agent, question, how)

    assert answer.text == said
    assert not answer.declined
    assert [use.status for use in answer.tool_calls] == ["failed"]
    assert "PermissionError" in answer.notes[0]


@HOW
def test_a_model_that_hides_a_failure_is_told_on_in_a_note(base, how):
    call = {"name": "get_weather", "args": {"city": "Paris"}, "id": "1"}
    engine = ScriptedEngine([AIMessage("", tool_calls=[call]), "It is sunny."])
    agent = build_agent(base, model=ChatGLM3(engine=engine), tools=[get_weather])

    answer = run(agent, "How is Paris?", how)

    assert answer.text == "It is sunny."
    assert "get_weather failed" in answer.notes[0]


@HOW
def test_arguments_that_do_not_fit_are_a_failure(base, how):
    call = {"name": "get_weather", "args": {"town": "Paris"}, "id": "1"}
    engine = ScriptedEngine([AIMessage("", tool_calls=[call]), "I could not."])
    agent = build_agent(base, model=ChatGLM3(engine=engine), tools=[get_weather])

    (use,) = run(agent, "How is Paris?", how).tool_calls

    assert use.status == "failed"
    assert use.result.startswith("The tool failed:")
    assert "city" in use.result


@HOW
@pytest.mark.parametrize("declared", [True, False])
def test_an_asynchronous_tool_works(base, how, declared):
    async def get_forecast_plain(city: str) -> str:
        """The weather forecast of a city."""
        await asyncio.sleep(0)
        return f"rain in {city}"

    given = get_forecast if declared else get_forecast_plain
    agent = build_agent(
        base, model=ChatGLM3(engine="extractive"), tools=[given], allow_changing_tools=True
    )

    answer = run(agent, "Please tell me the weather forecast for Paris.", how)

    assert [use.status for use in answer.tool_calls] == ["done"]
    assert "rain in Paris" in answer.text


def test_an_asynchronous_tool_keeps_context_errors_and_the_users_own_object():
    variable = contextvars.ContextVar("variable", default="none")

    @langchain_tool
    async def read_variable(fails: bool) -> str:
        """Read it."""
        if fails:
            raise LookupError("not there")
        return variable.get()

    from groundglm.tools import as_tool

    made = as_tool(read_variable)
    variable.set("set")

    assert made.invoke({"fails": False}) == "set"
    with pytest.raises(LookupError, match="not there"):
        made.invoke({"fails": True})
    assert asyncio.run(made.ainvoke({"fails": False})) == "set"
    assert isinstance(read_variable, StructuredTool)
    assert read_variable.func is None


def test_an_asynchronous_tool_within_another_one_is_told_to_await():
    from groundglm.tools import as_tool

    async def inner(text: str) -> str:
        """Say it."""
        return text

    async def outer(text: str) -> str:
        """Ask the inner one, without await."""
        return as_tool(inner).invoke({"text": text})

    with pytest.raises(RuntimeError, match="await it"):
        as_tool(outer).invoke({"text": "x"})
