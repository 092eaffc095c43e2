"""120 utterances that must change nothing, and 40 plain requests, through the whole agent."""

import pytest
from langchain_core.documents import Document
from langchain_core.utils.function_calling import convert_to_openai_tool

from groundglm import ChatGLM3, KnowledgeBase, build_agent
from groundglm.questions.question import Question
from groundglm.questions.tool_selection import choose_tool
from groundglm.retrieval import HashEmbeddings
from groundglm.tools import as_tool, is_read_only

from ..utterances import FUNCTIONS, NO_REQUESTS_EN, NO_REQUESTS_ZH, REQUESTS

TOOLS = [convert_to_openai_tool(as_tool(one))["function"] for one in FUNCTIONS]
READ_ONLY = {as_tool(one).name for one in FUNCTIONS if is_read_only(as_tool(one))}


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    with KnowledgeBase.open(tmp_path_factory.mktemp("kb"), HashEmbeddings()) as base:
        text = "Users must reset their password every ninety days. 用户每九十天必须重置密码。"
        base.add_documents([Document(text, id="p", metadata={"title": "Policy"})])
        yield build_agent(base, model=ChatGLM3(engine="extractive"), tools=FUNCTIONS)


def test_there_are_as_many_as_promised():
    assert len(set(NO_REQUESTS_EN)) >= 60
    assert len(set(NO_REQUESTS_ZH)) >= 60
    assert len({said for said, _, _ in REQUESTS}) >= 40


@pytest.mark.parametrize("said", [*NO_REQUESTS_EN, *NO_REQUESTS_ZH])
def test_what_is_no_request_calls_and_proposes_nothing(agent, said):
    assert agent.ask(said).tool_calls == ()


def test_plain_requests_call_the_right_function_with_all_arguments():
    wrong = [
        (said, call)
        for said, name, args in REQUESTS
        if (call := choose_tool(Question(said), TOOLS)) != (name, args)
    ]
    assert len(wrong) <= len(REQUESTS) - 34, wrong


def test_a_request_is_run_or_held_as_its_function_was_declared(agent):
    for said, _, _ in REQUESTS:
        for use in agent.ask(said).tool_calls:
            assert use.status == ("done" if use.name in READ_ONLY else "held")


@pytest.mark.parametrize("said", ["Delete user " + "1" * 900, "删除用户 " + "9" * 900])
def test_a_number_beyond_all_bounds_is_no_argument(said):
    assert choose_tool(Question(said), TOOLS) is None
    assert choose_tool(Question(said), TOOLS, tool_choice="delete_user") is None
