"""An engine without weights acts on plain requests only, and changes nothing by itself."""

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.utils.function_calling import convert_to_openai_tool

from groundglm.agent import build_agent
from groundglm.chatglm3 import ChatGLM3, ScriptedEngine
from groundglm.knowledge import KnowledgeBase
from groundglm.questions.question import Question
from groundglm.questions.tool_selection import choose_tool
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import tool

RAN: list[int] = []


def delete_user(user_id: int) -> str:
    """Delete a user account. 删除一个用户账号。"""
    RAN.append(user_id)
    return f"deleted {user_id}"


def reset_password() -> str:
    """Reset the user's password."""
    return "reset"


def cancel_order(order_id: str) -> str:
    """取消一个订单"""
    return "cancelled"


def close_lights() -> str:
    """关闭客厅的灯。"""
    return "closed"


TOOLS = (delete_user, reset_password, cancel_order, close_lights)


@pytest.fixture
def base(tmp_path):
    with KnowledgeBase.open(tmp_path, HashEmbeddings()) as opened:
        text = "Users must reset their password every ninety days."
        opened.add_documents([Document(text, id="p", metadata={"title": "Password policy"})])
        yield opened


def test_a_changing_call_is_held_and_shown(base):
    RAN.clear()
    agent = build_agent(base, model=ChatGLM3(engine="extractive"), tools=[delete_user])
    for answer in (
        agent.ask("Please delete user account 5"),
        asyncio.run(agent.aask("Please delete user account 5")),
        list(agent.stream("Please delete user account 5"))[-1].answer,
    ):
        (use,) = answer.tool_calls
        assert (use.name, use.args, use.status) == ("delete_user", {"user_id": 5}, "held")
        assert "allow_changing_tools=True" in answer.text
    assert RAN == []


def test_it_runs_where_that_is_allowed_or_a_model_has_weights(base):
    RAN.clear()
    allowed = build_agent(
        base,
        model=ChatGLM3(engine="extractive"),
        tools=[delete_user],
        allow_changing_tools=True,
    )
    assert allowed.ask("Please delete user account 5").tool_calls[0].status == "done"
    from langchain_core.messages import AIMessage

    call = {"name": "delete_user", "args": {"user_id": 6}, "id": "x"}
    engine = ScriptedEngine([AIMessage("", tool_calls=[call]), "done"])
    build_agent(base, model=ChatGLM3(engine=engine), tools=[delete_user]).ask("delete 6")
    assert RAN == [5, 6]


def test_a_read_only_tool_runs(base):
    @tool(read_only=True)
    def get_weather(city: str) -> str:
        """Get the weather of a city."""
        return f"sunny in {city}"

    agent = build_agent(base, model=ChatGLM3(engine="extractive"), tools=[get_weather])
    assert "sunny in Paris" in agent.ask("Please tell me the weather in Paris").text


@pytest.mark.parametrize(
    "question",
    [
        "Don't delete user 5",
        "Do not delete user account 5.",
        "Never delete the user account 5. Why?",
        "How often must users reset their password?",
        "How do I delete user account 5?",
        "If user 5 leaves, delete the user account 5",
        "Who deleted user account 5?",
        "What happens when I reset my password?",
        "Which paper says passwords are reset every year?",
        "We deleted user account 5 yesterday.",
        "He deleted user account 5.",
        "昨天取消订单 A1234 了",
        "为什么客厅的灯没有关闭？",
        "取消订单 A1234 需要什么手续？",
        "不要取消订单 A1234",
        "如果取消订单 A1234 会怎样？",
        "别删除用户 5 的账号",
        "谁关闭了客厅的灯？",
        "客厅的灯是谁设计的？",
    ],
)
def test_what_is_no_plain_request_calls_nothing(question):
    tools = [convert_to_openai_tool(one)["function"] for one in TOOLS]
    assert choose_tool(Question(question), tools) is None


def test_the_word_that_names_a_tool_is_no_argument():
    def transfer(amount: float, account: str) -> str:
        """Transfer money to an account."""
        return "ok"

    tools = [convert_to_openai_tool(transfer)["function"]]
    call = choose_tool(Question("Transfer 250 to account Bob"), tools)
    assert call == ("transfer", {"amount": 250, "account": "Bob"})
